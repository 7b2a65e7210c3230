"""What comparisons found, per parent and evidence: differences, advice, failures, and which situations were met.

Ignored differences are counted like any other: rules are applied when a report is made, so a changed rule needs no
new traffic.
"""

from collections.abc import Iterable, Iterator

import msgspec

from shadow.compare.model import Advice, Comparison, Difference
from shadow.store.base import (
    AdviceCount,
    Asked,
    Call,
    Coverage,
    FailureCount,
    Group,
    HeldCall,
    HeldCount,
    NoiseCount,
)
from shadow.store.comparisons import is_kept
from shadow.store.rows import decode, encode
from shadow.store.series import Kind, Subject, Tally, seen
from shadow.store.sql import Connection
from shadow.terms import Outcome, Side

_EXAMPLE_BYTES = 8192  # a whole object fits; the answers themselves are kept with the comparison

_COMPARED = frozenset({Outcome.MATCHED, Outcome.IGNORED, Outcome.MISMATCHED})  # a failure covers no situation


def tally_call(tally: Tally, call: Call) -> None:
    """Count what one call found; nothing in a call that was not compared."""
    if call.comparison is not None:
        if call.outcome in _COMPARED:
            _tally_situation(tally, call, call.comparison)
        _tally_differences(tally, call, call.comparison.differences)
        _tally_advice(tally, call, call.comparison.advice)
        _tally_noise(tally, call, call.comparison)
    if call.outcome is Outcome.FAILED:
        for side in Side:
            _tally_failure(tally, call, side)


def _tally_situation(tally: Tally, call: Call, comparison: Comparison) -> None:
    subject = Subject(
        Kind.SITUATION, call.migration, call.evidence_digest, call.parent.uid, (call.hook, comparison.situation)
    )
    tally.add(subject, Coverage(call.hook, comparison.situation, comparisons=0, parents=0), call.at, call.count)


def _tally_differences(tally: Tally, call: Call, differences: Iterable[Difference]) -> None:
    """Once a comparison for each field of each object: a group may hold several."""
    once = {(found.group, str(found.object), found.path): found for found in differences}
    for identity, found in once.items():
        subject = Subject(Kind.DIFFERENCE, call.migration, call.evidence_digest, call.parent.uid, identity)
        tally.add(subject, _group(call, found), call.at, call.count, _kept(call))


def _kept(call: Call) -> str | None:
    """The comparison, if it can be looked at."""
    return call.id if is_kept(call) else None


def _group(call: Call, found: Difference) -> Group:
    """As it is stored: counts and times come from the series when it is read."""
    return Group(
        group=found.group,
        parent=call.parent,
        object=found.object,
        path=found.path,
        shown_object=found.shown_object,
        shown_path=found.shown_path,
        change=found.change,
        effects=found.effects,
        repeats=found.repeats,
        moved=call.primary is Side.NEW,
        count=0,
        first_seen=0.0,
        last_seen=0.0,
        comparison=call.id,
        old=_example(found.old),
        new=_example(found.new),
        has_old=found.has_old,
        has_new=found.has_new,
        normalized=found.normalized,
        front_digest=call.front_digest,
    )


def _example(value: object) -> object:
    if isinstance(value, dict | list | str) and (size := len(encode(value))) > _EXAMPLE_BYTES:
        return f"({size} bytes; see the comparison)"
    return value


def _tally_advice(tally: Tally, call: Call, advice: Iterable[Advice]) -> None:
    for found in advice:
        identity = (found.code, found.implementation or "", str(found.object), found.message)
        subject = Subject(Kind.ADVICE, call.migration, call.evidence_digest, identity=identity)
        tally.add(
            subject, AdviceCount(found.code, found.implementation, found.object, found.message, 0), call.at, call.count
        )


def _tally_noise(tally: Tally, call: Call, comparison: Comparison) -> None:
    for side in comparison.asked_twice:
        tally.add(
            Subject(Kind.ASKED_TWICE, call.migration, call.evidence_digest, identity=(side,)), side, call.at, call.count
        )
    for found in comparison.noise:
        identity = (found.implementation, str(found.object), found.path)
        subject = Subject(Kind.NOISE, call.migration, call.evidence_digest, identity=identity)
        one, other = _example(found.one), _example(found.other)
        tally.add(subject, NoiseCount(found.implementation, found.object, found.path, one, other), call.at, call.count)


def _tally_failure(tally: Tally, call: Call, side: Side) -> None:
    asked = call.old if side is Side.OLD else call.new
    if asked.result not in {"failed", "refused"}:
        return
    reason = _reason(asked, call)
    subject = Subject(Kind.FAILURE, call.migration, identity=(side, call.hook, reason))
    tally.add(subject, FailureCount(side, call.hook, reason, 0, None), call.at, call.count, _kept(call))


def _reason(asked: Asked, call: Call) -> str:
    if asked.error:
        return asked.error
    return f"status-{asked.status}" if asked.status else call.reason or asked.result


def tally_held(tally: Tally, held: HeldCall) -> None:
    """Count one held call."""
    identity = tuple(f"{each.effect} {each.object}" for each in held.objects)
    subject = Subject(Kind.HELD, held.migration, parent=held.parent.uid, identity=identity)
    tally.add(subject, HeldCount(held.parent, held.objects, held.call), held.at)


def held(connection: Connection, migration: str, since: float | None, until: float | None) -> list[HeldCount]:
    """The latest first."""
    lines = [
        msgspec.structs.replace(
            decode(one.record, HeldCount), count=one.sightings, first_seen=one.first_seen, last_seen=one.last_seen
        )
        for one in seen(connection, Kind.HELD, migration, "", since, until)
    ]
    return sorted(lines, key=lambda line: -line.last_seen)


def groups(
    connection: Connection, migration: str, evidence: str, since: float | None, until: float | None
) -> Iterator[Group]:
    for found in seen(connection, Kind.DIFFERENCE, migration, evidence, since, until):
        stored = decode(found.record, Group)
        yield msgspec.structs.replace(
            stored,
            count=found.sightings,
            first_seen=found.first_seen,
            last_seen=found.last_seen,
            example=found.example,
            moved=stored.moved if found.primary is None else found.primary == Side.NEW,
        )


def advice(
    connection: Connection, migration: str, evidence: str, since: float | None, until: float | None
) -> list[AdviceCount]:
    found = seen(connection, Kind.ADVICE, migration, evidence, since, until)
    return [msgspec.structs.replace(decode(one.record, AdviceCount), count=one.sightings) for one in found]


def noise(
    connection: Connection, migration: str, evidence: str, since: float | None, until: float | None
) -> list[NoiseCount]:
    asked = {
        decode(one.record, Side): one.sightings
        for one in seen(connection, Kind.ASKED_TWICE, migration, evidence, since, until)
    }
    found = [
        msgspec.structs.replace(decode(one.record, NoiseCount), differs=one.sightings)
        for one in seen(connection, Kind.NOISE, migration, evidence, since, until)
    ]
    return [msgspec.structs.replace(each, of=asked.get(each.implementation, each.differs)) for each in found]


def failures(connection: Connection, migration: str, since: float | None, until: float | None) -> list[FailureCount]:
    found = seen(connection, Kind.FAILURE, migration, "", since, until)
    return [
        msgspec.structs.replace(decode(one.record, FailureCount), count=one.sightings, example=one.example)
        for one in found
    ]


def coverage(
    connection: Connection, migration: str, evidence: str, since: float | None, until: float | None
) -> list[Coverage]:
    """Of each hook and situation that was met: how many comparisons, and of how many different parents."""
    met: dict[bytes, tuple[int, int]] = {}
    for one in seen(connection, Kind.SITUATION, migration, evidence, since, until):  # a series a parent
        comparisons, parents = met.get(one.record, (0, 0))
        met[one.record] = (comparisons + one.sightings, parents + 1)
    return [
        msgspec.structs.replace(decode(record, Coverage), comparisons=comparisons, parents=parents)
        for record, (comparisons, parents) in met.items()
    ]
