"""Says in words what a report holds, the same ones in every format for people. Plain text; formats do the escaping."""

from collections.abc import Iterable
from datetime import datetime

from shadow.protocol.objects import Identity
from shadow.report.model import (
    DifferenceLine,
    Report,
    Result,
)
from shadow.terms import Change, Effect, Side

_WOULD = {
    Effect.DELETE: "{side} would delete {object}",
    Effect.RECREATE: "{side} would delete and recreate {object}",
    Effect.INEXPRESSIBLE: "{side} sets {field}, which the front's protocol cannot express",
    Effect.UNADOPTED: "{side} wants {object}, which this front created and still does not see: it stays as it is",
    Effect.UPDATE: "{side} would update {field}",
    Effect.CREATE: "{side} would create {object}",
    Effect.LATENT: "{side} wants {field} otherwise, which its update strategy does not apply",
    Effect.NONE: "the answers differ in {field}, which changes nothing in the cluster",
}

_SIGN = {Change.ADDED: "only new has it", Change.REMOVED: "only old has it", Change.CHANGED: "changed"}


def printable(text: str) -> str:
    """Names come out of answers: what a terminal would obey, or a reader not see, is written as an escape."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)


def object_name(identity: Identity | None) -> str:
    """`Service <namespace>/ml-pipeline-ui`, `Deployment.apps team-a/web`; the parent itself is `parent`."""
    if identity is None:
        return "parent"
    kind, _, name = str(identity).partition("/")
    return printable(f"{kind} {name}")


def change_note(line: DifferenceLine) -> str:
    """Which answer has the field."""
    return _SIGN[line.change]


def parents_noun(report: Report, count: int) -> str:
    """`namespaces` where the parents are Namespaces, else `Widget parents`."""
    kinds = report.totals.parent_kinds
    if kinds == ("Namespace",):
        return "namespace" if count == 1 else "namespaces"
    noun = "parent" if count == 1 else "parents"
    return f"{printable(kinds[0])} {noun}" if len(kinds) == 1 else noun


def sentence(report: Report, line: DifferenceLine) -> str:
    """What a difference would do to the cluster: `In 3 of 200 namespaces new would delete Service ...`."""
    of = max(report.totals.parents, line.parents)
    return f"In {line.parents} of {of} {parents_noun(report, of)} {consequence(line)}"


def consequence(line: DifferenceLine) -> str:
    """The same of any one parent: `new would delete Service ...`."""
    would = _WOULD[line.effect].format(side=line.side, object=object_name(line.object), field=_field(line))
    return f"{would}{', again at every sync' if line.repeats else ''}"


def _field(line: DifferenceLine) -> str:
    if not line.path:
        return object_name(line.object)
    path = printable(line.path)
    return path if line.object is None else f"{path} of {object_name(line.object)}"


def mark(line: DifferenceLine) -> str:
    """`new`, `unchanged`; empty without a baseline."""
    return "" if line.since_baseline is None else str(line.since_baseline)


def gone(line: DifferenceLine) -> str:
    """`new would delete Service <namespace>/ui; last seen 2026-11-23 08:00:00 UTC`, of the report before."""
    return f"{consequence(line)}; last seen {second(line.last_seen)}"


def explained(report: Report, line: DifferenceLine) -> str:
    """The sentence of a difference that does not count, with the reason that a rule gives."""
    if line.ignored_because is not None:
        return f"{sentence(report, line)} (ignored: {printable(line.ignored_because)})"
    return f"{sentence(report, line)} (expected: {printable(line.expected_because or '')})"


def seen(report: Report, line: DifferenceLine) -> str:
    """How often, when last, what the other answer would do, how many parents are on `new`, what rules leave of it."""
    parts = [f"{counted(line.count, 'time')}, last {second(line.last_seen)}"]
    if line.side is Side.NEW and line.effects.old is not Effect.NONE:
        parts.append(f"given old's answer: {line.effects.old}")
    if line.moved_parents:
        parts.append(f"{line.moved_parents} of {line.parents} assigned to new")
    if 0 < line.unexplained_parents < line.parents:
        rest = line.parents - line.unexplained_parents
        parts.append(f"rules explain it in {rest} {parents_noun(report, rest)}")
    return "; ".join(parts)


def standing(report: Report) -> str:
    """`canary 25%, brake on since ... by ops: because`."""
    at = report.configuration
    stage = f"{at.stage} {at.weight:g}%" if at.stage == "canary" else str(at.stage)
    if at.brake.on is None:
        return f"{stage}, brake unknown: the store does not remember this migration"
    if not at.brake.on:
        return f"{stage}, brake off"
    since = f" since {second(at.brake.since)}" if at.brake.since else ""
    return f"{stage}, brake ON{since} by {printable(at.brake.by or '?')}: {printable(at.brake.because or '')}"


def headline(report: Report) -> str:
    """The one sentence a reader takes away."""
    if not report.conclusive:
        return "Inconclusive: no comparison at the present evidence in this window"
    open_lines = report.unexplained
    if not open_lines:
        quiet = "Nothing differs that is not explained by a rule" if report.explained else "Nothing differs"
        failed = report.totals.comparisons.failed
        return f"{quiet}, but {counted(failed, 'call')} could not be compared: see the failures" if failed else quiet
    worst = open_lines[0]
    return f"{counted(len(open_lines), 'unexplained difference')}, the worst: {_lower_first(sentence(report, worst))}"


def verdict(report: Report) -> str:
    """`not-ready: 3 of 200 namespaces differ ...; ...`; empty where no verdict came with the report."""
    if report.verdict is None:
        return ""
    reasons = "; ".join(map(printable, report.verdict.reasons))
    return f"{report.verdict.verdict}{f': {reasons}' if reasons else ''}"


def totals(report: Report) -> str:
    """`1200 calls: 1100 matched, ...`; dropped ones with their reasons."""
    of, outcomes = report.totals, report.totals.comparisons
    why = ", ".join(f"{reason} {count}" for reason, count in sorted(of.dropped_by.items()) if count)
    return (
        f"{counted(of.calls, 'call')}: {outcomes.matched} matched, {outcomes.ignored} ignored, "
        f"{outcomes.mismatched} mismatched, {outcomes.failed} failed, {outcomes.skipped} skipped, "
        f"{of.dropped} dropped{f' ({why})' if why else ''}"
    )


def results(report: Report) -> str:
    """`4 namespaces: 3 differ, 1 failed, ...`: every parent by what was found in it."""
    found, known = report.totals.results, report.totals.parents
    counts = ", ".join(f"{found.get(result, 0)} {text}" for result, text in _RESULTS.items())
    return f"{known} {parents_noun(report, known)}: {counts}"


_RESULTS = {
    Result.DIFFERS: "with differences that no rule explains",
    Result.FAILED: "failed",
    Result.AGREES: "agree",
    Result.NOT_COMPARED: "not compared",
}


def since_baseline(report: Report) -> str:
    """`since the report of ...: 2 new (1 of them unexplained), 3 unchanged, 1 gone`; empty without a baseline."""
    found = report.baseline
    if found is None:
        return ""
    if not report.conclusive:
        return f"the baseline of {second(found.generated_at)} stands as it is: nothing was compared"
    unexplained = f" ({found.new_unexplained} of them unexplained)" if found.new else ""
    return (
        f"since the baseline of {second(found.generated_at)}: {found.new} new{unexplained}, "
        f"{found.unchanged} unchanged, {found.gone} gone"
        + (f", {found.unseen} not looked for in every parent that showed them" if found.unseen else "")
    )


def predictions(report: Report) -> str:
    """`predicted writes: 12 confirmed by the next call, 1 contradicted`."""
    found = report.predictions
    return f"predicted writes: {found.confirmed} confirmed by the next call, {found.contradicted} contradicted"


def window(report: Report) -> str:
    """`2026-11-23 08:00 UTC to now`."""
    since, until = report.window.since, report.window.until
    begin = f"{since:%Y-%m-%d %H:%M} UTC" if since else "the beginning"
    return f"{begin} to {f'{until:%Y-%m-%d %H:%M} UTC' if until else f'{report.generated_at:%Y-%m-%d %H:%M} UTC'}"


def coverage(report: Report) -> str:
    """`compared at the present evidence: sync steady 12 times in 6 namespaces`; says so if nothing was."""
    met = [
        f"{line.hook} {line.situation} {counted(line.comparisons, 'time')} in {line.parents} "
        f"{parents_noun(report, line.parents)}"
        for line in report.coverage
    ]
    return f"compared at the present evidence: {', '.join(met) or 'nothing'}"


def agreed(report: Report) -> str:
    """What both answers would remove: no difference, and worth knowing. Empty where there is nothing of the kind."""
    found = report.agreed_removals
    if not found.objects:
        return ""
    where = f"{found.parents} {parents_noun(report, found.parents)}"
    return f"both answers would delete or recreate the same observed objects: {found.objects} in {where}"


REMEDY = (
    "A hook that was mended: raise its `revision` in the configuration (or have it tell one, `revision_header`), and "
    "what was found before no longer counts"
)


def effects(lines: Iterable[tuple[Effect, int]]) -> str:
    """`delete 3, update 200`, worst first; what did not occur is left out."""
    found = sorted(((effect, count) for effect, count in lines if count), key=lambda item: -item[0].severity)
    return ", ".join(f"{effect} {count}" for effect, count in found) or "none"


def second(at: datetime) -> str:
    """A time as every format for people writes it."""
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"


def counted(count: int, noun: str) -> str:
    """`1 call`, `2 calls`."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _lower_first(text: str) -> str:
    return text[:1].lower() + text[1:]
