"""What a call leaves in memory of its parent: what it was served, and what both implementations listed for it.

The next call is measured by it: which objects `new` may not forget, and what the agreement of `old` is worth.
"""

from collections.abc import Callable

from shadow.compare.view import RequestView
from shadow.protocol.objects import Identity
from shadow.proxy.calls.call import Asking, Call, Reply
from shadow.proxy.calls.customizing import note
from shadow.proxy.calls.related_memory import RelatedMemory
from shadow.proxy.cutover.parents import Parents
from shadow.proxy.record.writer import Writer
from shadow.terms import Hook, Side, Stage
from shadow.upstream.headers import first

_APPLIED = (200, 304, 412)
"""With these Metacontroller applies something: the answer, or the one that it remembers."""


class Remembering:
    """Writes to the memory of parents and of related objects."""

    def __init__(self, parents: Parents, related: RelatedMemory, writer: Writer, clock: Callable[[], float]) -> None:
        self._parents = parents
        self._related = related
        self._writer = writer
        self._clock = clock

    async def first_listed(self, call: Call, reply: Reply) -> None:
        """What `new` lists for the first time is stored before it can be created: a crash must not forget it."""
        migration, asking = call.migration, call.askings.get(Side.NEW)
        measured = reply.side is Side.NEW and reply.status == 200 and call.is_sync and migration.hold
        if not measured or asking is None or asking.adapted is None or migration.stage is Stage.COMPLETE:
            return
        names = self._listed(call, asking)
        state = self._parents.grow(migration.name, call.request.parent, names)
        if state is not None:
            await self._writer.keep(state)

    def beside(self, call: Call) -> None:
        """What `old` wants beside a served `new` is what its agreement will be worth."""
        old = call.askings.get(Side.OLD)
        served_new = call.reply is not None and call.reply.side is Side.NEW and call.reply.status == 200
        if served_new and call.is_sync and old is not None and old.body is not None:
            self._parents.beside(call.migration.name, call.request.parent.uid, self._listed(call, old))

    def served(self, call: Call, reply: Reply) -> None:
        """Remember what a sync was answered, the measure of what the next one may remove."""
        if call.hook is Hook.CUSTOMIZE:
            note(call, reply, self._related, self._clock())
            return  # also called for parents that are never synced
        name, parent = call.migration.name, call.request.parent
        measure = call.is_sync and reply.status == 200
        asking = call.askings.get(reply.side) if measure and reply.side is not None else None
        served = identities = None
        if asking is not None and asking.failure is None and asking.adapted is not None:
            served = asking.side
            identities = self._listed(call, asking)
        self._parents.served(
            name,
            parent,
            call.assignment.primary,
            served,
            identities,
            self._clock(),
            lambda: frozenset(RequestView(call.request)),
            first(reply.headers, b"etag"),
            call.id if reply.status in _APPLIED else None,
        )

    def _listed(self, call: Call, asking: Asking) -> tuple[Identity, ...]:
        assert asking.adapted is not None, "only a valid answer lists anything"
        uid, adapted = call.request.parent.uid, asking.adapted
        return self._parents.identities(call.migration.name, uid, asking.side, adapted.body, adapted.identities)
