"""The keys of the object maps in a request: which group an object is in, and how it is called there.

Shape of a map: `{"<Kind>.<version>" or "<Kind>.<group>/<version>": {"<key>": object}}`, every declared kind present.
With a cluster-scoped parent both hook versions call a namespaced object `ns/name` and a cluster-scoped one `name`.
With a namespaced parent v2 does the same; v1 says `name` and leaves out whatever is not in the parent's namespace.
"""

import msgspec

from shadow.protocol.objects import Head, Identity
from shadow.protocol.wire import Fields, UnreadableError, encode, json_type, parse, parse_as, split_object
from shadow.terms import HookVersion

Groups = dict[str, Fields]
"""An object map, its objects still bytes."""

_GROUPS = msgspec.json.Decoder(Groups)


def group_key(api_version: str, kind: str) -> str:
    """`Deployment.apps/v1`, `Secret.v1`."""
    return f"{kind}.{api_version}"


def split_group_key(key: str) -> tuple[str, str]:
    """(apiVersion, kind) of a group key: the kind ends at the first dot."""
    kind, _, api_version = key.partition(".")
    return api_version, kind


def object_key(namespace: str, name: str, version: HookVersion, parent_namespace: str) -> str | None:
    """What an object is called in a map; None if this version does not show it to this parent.

    Args:
        namespace: the object's, empty for a cluster-scoped one.
        parent_namespace: empty for a cluster-scoped parent.
    """
    if version is HookVersion.V1 and parent_namespace:
        return name if namespace == parent_namespace else None
    return f"{namespace}/{name}" if namespace else name


def split_groups(text: bytes | msgspec.Raw) -> Groups:
    """An object map, two levels deep.

    Raises:
        UnreadableError: it is not an object of objects.
    """
    try:
        return _GROUPS.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return {key: split_object(group) for key, group in split_object(text).items()}


def rekey(groups: Groups, to: HookVersion, parent_namespace: str) -> tuple[Groups, int]:
    """The map of a *namespaced* parent in the other version's keys, and how many objects that version cannot show.

    Empty groups stay: hooks look up every declared kind.
    """
    renamed = {group: _rekey_group(objects, to, parent_namespace) for group, objects in groups.items()}
    lost = sum(len(objects) - len(renamed[group]) for group, objects in groups.items())
    return renamed, lost


def _rekey_group(objects: Fields, to: HookVersion, parent_namespace: str) -> Fields:
    if to is HookVersion.V1:
        prefix = f"{parent_namespace}/"
        return {key.removeprefix(prefix): raw for key, raw in objects.items() if key.startswith(prefix)}
    return {_full_key(raw): raw for raw in objects.values()}


def _full_key(raw: msgspec.Raw) -> str:
    identity = identify(raw)
    return object_key(identity.namespace, identity.name, HookVersion.V2, "") or identity.name


def join_groups(groups: Groups) -> msgspec.Raw:
    return encode(groups)


def identify(raw: msgspec.Raw, default_namespace: str = "") -> Identity:
    """Which object it is; what is missing, or is no text, is empty, as in Go's accessors.

    Args:
        default_namespace: the parent's; Metacontroller gives it to every item that has none.
    """
    try:
        return parse_as(raw, Head).identity(default_namespace)
    except UnreadableError:
        fields, named = levels(raw)
        namespace = _text(named, "namespace") or default_namespace
        return Identity(_text(fields, "apiVersion"), _text(fields, "kind"), namespace, _text(named, "name"))


def levels(raw: msgspec.Raw) -> tuple[Fields, Fields]:
    """The fields of an object and of its metadata; none where either is no object."""
    fields = split_object(raw) if json_type(raw) == "object" else {}
    metadata = fields.get("metadata")
    named = split_object(metadata) if metadata is not None and json_type(metadata) == "object" else {}
    return fields, named


def _text(fields: Fields, name: str) -> str:
    raw = fields.get(name)
    value = parse(raw) if raw is not None and json_type(raw) == "string" else ""
    return str(value)
