"""What a report lists beside its differences: the same lists under the same titles in every format for people."""

from collections.abc import Iterator
from typing import NamedTuple

from shadow.report import entries, words
from shadow.report.model import Report


class Section(NamedTuple):
    """A title and its lines, plain text. `first`: what a reader should meet before the details of the differences."""

    title: str
    lines: list[str]
    first: bool = False


def sections(report: Report) -> Iterator[Section]:
    """Those that have a line."""
    return (section for section in _all(report) if section.lines)


def _all(report: Report) -> Iterator[Section]:
    yield Section("Held: answers of new that were not served", [entries.held(line) for line in report.held], first=True)
    yield Section("Failures", [entries.failure(line) for line in report.failures], first=True)
    yield Section("Names that are taken", entries.taken(report), first=True)
    yield Section("Gone since the baseline", [words.gone(line) for line in report.gone])
    yield Section("Explained by rules", [words.explained(report, line) for line in report.explained])
    yield Section("Rules that explain nothing at present", entries.idle_rules(report))
    yield Section("Noise: asked the same twice", [entries.noise(line) for line in report.noise])
    yield Section("Advice", [entries.advice(line) for line in report.advice])


def facts(report: Report) -> Iterator[str]:
    """The numbers of the summary, a line each; stage, headline and verdict are shown apart."""
    yield words.totals(report)
    yield words.results(report)
    yield words.coverage(report)
    yield words.predictions(report)
    yield f"effects of what is not explained: {words.effects(report.effects.items())}"
    if since := words.since_baseline(report):
        yield since
    if agreed := words.agreed(report):
        yield agreed
    yield f"window: {words.window(report)}"
