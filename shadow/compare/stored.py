"""What the API server makes of an object that is written to it, as far as that is the same in every cluster.

Metacontroller compares what it wants with what is stored. What is stored in another way than it was written is written
again at every sync, under `Recreate` deleted and created without end.
"""

import base64
from collections.abc import Iterator, Mapping
from typing import Any, Final

from shadow.compare.defaults import fill_in
from shadow.compare.kinds import built_in
from shadow.compare.quantity import canonical
from shadow.protocol.objects import Identity, Json

TEXT_MAPS = frozenset({"annotations", "labels", "data", "binaryData", "stringData", "matchLabels", "nodeSelector"})
"""Maps of built-in kinds from names to texts; null in one is the empty text."""

QUANTITY_MAPS = frozenset({"limits", "requests", "hard", "capacity"})
QUANTITIES = frozenset({"averageValue", "divisor", "sizeLimit"})

_DROPPED_MAPS = TEXT_MAPS | {"limits", "requests"}
"""Maps of built-in kinds that are not stored when they are empty; an empty `emptyDir` or `securityContext` is."""


_FOREIGN_JSON: Final[Mapping[str, frozenset[str]]] = {
    "ControllerRevision": frozenset({"data"}),
    "CustomResourceDefinition": frozenset({"default", "enum", "example"}),
    "DeviceClass": frozenset({"parameters"}),
    "ResourceClaim": frozenset({"parameters"}),
    "ResourceClaimTemplate": frozenset({"parameters"}),
}


def foreign_json(identity: Identity) -> frozenset[str]:
    """Fields below which a built-in kind holds JSON of somebody else's, stored as it is written, nothing dropped."""
    return _FOREIGN_JSON.get(identity.kind, frozenset())


def stored(identity: Identity, written: Json) -> Json:
    """The object as it will be observed.

    1. Everywhere: a float without fraction is an integer; empty labels and annotations of the object itself go.
    2. Built-in kinds: nulls and empty maps go, null among texts is the empty text, quantities are spelled the canonical
       way, and known defaults stand within lists without merge key, where they matter.
    3. Secrets: `stringData` moves into `data`.

    Fields that a kind does not have, and other defaults, take the cluster's schema to know.
    """
    result: Json = _settled(written, built_in(identity), foreign_json(identity))
    fill_in(identity, result)
    metadata = result.get("metadata")
    if isinstance(metadata, dict):
        result["metadata"] = {
            key: value for key, value in metadata.items() if value != {} or key not in ("labels", "annotations")
        }
    if identity.kind == "Secret" and identity.apiVersion == "v1" and isinstance(result.get("stringData"), dict):
        texts = result.pop("stringData")
        data = result.get("data")
        result["data"] = (data if isinstance(data, dict) else {}) | {
            key: encoded(str(text)) for key, text in texts.items()
        }
    return result


def encoded(text: str) -> str:
    """A text of `stringData` as it stands in `data`."""
    return base64.b64encode(text.encode("utf-8", "replace")).decode()


def _settled(value: Any, typed: bool, foreign: frozenset[str]) -> Any:
    """A copy, level by level without recursion, in which every scalar is as it is stored."""
    root = [value]
    pending: list[tuple[Any, str, bool]] = [(root, "", typed)]
    while pending:
        container, name, typed = pending.pop()
        for key, item in list(_entries(container)):
            if typed and item is None and (name in TEXT_MAPS or _among_texts(container)):
                container[key] = ""
            elif typed and isinstance(container, dict) and (item is None or (item == {} and key in _DROPPED_MAPS)):
                del container[key]
            elif isinstance(item, (dict, list)):
                container[key] = item.copy()
                pending.append((container[key], str(key), typed and key not in foreign))
            elif typed and (name in QUANTITY_MAPS or (key in QUANTITIES and name not in TEXT_MAPS)):
                container[key] = canonical(item) or item
            elif isinstance(item, float) and item.is_integer() and abs(item) < 1e21:
                container[key] = int(item)
    return root[0]


def _among_texts(container: Any) -> bool:
    return isinstance(container, list) and all(item is None or isinstance(item, str) for item in container)


def _entries(container: Any) -> Iterator[tuple[Any, Any]]:
    return iter(container.items()) if isinstance(container, dict) else enumerate(container)
