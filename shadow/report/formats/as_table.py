"""The report for a terminal: a summary, the differences worst first, then each as a diff with its consequence."""

import io
from collections.abc import Iterable, Iterator

from rich.box import SIMPLE_HEAD
from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from shadow.report import words
from shadow.report.lines import diff
from shadow.report.model import DifferenceLine, Report
from shadow.report.sections import Section, facts, sections
from shadow.terms import Effect

_COLOUR = {
    Effect.DELETE: "bold red",
    Effect.RECREATE: "bold red",
    Effect.INEXPRESSIBLE: "magenta",
    Effect.UNADOPTED: "magenta",
    Effect.UPDATE: "yellow",
    Effect.CREATE: "yellow",
}
_LEGEND = (
    "effect: what Metacontroller would do to the object; side: given whose answer (old: only when going back); "
    "where: parents that show it"
)
_SIGNS = {"-": "red", "+": "green"}
_MOST_LISTED = 30
_MOST_LINES = 12


def render(report: Report, *, colour: bool = False, width: int = 120) -> Iterator[str]:
    """Pieces of text; with escape sequences only where `colour` says that a terminal reads them."""
    for part in _parts(report):
        out = io.StringIO()
        console = Console(file=out, color_system="standard" if colour else None, width=width, highlight=False)
        console.print(part, soft_wrap=isinstance(part, Text))
        yield out.getvalue()


def _parts(report: Report) -> Iterator[RenderableType]:
    yield from _summary(report)
    listed = list(sections(report))
    yield from _sections(section for section in listed if section.first)
    open_lines = report.unexplained
    if open_lines:
        yield _table(report, open_lines[:_MOST_LISTED])
        yield Text(f"{_LEGEND}\n", style="dim")
    for number, line in enumerate(open_lines[:_MOST_LISTED], start=1):
        yield _difference(report, number, line)
    if len(open_lines) > _MOST_LISTED:
        yield Text(f"and {len(open_lines) - _MOST_LISTED} more: --format json or csv has them all\n")
    if open_lines:
        yield Text(f"{words.REMEDY}.\n", style="dim")
    yield from _sections(section for section in listed if not section.first)


def _summary(report: Report) -> Iterator[Text]:
    style = "bold red" if report.differs else "bold yellow" if not report.conclusive else "bold green"
    yield Text.assemble((report.migration, "bold"), f": {words.standing(report)}")
    yield Text(words.headline(report), style=style)
    yield Text(f"verdict: {words.verdict(report)}" if report.verdict else "no verdict")
    yield from map(Text, facts(report))
    yield Text("")


def _table(report: Report, lines: list[DifferenceLine]) -> Table:
    marked = ["since baseline"] if report.baseline else []
    columns = ["#", "effect", "side", "object", "field", "where", *marked]
    table = Table(*columns, box=SIMPLE_HEAD, pad_edge=False)
    for number, line in enumerate(lines, start=1):
        effect = Text(line.effect, style=_COLOUR.get(line.effect, ""))
        about, field = Text(words.object_name(line.object)), Text(words.printable(line.path) or words.change_note(line))
        where = f"{line.parents} of {max(line.parents, report.totals.parents)}"
        table.add_row(str(number), effect, line.side.value, about, field, where, *(words.mark(line) for _ in marked))
    return table


def _difference(report: Report, number: int, line: DifferenceLine) -> Text:
    text = Text.assemble((f"{number}. {words.sentence(report, line)}", _COLOUR.get(line.effect, "")), "\n")
    text.append(f"   {words.printable(line.path) or 'the whole object'}: {words.change_note(line)}\n", "bold")
    for shown in diff(line, _MOST_LINES):
        text.append(f"   {shown}\n", _SIGNS.get(shown[0], "dim"))
    text.append(f"   {words.seen(report, line)}; for example {words.printable(line.example.parent)}\n", "dim")
    return text


def _sections(found: Iterable[Section]) -> Iterator[Text]:
    for title, lines, _ in found:
        yield Text(f"{title} ({len(lines)})", style="bold")
        yield from (Text(f"  {line}") for line in lines[:_MOST_LISTED])
        if len(lines) > _MOST_LISTED:
            yield Text(f"  and {len(lines) - _MOST_LISTED} more")
        yield Text("")
