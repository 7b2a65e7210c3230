"""A migration as `shadow status` shows it: what the API tells of it, and that as lines for a person."""

from collections.abc import Iterator, Mapping
from datetime import datetime

import msgspec

from shadow.report.model import BrakeLine, Outcomes
from shadow.report.words import counted, printable
from shadow.terms import Side, Stage


class Front(msgspec.Struct, frozen=True):
    """The controller that called last."""

    kind: str = ""
    name: str = ""
    resourceVersion: str = ""
    seen_at: datetime | None = None


class Convergence(msgspec.Struct, frozen=True):
    """How many parents have been answered by their present primary."""

    answered: int = 0
    of: int = 0
    outstanding: int = 0


class Judged(msgspec.Struct, frozen=True):
    """The verdict in short."""

    verdict: str = ""
    reasons: tuple[str, ...] = ()


class Removable(msgspec.Struct, frozen=True):
    """Whether old and the proxy may go."""

    removable: bool | None = None
    reasons: tuple[str, ...] = ()


class Watch(msgspec.Struct, frozen=True):
    """What the guard sees."""

    counts: Mapping[str, float] = {}
    at_pull: Mapping[str, float] | None = None
    warning: str | None = None
    out_of_reach: str | None = None


class Recorded(msgspec.Struct, frozen=True):
    """Calls written down, and lost."""

    written: int = 0
    dropped: int = 0
    dropped_by: Mapping[str, int] = {}
    problem: str | None = None


class Status(msgspec.Struct, frozen=True):
    """One migration of `GET /api/v1/migrations`, as far as it is shown; what is not served yet stays empty."""

    name: str
    stage: Stage
    weight: float
    brake: BrakeLine
    configuration_digest: str
    evidence_digest: str
    comparisons: Outcomes
    front: Front | None = None
    fronts: tuple[Front, ...] = ()
    calls: int = 0
    dropped: int = 0
    dropped_by: Mapping[str, int] = {}
    served: Mapping[Side, int] = {}
    fallbacks: int = 0
    fallbacks_withheld: int = 0
    held: int = 0
    refused: int = 0
    parents: int = 0
    convergence: Convergence = Convergence()
    verdict: Judged = Judged()
    removable: Removable = Removable()
    guard: Watch = Watch()
    recording: Recorded | None = None


def lines(status: Status) -> Iterator[str]:
    """One migration for a person, a fact a line."""
    yield f"{printable(status.name)}\n"
    for name, text in _facts(status):
        yield f"  {name:<17} {text}\n"


def _facts(status: Status) -> Iterator[tuple[str, str]]:
    outcomes = status.comparisons
    yield "stage", f"canary {status.weight:g}%" if status.stage is Stage.CANARY else status.stage.value
    yield "brake", brake(status.brake)
    yield "configuration", status.configuration_digest
    yield "evidence", status.evidence_digest
    yield "front", _front(status.front)
    if len(status.fronts) > 1:
        yield "TWO FRONTS", _two_fronts(status.fronts)
    yield "parents", str(status.parents)
    yield "calls", f"{status.calls}, served {_served(status.served)}"
    yield "compared", f"{outcomes.matched} matched, {outcomes.ignored} ignored, {outcomes.mismatched} mismatched"
    yield "not compared", f"{outcomes.failed} failed, {outcomes.skipped} skipped, {_dropped(status)}"
    yield "held", f"{counted(status.held, 'answer')} of new, for what it would have removed"
    yield "refused", f"{counted(status.refused, 'answer')} of either side, not fit to be served"
    yield "fallback served", f"{counted(status.fallbacks, 'time')} old's answer for a failure of new"
    yield "fallback withheld", f"{counted(status.fallbacks_withheld, 'time')}: none, or one that would change something"
    met = status.convergence
    yield "convergence", f"{met.answered} of {counted(met.of, 'parent')} answered by their present primary"
    yield "guard", _guard(status.guard)
    if status.recording is not None:
        yield "recorded", _recorded(status.recording)
    yield "verdict", _reasoned(status.verdict.verdict or "unknown", status.verdict.reasons)
    yield "removable", _reasoned("yes" if status.removable.removable else "no", status.removable.reasons)


def _recorded(told: Recorded) -> str:
    why = _by_reason(told.dropped_by)
    return _reasoned(
        f"{counted(told.written, 'call')}, {told.dropped} lost{why}", (told.problem,) if told.problem else ()
    )


def _guard(seen: Watch) -> str:
    told = _counts(seen.counts, "in its window")
    if seen.at_pull is not None:
        told = f"{_counts(seen.at_pull, 'when it pulled the brake')}; since then {told}"
    return _reasoned(told, tuple(note for note in (seen.warning, seen.out_of_reach) if note))


def _counts(counts: Mapping[str, float], when: str) -> str:
    calls, failed = (round(counts.get(name, 0)) for name in ("calls", "failed"))
    effects = ", ".join(
        f"{printable(name.removeprefix('effect.'))} {count:g}"
        for name, count in sorted(counts.items())
        if name.startswith("effect.")
    )
    return f"{failed} of {counted(calls, 'call')} of new failed {when}, effects: {effects or 'none'}"


def _reasoned(word: str, reasons: tuple[str, ...]) -> str:
    """A word, and each reason on a line of its own below it."""
    return word + "".join(f"\n{'':<17}- {printable(reason)}" for reason in reasons)


def brake(line: BrakeLine) -> str:
    """`off`, or since when, by whom and why it is on."""
    if line.on is None:
        return "UNKNOWN to the store: `unknown_brake` says whether calls are answered; roll back or release"
    if not line.on:
        return "off"
    since = f" since {line.since:%Y-%m-%d %H:%M:%S} UTC" if line.since else ""
    return f"ON{since} by {printable(line.by or '?')}: {printable(line.because or '')}"


def _front(front: Front | None) -> str:
    if front is None:
        return "not seen yet"
    seen = f", seen {front.seen_at:%Y-%m-%d %H:%M:%S} UTC" if front.seen_at else ""
    return f"{printable(front.kind)} {printable(front.name)} (resourceVersion {printable(front.resourceVersion)}){seen}"


def _two_fronts(fronts: tuple[Front, ...]) -> str:
    names = " and ".join(f"{printable(front.kind)} {printable(front.name)}" for front in fronts)
    return f"{names} call at once: each may release, or not see, what the other writes; stop one of them"


def _served(served: Mapping[Side, int]) -> str:
    return ", ".join(f"{side} {served.get(side, 0)}" for side in Side)


def _dropped(status: Status) -> str:
    return f"{status.dropped} dropped{_by_reason(status.dropped_by)}"


def _by_reason(counts: Mapping[str, int]) -> str:
    why = ", ".join(f"{printable(reason)} {count}" for reason, count in sorted(counts.items()) if count)
    return f" ({why})" if why else ""
