"""The report as JUnit XML: a test case per parent, failures carry the differences. For GitLab, Jenkins and GitHub.

It is valid by the schema of Ant's report and by that of Jenkins, which agree on little: one suite in `testsuites`, one
child at most in a test case, a time stamp without zone (it is UTC). GitLab shows what is in a failure or an error, no
attribute of it, and of two test cases of one name the first only.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Self
from xml.sax.saxutils import escape, quoteattr

from shadow.report import entries, words
from shadow.report.lines import diff
from shadow.report.model import DifferenceLine, ParentCase, Report, Result
from shadow.report.words import printable
from shadow.terms import Effect, Outcome

_MOST_DIFFERENCES = 20  # of one parent
_MOST_WHOLE = 100  # failing parents with values: the same difference may be in ten thousand
_MOST_LISTED = 2 << 20  # characters of all failures, then each says its worst only: GitLab takes 30 MB
_MOST_LINES = 12
_MOST_TOLD = 2000  # texts that are held at once


def render(report: Report) -> Iterator[str]:
    """The document, a test case at a time."""
    yield f'<?xml version="1.0" encoding="UTF-8"?>\n<testsuites>\n{_suite(report)}\n<properties>\n'
    yield from (f"<property {_attributes(name=name, value=value)}/>\n" for name, value in _properties(report))
    yield "</properties>\n"
    failures, named = _Failures(report), set[int]()
    for case in report.parents:
        yield _case(report, case, _name(case, named), failures)
    told = _text([*_told(report), *failures.left_out()])
    yield f"<system-out>{told}</system-out>\n<system-err></system-err>\n</testsuite>\n</testsuites>\n"


@dataclass(frozen=True, slots=True)
class _Told:
    """A difference as every parent's failure tells it, made once. `text` and `whole` are XML already."""

    effect: Effect
    consequence: str
    text: str
    whole: str  # with the example's values

    @classmethod
    def of(cls, line: DifferenceLine) -> Self:
        mark = f"[{line.since_baseline}] " if line.since_baseline else ""
        text = [
            f"{mark}{words.consequence(line)} ({line.id})",
            f"  {printable(line.path) or 'the whole object'}: {words.change_note(line)}",
        ]
        values = [f"  as in {printable(line.example.parent)}:", *(f"    {one}" for one in diff(line, _MOST_LINES))]
        return cls(line.effect, words.consequence(line), _text(text), _text([*text, *values]))


class _Failures:
    """Of one report, each told as fully as there is room for after those before it."""

    def __init__(self, report: Report) -> None:
        lines = {line.id: line for line in report.unexplained}
        self._told = lru_cache(_MOST_TOLD)(lambda id: _Told.of(lines[id]) if id in lines else None)
        self._count = 0
        self._listed = 0
        self._characters = 0

    def of(self, case: ParentCase) -> str:
        """The worst one names it; as long as there is room all are in the text."""
        found = [one for id in case.differences if (one := self._told(id))]
        found.sort(key=lambda told: -told.effect.severity)
        more = f" and {words.counted(len(found) - 1, 'other difference')}" if len(found) > 1 else ""
        kind, said = (str(found[0].effect), f"{found[0].consequence}{more}") if found else ("", "")
        return f"<failure {_attributes(type=kind, message=said)}>{self._text(found) or _text([said])}</failure>"

    def _text(self, found: list[_Told]) -> str:
        """Empty: there is no room left."""
        self._count += 1
        if self._characters > _MOST_LISTED:
            return ""
        self._listed = self._count
        listed = [told.whole if self._count <= _MOST_WHOLE else told.text for told in found[:_MOST_DIFFERENCES]]
        if len(found) > _MOST_DIFFERENCES:
            listed.append(f"and {len(found) - _MOST_DIFFERENCES} more")
        text = "\n".join(listed)
        self._characters += len(text)
        return text

    def left_out(self) -> Iterator[str]:
        if self._count > _MOST_WHOLE:
            yield f"values stand in the first {_MOST_WHOLE} of {self._count} failures: the report as JSON has them all"
        if self._count > self._listed:
            yield f"only the first {self._listed} list every difference, the others tell their worst"


def _suite(report: Report) -> str:
    found = report.totals.results
    attributes = _attributes(
        id="0",
        name=report.migration,
        package="shadow",
        hostname="localhost",
        timestamp=f"{report.generated_at:%Y-%m-%dT%H:%M:%S}",
        tests=str(report.totals.parents),
        failures=str(found.get(Result.DIFFERS, 0)),
        errors=str(found.get(Result.FAILED, 0)),
        skipped=str(found.get(Result.NOT_COMPARED, 0)),
        time="0",
    )
    return f"<testsuite {attributes}>"


def _properties(report: Report) -> Iterator[tuple[str, str]]:
    """The numbers that other formats show in their summary."""
    at, totals = report.configuration, report.totals
    yield from {"stage": str(at.stage), "weight": f"{at.weight:g}", "brake": _brake(at.brake.on)}.items()
    yield "configuration_digest", at.configuration_digest
    yield "evidence_digest", at.evidence_digest
    yield "verdict", str(report.verdict.verdict) if report.verdict else ""
    yield "calls", str(totals.calls)
    yield from (
        (outcome, str(getattr(totals.comparisons, outcome))) for outcome in totals.comparisons.__struct_fields__
    )
    yield str(Outcome.DROPPED), str(totals.dropped)
    yield from ((f"effect.{effect}", str(count)) for effect, count in report.effects.items())
    if (since := report.baseline) is not None:
        yield from ((f"baseline.{name}", str(getattr(since, name))) for name in ("new", "unchanged", "gone"))


def _brake(on: bool | None) -> str:
    return "unknown" if on is None else "on" if on else "off"


def _name(case: ParentCase, named: set[int]) -> str:
    """Of a parent that was made anew the uid tells which one it is. `named`: hashes, as the names are many."""
    parent = case.parent
    known = hash((parent.kind, parent.namespace, parent.name))
    if known in named:
        return f"{parent} ({parent.uid})"
    named.add(known)
    return str(parent)


def _case(report: Report, case: ParentCase, name: str, failures: _Failures) -> str:
    attributes = _attributes(classname=f"{report.migration}.{case.parent.kind}", name=name, time="0")
    match case.result:
        case Result.AGREES:
            return f"<testcase {attributes}/>\n"
        case Result.NOT_COMPARED:
            child = "<skipped " + _attributes(message="not compared at the present evidence within the window") + "/>"
        case Result.FAILED:
            said = "an implementation gave no valid answer when it was last asked"
            child = f"<error {_attributes(type='failed', message=said)}>{said}</error>"
        case Result.DIFFERS:
            child = failures.of(case)
    return f"<testcase {attributes}>{child}</testcase>\n"


def _told(report: Report) -> Iterator[str]:
    yield words.headline(report)
    yield words.totals(report)
    yield from (text for text in (words.verdict(report), words.since_baseline(report)) if text)
    yield from map(entries.failure, report.failures)
    yield from (f"gone: {words.gone(line)} ({line.id})" for line in report.gone)


def _attributes(**values: str) -> str:
    """What XML cannot hold was written as an escape by `printable`, here once more for what comes from elsewhere."""
    return " ".join(f"{name}={quoteattr(printable(value))}" for name, value in values.items())


def _text(lines: Iterable[str]) -> str:
    """Text of elements, each line made fit for XML."""
    return escape("\n".join(map(printable, lines)))
