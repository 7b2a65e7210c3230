"""`shadow report`: what differs between old and new and what it would do, from a running proxy or from its store.

Ends with 0 when nothing differs that no rule explains, 3 when something does, 4 when nothing was compared.
"""

import argparse
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec

from shadow.cli.client import Control, add_control_arguments, control, migration_path
from shadow.cli.common import CommandError, Exit
from shadow.cli.presenting import add_output_arguments, outputs_of, present
from shadow.cli.progress import progress
from shadow.cli.stored import migration_of, opened, view
from shadow.config.digest import evidence_digest
from shadow.config.load import load
from shadow.config.migration import Migration
from shadow.config.model import Configuration
from shadow.migrate.export import read_export
from shadow.report.build import build
from shadow.report.comparison import stored_lines
from shadow.report.formats.as_json import read
from shadow.report.model import Report
from shadow.report.taken import taken
from shadow.report.track import Track
from shadow.report.window import parse_instant
from shadow.terms import Side


def register(subparsers: Any) -> None:
    """Add the command's arguments."""
    parser = subparsers.add_parser("report", help="what differs, and what it would do to the cluster")
    parser.add_argument("migration", metavar="MIGRATION")
    add_output_arguments(parser)
    parser.add_argument("--since", metavar="T", help="only from then on: 1h, 7d, 2027-01-31T08:00:00Z")
    parser.add_argument("--until", metavar="T", help="only before then")
    parser.add_argument("--config", type=Path, metavar="FILE", help="judge by the rules of this file instead")
    parser.add_argument(
        "--cluster", type=Path, metavar="EXPORT", help="`kubectl get ... -o json`: name creates whose name is taken"
    )
    parser.add_argument(
        "--comparisons", metavar="FILE", help="also write every comparison that is kept, whole, as a line of JSON"
    )
    parser.add_argument("--store", metavar="URL", help="read this store instead of asking a proxy")
    add_control_arguments(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """0 nothing differs, 3 something does that no rule explains, 4 nothing was compared."""
    outputs = outputs_of(args, args.comparisons)
    since, until = _window(args, now := time.time())
    given = load(args.config) if args.config else None
    with progress() as track:
        if args.store:
            with opened(args.store, now) as store:
                shown = view(store, args.migration, given, now)
                creations = args.cluster is not None
                report = build(store, shown, since, until, now, creations=creations, track=track)
                status = present(_judged(report, args, given), outputs, track)
                _export(args, track, stored_lines(store, args.migration, since, until))
        else:
            api = control(args)
            status = present(_judged(_fetch(api, args, given, track), args, given), outputs, track)
            _export(args, track, api.stream(migration_path(args.migration, "comparisons.jsonl"), _span(args)))
    return status


def _judged(report: Report, args: argparse.Namespace, given: Configuration | None) -> Report:
    if given is not None and needs_answers(migration_of(given, args.migration), report):
        sys.stderr.write(_NEEDS_ANSWERS.format(file=args.config))
    return report if args.cluster is None else _held_against(report, args.cluster)


def _export(args: argparse.Namespace, track: Track, pieces: Iterable[bytes]) -> None:
    """Every comparison that is kept, a line each."""
    if args.comparisons is None:
        return
    try:
        with Path(args.comparisons).open("wb") as out:
            out.writelines(track(pieces, "writing comparisons"))
    except OSError as error:
        raise CommandError(f"cannot write {args.comparisons}: {error.strerror}") from error


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
    "the rest needs the answers again: serve it, in stage shadow, or `shadow replay` a recording with it.\n"
)


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


def _fetch(api: Control, args: argparse.Namespace, given: Configuration | None, track: Track) -> Report:
    params = {"format": "json"} | _span(args)
    if args.cluster is not None:
        params["creations"] = "true"
    rules = None
    if given is not None:
        compare = migration_of(given, args.migration).compare
        rules = compare.model_dump(mode="json", exclude_defaults=True)
    document = bytearray()
    for piece in track(api.stream(migration_path(args.migration, "report"), params, rules), "asking the proxy"):
        document += piece
    try:
        return read(document)
    except msgspec.DecodeError as error:
        raise CommandError(f"{api.url} does not answer as a shadow does: {error}") from error


def _span(args: argparse.Namespace) -> dict[str, str]:
    return {name: text for name in ("since", "until") if (text := getattr(args, name))}
