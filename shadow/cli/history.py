"""`shadow history`: who changed what, when and why; and which implementation governed a parent at a time."""

import argparse
import time
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, TypeVar

import msgspec

from shadow.cli.client import Control, add_control_arguments, control, migration_path
from shadow.cli.common import CommandError, Exit, write
from shadow.cli.stored import opened
from shadow.proxy.cutover.governing import Governing, governing_at
from shadow.report.view import changes
from shadow.report.window import moment, parse_instant
from shadow.report.words import printable
from shadow.store.base import GUARD

T = TypeVar("T")

_MOST_CHANGES = 20


class Line(msgspec.Struct, frozen=True):
    """One line of the change log."""

    at: datetime
    kind: str
    by: str
    because: str
    details: Mapping[str, Any] = {}


class Page(msgspec.Struct, frozen=True):
    """A part of it."""

    items: list[Line]
    next: str | None = None


def register(subparsers: Any) -> None:
    """Add the command's arguments."""
    parser = subparsers.add_parser("history", help="who changed what, when and why; who governed a parent")
    parser.add_argument("migration", metavar="MIGRATION")
    parser.add_argument("--parent", metavar="NS/NAME", help="which implementation governed this parent")
    parser.add_argument("--at", metavar="T", help="at that time: 2h (ago), 2027-01-31T08:00:00Z (default: now)")
    parser.add_argument("--store", metavar="URL", help="read this store instead of asking a proxy")
    add_control_arguments(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """0; 4 if the log does not tell who governed."""
    at = _instant(args.at, time.time())
    if args.parent:
        found = _stored_governing(args, at) if args.store else _governing(control(args), args)
        write([governed(found)])
        return Exit.FINE if found.primary is not None or found.refused else Exit.INCONCLUSIVE
    lines = _stored(args) if args.store else _fetched(control(args), args.migration)
    write(text for line in lines if at is None or line.at.timestamp() <= at for text in told(line))
    return Exit.FINE


def _instant(text: str | None, now: float) -> float | None:
    try:
        at = None if text is None else parse_instant(text, now)
    except ValueError as error:
        raise CommandError(f"--at {error}", Exit.USAGE) from error
    if at is not None and at > now:
        raise CommandError(f"--at {text} has not come yet; the change log tells only what was", Exit.USAGE)
    return at


def _fetched(api: Control, migration: str) -> Iterator[Line]:
    after: str | None = None
    while True:
        page = _decoded(api, api.get(migration_path(migration, "history"), {"after": after} if after else None), Page)
        yield from page.items
        if (after := page.next) is None:
            return


def _stored(args: argparse.Namespace) -> Iterator[Line]:
    with opened(args.store, time.time()) as store:
        for line in changes(store, args.migration):
            yield Line(moment(line.at), line.kind, line.by, line.because, line.details)


def _governing(api: Control, args: argparse.Namespace) -> Governing:
    params = {"parent": args.parent} | ({"at": args.at} if args.at else {})
    return _decoded(api, api.get(migration_path(args.migration, "history", "governing"), params), Governing)


def _stored_governing(args: argparse.Namespace, at: float | None) -> Governing:
    now = time.time()
    with opened(args.store, now) as store:
        found = governing_at(store, args.migration, args.parent, now if at is None else at)
    if found is None:
        raise CommandError(f"no parent {args.parent!r} has called", Exit.USAGE)
    return found


def _decoded(api: Control, document: bytes, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(document, type=kind)
    except msgspec.DecodeError as error:
        raise CommandError(f"{api.url} does not answer as a shadow does: {error}") from error


def told(line: Line) -> Iterator[str]:
    """One change for a person; below it the fields of a configuration that are others now."""
    yield f"{line.at:%Y-%m-%d %H:%M:%S} UTC  {line.kind:<21} by {printable(line.by)}: {printable(line.because)}\n"
    fields = line.details.get("changes") or ()
    for change in fields[:_MOST_CHANGES]:
        yield printable(f"    {change.get('path')}: {_value(change.get('from'))} -> {_value(change.get('to'))}") + "\n"
    if len(fields) > _MOST_CHANGES:
        yield f"    and {len(fields) - _MOST_CHANGES} more\n"


def _value(value: Any) -> str:
    return "(not said)" if value is None else msgspec.json.encode(value).decode()


def governed(found: Governing) -> str:
    """`team-a at ...: new, by weight (stage canary 25%, since ...)`."""
    when = f"{printable(str(found.parent))} at {found.at:%Y-%m-%d %H:%M:%S} UTC"
    since = f", since {found.since:%Y-%m-%d %H:%M:%S} UTC" if found.since else ""
    stage = f"canary {found.weight:g}%" if found.stage == "canary" else found.stage
    if stage is None:
        return f"{when}: {_who(found)}\n"
    return f"{when}: {_who(found)} (stage {stage}, brake {'on' if found.brake else 'off'}{since})\n"


def _who(found: Governing) -> str:
    witness = f"as call {printable(found.call)} of then shows" if found.call else ""
    if found.refused:
        return ", ".join(filter(None, ("nobody: under the guard's brake its calls were answered an error", witness)))
    if found.primary is not None:
        by = "the guard's brake" if found.by == GUARD else found.by
        return f"{found.primary}, {witness or f'by {by}'}"
    if found.by == GUARD:
        return "old, or nobody where old would have removed something: the guard held the brake, and no call is kept"
    if found.depends_on_labels:
        return "depends on its labels of then, by which a pin selects, and no call of then is kept"
    return "the change log does not tell"
