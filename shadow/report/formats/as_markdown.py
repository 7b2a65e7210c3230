"""The report as Markdown that fits a comment on a pull request: what matters first, the rest folded, cut at 60 KB.

Names and values come out of answers: they stand in code spans and blocks, where nothing is a tag or a mention.
"""

import re
from collections.abc import Iterable, Iterator
from html import escape
from itertools import islice

from shadow.config.digest import short
from shadow.report import words
from shadow.report.formats.lines import diff
from shadow.report.model import DifferenceLine, ParentLine, Report
from shadow.report.words import printable
from shadow.terms import Outcome

LIMIT_BYTES = 60_000  # GitHub takes 65,536 characters
_NOTE = "\n_Cut here: the whole report would be longer than 60 KB. Ask for it as JSON or CSV._\n"
_MOST_LISTED = 50
_MOST_LINES = 40
_SPECIAL = re.compile(r"([\\`*_{}\[\]<>()#+!|~&-])")


def render(report: Report) -> Iterator[str]:
    """Whole blocks, so that a cut never leaves a fold or a code block open."""
    left = LIMIT_BYTES - len(_NOTE.encode())
    for block in _blocks(report):
        left -= len(block.encode())
        if left < 0:
            yield _NOTE
            return
        yield block


def _blocks(report: Report) -> Iterator[str]:
    yield _summary(report)
    unexplained = [line for line in report.differences if not line.explained]
    explained = [line for line in report.differences if line.explained]
    yield from _table(report, unexplained)
    for line in unexplained:
        yield _folded_difference(report, line)
    if unexplained:
        yield f"{plain(words.REMEDY)}.\n\n"
    yield from _list(
        "Held: answers of new that were not served", [words.held(line) for line in report.held], folded=False
    )
    yield from _list("Failures", [words.failure(line) for line in report.failures], folded=False)
    yield from _list("Explained by rules", [words.explained(report, line) for line in explained])
    yield from _list("Rules that explain nothing at present", words.idle_rules(report))
    yield from _list("Names that are taken", words.taken(report), folded=False)
    yield from _list("Noise: asked the same twice", [words.noise(line) for line in report.noise])
    yield from _list("Advice", [words.advice(line) for line in report.advice])
    differing = (_parent(line) for line in report.parents if line.outcome in (Outcome.MISMATCHED, Outcome.FAILED))
    yield from _list("Parents whose latest answers differed or failed", differing)


def _summary(report: Report) -> str:
    at = report.configuration
    facts = (
        f"Stage: {plain(words.standing(report))}",
        f"Verdict: {plain(words.verdict(report)) or 'none'}",
        plain(words.totals(report)),
        plain(words.coverage(report)),
        plain(words.predictions(report)),
        f"Effects of what is not explained: {words.effects(report.effects.items())}",
        *([plain(agreed)] if (agreed := words.agreed(report)) else []),
        f"Window: {words.window(report)}; {report.totals.parents} {words.parents_noun(report, report.totals.parents)}",
        f"Configuration {code(short(at.configuration_digest))}, evidence {code(short(at.evidence_digest))}",
    )
    return (
        f"### shadow: {code(report.migration)}\n\n**{plain(words.headline(report))}**\n\n"
        + "".join(f"- {fact}\n" for fact in facts)
        + "\n"
    )


def _table(report: Report, lines: list[DifferenceLine]) -> Iterator[str]:
    if not lines:
        return
    yield "| Effect | Object | Field | Where |\n|---|---|---|---|\n"
    for line in lines[:_MOST_LISTED]:
        where = f"{line.parents} of {max(report.totals.parents, line.parents)}"
        field = cell(code(line.path)) if line.path else line.change.value
        about = cell(code(words.object_name(line.object)))
        yield f"| {line.effect} ({line.side}) | {about} | {field} | {where} |\n"
    yield _more(len(lines) - _MOST_LISTED) + "\n"


def _folded_difference(report: Report, line: DifferenceLine) -> str:
    text = "\n".join(diff(line, _MOST_LINES))
    about = f"{code(line.path)} {words.change_note(line)}" if line.path else words.change_note(line)
    return _fold(
        escape(words.sentence(report, line)),
        f"{about}; {words.seen(report, line)}; for example in {code(printable(line.example.parent))}, "
        f"comparison {code(line.example.comparison)}\n\n```diff\n{text}\n```\n",
    )


def _parent(line: ParentLine) -> str:
    effects = words.effects(line.effects.new.items())
    stale = ", stale" if line.stale else ""
    about = f"{line.outcome}{stale}, primary {line.primary}"
    return f"{printable(str(line.parent))}: {about}, all that new's answer would do: {effects}"


def _list(title: str, items: Iterable[str], *, folded: bool = True) -> Iterator[str]:
    """At most fifty items, then how many more there are; nothing at all where there are none."""
    remaining = iter(items)
    shown = [f"- {plain(item)}\n" for item in islice(remaining, _MOST_LISTED)]
    if not shown:
        return
    rest = sum(1 for _ in remaining)
    body = "".join(shown) + _more(rest)
    yield _fold(f"{title} ({len(shown) + rest})", body) if folded else f"**{title}**\n\n{body}\n"


def _more(count: int) -> str:
    return f"\n_and {count} more_\n" if count > 0 else ""


def _fold(summary: str, body: str) -> str:
    return f"<details><summary>{summary.replace('@', _NO_MENTION)}</summary>\n\n{body}\n</details>\n\n"


_NO_MENTION = "@\u200b"  # a zero-width space: nobody is called by a name in a report


def plain(text: str) -> str:
    """Text in which nothing is Markdown, a tag or a mention."""
    return _SPECIAL.sub(r"\\\1", printable(text)).replace("@", _NO_MENTION)


def code(text: str) -> str:
    """A code span, whatever is in the text."""
    shown = printable(text) or " "
    fence = "`" * (1 + max((len(run) for run in re.findall("`+", shown)), default=0))
    pad = " " if shown.startswith("`") or shown.endswith("`") else ""
    return f"{fence}{pad}{shown}{pad}{fence}"


def cell(text: str) -> str:
    """A code span within a table, where a bar would end the cell even so."""
    return text.replace("|", "\\|")
