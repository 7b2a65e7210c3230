"""Writes the script that hands live objects over, and says from an export what is still missing.

The script holds names only. What an object needs is computed on the cluster from the object as it then is.
"""

import shlex
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from importlib.resources import files

from shadow.config.migration import Migration, Ownership
from shadow.errors import ShadowError
from shadow.migrate.controllers import OBJECTS_KEY, parent_rules, protocol_of, resource_name
from shadow.migrate.export import Export
from shadow.migrate.marks import Direction, Lacking, Names, lacking, owner_uid, wanted
from shadow.protocol.names import RECREATE_METHODS, ROLLING_METHODS
from shadow.protocol.objects import Json
from shadow.terms import Protocol


class HandoverError(ShadowError):
    """It is not clear which controllers are meant."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Who hands over to whom. Empty resources and an unknown selector are read on the cluster."""

    migration: str
    direction: Direction
    composite: str
    decorator: str
    generate_selector: bool | None = None
    parents: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Need:
    """One object and what it lacks; `method` is its kind's update method."""

    kind: str
    namespace: str
    name: str
    method: str
    lacks: frozenset[Lacking]

    def __str__(self) -> str:
        where = "/".join(part for part in (self.namespace, self.name) if part)
        return f"{self.kind} {where} ({self.method}): {', '.join(sorted(self.lacks))}"


def plan_from_export(migration: str, direction: Direction, export: Export) -> Plan:
    """The plan for the controllers of an export.

    Raises:
        HandoverError: none, or several of a kind.
    """
    controllers = {protocol: _only(export.controllers_of(protocol)) for protocol in Protocol}
    composite, decorator = controllers[Protocol.COMPOSITE], controllers[Protocol.DECORATOR]
    named = composite or decorator
    if named is None:
        raise HandoverError("the export holds neither a CompositeController nor a DecoratorController")
    if direction is Direction.BACK and composite is None:
        raise HandoverError(
            "the way back needs to know whether the CompositeController generates labels:"
            " name its manifest with another --from"
        )
    there = [body for body in controllers.values() if body is not None]
    return Plan(
        migration=migration,
        direction=direction,
        composite=(composite or named)["metadata"]["name"],
        decorator=(decorator or named)["metadata"]["name"],
        generate_selector=None if composite is None else composite["spec"].get("generateSelector") is True,
        parents=_resources(there, parents=True),
        resources=_resources(there, parents=False),
    )


def with_marks(plan: Plan, ownership: Ownership | None) -> Plan:
    """The plan with the marks of a configuration instead of those that the controllers' names suggest."""
    if ownership is None or plan.direction is not Direction.MARKS:
        return plan
    return replace(plan, decorator=ownership.decorator, generate_selector=ownership.generate_selector)


def needs(plan: Plan, export: Export) -> list[Need]:
    """Every object of a parent that would not change hands without a write, by kind and name."""
    names = Names(plan.decorator, _with_labels(plan))
    methods, parents = _methods(export), _parent_uids(plan, export)
    found = []
    for body in export.objects:
        uid, kind = owner_uid(body), export.kinds.of(body["apiVersion"], body["kind"])
        if uid not in parents or kind.resource not in plan.resources:
            continue
        lacks = lacking(body, wanted(plan.direction, names, str(uid)))
        if lacks and not (plan.direction is Direction.FORWARD and lacks == {Lacking.LABEL}):  # read by nobody any more
            metadata = body["metadata"]
            method = methods.get(kind.resource, "OnDelete")
            found.append(Need(kind.kind, metadata.get("namespace", ""), metadata["name"], method, frozenset(lacks)))
    return sorted(found, key=lambda need: (need.kind, need.namespace, need.name))


def _with_labels(plan: Plan) -> bool:
    """Unknown, they count where they are taken away: where there is none, none is missing."""
    return plan.direction is not Direction.MARKS if plan.generate_selector is None else plan.generate_selector


def finalizers_left(plan: Plan, export: Export) -> list[str]:
    """Parents that carry the finalizer of the controller that is left, as `Kind ns/name`."""
    if plan.direction is Direction.MARKS:
        return []
    gone, name = ("decorator", plan.decorator) if plan.direction is Direction.BACK else ("composite", plan.composite)
    finalizer = f"metacontroller.io/{gone}controller-{name}"
    return [
        f"{body['kind']} {'/'.join(filter(None, (body['metadata'].get('namespace'), body['metadata']['name'])))}"
        for body in export.objects
        if finalizer in (body["metadata"].get("finalizers") or [])
    ]


def script(plan: Plan, export: Export | None = None, altered: Sequence[str] = ()) -> str:
    """The bash script. With an export its head says what was found there; `altered` is what the proxy changes."""
    text, steps = (_part(name) for name in ("handover.sh", "handover-steps.sh"))
    settings = {
        "DIRECTION": str(plan.direction),
        "COMPOSITE": plan.composite,
        "DECORATOR": plan.decorator,
        "GENERATE_SELECTOR": "" if plan.generate_selector is None else str(plan.generate_selector).lower(),
        "PARENTS": " ".join(plan.parents),
        "RESOURCES": " ".join(plan.resources),
    }
    lines = "\n".join(f"{name}={shlex.quote(value)}" for name, value in settings.items())
    text = text.replace("#@HEADER@", "\n".join(f"# {line}".rstrip() for line in _header(plan, export, altered)))
    text = text.replace("#@SETTINGS@", lines).replace("#@STEPS@", steps.partition("\n\n")[2].rstrip())
    return text.replace("#@OUT@", "\n".join(f"    {line}" for line in altered) or "    The proxy alters no answer.")


def _part(name: str) -> str:
    return (files("shadow.migrate") / name).read_text(encoding="utf-8")


def alterations(migration: Migration) -> list[str]:
    """What the proxy does to answers, and what taking it out therefore costs. For the direction out."""
    told = []
    if migration.new.protocol is Protocol.COMPOSITE:
        told.append("translation: new speaks the other protocol; a DecoratorController cannot call it: NOT removable.")
    if migration.ownership is not None and migration.ownership.generate_selector:
        told.append(
            "ownership marks: the label controller-uid goes from every object: in-place kinds are written once and "
            "Recreate kinds deleted and recreated once, unless they are patched as above."
        )
    if migration.status == "drop":
        told.append(
            "status: drop: the hook's status reaches the parent again; on a Namespace two writes without effect at "
            "every sync. Without such writes: let the hook answer no status first."
        )
    if migration.missing_list == "refuse":
        told.append("missing_list: an answer without a list is no longer refused: Metacontroller deletes everything.")
    if migration.hold or migration.fallback != "off":
        told.append("hold and fallback: nothing is held back any more; an answer that deletes, deletes.")
    if migration.resync is not None:
        told.append("resync: parents are synced as the hook and the controller say again; no write.")
    return told


def _header(plan: Plan, export: Export | None, altered: Sequence[str]) -> Iterable[str]:
    yield f"Hands the objects of migration {plan.migration} over, direction {plan.direction}: {_WHAT[plan.direction]}"
    yield ""
    if export is not None:
        yield from _found(plan, export)
    if altered:
        yield "What the proxy alters, and what its removal costs:"
        yield from (f"  - {line}" for line in altered)
        yield ""


_WHAT = {
    Direction.FORWARD: "from the CompositeController to the DecoratorController.",
    Direction.BACK: "from the DecoratorController to the CompositeController.",
    Direction.OUT: "from the proxy to the DecoratorController without it.",
    Direction.MARKS: "each object gets the ownership marks that the proxy is about to write.",
}


def _found(plan: Plan, export: Export) -> Iterable[str]:
    lacking_now = needs(plan, export)
    yield f"In the export {len(lacking_now)} objects need a patch:"
    for (kind, method), number in sorted(Counter((need.kind, need.method) for need in lacking_now).items()):
        yield f"  {number} {kind} ({method}): without the patch {_consequence(method)}"
    left = finalizers_left(plan, export)
    if left:
        yield f"{len(left)} parents carry the finalizer of the controller that is left."
    yield ""


def _consequence(method: str) -> str:
    if method in RECREATE_METHODS:
        return "deleted and recreated once"
    if method == "OnDelete":
        return "never written again by the controller, and not seen by it unless annotated"
    return "written once" + (", all at once" if method in ROLLING_METHODS else "")


def _methods(export: Export) -> dict[str, str]:
    """By resource; a DecoratorController's counts where both declare one."""
    found = {}
    for body in sorted(export.controllers, key=lambda body: protocol_of(body) is Protocol.DECORATOR):
        protocol = protocol_of(body)
        assert protocol is not None
        for rule in body["spec"].get(OBJECTS_KEY[protocol]) or []:
            method = (rule.get("updateStrategy") or {}).get("method") or "OnDelete"
            found[resource_name(rule)] = str(method)
    return found


def _parent_uids(plan: Plan, export: Export) -> set[str]:
    kinds = [(body, export.kinds.of(body["apiVersion"], body["kind"])) for body in export.objects]
    return {body["metadata"]["uid"] for body, kind in kinds if kind.resource in plan.parents}


def _resources(controllers: Iterable[Json], *, parents: bool) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for body in controllers:
        protocol = protocol_of(body)
        assert protocol is not None
        rules = parent_rules(body["spec"], protocol) if parents else body["spec"].get(OBJECTS_KEY[protocol]) or []
        found |= dict.fromkeys(map(resource_name, rules))
    return tuple(sorted(found))


def _only(controllers: Sequence[Json]) -> Json | None:
    """The one that is meant; of one that is given twice, as it lives and as a manifest, the one given last."""
    by_name = {str(body["metadata"].get("name")): body for body in controllers}
    if len(by_name) > 1:
        raise HandoverError(f"several controllers are in the export ({', '.join(by_name)}): leave the others out")
    return next(iter(by_name.values()), None)
