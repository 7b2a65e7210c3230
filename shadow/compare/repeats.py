"""Whether a write would come again at every sync, found by carrying the apply on for one sync more. Pure.

What takes the cluster's schema to know (fields that the kind does not have, defaults in lists) is not foreseen before
it was written once; afterwards the observed object shows it.
"""

from shadow.compare.answer import Answer
from shadow.compare.dynamic import last_applied_text
from shadow.compare.view import RequestView
from shadow.protocol.names import RECREATE_METHODS
from shadow.protocol.objects import Identity, Json, object_of
from shadow.protocol.wire import UnreadableError


def creates_again(view: RequestView, identity: Identity, answer: Answer) -> bool:
    """Whether an object that is not observed would be created again next time by dynamic apply.

    1. It is never observed.
    2. It is refused: it carries a resourceVersion, or has another controller already.
    3. Under `Recreate` it is stored in another way than it was written.
    """
    if never_observed(view, identity):
        return True
    item = answer.desired.objects[identity]
    if item is None or refused(item):
        return item is not None
    return view.method(identity) in RECREATE_METHODS and _differs_when_stored(identity, answer)


def never_observed(view: RequestView, identity: Identity) -> bool:
    """Whether its kind is not declared, it has no name, or it is outside of the parent's namespace."""
    if not view.declared(identity) or not identity.name:
        return True
    return bool(view.parent.namespace) and identity.namespace != view.parent.namespace


def writes_again(view: RequestView, identity: Identity, answer: Answer) -> bool:
    """Whether an observed object that is written now would be written again next time.

    1. The item is an echo of the observed object: the resourceVersion in it is another one next time.
    2. Under `Recreate`, the item is refused when it is created.
    3. It is stored in another way than it was written.
    4. The very same was written last, by nobody else since, and the cluster has not kept it.
    """
    item = answer.desired.objects[identity]
    if item is None:
        return False
    try:
        observed = view.observed(identity)
    except UnreadableError:
        return False
    version = object_of(item, "metadata").get("resourceVersion")
    if version and version == object_of(observed, "metadata").get("resourceVersion"):
        return True
    if view.method(identity) in RECREATE_METHODS and refused(item):
        return True
    return _differs_when_stored(identity, answer) or _not_kept(identity, observed, answer)


def _not_kept(identity: Identity, observed: Json, answer: Answer) -> bool:
    """Whether the observed object was last written as it is wanted, and only ever by one writer, its status apart."""
    entries = object_of(observed, "metadata").get("managedFields")
    writers = {
        entry.get("manager")
        for entry in (entries if isinstance(entries, list) else ())
        if isinstance(entry, dict) and not entry.get("subresource")
    }
    try:
        return len(writers) == 1 and last_applied_text(observed) == answer.applying.desired(identity).text
    except (RecursionError, UnicodeEncodeError):
        return False


def _differs_when_stored(identity: Identity, answer: Answer) -> bool:
    applying = answer.applying
    try:
        return applying.desired(identity).writes(applying.becomes(identity))
    except (RecursionError, UnicodeEncodeError):
        return False


def refused(item: Json) -> bool:
    """Whether creating the object fails: it carries a resourceVersion, or has another controller already."""
    metadata = object_of(item, "metadata")
    owners = metadata.get("ownerReferences")
    owned = isinstance(owners, list) and any(isinstance(owner, dict) and owner.get("controller") for owner in owners)
    return bool(metadata.get("resourceVersion")) or owned
