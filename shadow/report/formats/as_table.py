"""The report for a terminal: a summary, the differences worst first, then each as a diff with its consequence."""

import io
from collections.abc import Iterator
from itertools import islice

from rich.box import SIMPLE_HEAD
from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from shadow.report import words
from shadow.report.formats.lines import diff
from shadow.report.model import DifferenceLine, Report
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
    open_lines = [line for line in report.differences if not line.explained]
    yield from _section("Held: answers of new that were not served", [words.held(line) for line in report.held])
    if open_lines:
        yield _table(report, open_lines[:_MOST_LISTED])
        yield Text(f"{_LEGEND}\n", style="dim")
    for number, line in enumerate(open_lines[:_MOST_LISTED], start=1):
        yield _difference(report, number, line)
    if len(open_lines) > _MOST_LISTED:
        yield Text(f"and {len(open_lines) - _MOST_LISTED} more: --format json or csv has them all\n")
    if open_lines:
        yield Text(f"{words.REMEDY}.\n", style="dim")
    explained = [line for line in report.differences if line.explained]
    yield from _section("Explained by rules", [words.explained(report, line) for line in explained])
    yield from _section("Rules that explain nothing at present", words.idle_rules(report))
    yield from _section("Failures", [words.failure(line) for line in report.failures])
    yield from _section("Names that are taken", words.taken(report))
    yield from _section("Noise: asked the same twice", [words.noise(line) for line in report.noise])
    yield from _section("Advice", [words.advice(line) for line in report.advice])


def _summary(report: Report) -> Iterator[Text]:
    style = "bold red" if report.differs else "bold yellow" if not report.conclusive else "bold green"
    yield Text.assemble((report.migration, "bold"), f": {words.standing(report)}")
    yield Text(words.headline(report), style=style)
    yield Text(f"verdict: {words.verdict(report)}" if report.verdict else "no verdict")
    yield Text(words.totals(report))
    yield Text(words.coverage(report))
    yield Text(words.predictions(report))
    known = report.totals.parents
    yield Text(f"{known} {words.parents_noun(report, known)}; {words.window(report)}")
    if agreed := words.agreed(report):
        yield Text(agreed)
    yield Text(f"effects of what is not explained: {words.effects(report.effects.items())}\n")


def _table(report: Report, lines: list[DifferenceLine]) -> Table:
    table = Table("#", "effect", "side", "object", "field", "where", box=SIMPLE_HEAD, pad_edge=False)
    for number, line in enumerate(lines, start=1):
        effect = Text(line.effect, style=_COLOUR.get(line.effect, ""))
        about, field = Text(words.object_name(line.object)), Text(words.printable(line.path) or words.change_note(line))
        where = f"{line.parents} of {max(line.parents, report.totals.parents)}"
        table.add_row(str(number), effect, line.side.value, about, field, where)
    return table


def _difference(report: Report, number: int, line: DifferenceLine) -> Text:
    text = Text.assemble((f"{number}. {words.sentence(report, line)}", _COLOUR.get(line.effect, "")), "\n")
    text.append(f"   {words.printable(line.path) or 'the whole object'}: {words.change_note(line)}\n", "bold")
    for shown in diff(line, _MOST_LINES):
        text.append(f"   {shown}\n", _SIGNS[shown[0]])
    text.append(f"   {words.seen(report, line)}; for example {words.printable(line.example.parent)}\n", "dim")
    return text


def _section(title: str, items: list[str]) -> Iterator[Text]:
    if not items:
        return
    yield Text(f"{title} ({len(items)})", style="bold")
    for item in islice(items, _MOST_LISTED):
        yield Text(f"  {item}")
    if len(items) > _MOST_LISTED:
        yield Text(f"  and {len(items) - _MOST_LISTED} more")
    yield Text("")
