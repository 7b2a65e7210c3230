"""`shadow report`: what differs between old and new and what it would do, from a running proxy or from its store.

Ends with 0 when nothing differs that no rule explains, 3 when something does, 4 when nothing was compared.
"""

import argparse
import os
import sys
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from shutil import get_terminal_size
from typing import Any

import msgspec

from shadow.cli.client import Control, add_control_arguments, control, migration_path
from shadow.cli.common import CommandError, Exit, write
from shadow.cli.stored import migration_of, stored_report
from shadow.config.digest import evidence_digest
from shadow.config.load import load
from shadow.config.model import Configuration, Migration
from shadow.migrate.export import read_export
from shadow.report.formats import FORMATS, Render
from shadow.report.formats.as_json import read
from shadow.report.formats.as_table import render as render_table
from shadow.report.model import Report
from shadow.report.taken import taken
from shadow.report.window import parse_instant
from shadow.terms import Side

STDOUT = "-"


def register(subparsers: Any) -> None:
    """Add the command's arguments."""
    parser = subparsers.add_parser("report", help="what differs, and what it would do to the cluster")
    parser.add_argument("migration", metavar="MIGRATION")
    parser.add_argument(
        "--format",
        type=formats,
        default=["table"],
        metavar="F,...",
        help=f"{', '.join(FORMATS)}; several need an -o each, in the same order (default: table)",
    )
    parser.add_argument("-o", "--output", action="append", default=[], metavar="FILE", help="- is standard output")
    parser.add_argument("--since", metavar="T", help="only from then on: 1h, 7d, 2027-01-31T08:00:00Z")
    parser.add_argument("--until", metavar="T", help="only before then")
    parser.add_argument("--config", type=Path, metavar="FILE", help="judge by the rules of this file instead")
    parser.add_argument(
        "--cluster", type=Path, metavar="EXPORT", help="`kubectl get ... -o json`: name creates whose name is taken"
    )
    parser.add_argument("--store", metavar="URL", help="read this store instead of asking a proxy")
    add_control_arguments(parser)
    parser.set_defaults(run=run)


def formats(text: str) -> list[str]:
    """`table,json` as a list of known formats."""
    names = text.split(",")
    if unknown := [name for name in names if name not in FORMATS]:
        raise argparse.ArgumentTypeError(f"no such format: {unknown[0]!r} (there are {', '.join(FORMATS)})")
    return names


def run(args: argparse.Namespace) -> int:
    """0 nothing differs, 3 something does that no rule explains, 4 nothing was compared."""
    outputs = paired(args.format, args.output)
    since, until = _window(args, now := time.time())
    given = load(args.config) if args.config else None
    if args.store:
        creations = args.cluster is not None
        with stored_report(args.store, args.migration, given, since, until, now, creations=creations) as report:
            return _judged(report, args, given, outputs)
    return _judged(_fetch(control(args), args, given), args, given, outputs)


def _judged(
    report: Report, args: argparse.Namespace, given: Configuration | None, outputs: list[tuple[str, str]]
) -> int:
    if given is not None and needs_answers(migration_of(given, args.migration), report):
        sys.stderr.write(_NEEDS_ANSWERS.format(file=args.config))
    if args.cluster is not None:
        report = _held_against(report, args.cluster)
    return _present(report, outputs)


def _held_against(report: Report, cluster: Path) -> Report:
    """The report with the creates whose name somebody has in the cluster, instead of all creates."""
    if isinstance(report.creations, msgspec.UnsetType):
        raise CommandError("the proxy does not list creates: it is of an older version")
    try:
        export = read_export([(cluster.read_text(encoding="utf-8"), str(cluster))])
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"cannot read {cluster}: {error}") from error
    found = taken(report.creations, export.objects)
    return msgspec.structs.replace(report, creations=msgspec.UNSET, taken=found)


def needs_answers(given: Migration, report: Report) -> bool:
    """Whether the given configuration differs in more than its rules, so that answers would have to be compared anew.

    What an implementation tells of itself, or a file that only the proxy reads, cannot be told from here.
    """
    sides = [given.implementation(side) for side in Side]
    if any(side.revision_header or side.controller_file for side in sides):
        return False
    return evidence_digest(given) != report.configuration.evidence_digest


_NEEDS_ANSWERS = (
    "shadow: {file} also changes the implementations, or what is made of their answers. Only its rules were used here: "
    "the rest needs the answers again: serve it, in stage shadow.\n"
)


def paired(names: list[str], files: list[str]) -> list[tuple[str, str]]:
    """Each format with its file; a single one goes to standard output unless told otherwise.

    Raises:
        CommandError: it is not plain which goes where.
    """
    where = files or ([STDOUT] if len(names) == 1 else [])
    if len(where) != len(names):
        raise CommandError(f"{len(names)} formats need {len(names)} times -o, in the same order", Exit.USAGE)
    if len(set(where)) != len(where):
        raise CommandError("every -o must name another file", Exit.USAGE)
    return list(zip(names, where, strict=True))


def _window(args: argparse.Namespace, now: float) -> tuple[float | None, float | None]:
    bounds = []
    for name in ("since", "until"):
        text = getattr(args, name)
        try:
            bounds.append(None if text is None else parse_instant(text, now))
        except ValueError as error:
            raise CommandError(f"--{name} {error}", Exit.USAGE) from error
    since, until = bounds
    if since is not None and until is not None and since >= until:
        raise CommandError("--since must be before --until", Exit.USAGE)
    return since, until


def _fetch(api: Control, args: argparse.Namespace, given: Configuration | None) -> Report:
    params = {"format": "json"} | {name: text for name in ("since", "until") if (text := getattr(args, name))}
    if args.cluster is not None:
        params["creations"] = "true"
    path = migration_path(args.migration, "report")
    if given is None:
        document = api.get(path, params)
    else:
        rules = migration_of(given, args.migration).compare
        document = api.post(path, rules.model_dump(mode="json", exclude_defaults=True), params).body
    try:
        return read(document)
    except msgspec.DecodeError as error:
        raise CommandError(f"{api.url} does not answer as a shadow does: {error}") from error


def _present(report: Report, outputs: list[tuple[str, str]]) -> int:
    for name, where in outputs:
        if where == STDOUT:
            write(_renderer(name)(report))
        else:
            _write_file(where, FORMATS[name](report))
    if not report.conclusive:
        return Exit.INCONCLUSIVE
    return Exit.DIFFERS if report.differs else Exit.FINE


def _renderer(name: str) -> Render:
    if name == "table" and sys.stdout.isatty():
        return partial(render_table, colour=not os.environ.get("NO_COLOR"), width=get_terminal_size().columns)
    return FORMATS[name]


def _write_file(where: str, pieces: Iterator[str]) -> None:
    try:
        # newline="": CSV has line ends of its own.
        with Path(where).open("w", encoding="utf-8", newline="") as out:
            write(pieces, out)
    except OSError as error:
        raise CommandError(f"cannot write {where}: {error.strerror}") from error
