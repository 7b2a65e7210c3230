"""A cluster export (`kubectl get ... -o json` or `-o yaml`) as the simulated cluster takes it.

Which resource belongs to which kind, and whether a status is a subresource, is read from CustomResourceDefinitions
where the export has them, and guessed from the objects and the controllers where it has not.
"""

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from shadow.errors import ShadowError
from shadow.jsontext import one_by_one
from shadow.migrate.controllers import declared_rules, malformed, protocol_of
from shadow.migrate.yamltext import read_documents
from shadow.protocol.objects import Json
from shadow.protocol.resources import match_resources
from shadow.simulate import ApiError, Kind, Kinds
from shadow.terms import Hook, Protocol


class ExportError(ShadowError):
    """What was exported cannot be used."""


@dataclass(slots=True)
class Export:
    """Everything exported. `guessed` are resources whose kind nobody told."""

    controllers: list[Json] = field(default_factory=list)
    objects: list[Json] = field(default_factory=list)
    kinds: Kinds = field(default_factory=Kinds)
    guessed: list[str] = field(default_factory=list)

    def controllers_of(self, protocol: Protocol) -> list[Json]:
        return [body for body in self.controllers if protocol_of(body) is protocol]


def read_export(texts: Iterable[tuple[str, str]]) -> Export:
    """An export from texts, each with the name of its file.

    Raises:
        UnreadableTextError: one is neither JSON nor YAML.
        ExportError: something in it is no object, or none that the API server would have given.
    """
    export = Export()
    definitions = []
    for text, source in texts:
        for body in _bodies(text, source):
            if protocol_of(body):
                _refuse_unplayable(body, source)
                export.controllers.append(body)
            elif body["kind"] == "CustomResourceDefinition":
                definitions.append((source, body))
            else:
                export.objects.append(_identified(body))
    for source, definition in definitions:
        try:
            _register_defined(export.kinds, definition)
        except (KeyError, TypeError, AttributeError) as exc:
            name = definition["metadata"]["name"]
            message = f"{source}: the CustomResourceDefinition {name} has no whole spec: group, names and versions"
            raise ExportError(message) from exc
    _register_seen(export)
    return export


def _bodies(text: str, source: str) -> Iterable[Json]:
    for document in read_documents("\n---\n".join(one_by_one(text)), source):
        for body in _listed(document.value):
            whole = isinstance(body, dict) and {"apiVersion", "kind", "metadata"} <= body.keys()
            if not whole or not isinstance(body["metadata"], dict):
                raise ExportError(f"{source}: not every item is an object with apiVersion, kind and metadata")
            for key, kind in _TYPES.items():
                if not isinstance(body["metadata"].get(key), kind):
                    named = f"{body['kind']} {body['metadata'].get('name') or 'without a name'}"
                    raise ExportError(f"{source}: {named}: metadata.{key} is missing or of another type")
            yield body


def _listed(value: Any) -> list[Any]:
    """The items of a list, as `kubectl` or `jq .items` give one; of anything else itself."""
    if isinstance(value, list) and value:
        return value
    items = value.get("items") if isinstance(value, dict) and str(value.get("kind", "")).endswith("List") else None
    return items if isinstance(items, list) else [value]


_TYPES = {"name": str, "annotations": Mapping | None, "labels": Mapping | None, "managedFields": list | None}


def _refuse_unplayable(controller: Json, source: str) -> None:
    named = f"{source}: {controller['kind']} {controller['metadata']['name']}"
    if faults := malformed(controller):
        raise ExportError(f"{named}: " + "; ".join(f"{fault.path}: {fault.message}" for fault in faults))
    if not (controller["spec"].get("hooks") or {}).get(Hook.SYNC):
        raise ExportError(f"{named}: spec.hooks has no sync hook, so there is nothing to rehearse")


def _identified(body: Json) -> Json:
    """With what every live object has and a tidied export may lack: without it no write would be accepted."""
    metadata = body["metadata"]
    names = "/".join(str(part) for part in (body["kind"], metadata.get("namespace", ""), metadata.get("name", "")))
    made = {"uid": str(uuid.uuid5(uuid.NAMESPACE_URL, names)), "resourceVersion": "1"}
    return {**body, "metadata": {**made, **metadata}}


def _register_defined(kinds: Kinds, definition: Json) -> None:
    spec = definition["spec"]
    names = spec["names"]
    for version in spec.get("versions") or []:
        kinds.register(
            Kind(
                names["kind"],
                names["plural"],
                (f"{spec['group']}/{version['name']}",),
                namespaced=spec.get("scope") != "Cluster",
                generation=True,
                status_subresource="status" in (version.get("subresources") or {}),
            )
        )


def _register_seen(export: Export) -> None:
    """Kinds of objects that nobody defined, then resources that a controller names and nobody has an object of."""
    declared = _declared(export.controllers)
    unknown = {(body["apiVersion"], body["kind"]): body for body in export.objects if not _knows(export.kinds, body)}
    matched = match_resources(declared, [f"{kind}.{version}" for version, kind in unknown])
    for (version, kind), body in unknown.items():
        plural = matched.get(f"{kind}.{version}", ("", f"{kind.lower()}s"))[1]
        export.kinds.register(_seen(kind, plural, version, [o for o in export.objects if o["kind"] == kind] or [body]))
    for version, plural in declared:
        try:
            export.kinds.of_resource(version, plural)
        except ApiError:
            export.kinds.register(Kind(_singular(plural), plural, (version,), generation=True, status_subresource=True))
            export.guessed.append(f"{plural} ({version})")


def _seen(kind: str, plural: str, version: str, bodies: list[Json]) -> Kind:
    entries = [entry for body in bodies for entry in body["metadata"].get("managedFields") or []]
    return Kind(
        kind,
        plural,
        (version,),
        namespaced=any(body["metadata"].get("namespace") for body in bodies),
        generation=any("generation" in body["metadata"] for body in bodies),
        # Where managedFields tell nothing, a custom resource is taken to have what nearly all of them have.
        status_subresource=not entries or any(entry.get("subresource") == "status" for entry in entries),
    )


def _declared(controllers: list[Json]) -> list[tuple[str, str]]:
    found: dict[tuple[str, str], None] = {}
    for body in controllers:
        for rule in declared_rules(body):
            found[str(rule.get("apiVersion")), str(rule.get("resource"))] = None
    return list(found)


def _knows(kinds: Kinds, body: Json) -> bool:
    try:
        kinds.of(body["apiVersion"], body["kind"])
    except ApiError:
        return False
    return True


def _singular(plural: str) -> str:
    stem = plural[:-3] + "y" if plural.endswith("ies") else plural.removesuffix("s")
    return "".join(part.capitalize() for part in stem.split("-"))
