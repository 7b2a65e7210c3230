"""`shadow status`: where migrations stand, as a running proxy tells it, and first of all what is amiss. Only reads.

Ends with 0, or with 4 when the digest that was waited for did not come.
"""

import argparse
from collections.abc import Iterator
from typing import Any

import msgspec

from shadow.cli.client import Control, NoProxyError, add_control_arguments, control, digest, migration_path
from shadow.cli.common import CommandError, Exit, write
from shadow.cli.standing import Status, lines
from shadow.cli.waiting import duration, wait_until
from shadow.report.words import printable


class Readiness(msgspec.Struct, frozen=True):
    """What `GET /readyz` says is amiss."""

    refused_configuration: str | None = None
    needs_restart: tuple[str, ...] = ()
    missing_files: tuple[str, ...] = ()
    store_failing: bool = False
    brakes_unstored: tuple[str, ...] = ()
    brakes_unknown: tuple[str, ...] = ()


def register(subparsers: Any) -> None:
    """Add the command's arguments."""
    parser = subparsers.add_parser("status", help="where migrations stand: stage, weight, brake, counts")
    parser.add_argument("migration", nargs="?", metavar="MIGRATION", help="one migration (default: all)")
    parser.add_argument(
        "--wait-digest",
        type=digest,
        metavar="D",
        help="wait until the configuration with this digest (`shadow check --print-digest`) is in force",
    )
    parser.add_argument("--wait", type=duration, default=60.0, metavar="1m", help="how long (default: 1m)")
    add_control_arguments(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print the status; 4 if the digest that was waited for did not come."""
    api = control(args)
    if args.wait_digest:
        found = _awaited(api, args.migration, args.wait_digest, args.wait)
    else:
        found = _fetch(api, args.migration)
    amiss = list(troubles(_readiness(api)))
    write(f"{line}\n" for line in amiss)
    write(line for status in found for line in lines(status))
    if args.wait_digest and not in_force(found, args.wait_digest):
        raise CommandError(
            "; ".join([f"{args.wait_digest} is not in force after {args.wait:g}s", *amiss]), Exit.INCONCLUSIVE
        )
    return Exit.FINE


def _readiness(api: Control) -> Readiness:
    """What the proxy says of itself; a proxy that cannot say is shown without."""
    try:
        return msgspec.json.decode(api.get("/readyz", also=(503,)), type=Readiness)
    except (CommandError, msgspec.DecodeError):
        return Readiness()


def troubles(readiness: Readiness) -> Iterator[str]:
    """What a person has to know before believing the rest, a line each."""
    if readiness.refused_configuration:
        refused = printable(readiness.refused_configuration)
        yield f"configuration REFUSED, the last accepted one goes on: {refused}"
    if readiness.needs_restart:
        yield f"needs a restart to take effect: {', '.join(map(printable, readiness.needs_restart))}"
    if readiness.missing_files:
        yield f"cannot be used any more, the last content stays: {', '.join(map(printable, readiness.missing_files))}"
    if readiness.store_failing:
        yield "the store FAILS: calls go on, nothing is recorded; the log says why"
    if readiness.brakes_unstored:
        yield f"brake pulled but NOT STORED: {', '.join(map(printable, readiness.brakes_unstored))}"
    if readiness.brakes_unknown:
        names = ", ".join(map(printable, readiness.brakes_unknown))
        yield f"brake UNKNOWN, so every call gets a 503 until a person rolls back or releases: {names}"


def _fetch(api: Control, migration: str | None) -> list[Status]:
    try:
        if migration is None:
            return msgspec.json.decode(api.get("/api/v1/migrations"), type=list[Status])
        return [msgspec.json.decode(api.get(migration_path(migration)), type=Status)]
    except msgspec.DecodeError as error:
        raise CommandError(f"{api.url} does not answer as a shadow does: {error}") from error


def in_force(found: list[Status], digest: str) -> bool:
    """Whether every migration asked for is served with that configuration."""
    return bool(found) and all(status.configuration_digest.startswith(digest) for status in found)


def _awaited(api: Control, migration: str | None, digest: str, timeout_seconds: float) -> list[Status]:
    """What was found when the digest came into force or time was up. A proxy that is being replaced is waited for."""

    def ask() -> list[Status] | NoProxyError:
        try:
            return _fetch(api, migration)
        except NoProxyError as error:
            return error

    def met(found: list[Status] | NoProxyError) -> bool:
        return not isinstance(found, NoProxyError) and in_force(found, digest)

    found = wait_until(met, ask, timeout_seconds)
    if isinstance(found, NoProxyError):
        raise found
    return found
