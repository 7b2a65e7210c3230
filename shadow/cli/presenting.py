"""Where a report goes: its formats with their files, what it is held against, and the exit status that it means."""

import argparse
import os
import sys
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from shutil import get_terminal_size
from typing import Any

import msgspec

from shadow.cli.common import CommandError, Exit, write
from shadow.report.baseline import BaselineError, against
from shadow.report.formats import FORMATS, Render
from shadow.report.formats.as_csv import parents as parents_as_csv
from shadow.report.formats.as_json import read
from shadow.report.formats.as_table import render as render_table
from shadow.report.model import ParentCase, Report
from shadow.report.track import Track
from shadow.report.words import counted

STDOUT = "-"
_MADE_BY = "`--format json -o FILE` writes one"


def add_output_arguments(parser: argparse.ArgumentParser) -> None:
    """`--format`, `-o`, `--parents` and `--baseline`: the same for every command that ends in a report."""
    parser.add_argument(
        "--format",
        type=formats,
        default=["table"],
        metavar="F,...",
        help=f"{', '.join(FORMATS)}; several need an -o each, in the same order (default: table)",
    )
    parser.add_argument("-o", "--output", action="append", default=[], metavar="FILE", help="- is standard output")
    parser.add_argument("--parents", metavar="FILE", help="also write a CSV with a row per parent")
    parser.add_argument(
        "--baseline", type=Path, metavar="FILE", help="an earlier report as JSON: tell what is new since, and what gone"
    )
    parser.add_argument(
        "--fail-on",
        choices=("any", "new"),
        default="any",
        help="what ends in status 3: any difference that no rule explains (default), or one new since --baseline",
    )


def formats(text: str) -> list[str]:
    """`table,json` as a list of known formats."""
    names = text.split(",")
    if unknown := [name for name in names if name not in FORMATS]:
        raise argparse.ArgumentTypeError(f"no such format: {unknown[0]!r} (there are {', '.join(FORMATS)})")
    return names


@dataclass(frozen=True, slots=True)
class Outputs:
    """Each format with its file, the file of parents, the earlier report, and whether only what is new counts."""

    formats: list[tuple[str, str]]
    parents: str | None
    baseline: Report | None
    only_new: bool


def outputs_of(args: argparse.Namespace, *others: str | None) -> Outputs:
    """What the arguments of `add_output_arguments` ask for, before anybody is asked anything.

    Args:
        others: files that the command writes beside.

    Raises:
        CommandError: it is not plain which goes where, or the baseline is none.
    """
    named: list[str] = args.output
    where = named or ([STDOUT] if len(args.format) == 1 else [])
    if len(where) != len(args.format):
        raise CommandError(
            f"{len(named)} times -o for {counted(len(args.format), 'format')}: each needs its own", Exit.USAGE
        )
    files = [*where, *(file for file in (args.parents, *others) if file is not None)]
    if len(set(files)) != len(files):
        raise CommandError("every -o must name another file, and so must --parents and --comparisons", Exit.USAGE)
    only_new = args.fail_on == "new"
    if only_new and args.baseline is None:
        raise CommandError("--fail-on new needs the --baseline that it is new since", Exit.USAGE)
    return Outputs(list(zip(args.format, where, strict=True)), args.parents, _baseline(args.baseline), only_new)


def _baseline(file: Path | None) -> Report | None:
    try:
        return None if file is None else read(file.read_bytes())
    except OSError as error:
        raise CommandError(f"--baseline: cannot read {file}: {error.strerror}; {_MADE_BY}", Exit.USAGE) from error
    except msgspec.DecodeError as error:
        message = f"--baseline: {file} is no report: {error}; {_MADE_BY}"
        raise CommandError(message, Exit.USAGE) from error


def present(report: Report, outputs: Outputs, track: Track) -> Exit:
    """Write it wherever it goes.

    Returns:
        0 nothing differs, 3 something does that no rule explains (and that is new, if only that counts), 4 nothing was
        compared.

    Raises:
        CommandError: a file cannot be written, or the baseline is of another migration.
    """
    if outputs.baseline is not None:
        try:
            report = against(report, outputs.baseline)
        except BaselineError as error:
            raise CommandError(f"--baseline: {error}", Exit.USAGE) from error
    for name, where in outputs.formats:
        put(where, _renderer(name, where)(_watched(report, track, f"writing {name}")))
    if outputs.parents is not None:
        put(outputs.parents, parents_as_csv(_watched(report, track, "writing parents")))
    if not report.conclusive:
        return Exit.INCONCLUSIVE
    differs = report.newly_differs if outputs.only_new else report.differs
    return Exit.DIFFERS if differs else Exit.FINE


def _renderer(name: str, where: str) -> Render:
    if name == "table" and where == STDOUT and sys.stdout.isatty():
        return partial(render_table, colour=not os.environ.get("NO_COLOR"), width=get_terminal_size().columns)
    return FORMATS[name]


def put(where: str, pieces: Iterable[str]) -> None:
    """Write pieces to a file, or to standard output.

    Raises:
        CommandError: it cannot be written.
    """
    if where == STDOUT:
        write(pieces)
        return
    try:
        # newline="": CSV has line ends of its own.
        with Path(where).open("w", encoding="utf-8", newline="") as out:
            write(pieces, out)
    except OSError as error:
        raise CommandError(f"cannot write {where}: {error.strerror}") from error


class _Watched(Collection[ParentCase]):
    """Parents that are shown to pass by."""

    def __init__(self, parents: Collection[ParentCase], track: Track, what: str) -> None:
        self._parents = parents
        self._track = track
        self._what = what

    def __len__(self) -> int:
        return len(self._parents)

    def __contains__(self, case: object) -> bool:
        return case in self._parents

    def __iter__(self) -> Iterator[ParentCase]:
        return iter(self._track(self._parents, self._what, len(self)))


def _watched(report: Report, track: Track, what: str) -> Report:
    changed: dict[str, Any] = {"parents": _Watched(report.parents, track, what)}
    return msgspec.structs.replace(report, **changed)
