"""What the reader sees: chapters, what was compared, what differs, what happened, and whether it came out as told."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from shadow.simulate import Write

_HARM = {"delete": "bold red", "recreate": "bold red", "update": "yellow", "create": "yellow", "none": "green"}
_MOST_WRITES = 6
_WIDEST_VALUE = 14
_LABEL_WIDTH = 10


@dataclass(frozen=True, slots=True)
class Seen:
    """A difference as the report tells it, and in how many calls of this chapter it was there."""

    told: Mapping[str, Any]
    calls: int


class Screen:
    """Prints the story; a claim that is not met is remembered in `broken`."""

    def __init__(self, console: Console | None = None) -> None:
        self.console = console or Console(highlight=False)
        self.broken: list[str] = []
        self._chapters = 0

    def say(self, text: str) -> None:
        """A paragraph; may hold rich's markup."""
        self.console.print(text)

    def verbatim(self, text: str) -> None:
        """Text that was laid out elsewhere: as it is, however wide."""
        self.console.print(text, markup=False, soft_wrap=True)

    def chapter(self, title: str, text: str) -> None:
        self._chapters += 1
        self.console.print()
        self.console.rule(f"[bold]{self._chapters}. {title}[/]", align="left")
        self.say(text)

    def claim(self, met: bool, text: str) -> None:
        """What the story says has to be so."""
        self._line(
            "[green]✓[/]" if met else "[bold red]✗[/]", escape(text) if met else f"[bold red]{escape(text)}[/]", 1
        )
        if not met:
            self.broken.append(text)

    def aside(self, text: str) -> None:
        """What was done, for those who want to do it themselves."""
        self._line("", f"[dim]{escape(text)}[/]", 0)

    @contextmanager
    def progress(self, text: str) -> Iterator[None]:
        """A live line while something goes on; nothing where there is no terminal."""
        columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
        terminal = self.console.is_terminal
        with Progress(*columns, console=self.console, transient=True, disable=not terminal) as progress:
            progress.add_task(text, total=None)
            yield

    def compared(self, outcomes: Mapping[str, int], served: Mapping[str, int]) -> None:
        """The calls of this chapter by outcome, and whose answers went out."""
        told = ", ".join(f"{count} {outcome}" for outcome, count in outcomes.items() if count)
        went_out = ", ".join(f"{count} by {side}" for side, count in served.items() if count)
        self._line("[bold]Compared[/]", f"{_number(sum(outcomes.values()), 'call')}: {told}. Answered: {went_out}.")

    def differences(self, lines: Sequence[Seen]) -> None:
        """What differed in this chapter, and what either answer would do to the cluster."""
        for index, line in enumerate(lines):
            self._line("" if index else "[bold]Differs[/]", _difference(line))

    def happened(self, writes: Sequence[Write]) -> None:
        """What Metacontroller then really wrote, from the audit log of the API server."""
        verbs = Counter(f"{write.verb} {write.kind}" for write in writes)
        counted = ", ".join(f"{number} x {verb}" for verb, number in verbs.items())
        told = f"{_number(len(writes), 'write')}: {counted}" if writes else "nothing was written to the cluster"
        self._line("[bold]Happened[/]", told)
        for write in writes if len(writes) <= _MOST_WRITES else ():
            self._line("", f"[dim]{escape(str(write))}[/]")

    def _line(self, label: str, text: str, width: int = _LABEL_WIDTH) -> None:
        grid = Table.grid(padding=(0, 1, 0, 0))
        grid.add_column(width=width)
        grid.add_column(overflow="fold")
        grid.add_row(label, text)
        self.console.print(Padding(grid, (0, 0, 0, 2)))


def _difference(line: Seen) -> str:
    """The field and how often it differed; then what either answer says, and would do to the cluster."""
    told = line.told
    where, example, effects = told["object"], told["example"], told["effects"]
    field = told["path"].rpartition(".")[2] or "the whole object"
    only = f" ({example['parent']})" if told["parents"] == 1 else ""
    thing = f"{where['kind']}/{where['name']}" if where else "the parent"
    absent = {"added": "old", "removed": "new"}.get(told["change"])
    sides = (
        f"  {side}: {_short(example[side] if side != absent else 'nothing')}  if served: {_coloured(effects[side])}"
        for side in ("old", "new")
    )
    return "\n".join((f"{escape(thing)}: {escape(field)}, in {_number(line.calls, 'call')}{escape(only)}", *sides))


def _coloured(effect: str) -> str:
    return f"[{_HARM.get(effect, 'red')}]{effect}[/]"


def _short(value: Any) -> str:
    """The end of a text, where images have their tag; of an object only that there is one. Always as wide."""
    text = "there is one" if isinstance(value, (dict, list)) else str(value)
    cut = text if len(text) <= _WIDEST_VALUE else f"…{text[1 - _WIDEST_VALUE :]}"
    return escape(cut.ljust(_WIDEST_VALUE))


def _number(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
