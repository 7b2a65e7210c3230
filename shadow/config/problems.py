"""What is wrong with a configuration, all of it at once: where, what, and the remedy.

Two passes: what pydantic finds key by key, put into words; then what only shows across keys. The second pass runs over
what is left when the faulty keys are taken away, so that one fault does not hide another.
"""

import copy
import itertools
import re
from collections.abc import Iterator
from difflib import get_close_matches
from typing import Any, TypeVar, get_args, get_origin

from pydantic import ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from shadow.config.base import Section, shown
from shadow.config.document import Document, Location, spelled
from shadow.config.migration import Migration
from shadow.config.model import Configuration
from shadow.config.process import Server
from shadow.config.storeurl import is_postgres
from shadow.errors import Problem
from shadow.terms import Side

RESERVED = frozenset({"api", "healthz", "livez", "log-in", "login", "metrics", "migrations", "openapi.json", "readyz"})
"""Names that a migration cannot have: they are addresses of the proxy's own."""

_S = TypeVar("_S", bound=Section)
_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?")


def validate(document: Document) -> tuple[Configuration | None, list[Problem]]:
    """The configuration, or None with every problem, in the order of the file."""
    configuration, details = _try(Configuration, document.value)
    # A default that follows a faulty key is no fault of its own.
    details = [detail for detail in details if detail["type"] != "default_factory_not_called"]
    found = [(tuple(detail["loc"]), _message(detail)) for detail in details]
    faulty = {location for location, _ in found}
    found += [each for each in _across(_salvage(document.value, details)) if not _follows(each[0], faulty)]
    found.sort(key=lambda problem: _line(document, problem[0]) or 0)
    problems = [Problem(spelled(location), message + _where(document, location)) for location, message in found]
    return (None if problems else configuration), problems


def _follows(location: Location, faulty: set[Location]) -> bool:
    """Whether a fault across keys may only come from the default that stands in for a faulty value."""
    return location in faulty or (location[-1] == "timeout" and (*location[:-2], "front_timeout") in faulty)


def _try(section: type[_S], value: Any) -> tuple[_S | None, list[ErrorDetails]]:
    try:
        return section.model_validate(value), []
    except ValidationError as error:
        return None, error.errors(include_url=False)


def _line(document: Document, location: Location) -> int | None:
    """Of the key, or of the nearest one above it."""
    while location and location not in document.lines:
        location = location[:-1]
    return document.lines.get(location)


def _where(document: Document, location: Location) -> str:
    line = _line(document, location)
    return f" (line {line})" if line else ""


# --- one key --------------------------------------------------------------------------------------------------------


def _message(detail: ErrorDetails) -> str:
    given = detail["input"]
    match detail["type"]:
        case "fault":
            return str(detail["ctx"]["message"])
        case "missing":
            return "is required"
        case "extra_forbidden":
            return "is no key of the configuration" + _meant(str(detail["loc"][-1]), _keys(tuple(detail["loc"][:-1])))
        case "enum" | "literal_error":
            words = re.findall(r"'([^']*)'", detail["ctx"]["expected"])
            return f"must be {_either(words)}, not {shown(given)}" + _meant(given, words)
        case "model_type":
            return f"must be a mapping{_held(tuple(detail['loc']))}, not {shown(given)}" + _instead(detail["loc"])
        case "dict_type":
            return f"must be a mapping, not {shown(given)}"
        case "tuple_type":
            return f"must be a list, not {shown(given)}"
        case "too_short":
            return "must name at least one migration"
    return f"{detail['msg'][:1].lower()}{detail['msg'][1:]}"


def _instead(location: Location) -> str:
    if location[-1:] == ("brake",):
        return "; write {because: why} to pull it, else leave it out: only `shadow release` lets it go"
    return ""


def _held(location: Location) -> str:
    """What a mapping at that place must at least hold."""
    needed = [name for name, field in _fields(location).items() if field.is_required()]
    return f" with {', '.join(needed)}" if needed else ""


def _either(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"


def _meant(given: object, words: list[str]) -> str:
    near = get_close_matches(given, words, n=1) if isinstance(given, str) else []
    return f"; did you mean {near[0]}?" if near else ""


def _keys(location: Location) -> list[str]:
    """The keys that the section at a location may have."""
    return list(_fields(location))


def _fields(location: Location) -> dict[str, FieldInfo]:
    kind: Any = Configuration
    for step in location:
        section = _section(kind)
        if get_origin(kind) in (dict, tuple):
            kind = section
        else:
            field = section.model_fields.get(str(step)) if section else None
            kind = field.annotation if field else None
    section = _section(kind)
    return dict(section.model_fields) if section else {}


def _section(kind: Any) -> type[Section] | None:
    """The section that a type is, or holds, or may be."""
    found = (each for each in (kind, *get_args(kind)) if isinstance(each, type) and issubclass(each, Section))
    return next(found, None)


# --- across keys ----------------------------------------------------------------------------------------------------


def _salvage(value: Any, details: list[ErrorDetails]) -> Any:
    """What remains without the faulty keys, without whole lists that hold a fault."""
    rest = copy.deepcopy(value)
    for detail in details:
        location = tuple(itertools.takewhile(lambda step: isinstance(step, str), detail["loc"]))
        _drop(rest, location)
    return rest


def _drop(value: Any, location: Location) -> None:
    for step in location[:-1]:
        value = value.get(step) if isinstance(value, dict) else None
    if isinstance(value, dict) and location:
        value.pop(location[-1], None)


def _across(value: dict[str, Any]) -> Iterator[tuple[Location, str]]:
    redaction = value.get("redaction")
    if is_postgres(str(value.get("store"))) and not (isinstance(redaction, dict) and redaction.get("key_file")):
        yield ("redaction", "key_file"), "is required with PostgreSQL: all replicas need the same key"
    server, _ = _try(Server, value.get("server", {}))
    if server is not None:
        yield from _listeners(server)
    migrations = value.get("migrations")
    for name, each in migrations.items() if isinstance(migrations, dict) else ():
        yield from _name(name)
        migration, _ = _try(Migration, each)
        if migration is not None:
            yield from _timeouts(name, migration)


def _listeners(server: Server) -> Iterator[tuple[Location, str]]:
    if server.token_file is None and server.tokens_file is None and not server.control.loopback:
        remedy = "set token_file or tokens_file, or listen on 127.0.0.1"
        yield ("server", "token_file"), f"is required because control listens on {server.control}; {remedy}"
    if server.hooks.port == server.control.port != 0 and _overlap(server.hooks.host, server.control.host):
        yield ("server", "control"), f"must be another address than hooks ({server.hooks})"


def _overlap(one: str, other: str) -> bool:
    return one == other or bool({one, other} & {"0.0.0.0", "::"})  # noqa: S104 - compared, not bound


def _name(name: str) -> Iterator[tuple[Location, str]]:
    if name in RESERVED:
        yield ("migrations", name), "must have another name: this one is an address of the proxy's own"
    elif not _NAME.fullmatch(name):
        yield ("migrations", name), "must have a name out of at most 63 letters, digits, dots and dashes"


def _timeouts(name: str, migration: Migration) -> Iterator[tuple[Location, str]]:
    for side in Side:
        timeout = migration.implementation(side).timeout
        if timeout >= migration.front_timeout:
            limit = f"below front_timeout ({migration.front_timeout:g}s), so that the proxy can still answer"
            yield ("migrations", name, side.value, "timeout"), f"must be {limit}, not {timeout:g}s"
