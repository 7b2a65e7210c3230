"""`GET /openapi.json`: the API described by the very records that serve it, in OpenAPI 3.1."""

import re
from collections.abc import Iterable, Mapping
from typing import Any, cast

import msgspec
from pydantic import BaseModel

from shadow import __version__
from shadow.report.schema import always_whole, named
from shadow.web.operation import Anything, Nothing, Operation
from shadow.web.probes import Probe
from shadow.web.problems import MEDIA_TYPE, Problem

Json = dict[str, Any]

_REF = "#/components/schemas/{name}"
_PROBLEMS: Mapping[int, str] = {
    400: "a parameter or the body is not as it must be",
    401: "the token is missing or wrong",
    403: "the token lacks the right, or the page of another site asks",
    404: "no such migration, or nothing by that name in it",
    409: "refused; `detail` says why and what to do",
    413: "the body is too long",
    503: "not serving yet, or the store fails",
}
_ALWAYS = (400, 401, 403, 404, 503)


def document(operations: Iterable[Operation[Any, Any]], probes: Iterable[Probe] = ()) -> Json:
    """The whole description."""
    operations, probes = tuple(operations), tuple(probes)
    schemas, components = _schemas(operations, probes)
    paths: dict[str, Json] = {}
    for operation in operations:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(operation, schemas)
    paths |= {probe.path: {"get": _probe(probe, schemas)} for probe in probes}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "shadow",
            "version": __version__,
            "summary": "Moving a Metacontroller hook: what differs, and the brake.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer", "description": "Not asked for where none is configured."}
            },
        },
        "security": [{"token": []}],
    }


def _schemas(operations: tuple[Operation[Any, Any], ...], probes: tuple[Probe, ...]) -> tuple[dict[Any, Json], Json]:
    """Each type with its schema, and the components that these refer to."""
    answered = [*(each.answers for each in operations), *(each.answers for each in probes)]
    answers = [answer.type for each in answered for answer in each.values() if answer.type]
    taken = [operation.body for operation in operations if operation.body is not Nothing]
    types = [
        *dict.fromkeys(
            (Problem, *answers, *(kind for kind in taken if kind is not Anything and not issubclass(kind, BaseModel)))
        )
    ]
    found, components = msgspec.json.schema_components(types, ref_template=_REF)
    schemas = dict(zip(types, found, strict=True))
    if Anything in taken:
        schemas[Anything] = {"description": "Nothing of it is looked at."}
    for kind in taken:
        if issubclass(kind, BaseModel):
            schemas[kind] = _of_model(kind, components)
    always_whole(components, named(schemas[answer] for answer in answers))
    return schemas, components


def _of_model(kind: type[BaseModel], components: Json) -> Json:
    schema = kind.model_json_schema(ref_template=_REF.replace("name", "model"))
    components |= schema.pop("$defs", {})
    components[kind.__name__] = schema
    return {"$ref": _REF.format(name=kind.__name__)}


def _operation(operation: Operation[Any, Any], schemas: Mapping[Any, Json]) -> Json:
    described: Json = {
        "operationId": _identifier(operation),
        "summary": operation.about,
        "description": f"Needs the right to {operation.right}.",
        "parameters": [*_of_path(operation), *_of_query(operation)],
        "responses": {**_answers(operation, schemas), **_problems(operation)},
    }
    if operation.body is not Nothing:
        described["requestBody"] = {
            "required": operation.body is not Anything,
            "content": {"application/json": {"schema": schemas[operation.body]}},
        }
    return described


def _probe(probe: Probe, schemas: Mapping[Any, Json]) -> Json:
    content = {MEDIA_TYPE: {"schema": {"$ref": _REF.format(name="Problem")}}}
    return {
        "operationId": f"get_{probe.path.strip('/')}",
        "summary": probe.about,
        "description": "Asks for no token.",
        "security": [],
        "responses": {
            **_answers(probe, schemas),
            "403": {"description": _PROBLEMS[403], "content": content},
        },
    }


def _identifier(operation: Operation[Any, Any]) -> str:
    """`get_migrations_name_comparisons_id`."""
    words = re.findall(r"\w+", operation.path.removeprefix("/api/v1"))
    return "_".join((operation.method.lower(), *words))


def _of_path(operation: Operation[Any, Any]) -> list[Json]:
    names = cast("list[str]", re.findall(r"{(\w+)}", operation.path))
    return [{"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in names]


def _of_query(operation: Operation[Any, Any]) -> list[Json]:
    (schema,), components = msgspec.json.schema_components([operation.query], ref_template=_REF)
    whole = components[schema["$ref"].rpartition("/")[2]]
    return [
        {"name": name, "in": "query", "required": name in whole["required"], "schema": _parameter(field, components)}
        for name, field in whole["properties"].items()
    ]


def _parameter(schema: Json, components: Json) -> Json:
    """A parameter is absent rather than null, and says itself what its words are."""
    if "anyOf" in schema:
        schema = next(one for one in schema["anyOf"] if one != {"type": "null"})
    if "$ref" in schema:
        schema = components[schema["$ref"].rpartition("/")[2]]
    return {key: value for key, value in schema.items() if (key, value) != ("default", None)}


def _answers(operation: Operation[Any, Any] | Probe, schemas: Mapping[Any, Json]) -> Json:
    answers: Json = {}
    for status, answer in operation.answers.items():
        content: Json = {}
        for media in answer.media:
            is_json = media == "application/json" and answer.type is not None
            content[media] = {"schema": schemas[answer.type] if is_json else {"type": "string"}}
        answers[str(status)] = {"description": answer.about, "content": content}
    return answers


def _problems(operation: Operation[Any, Any]) -> Json:
    content = {MEDIA_TYPE: {"schema": {"$ref": _REF.format(name="Problem")}}}
    return {
        str(status): {"description": _PROBLEMS[status], "content": content}
        for status in sorted({*_ALWAYS, *operation.problems, *((413,) if operation.body is not Nothing else ())})
    }
