"""The reference page of the configuration, made from the models: `python -m shadow.config.reference`.

What a key means stands once, beside the key in the code; this prints it.
"""

import json
import sys
from collections.abc import Iterator
from typing import Any

from shadow.config.schema import schema

_OPENING = """\
# Configuration

One YAML 1.2 file: only `true` and `false` are booleans, so `off` is a word; JSON is YAML too. An unknown key is an
error. `shadow check --config FILE` tells every error at once, `shadow check --schema` prints a JSON Schema for editors.

| value | spelling |
|---|---|
| duration | with its unit: `500ms`, `8s`, `10m`, `24h`, `7d`, and `1m30s` |
| size | `64KiB`, `16MiB`, `2GiB`, or a number of bytes |
| share | `10%`, or the number `0.1` |
| address | `0.0.0.0:8080`, `[::1]:9090` |
| glob over parents | `namespace/name`; `*` does not cross the `/`; without `/` the name is meant, in any namespace |
| field path | `spec.containers[name=main].image`; `*` one step, `**` many; `metadata.annotations["a.b/c"]` |

A changed file is taken over within two seconds without losing a call, also when a ConfigMap is swapped; what stands
outside `migrations` needs a restart, which is told. An invalid file is refused and told, and the configuration before
it stays in force.

The least there is to say:

```yaml
migrations:
  kfp-profile:
    old: {protocol: composite, url: http://profile-controller-old, sync: /sync}
    new: {protocol: decorator, url: http://profile-controller-new, sync: /sync}
```
"""

Schema = dict[str, Any]


def page() -> str:
    """The whole page, as Markdown."""
    root = schema()
    return _OPENING + "".join(f"\n{section}" for section in _sections("", root, root["$defs"], set()))


def _sections(path: str, section: Schema, definitions: dict[str, Schema], told: set[str]) -> Iterator[str]:
    """A table for a section, then those of the sections in it; a section that comes twice is told once."""
    yield "\n".join(_section(path, section, definitions)) + "\n"
    for name, field in section["properties"].items():
        for title, suffix in _references(field):
            if title not in told:
                told.add(title)
                yield from _sections(f"{path}{name}{suffix}.", definitions[title], definitions, told)


def _section(path: str, section: Schema, definitions: dict[str, Schema]) -> Iterator[str]:
    if path:
        yield f"## `{path.removesuffix('.')}`"
        yield ""
        yield section["description"]
        yield ""
    yield "| key | takes | default | |"
    yield "|---|---|---|---|"
    required = section.get("required", ())
    for name, field in section["properties"].items():
        default = "(required)" if name in required else _default(field)
        meaning = " ".join(field.get("description", "").split()).replace("|", "\\|")
        yield f"| `{name}` | {_takes(field, definitions)} | {default} | {meaning} |"


def _references(field: Schema) -> Iterator[tuple[str, str]]:
    """The sections that a field holds, each with what its path gets: `[]` in a list, `.<name>` in a mapping."""
    for one, suffix in _alternatives(field):
        if "$ref" in one and (title := one["$ref"].rpartition("/")[2]) not in _WORDS:
            yield title, suffix


def _alternatives(field: Schema) -> Iterator[tuple[Schema, str]]:
    for one in field.get("anyOf", [field]):
        if isinstance(one.get("items"), dict):
            yield one["items"], "[]"
        elif isinstance(one.get("additionalProperties"), dict):
            yield one["additionalProperties"], ".<name>"
        else:
            yield one, ""


_WORDS = {"Change", "Effect", "Hook", "HookVersion", "Protocol", "Stage"}


def _default(field: Schema) -> str:
    if "default" not in field or isinstance(field["default"], dict):
        return ""
    default = field["default"]
    return f"`{default if isinstance(default, str) else json.dumps(default)}`"


def _takes(field: Schema, definitions: dict[str, Schema]) -> str:
    """What may be written, in a word or two; null is left out where it is the default."""
    found = []
    for one in field.get("anyOf", [field]):
        target = definitions[one["$ref"].rpartition("/")[2]] if "$ref" in one else one
        if "enum" in target:
            found += [f"`{word if isinstance(word, str) else json.dumps(word)}`" for word in target["enum"]]
        elif target.get("type") != "null":
            found.append(_KINDS.get(str(target.get("type")), "text, number"))
    return ", ".join(dict.fromkeys(found))


_KINDS = {
    "array": "list",
    "boolean": "`true`, `false`",
    "integer": "whole number",
    "number": "number",
    "object": "mapping",
    "string": "text",
}


if __name__ == "__main__":
    sys.stdout.write(page())
