"""Today's answers with the look-alikes that the recording has for the same secrets.

A recorded request holds look-alikes. An implementation that is asked today answers with the real values, and every
Secret would seem to be written anew. With the key that the recording was made with, its answers are disguised, too.
"""

import dataclasses
from http import HTTPStatus

import msgspec

from shadow.disguise import Disguise
from shadow.jsontext import MalformedError
from shadow.proxy.migrations.migration import Asked, Migration
from shadow.terms import Hook, Role
from shadow.upstream.base import Headers, Observation


def masked(migration: Migration, disguise: Disguise) -> Migration:
    """The same migration, whose implementations' answers are disguised."""
    parties = {
        side: dataclasses.replace(party, asked=_Masked(party.asked, disguise))
        for side, party in migration.parties.items()
    }
    return dataclasses.replace(migration, parties=parties)


class _Masked:
    """An implementation behind a disguise."""

    def __init__(self, asked: Asked, disguise: Disguise) -> None:
        self._asked = asked
        self._disguise = disguise

    async def ask(
        self,
        hook: Hook,
        headers: Headers,
        body: bytes,
        role: Role,
        *,
        urgent: bool = False,
        timeout_seconds: float | None = None,
        own: Headers = (),
    ) -> Observation:
        observation = await self._asked.ask(
            hook, headers, body, role, urgent=urgent, timeout_seconds=timeout_seconds, own=own
        )
        if observation.status != HTTPStatus.OK:
            return observation
        try:
            return msgspec.structs.replace(observation, body=self._disguise.message(observation.body))
        except MalformedError:
            return observation  # it is refused for what it is
