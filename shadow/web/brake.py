"""The brake, pulled and released by a person: the decision, whoever asks for it, and the API's two addresses."""

from collections.abc import Iterator
from typing import Annotated

import msgspec
from starlette.exceptions import HTTPException
from starlette.responses import Response

from shadow.config.beginning import means
from shadow.config.tokens import Right
from shadow.proxy.runtime import governed_by
from shadow.terms import Stage
from shadow.web.desk import Desk
from shadow.web.operation import ROOT, Answer, Asked, Nothing, Operation, as_json

Because = Annotated[str, msgspec.Meta(pattern=r"\S", description="Why, for whoever reads the change log.")]


class Pull(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    because: Because


class Letting(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`accept_digest` is the configuration digest in force, or its first 8 hex digits: only where a release was
    refused without it."""

    because: Because
    accept_digest: str | None = None


class Replicas(msgspec.Struct, frozen=True):
    """Who knows of it; `missing` names the others. `uncertain`, if it is there: the database did not say who serves."""

    acknowledged: int
    of: int
    missing: tuple[str, ...] = ()
    uncertain: bool | msgspec.UnsetType = msgspec.UNSET


class Moved(msgspec.Struct, frozen=True):
    """The brake after the request."""

    on: bool
    stored: bool
    replicas: Replicas
    warnings: tuple[str, ...] = ()  # why the brake may not help: `old` has to answer for it to mean anything

    @property
    def complete(self) -> bool:
        return self.stored and not self.replicas.missing and self.replicas.uncertain is not True


async def pull(desk: Desk, name: str, by: str, because: str) -> Moved:
    """From the next call on `old` is primary for every parent."""
    stored = await desk.brakes.pull(name, by, because, governed_by(desk.snapshot, name))
    return Moved(True, stored, await _replicas(desk, name), tuple(doubts(desk, name)))


def doubts(desk: Desk, name: str) -> Iterator[str]:
    """Why `old` may not answer. A call without an answer writes nothing, but nothing is put right either."""
    migration = desk.snapshot.configuration.migrations[name]
    if migration.stage is Stage.COMPLETE:
        yield f"`old` is not asked in stage complete: make sure that {migration.old.url} still answers"
    states = list(desk.parents.of(name))
    failed = sum((state.reason or "").startswith("old:") for state in states)
    if failed:
        yield f"`old` gave no valid answer for {failed} of {len(states)} parents when it was last asked"


async def release(desk: Desk, name: str, by: str, because: str, accept_digest: str | None = None) -> Moved:
    """The configuration decides again.

    Raises:
        HTTPException: 409 if what it would release to is not what the brake was pulled from.
    """
    if why := refusal(desk, name, accept_digest):
        raise HTTPException(409, why)
    stored = await desk.brakes.release(name, by, because)
    if (pulled := desk.snapshot.configuration.migrations[name].brake) is not None:  # it came into force meanwhile
        await desk.brakes.pull(name, "configuration", pulled.because, governed_by(desk.snapshot, name))
        raise HTTPException(409, str(refusal(desk, name, accept_digest)))
    brake, replicas = desk.brakes.get(name), await _replicas(desk, name)
    return Moved(brake is not None and brake.on, stored, replicas)


def refusal(desk: Desk, name: str, accepted: str | None) -> str | None:
    """Why the brake is not released: what it would release to is not what it was pulled from."""
    snapshot, brake = desk.snapshot, desk.brakes.get(name)
    if snapshot.configuration.migrations[name].brake is not None:
        return f"the configuration pulls it: take migrations.{name}.brake out of the file first"
    if brake is None or not brake.on:
        return None
    if accepted is not None:
        in_force = means(accepted, snapshot.digest)
        return None if in_force else f"the digest accepted is {accepted}, but {snapshot.digest} is in force"
    if brake.governed.get("digest") == snapshot.migrations[name].governed_digest:
        return None
    return (
        "stage, weight, pins or implementations changed since the brake was pulled; look at what is in force and "
        f"say so with `accept_digest` (`--accept-digest`): {snapshot.digest}"
    )


async def _replicas(desk: Desk, name: str) -> Replicas:
    """Who obeys the brake as it is now; one process that serves from a file is all there is."""
    if desk.roll_call is None:
        return Replicas(1, 1)
    found = await desk.roll_call.of(name)
    return Replicas(
        len(found.by), len(found.by) + len(found.missing), found.missing, msgspec.UNSET if found.told else True
    )


async def _rollback(desk: Desk, asked: Asked[Nothing, Pull]) -> Response:
    return _answer(await pull(desk, asked.name, asked.by.name, asked.body.because))


async def _release(desk: Desk, asked: Asked[Nothing, Letting]) -> Response:
    body = asked.body
    return _answer(await release(desk, asked.name, asked.by.name, body.because, body.accept_digest))


def _answer(moved: Moved) -> Response:
    return as_json(moved, 200 if moved.complete else 202)


_ANSWERS = {200: Answer("stored and known to every replica", Moved), 202: Answer("not yet", Moved)}

OPERATIONS = (
    Operation(
        "POST", f"{ROOT}/{{name}}/rollback", "pull the brake", _rollback, _ANSWERS, Nothing, Pull, Right.ROLLBACK
    ),
    Operation(
        "POST",
        f"{ROOT}/{{name}}/release",
        "let the brake go",
        _release,
        _ANSWERS,
        Nothing,
        Letting,
        Right.RELEASE,
        problems=(409,),
    ),
)
