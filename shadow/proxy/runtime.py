"""The present configuration, and how a new one is taken over: whole or not at all, between two calls.

Calls under way keep the snapshot they began with.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Protocol

from shadow.config.difference import differences, differences_as_written
from shadow.config.migration import Migration as Settings
from shadow.config.model import Configuration
from shadow.errors import ConfigurationError, StoreError
from shadow.proxy.calls.call import Call
from shadow.proxy.calls.revisions import Revisions, read_told
from shadow.proxy.cutover.brakes import Brakes
from shadow.proxy.migrations.migration import Migration
from shadow.proxy.migrations.snapshot import Snapshot
from shadow.redact import Redactor
from shadow.store.asynchronous import AsyncStore
from shadow.store.base import Change

_log = logging.getLogger(__name__)
_FIXED = ("server", "store", "upstream", "redaction", "telemetry", "compare", "retention", "recording")
"""Top-level keys that a running process keeps as they were when it started."""


class RulesSink(Protocol):
    def set_rules_in_force(self, rules: Mapping[str, list[dict[str, object]]]) -> None: ...


class Runtime:
    """Holds the snapshot that new calls see."""

    def __init__(
        self,
        store: AsyncStore,
        brakes: Brakes,
        note: Callable[[Change], None],
        rules: RulesSink,
        redactor: Redactor,
        build: Callable[[str], Awaitable[Snapshot]],
        clock: Callable[[], float],
    ) -> None:
        self.snapshot: Snapshot | None = None
        self.agree: Callable[[Snapshot], Awaitable[None]] | None = None  # with others that serve from the same store
        self._undecided: set[str] = set()  # unknown brakes found where `new` may be served: only a person settles them
        self.refused: str | None = None  # why the file is not what is served; None: it is
        self.needs_restart: tuple[str, ...] = ()
        self.missing_files: tuple[str, ...] = ()  # that are watched and gone; what they held last is in force
        self._store = store
        self._brakes = brakes
        self._note_change = note
        self._revisions = Revisions()
        self._rules = rules
        self._redactor = redactor
        self._build = build
        self._clock = clock
        self._started_with: Configuration | None = None
        self.served_before: Configuration | None = None  # by the process before this one

    def migrations(self) -> Mapping[str, Migration]:
        return self.snapshot.migrations if self.snapshot is not None else {}

    async def restore_revisions(self, names: Iterable[str]) -> None:
        """What implementations had told before this process; a store that does not answer has told nothing."""
        try:
            self._revisions.restore(await self._store.read(lambda store: read_told(store, names)))
        except StoreError as exc:
            _log.warning("revisions are known from their next answers only: %s", exc)

    def heard(self, call: Call) -> None:
        """Everybody has spoken in this call. Who told another revision than before changes what evidence is about."""
        if not call.migration.tells_revisions:
            return
        changed = self._revisions.heard(call)
        name = call.migration.name
        for line in self._revisions.unlogged(name, self._clock()):
            self._note_change(line)
        if not changed or self.snapshot is None or name not in self.snapshot.migrations:
            return
        self.snapshot = self.snapshot.having(self._revisions.applied(self.snapshot.migrations[name]))
        for side, revision in changed.items():
            _log.info("%s: `%s` tells another revision: %s", name, side, revision)

    async def offer(self, text: str) -> bool:
        """Take a new configuration over; False, keeping the old one, if it is not valid."""
        try:
            snapshot = await self._build(text)
        except ConfigurationError as exc:
            await self.refuse(exc, text)
            return False
        await (self.agree or self.take_over)(snapshot)
        return True

    async def refuse(self, exc: ConfigurationError, text: str, served: str | None = None) -> None:
        """Keep what is served and say why, in the log, the change log and `/readyz`.

        Args:
            text: what is refused.
            served: what is served instead, if nothing is yet.
        """
        if self.refused == str(exc):
            return
        self.refused = str(exc)
        _log.error("the configuration is refused, the last accepted one goes on: %s", exc)
        details: dict[str, object] = {"problems": [self._redactor.text(str(problem)) for problem in exc.problems]}
        if (before := self.snapshot.text if self.snapshot is not None else served) is not None:
            # On a thread: a megabyte of YAML takes seconds, in which no call may wait.
            details["changes"] = await asyncio.to_thread(differences_as_written, before, text, self._redactor.object)
        self._note_change(Change(self._clock(), None, "refused-configuration", "file", "it is not valid", details))

    async def take_over(self, snapshot: Snapshot, *, accepted: bool = True) -> None:
        """Serve this snapshot from the next call on.

        Args:
            accepted: False for one that comes from the store because the file is not valid.
        """
        before = self.snapshot
        if before is not None and before.digest == snapshot.digest:
            self.refused = None
            return
        for migration in snapshot.migrations.values():
            snapshot = snapshot.having(self._revisions.applied(migration))
        self._rules.set_rules_in_force(snapshot.rules)
        await self._brakes_for(snapshot)
        line = self.line_of(snapshot)
        self.snapshot = snapshot
        await self._pull_brakes(snapshot)  # once more: until now anybody could release them
        if accepted:
            self.refused = None
            self._note(snapshot)
            if self.agree is None:  # else it was told and kept as what all agreed on
                self._note_change(line)
                await self._keep(snapshot)

    async def settle_brakes(self) -> None:
        """Once the store answers that did not when this snapshot was taken over."""
        if self.snapshot is not None:
            await self._brakes_for(self.snapshot)

    async def _brakes_for(self, snapshot: Snapshot) -> None:
        """Before the snapshot counts: the brakes that it pulls are on, and those that can be known are known."""
        for name, migration in snapshot.migrations.items():
            if self._brakes.get(name) is None:
                if migration.serves_new:
                    self._undecided.add(name)
                elif name not in self._undecided:
                    await self._remember(name)
        await self._pull_brakes(snapshot)

    async def _pull_brakes(self, snapshot: Snapshot) -> None:
        for name, settings in snapshot.configuration.migrations.items():
            if settings.brake is not None:
                await self._brakes.pull(name, "configuration", settings.brake.because, governed_by(snapshot, name))

    async def _remember(self, name: str) -> None:
        """A migration that starts where only `old` is served has never been braked; from now on the store knows it."""
        try:
            await self._store.remember(name, self._clock())
            known = (await self._store.read(lambda store: store.brakes())).get(name)
        except StoreError as exc:
            _log.error("the brake of %s stays unknown: %s", name, exc)
            return
        if known is not None:
            self._brakes.learn({name: known})

    def line_of(self, after: Snapshot) -> Change:
        """What the change log says of taking this snapshot over from the present one."""
        before, details = self.snapshot, dict[str, object](digest=after.digest)
        if before is not None:
            details["from"] = before.digest
        details["migrations"] = {name: _position(each) for name, each in after.configuration.migrations.items()}
        if (previous := before.configuration if before is not None else self.served_before) is not None:
            details["changes"] = differences(previous, after.configuration)
        return Change(self._clock(), None, "configuration", "file", "it changed", details)

    def _note(self, after: Snapshot) -> None:
        if self._started_with is None:
            self._started_with = after.configuration
        self.needs_restart = tuple(
            key for key in _FIXED if getattr(self._started_with, key) != getattr(after.configuration, key)
        )
        if self.needs_restart:
            _log.warning("these take effect at the next start only: %s", ", ".join(self.needs_restart))
        _log.info("configuration %s taken over", after.digest)

    async def _keep(self, snapshot: Snapshot) -> None:
        try:
            await self._store.accept_configuration(snapshot.text, snapshot.digest, self._clock())
        except StoreError as exc:
            _log.error("the accepted configuration could not be kept: %s", exc)


def _position(settings: Settings) -> dict[str, object]:
    """What decides who is primary: enough to tell later who governed a parent."""
    pin = settings.canary.pin.model_dump(mode="json", exclude_defaults=True)
    return {"stage": settings.stage, "weight": settings.canary.weight, "pin": pin}


def governed_by(snapshot: Snapshot, name: str) -> dict[str, object]:
    """What a release checks: whether the migration is still what it was when the brake was pulled."""
    migration = snapshot.migrations[name]
    return {
        "digest": migration.governed_digest,
        "stage": migration.stage,
        "weight": migration.weight_buckets / 100,
        "configuration_digest": snapshot.digest,
        "evidence_digest": migration.evidence_digest,
    }
