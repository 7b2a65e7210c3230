"""The JSON Schema of a report, made from the records that are written: `python -m shadow.report.schema` prints it."""

import json
import sys
from collections.abc import Iterable
from inspect import cleandoc
from typing import Any

import msgspec

from shadow.report.model import SCHEMA, Report

Json = dict[str, Any]


def document() -> Json:
    """The whole schema, draft 2020-12. Fields may be added, so none is forbidden."""
    (top,), components = msgspec.json.schema_components([Report], ref_template="#/$defs/{name}")
    always_whole(components, named(top))
    for component in components.values():
        component["description"] = cleandoc(component.get("description", ""))
    described = components.pop("Report")
    described["properties"]["schema"] = {"const": SCHEMA}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:metacontroller-shadow:report:v1",
        **described,
        "$defs": dict(sorted(components.items())),
    }


def named(schema: Any) -> set[str]:
    """The components that a schema refers to."""
    match schema:
        case {"$ref": str(ref)}:
            return {ref.rpartition("/")[2]}
        case dict():
            return named(schema.values())
        case str() | int() | float() | None:
            return set()
        case _:
            return {name for item in schema for name in named(item)}


def always_whole(components: Json, names: Iterable[str], seen: set[str] | None = None) -> None:
    """Makes what is written with every field require them all: a default is the reader's, for older writers."""
    seen = set() if seen is None else seen
    for name in set(names) - seen:
        seen.add(name)
        schema = components[name]
        fields = schema.get("properties", {})
        if fields:
            defaulted = (key for key in fields if "default" in fields[key])
            schema["required"] = sorted({*schema.get("required", ()), *defaulted})
        always_whole(components, named(schema), seen)


if __name__ == "__main__":
    sys.stdout.write(json.dumps(document(), indent=1) + "\n")
