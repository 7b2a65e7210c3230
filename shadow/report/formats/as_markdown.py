"""The report as Markdown that fits a comment on a pull request: what matters first, the rest folded, cut at 60 KB.

Names and values come out of answers: they stand in code spans and blocks, where nothing is a tag or a mention.
"""

import re
from collections.abc import Iterator
from html import escape
from itertools import islice

from shadow.config.digest import short
from shadow.report import words
from shadow.report.lines import diff
from shadow.report.model import DifferenceLine, ParentCase, Report, Result
from shadow.report.sections import facts, sections
from shadow.report.words import printable

LIMIT_BYTES = 60_000  # GitHub takes 65,536 characters
_NOTE = "\n_Cut here: the whole report would be longer than 60 KB. Ask for it as JSON or CSV._\n"
_MOST_LISTED = 50
_MOST_LINES = 40
_LONGEST = 1500  # characters of one text
_LINKED = re.compile(r"@|#(?=\d)|:(?=//)|\b(?:mailto|xmpp):|\bwww(?=\.)|\bGH-(?=\d)", re.IGNORECASE)
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
    yield from _table(report)
    listed = list(sections(report))
    for section in listed:
        if section.first:
            yield f"**{section.title}**\n\n{_list(section.lines)}\n"
    for line in report.unexplained:
        yield _folded_difference(report, line)
    if report.differs:
        yield f"{plain(words.REMEDY)}.\n\n"
    for section in listed:
        if not section.first:
            yield _fold(f"{section.title} ({len(section.lines)})", _list(section.lines))
    yield from _parents(report)


def _summary(report: Report) -> str:
    at = report.configuration
    said = (
        f"Stage: {plain(words.standing(report))}",
        f"Verdict: {plain(words.verdict(report)) or 'none'}",
        *map(plain, facts(report)),
        f"Configuration {code(short(at.configuration_digest))}, evidence {code(short(at.evidence_digest))}",
    )
    return (
        f"### shadow: {code(report.migration)}\n\n**{plain(words.headline(report))}**\n\n"
        + "".join(f"- {fact}\n" for fact in said)
        + "\n"
    )


def _table(report: Report) -> Iterator[str]:
    lines = report.unexplained
    if not lines:
        return
    marked = report.baseline is not None
    columns = ["Effect", "Object", "Field", "Where", *(["Since baseline"] if marked else [])]
    yield f"| {' | '.join(columns)} |\n|{'---|' * len(columns)}\n"
    for line in lines[:_MOST_LISTED]:
        where = f"{line.parents} of {max(report.totals.parents, line.parents)}"
        field = cell(code(line.path)) if line.path else line.change.value
        about = cell(code(words.object_name(line.object)))
        cells = [f"{line.effect} ({line.side})", about, field, where, *([words.mark(line)] if marked else [])]
        yield f"| {' | '.join(cells)} |\n"
    yield _more(len(lines) - _MOST_LISTED) + "\n"


def _folded_difference(report: Report, line: DifferenceLine) -> str:
    text = "\n".join(diff(line, _MOST_LINES))
    about = f"{code(line.path)} {words.change_note(line)}" if line.path else words.change_note(line)
    return _fold(
        escape(_cut(words.sentence(report, line))),
        f"{about}; {plain(words.seen(report, line))}; for example in {code(printable(line.example.parent))}, "
        f"comparison {code(line.example.comparison or '(not kept)')}\n\n```diff\n{text}\n```\n",
    )


def _parents(report: Report) -> Iterator[str]:
    """Those that differed or failed; the others are only counted."""
    cases = (case for case in report.parents if case.result in (Result.DIFFERS, Result.FAILED))
    shown = [_parent(case) for case in islice(cases, _MOST_LISTED)]
    rest = sum(1 for _ in cases)
    if shown:
        yield _fold(f"Parents that differed or failed ({len(shown) + rest})", _list(shown, rest))


def _parent(case: ParentCase) -> str:
    effects = words.effects(case.effects.new.items())
    found = f"{len(case.differences)} unexplained" if case.differences else str(case.result)
    return f"{printable(str(case.parent))}: {found}, primary {case.primary}, all that new's answer would do: {effects}"


def _list(lines: list[str], rest: int = 0) -> str:
    """At most fifty items, then how many more there are, `rest` among them."""
    items = "".join(f"- {plain(line)}\n" for line in lines[:_MOST_LISTED])
    return items + _more(len(lines[_MOST_LISTED:]) + rest)


def _more(count: int) -> str:
    return f"\n_and {count} more_\n" if count > 0 else ""


def _fold(summary: str, body: str) -> str:
    return f"<details><summary>{_unlinked(summary)}</summary>\n\n{body}\n</details>\n\n"


def _unlinked(text: str) -> str:
    """With zero-width spaces, so that no name calls a person, names an issue or becomes a link."""
    return _LINKED.sub("\\g<0>\u200b", text)


def plain(text: str) -> str:
    """Text in which nothing is Markdown, a tag, a link or a mention."""
    return _SPECIAL.sub(r"\\\1", _unlinked(_cut(printable(text))))


def _cut(text: str) -> str:
    """One absurd name must not take the room of everything else."""
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."


def code(text: str) -> str:
    """A code span, whatever is in the text."""
    shown = _cut(printable(text)) or " "
    fence = "`" * (1 + max((len(run) for run in re.findall("`+", shown)), default=0))
    pad = " " if shown.startswith("`") or shown.endswith("`") else ""
    return f"{fence}{pad}{shown}{pad}{fence}"


def cell(text: str) -> str:
    """A code span within a table, where a bar would end the cell even so."""
    return text.replace("|", "\\|")
