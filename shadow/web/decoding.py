"""Decodes what a request brings, parameters or a body, into what a handler takes; and says in words what is wrong.

A refusal names the field, and what belongs there as the API's description has it: whoever reads it can send it again.
"""

import re
from collections.abc import Iterable
from typing import Any, TypeVar

import msgspec
from pydantic import BaseModel, ValidationError
from starlette.exceptions import HTTPException

S = TypeVar("S", bound=msgspec.Struct)
B = TypeVar("B", bound=msgspec.Struct | BaseModel)

_MISSING = re.compile(r"Object missing required field `(.+)`")
_UNKNOWN = re.compile(r"Object contains unknown field `(.+)`", re.DOTALL)
_EMPTY = r"Expected `str` matching regex '\\S'"


def query_of(parameters: Iterable[tuple[str, str]], kind: type[S]) -> S:
    """The parameters of an address, decoded.

    Raises:
        HTTPException: 400 naming the one that is wrong, missing, unknown or given twice.
    """
    given: dict[str, str] = {}
    for key, value in parameters:
        if key in given:
            raise HTTPException(400, f"{key}: is given twice")
        given[key] = value
    if unknown := given.keys() - set(kind.__struct_encode_fields__):
        known = ", ".join(kind.__struct_encode_fields__) or "none"
        raise HTTPException(400, f"{min(unknown)}: there is no such parameter (known: {known})")
    try:
        return msgspec.convert(given, kind, strict=False)
    except msgspec.ValidationError as exc:
        raise HTTPException(400, _told(exc, kind)) from exc


def body_as(body: bytes, kind: type[B]) -> B:
    """A body, decoded.

    Raises:
        HTTPException: 400 naming the field that is wrong, missing or unknown.
    """
    try:
        if issubclass(kind, BaseModel):
            return kind.model_validate_json(body)
        return msgspec.json.decode(body, type=kind)
    except ValidationError as exc:
        first = exc.errors()[0]
        raise HTTPException(400, f"{'.'.join(map(str, first['loc'])) or 'body'}: {first['msg']}") from exc
    except msgspec.ValidationError as exc:
        raise HTTPException(400, _told(exc, kind)) from exc
    except (msgspec.DecodeError, RecursionError) as exc:
        what = f"is no JSON that can be read ({exc})" if body.strip() else "is empty"
        raise HTTPException(400, f"the body {what}; {_wanted(kind)}") from exc


def _told(exc: msgspec.ValidationError, kind: type[Any]) -> str:
    """`limit: expected int <= 500`, out of `Expected ... - at `$.limit``; with what the field is for."""
    what, _, where = str(exc).partition(" - at `$.")
    if missing := _MISSING.fullmatch(what):
        return _meant(missing[1], "is missing", kind)
    if unknown := _UNKNOWN.fullmatch(what):
        return f"{unknown[1]}: there is no such field; {_wanted(kind)}"
    if not where:
        return f"the body is not as it must be: {what[:1].lower()}{what[1:]}; {_wanted(kind)}"
    what = "must not be empty" if what == _EMPTY else f"{what[:1].lower()}{what[1:]}"
    return _meant(where.rstrip("`"), what, kind)


def _meant(name: str, what: str, kind: type[Any]) -> str:
    about = _descriptions(kind).get(name)
    return f"{name}: {what}" + (f"; it is: {about}" if about else "")


def _wanted(kind: type[Any]) -> str:
    fields = ", ".join(f"`{name}`" for name in _descriptions(kind))
    return f"it must be a JSON object (fields: {fields})"


def _descriptions(kind: type[Any]) -> dict[str, str | None]:
    """Each field of a struct, and what the API's description says of it."""
    if issubclass(kind, BaseModel):
        return {name: field.description for name, field in kind.model_fields.items()}
    (_,), components = msgspec.json.schema_components([kind])
    fields = components[kind.__name__].get("properties", {})
    return {name: _description(field) for name, field in fields.items()}


def _description(schema: dict[str, Any]) -> str | None:
    """A field that may be absent is described within its alternatives."""
    found = (each.get("description") for each in (schema, *schema.get("anyOf", ())))
    return next(filter(None, found), None)
