"""One replica's part in bringing a configuration into force for all: what it can serve, has left, and serves.

Replicas agree on the migrations; what else the file says is each process's own.
"""

import logging
from collections.abc import Callable, Sequence

from msgspec.structs import replace

from shadow.config.digest import migrations_digest
from shadow.config.load import parse
from shadow.config.model import Configuration
from shadow.config.storeurl import without_password
from shadow.errors import ConfigurationError
from shadow.proxy.cutover.footing import Footing
from shadow.proxy.migrations.snapshot import Snapshot
from shadow.proxy.replicas.agreement import advanced, offered, should_offer
from shadow.proxy.runtime import Runtime
from shadow.store.asynchronous import AsyncStore
from shadow.store.shared import Agreement, Replica, Standing, Version

_log = logging.getLogger(__name__)


class Takeover:
    """What this replica does with the agreement of all; not for several tasks at once."""

    def __init__(
        self,
        store: AsyncStore,
        runtime: Runtime,
        footing: Footing,
        own: Snapshot | None,
        build: Callable[[Configuration, str], Snapshot],
    ) -> None:
        """
        Args:
            own: what this process's own file says; None: it is not valid, and what is in force is served.
            build: of a whole configuration, with its text.
        """
        self.standing = Standing(offers=migrations_digest(own.configuration) if own is not None else "")
        """What the others are told of it."""
        self._store = store
        self._runtime = runtime
        self._footing = footing
        self._own = own
        self._build = build
        self._wanted = False  # the file changed while this process ran: it is to come into force whatever was before
        self._next: tuple[int, Snapshot] | None = None  # the version that is to follow, ready to be served
        self._refusal: str | None = None  # what was told here of why the file is not what is served

    async def want(self, own: Snapshot) -> None:
        """The file changed: its migrations are to come into force for all, the rest of it here."""
        offers, present = migrations_digest(own.configuration), self._runtime.snapshot
        self._own, self._wanted = own, True
        self.standing = replace(self.standing, offers=offers)
        if present is not None and migrations_digest(present.configuration) == offers:
            await self._runtime.take_over(own)

    def serves(self, agreement: Agreement) -> bool:
        """Whether what is in force for all is in force here."""
        return agreement.in_force is not None and agreement.in_force.number == self.standing.in_force

    async def step(self, agreement: Agreement, me: Replica, others: Sequence[Replica]) -> bool:
        """Do this replica's part of the present step, and write the next one if it is due. Returns whether it was.

        Args:
            me: as the others see it; its part in this is `standing`.
            others: the live ones.

        Raises:
            StoreError: the next step could not be written.
        """
        await self._follow(agreement, alone=not others)
        me = replace(me, standing=replace(self.standing, joined_at=me.standing.joined_at))
        step = advanced(agreement, (*others, me)) or self._offered(agreement, me, others)
        if step is None:
            return False
        comes_into_force = step.in_force != agreement.in_force and self._next is not None
        line = self._runtime.line_of(self._next[1]) if comes_into_force and self._next is not None else None
        await self._store.decide(lambda store: store.agree(step, line))
        return True

    def _offered(self, agreement: Agreement, me: Replica, others: Sequence[Replica]) -> Agreement | None:
        own = self._own
        if own is None or not (self._wanted or should_offer(agreement, me, others)):
            return None
        text = without_password(own.text, own.configuration.store)
        step = offered(agreement, self.standing.offers, text)
        if step is not None or agreement.phase != "leaving":
            self._wanted = False
        return step

    async def _follow(self, agreement: Agreement, *, alone: bool) -> None:
        in_force, following = agreement.in_force, agreement.following
        if in_force is not None and not self.serves(agreement):
            await self._serve(in_force)
        if following is None:
            self._next, self._footing.followers = None, {}
        elif self._next is None or self._next[0] != following.number:
            self._next, self._footing.followers = self._ready(following), {}
        if self._next is not None and agreement.phase == "leaving":
            self._footing.followers = {} if alone else self._next[1].migrations
            self.standing = replace(self.standing, left=self._next[0])
        self._tell_refusal(agreement)

    def _ready(self, version: Version) -> tuple[int, Snapshot] | None:
        if self.standing.refuses == version.number:
            return None
        try:
            snapshot = self._snapshot(version)
        except ConfigurationError as exc:
            _log.error("a configuration that another replica offers cannot be served here: %s", exc)
            self.standing = replace(self.standing, refuses=version.number, why=str(exc))
            return None
        self.standing = replace(self.standing, ready=version.number)
        return version.number, snapshot

    async def _serve(self, version: Version) -> None:
        ready = self._next[1] if self._next is not None and self._next[0] == version.number else None
        try:
            snapshot = ready or self._snapshot(version)
        except ConfigurationError as exc:
            await self._runtime.refuse(exc, version.text)
            return
        await self._runtime.take_over(snapshot, accepted=self._own is not None)
        self._next, self._footing.followers = None, {}
        number = version.number
        self.standing = replace(self.standing, in_force=number, ready=number, left=number)

    def _snapshot(self, version: Version) -> Snapshot:
        """The migrations that all agree on, with what else this process's own file says."""
        if self._own is not None and version.digest == self.standing.offers:
            return self._own
        agreed = parse(version.text, "the configuration of all replicas")
        if self._own is None:
            return self._build(agreed, version.text)
        whole = self._own.configuration.model_copy(update={"migrations": agreed.migrations})
        return self._build(whole, version.text)

    def _tell_refusal(self, agreement: Agreement) -> None:
        """Why the file is not what is served. That it is not valid is told by who read it, and stays."""
        why = self._why(agreement)
        if self._runtime.refused in (None, self._refusal):
            self._runtime.refused = why
        self._refusal = why

    def _why(self, agreement: Agreement) -> str | None:
        mine = self.standing.offers
        if not mine or agreement.in_force is None or agreement.in_force.digest == mine:
            return None
        if agreement.refused == mine:
            return f"replica {agreement.refused_by} cannot serve it: {agreement.why}"
        if agreement.following is None:
            return "the others serve other `migrations`, which came after those of this file; see `shadow history`"
        return None
