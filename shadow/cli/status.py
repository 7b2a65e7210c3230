"""`shadow status`: where migrations stand, as a running proxy tells it, and first of all what is amiss. Only reads.

Ends with 0, or with 4 when the digest that was waited for did not come.
"""

import argparse
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

import msgspec

from shadow.cli.client import Control, NoProxyError, add_control_arguments, control, digest, migration_path
from shadow.cli.common import CommandError, Exit, write
from shadow.cli.waiting import duration, wait_until
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


class Readiness(msgspec.Struct, frozen=True):
    """What `GET /readyz` says is amiss."""

    refused_configuration: str | None = None
    needs_restart: tuple[str, ...] = ()
    missing_files: tuple[str, ...] = ()
    store_failing: bool = False
    brakes_unstored: tuple[str, ...] = ()
    brakes_unknown: tuple[str, ...] = ()


def register(subparsers: Any) -> None:
    """Add the command's arguments."""
    parser = subparsers.add_parser("status", help="where migrations stand: stage, weight, brake, counts")
    parser.add_argument("migration", nargs="?", metavar="MIGRATION", help="one migration (default: all)")
    parser.add_argument(
        "--wait-digest",
        type=digest,
        metavar="D",
        help="wait until the configuration with this digest (`shadow check --print-digest`) is in force",
    )
    parser.add_argument("--wait", type=duration, default=60.0, metavar="1m", help="how long (default: 1m)")
    add_control_arguments(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print the status; 4 if the digest that was waited for did not come."""
    api = control(args)
    if args.wait_digest:
        found = _awaited(api, args.migration, args.wait_digest, args.wait)
    else:
        found = _fetch(api, args.migration)
    amiss = list(troubles(_readiness(api)))
    write(f"{line}\n" for line in amiss)
    write(line for status in found for line in lines(status))
    if args.wait_digest and not in_force(found, args.wait_digest):
        raise CommandError(
            "; ".join([f"{args.wait_digest} is not in force after {args.wait:g}s", *amiss]), Exit.INCONCLUSIVE
        )
    return Exit.FINE


def _readiness(api: Control) -> Readiness:
    """What the proxy says of itself; a proxy that cannot say is shown without."""
    try:
        return msgspec.json.decode(api.get("/readyz", also=(503,)), type=Readiness)
    except (CommandError, msgspec.DecodeError):
        return Readiness()


def troubles(readiness: Readiness) -> Iterator[str]:
    """What a person has to know before believing the rest, a line each."""
    if readiness.refused_configuration:
        refused = printable(readiness.refused_configuration)
        yield f"configuration REFUSED, the last accepted one goes on: {refused}"
    if readiness.needs_restart:
        yield f"needs a restart to take effect: {', '.join(map(printable, readiness.needs_restart))}"
    if readiness.missing_files:
        yield f"cannot be used any more, the last content stays: {', '.join(map(printable, readiness.missing_files))}"
    if readiness.store_failing:
        yield "the store FAILS: calls go on, nothing is recorded; the log says why"
    if readiness.brakes_unstored:
        yield f"brake pulled but NOT STORED: {', '.join(map(printable, readiness.brakes_unstored))}"
    if readiness.brakes_unknown:
        names = ", ".join(map(printable, readiness.brakes_unknown))
        yield f"brake UNKNOWN, so every call gets a 503 until a person rolls back or releases: {names}"


def _fetch(api: Control, migration: str | None) -> list[Status]:
    try:
        if migration is None:
            return msgspec.json.decode(api.get("/api/v1/migrations"), type=list[Status])
        return [msgspec.json.decode(api.get(migration_path(migration)), type=Status)]
    except msgspec.DecodeError as error:
        raise CommandError(f"{api.url} does not answer as a shadow does: {error}") from error


def in_force(found: list[Status], digest: str) -> bool:
    """Whether every migration asked for is served with that configuration."""
    return bool(found) and all(status.configuration_digest.startswith(digest) for status in found)


def _awaited(api: Control, migration: str | None, digest: str, timeout_seconds: float) -> list[Status]:
    """What was found when the digest came into force or time was up. A proxy that is being replaced is waited for."""

    def ask() -> list[Status] | NoProxyError:
        try:
            return _fetch(api, migration)
        except NoProxyError as error:
            return error

    def met(found: list[Status] | NoProxyError) -> bool:
        return not isinstance(found, NoProxyError) and in_force(found, digest)

    found = wait_until(met, ask, timeout_seconds)
    if isinstance(found, NoProxyError):
        raise found
    return found


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
    calls, failed = (round(seen.counts.get(name, 0)) for name in ("calls", "failed"))
    effects = ", ".join(
        f"{printable(name.removeprefix('effect.'))} {count:g}"
        for name, count in sorted(seen.counts.items())
        if name.startswith("effect.")
    )
    told = f"{failed} of {counted(calls, 'call')} of new failed in its window, effects: {effects or 'none'}"
    return _reasoned(told, tuple(note for note in (seen.warning, seen.out_of_reach) if note))


def _reasoned(word: str, reasons: tuple[str, ...]) -> str:
    """A word, and each reason on a line of its own below it."""
    return word + "".join(f"\n{'':<17}- {printable(reason)}" for reason in reasons)


def brake(line: BrakeLine) -> str:
    """`off`, or since when, by whom and why it is on."""
    if line.on is None:
        return "UNKNOWN: the store does not remember this migration; roll back or release it"
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
