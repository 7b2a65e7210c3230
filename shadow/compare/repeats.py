"""Whether a write would come again at every sync, found by carrying the apply on for one sync more. Pure.

What takes the cluster's schema to know is not foreseen: fields that the kind does not have, defaults in lists.
"""

from typing import Any

from shadow.compare.dynamic import applied, prepared, writes
from shadow.compare.stored import stored
from shadow.compare.view import RequestView
from shadow.protocol.names import RECREATE_METHODS
from shadow.protocol.objects import Identity, Json
from shadow.protocol.wire import UnreadableError


def creates_again(view: RequestView, identity: Identity, item: Json | None) -> bool:
    """Whether an object that is not observed would be created again next time.

    1. It is never observed: its kind is not declared, it has no name, or it is outside of the parent's namespace.
    2. It is refused: it carries a resourceVersion, or has another controller already.
    3. Under `Recreate` it is stored in another way than it was written.
    """
    if not view.declared(identity) or not identity.name:
        return True
    if view.parent.namespace and identity.namespace != view.parent.namespace:
        return True
    if item is None or refused(item):
        return item is not None
    return view.method(identity) in RECREATE_METHODS and _differs_when_stored(view, identity, {}, item)


def writes_again(view: RequestView, identity: Identity, item: Json | None) -> bool:
    """Whether an observed object that is written now would be written again next time.

    1. The item is an echo of the observed object: the resourceVersion in it is another one next time.
    2. Under `Recreate`, the item is refused when it is created.
    3. It is stored in another way than it was written.
    """
    if item is None:
        return False
    try:
        observed = view.observed(identity)
    except UnreadableError:
        return False
    version = _metadata(item).get("resourceVersion")
    if version and version == _metadata(observed).get("resourceVersion"):
        return True
    recreated = view.method(identity) in RECREATE_METHODS
    if recreated and refused(item):
        return True
    return _differs_when_stored(view, identity, {} if recreated else observed, item)


def _differs_when_stored(view: RequestView, identity: Identity, observed: Json, item: Json) -> bool:
    desired = prepared(view, identity, item)
    try:
        return writes(stored(identity, applied(observed, desired)), desired)
    except (RecursionError, UnicodeEncodeError):
        return False


def refused(item: Json) -> bool:
    """Whether creating the object fails: it carries a resourceVersion, or has another controller already."""
    metadata = _metadata(item)
    owners = metadata.get("ownerReferences")
    owned = isinstance(owners, list) and any(isinstance(owner, dict) and owner.get("controller") for owner in owners)
    return bool(metadata.get("resourceVersion")) or owned


def _metadata(item: Json) -> dict[str, Any]:
    metadata = item.get("metadata")
    return metadata if isinstance(metadata, dict) else {}
