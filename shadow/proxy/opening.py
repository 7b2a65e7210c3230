"""From bytes to a call: what is asked about which parent, by which controller, and who is to answer."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass

from shadow.errors import RequestError
from shadow.memory import Memory
from shadow.protocol.controller import Controller
from shadow.protocol.known import KnownRequests
from shadow.protocol.messages import Request, read_root
from shadow.protocol.wire import UnreadableError
from shadow.proxy.calls.call import Call
from shadow.proxy.calls.related import Shares, shares
from shadow.proxy.calls.related_memory import RelatedMemory
from shadow.proxy.cutover.assignment import Assignment, assign
from shadow.proxy.cutover.brakes import Brakes
from shadow.proxy.cutover.parents import Parents
from shadow.proxy.migrations.fronts import Fronts
from shadow.proxy.migrations.migration import Migration
from shadow.store.base import Change
from shadow.telemetry.trace import begin
from shadow.terms import Hook, Side, Stage
from shadow.upstream.base import Headers
from shadow.upstream.headers import first


@dataclass(frozen=True, slots=True)
class Chance:
    """Where time, names and luck come from; given, so that tests decide them."""

    clock: Callable[[], float]
    call_id: Callable[[], str]
    luck: Callable[[], float]


class Opening:
    """Opens calls, with what is known of their parents."""

    def __init__(
        self,
        brakes: Brakes,
        parents: Parents,
        related: RelatedMemory,
        fronts: Fronts,
        on_change: Callable[[Change], None],
        chance: Chance,
        trace_sample: float,
        memory: Memory,
    ) -> None:
        self._brakes = brakes
        self._parents = parents
        self._related = related
        self._fronts = fronts
        self._on_change = on_change
        self._chance = chance
        self._trace_sample = trace_sample
        self._memory = memory
        self._requests = KnownRequests()

    def open(self, migration: Migration, hook: Hook, headers: Headers, body: bytes) -> Call:
        """The call that these bytes are.

        Raises:
            RequestError: they are no call of this hook.
        """
        request = self._requests.read(body, hook)
        last = self._parents.get(migration.name, request.parent.uid)
        try:
            controller = request.caller
        except UnreadableError as exc:
            raise RequestError(400, "controller", f"`controller` is no controller object: {exc}") from exc
        now = self._chance.clock()
        if (change := self._fronts.saw(migration.name, controller, now)) is not None:
            self._on_change(change)
        front = controller.title
        assignment = self.assign(migration, request)
        asks_for_change = first(headers, b"if-none-match") is not None
        return Call(
            id=self._chance.call_id(),
            migration=migration,
            hook=hook,
            request=request,
            at=now,
            started=time.monotonic(),
            trace=begin(headers, self._trace_sample, self._chance.luck),
            front_version=controller.version(hook),
            front=front,
            last_served=last.served if last is not None else None,
            last_tag=self._tag(migration, hook, request, front, assignment.primary) if asks_for_change else None,
            assignment=assignment,
            headers=headers,
            memory=self._memory.allot(len(body)),
            previous=last.answered_in if last is not None else None,
            shares=self._shares(migration, request, controller, front, now) if hook is not Hook.CUSTOMIZE else None,
        )

    def _tag(self, migration: Migration, hook: Hook, request: Request, front: str, primary: Side) -> bytes | None:
        name, uid = migration.name, request.parent.uid
        if hook is Hook.CUSTOMIZE:
            return self._related.tag((name, uid, front), primary)
        return self._parents.tag(name, uid)

    def _shares(
        self, migration: Migration, request: Request, controller: Controller, front: str, now: float
    ) -> Shares | None:
        if Hook.CUSTOMIZE not in controller.hooks:
            return None
        state = self._related.get((migration.name, request.parent.uid, front))
        return shares(migration, controller, state, request.generation, now, request.related_groups)

    def assign(self, migration: Migration, request: Request) -> Assignment:
        """Who answers for this parent and who is only compared, as the brake stands now."""
        pinned = None
        if migration.stage is Stage.CANARY and migration.pins:
            pinned = migration.pins.side(request.parent, labels_of(request))
        on = self._brakes.is_on(migration.name)
        return assign(migration.stage, migration.weight_buckets, pinned, on, request.parent.uid)


def labels_of(request: Request) -> dict[str, str]:
    """The parent's labels."""
    labels = (read_root(request).get("metadata") or {}).get("labels") or {}
    return {name: value for name, value in labels.items() if isinstance(value, str)}


def new_call_id() -> str:
    """26 hexadecimal digits that sort by time: milliseconds since 1970, then chance."""
    return f"{time.time_ns() // 1_000_000:012x}{random.getrandbits(56):014x}"
