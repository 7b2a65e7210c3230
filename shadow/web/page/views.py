"""What each page shows, gathered from where the API takes it, too."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
from starlette.exceptions import HTTPException

from shadow.compare.model import Difference, ObjectEffect
from shadow.errors import StoreError
from shadow.protocol.objects import Head, Identity, Json
from shadow.proxy.record.latency import Quantiles
from shadow.report.comparison import WholeComparison
from shadow.report.html.sidebyside import Block, side_by_side
from shadow.report.model import VerdictLine
from shadow.report.readiness import Readiness
from shadow.store.base import Slot
from shadow.terms import Effect, Side, Stage
from shadow.web.desk import Desk
from shadow.web.findings import unread_because
from shadow.web.page.chart import WINDOWS, Chart, chart, span
from shadow.web.reports import known
from shadow.web.summary import Summary, summary

LISTS = ("children", "attachments")
"""Under which an answer lists its objects, in either protocol; the rest of it is about the parent."""


@dataclass(frozen=True, slots=True)
class Standing:
    """One migration at a glance. `unread`: why the store does not tell what was found; then only memory speaks."""

    summary: Summary
    verdict: VerdictLine
    readiness: Mapping[Readiness, int]  # of the parents that still call
    gone: int
    effects: Mapping[Effect, int]  # of what no rule explains, worst first
    open_differences: int
    latency: Mapping[Side, Quantiles | None]
    chart: Chart
    unread: str | None
    stages: tuple[Stage, ...] = tuple(Stage)

    @property
    def slowest(self) -> float:
        """Of both implementations, so that their bars have one scale."""
        return max((each.p95 for each in self.latency.values() if each is not None), default=0.0)


async def standing(desk: Desk, name: str, window: str = "1h") -> Standing:
    """
    Raises:
        HTTPException: 400 for a window that there is not.
    """
    if window not in WINDOWS:
        raise HTTPException(400, f"window: must be one of {', '.join(WINDOWS)}")
    findings, now = await known(desk, name), desk.clock()
    try:
        slots, unread = await _timeline(desk, name, window, now), findings.unread
    except StoreError as exc:
        slots, unread = [], unread_because(exc)
    parents = findings.assessment.parents
    latency = desk.recorder.tally(name).latency
    worst_first = sorted(findings.effects, key=lambda effect: -effect.severity)
    return Standing(
        summary=await summary(desk, name),
        verdict=findings.assessment.verdict,
        readiness={each: parents.readiness[each] for each in Readiness},
        gone=parents.gone,
        effects={effect: findings.effects[effect] for effect in worst_first if findings.effects[effect]},
        open_differences=sum(not line.explained for line in findings.lines),
        latency={side: latency.quantiles(side) for side in Side},
        chart=chart(window, now, slots),
        unread=unread,
    )


async def _timeline(desk: Desk, name: str, window: str, now: float) -> list[Slot]:
    since, until = span(window, now)
    return await desk.store.read(lambda store: store.timeline(name, since, until, WINDOWS[window]))


@dataclass(frozen=True, slots=True)
class Shown:
    """One object of a comparison with all its differences, both versions side by side."""

    object: Identity | None
    differences: tuple[Difference, ...]
    blocks: list[Block]
    old_kept: bool  # whether the answer is there at all; without it only single fields are known
    new_kept: bool

    @property
    def effects(self) -> tuple[Effect, Effect]:
        """The worst under old's answer and under new's."""
        return (
            max((one.effects.old for one in self.differences), key=lambda effect: effect.severity),
            max((one.effects.new for one in self.differences), key=lambda effect: effect.severity),
        )


def object_of(whole: WholeComparison, group: str) -> Shown | None:
    """The object in which this comparison shows a difference."""
    return next((one for one in objects_of(whole) if any(each.group == group for each in one.differences)), None)


def objects_of(whole: WholeComparison) -> list[Shown]:
    """Each object that differs, worst first."""
    by_object: dict[Identity | None, list[Difference]] = {}
    for difference in whole.differences:
        by_object.setdefault(difference.object, []).append(difference)
    shown = [_shown(whole, identity, tuple(found)) for identity, found in by_object.items()]
    return sorted(shown, key=lambda one: -max(effect.severity for effect in one.effects))


def _shown(whole: WholeComparison, identity: Identity | None, differences: tuple[Difference, ...]) -> Shown:
    old, new = (_read(whole.implementations[side].answer) for side in Side)
    default = whole.parent.namespace
    versions = [_version(answer, identity, default) for answer in (old, new)]
    if old is None or new is None:
        versions = [_only_fields(differences, Side.OLD), _only_fields(differences, Side.NEW)]
    return Shown(identity, differences, side_by_side(*versions), old is not None, new is not None)


def _read(answer: Any) -> Any:
    """None for an answer that is not kept, or nested so deeply that nobody reads it."""
    try:
        return None if answer is None else msgspec.json.decode(answer)
    except RecursionError:
        return None


def _version(document: Any, identity: Identity | None, default_namespace: str) -> Any:
    """The object in an answer, or what the answer says of the parent; None if there is no such object."""
    if not isinstance(document, dict):
        return None
    if identity is None:
        return {key: value for key, value in document.items() if key not in LISTS} or None
    return next((item for item in _items(document) if _is(item, identity, default_namespace)), None)


def _items(document: Json) -> Iterator[Any]:
    for key in LISTS:
        listed = document.get(key)
        yield from listed if isinstance(listed, list) else ()


def _is(item: Any, identity: Identity, default_namespace: str) -> bool:
    try:
        found = msgspec.convert(item, Head).identity(default_namespace)
    except msgspec.ValidationError:
        return False
    if not found.namespace:  # Metacontroller fills it in, and knows from the kind whether
        found = msgspec.structs.replace(found, namespace=identity.namespace)
    return found == identity


def _only_fields(differences: tuple[Difference, ...], side: Side) -> Any:
    fields = {}
    for one in differences:
        present, value = (one.has_old, one.old) if side is Side.OLD else (one.has_new, one.new)
        if present:
            fields[one.path or "object"] = value
    return fields or None


def answers_of(whole: WholeComparison) -> Shown | None:
    """Both answers as they are, redacted, objects in one order; None unless both are kept."""
    old, new = (_read(whole.implementations[side].answer) for side in Side)
    if old is None or new is None:
        return None
    return Shown(None, (), side_by_side(_in_order(old), _in_order(new)), old_kept=True, new_kept=True)


def _in_order(document: Any) -> Any:
    """Objects by kind and name: the order of an answer says nothing, and would show as differences."""
    if not isinstance(document, dict):
        return document
    return {
        key: sorted(value, key=_sorting) if key in LISTS and isinstance(value, list) else value
        for key, value in document.items()
    }


def _sorting(item: Any) -> tuple[str, ...]:
    try:
        head = msgspec.convert(item, Head)
    except msgspec.ValidationError:
        return ("", "", "")
    identity = head.identity()
    return (identity.kind, identity.namespace, identity.name)


def tallies(whole: WholeComparison) -> dict[Side, dict[Effect, int]]:
    """What each answer would do, counted, worst first; what it would leave alone is not."""
    counted = {side: Counter(each.effect for each in asked.effects) for side, asked in whole.implementations.items()}
    worst_first = sorted(Effect, key=lambda effect: -effect.severity)
    return {
        side: {effect: counts[effect] for effect in worst_first if counts[effect] and effect is not Effect.NONE}
        for side, counts in counted.items()
    }


def every_object(whole: WholeComparison) -> list[tuple[Identity, tuple[ObjectEffect | None, ObjectEffect | None]]]:
    """Each object with its effect under old's answer and under new's, worst first."""
    old, new = ({each.object: each for each in whole.implementations[side].effects} for side in Side)

    def worst(identity: Identity) -> int:
        return max(each.effect.severity for each in (old.get(identity), new.get(identity)) if each is not None)

    found = sorted({*old, *new}, key=lambda identity: (-worst(identity), identity))
    return [(identity, (old.get(identity), new.get(identity))) for identity in found]
