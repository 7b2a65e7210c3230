"""A progress bar on a terminal's standard error, and nothing anywhere else."""

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from shadow.report.track import Track, untracked

T = TypeVar("T")
_STEP = 256  # rows between two looks at the clock


@contextmanager
def progress() -> Iterator[Track]:
    """Shows whatever is passed through it while it is passed through; gone without a trace afterwards."""
    if not sys.stderr.isatty():
        yield untracked
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(file=sys.stderr), transient=True, refresh_per_second=5) as bar:
        yield _Bar(bar)


class _Bar:
    """Rows through a bar of their own."""

    def __init__(self, bar: Progress) -> None:
        self._bar = bar

    def __call__(self, rows: Iterable[T], what: str, total: int | None = None) -> Iterator[T]:
        task = self._bar.add_task(what, total=total)
        try:
            for number, row in enumerate(rows, start=1):
                yield row
                if number % _STEP == 0:
                    self._bar.update(task, completed=number)
        finally:
            self._bar.remove_task(task)
