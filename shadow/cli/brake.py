"""What `rollback` and `release` share: one POST, and whether every replica knows of it."""

import argparse
from collections.abc import Mapping
from typing import Any

import msgspec

from shadow.cli.client import Problem, Reply, add_control_arguments, control, migration_path
from shadow.cli.common import CommandError, Exit, complain, sentence, write
from shadow.report.words import printable


class Replicas(msgspec.Struct, frozen=True):
    """Who has acknowledged the brake's new state; `missing` names the others, if it is not `uncertain` who they are."""

    acknowledged: int = 0
    of: int = 0
    missing: tuple[str, ...] = ()
    uncertain: bool = False


class Changed(msgspec.Struct, frozen=True):
    """The answer of `POST .../rollback` and `.../release`."""

    on: bool
    stored: bool
    replicas: Replicas = Replicas()
    warnings: tuple[str, ...] = ()


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The migration, the obligatory reason, and where the proxy is."""
    parser.add_argument("migration", metavar="MIGRATION")
    parser.add_argument("--because", required=True, type=sentence, metavar="TEXT", help="kept in the change log")
    add_control_arguments(parser)


def change(args: argparse.Namespace, action: str, body: Mapping[str, Any]) -> int:
    """POST `body` and tell what became of it.

    Returns:
        0 stored and acknowledged by all replicas, 4 not yet.

    Raises:
        CommandError: the proxy cannot be reached, or it refused.
    """
    api = control(args)
    reply = api.post(migration_path(args.migration, action), body, also=(202, 409))
    if reply.status == 409:
        raise CommandError(f"refused: {_detail(reply)}", Exit.USAGE)
    try:
        changed = msgspec.json.decode(reply.body, type=Changed)
    except msgspec.DecodeError as error:
        raise CommandError(f"{api.url} does not answer as a shadow does: {error}") from error
    write([f"{args.migration}: {told(changed, letting_go=action == 'release')}\n"])
    for warning in changed.warnings:
        complain(f"warning: {printable(warning)}")
    replicas = changed.replicas
    complete = reply.status == 200 and changed.stored and not replicas.missing and not replicas.uncertain
    return Exit.FINE if complete else Exit.INCONCLUSIVE


def told(changed: Changed, *, letting_go: bool) -> str:
    """The brake's state and how far the news has travelled."""
    if letting_go and not changed.stored:
        state = "the brake stays on" if changed.on else "nothing is released here"
        return f"{state}: NOT STORED, the store did not take the release; run the command again"
    state = "brake on, old answers for every parent" if changed.on else "brake off, the configuration decides again"
    stored = "stored" if changed.stored else "NOT STORED: it does not outlive a restart; run the command again"
    return f"{state}; {stored}; {_known(changed.replicas)}"


def _known(replicas: Replicas) -> str:
    missing = f", not yet to {', '.join(map(printable, replicas.missing))}" if replicas.missing else ""
    doubt = "; the database does not say who else serves" if replicas.uncertain else ""
    least = "at least " if replicas.uncertain else ""
    return f"known to {replicas.acknowledged} of {least}{replicas.of} replicas{missing}{doubt}"


def _detail(reply: Reply) -> str:
    try:
        problem = msgspec.json.decode(reply.body, type=Problem)
    except msgspec.DecodeError:
        return "the proxy gave no reason"
    return printable(problem.detail or problem.title or "the proxy gave no reason")
