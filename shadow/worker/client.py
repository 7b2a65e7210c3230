"""The proxy's side of the compare process: takes pairs, gives comparisons, and says which pairs were lost and why.

Never waits in `submit` and never raises there: what does not fit is refused, for the caller to count as dropped. Every
pair that was taken comes back exactly once, through `on_result` or `on_lost`.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

import msgspec

from shadow.compare.model import Comparison, Pair
from shadow.worker.child import COMMAND, Child
from shadow.worker.frames import Failed, Kind, RulesFrame, Setup

_logger = logging.getLogger(__name__)

_ENVELOPE_BYTES = 8 * 1024  # measured: what was read of a call stays with it, besides its bodies
_FORMER_RULES = 64
_GATHER_SECONDS = 0.025
_PRESSED_SECONDS = 0.008

OnResult = Callable[[Comparison], None]
OnLost = Callable[[Sequence[str], str], None]
"""The ids of pairs that will never be compared, and why: `worker`, `budget` or `shutdown`."""


@dataclass(frozen=True, slots=True)
class WorkerSettings:
    """How the compare process is bounded.

    Attributes:
        redaction_key: the first thing that goes down the pipe; never an argument, never in the environment.
        budget_seconds: of CPU for one comparison, kept by the comparison itself; at `kill_factor` times as much the
            kernel ends the process.
        queue_bytes: of pairs waiting for a comparison or for its result.
        in_child: pairs handed to the process at once: enough that it never waits for the pipe, few enough that a crash
            loses little.
        memory_bytes: address space of the process.
        back_off_seconds: before it is started again; doubled, up to `most_back_off_seconds`, while it dies without
            having compared anything.
    """

    redaction_key: bytes = field(repr=False)
    redaction_paths: tuple[str, ...] = ()
    budget_seconds: float = 2.0
    kill_factor: float = 4.0
    queue_bytes: int = 64 * 1024 * 1024
    in_child: int = 8
    memory_bytes: int = 2 << 30
    back_off_seconds: float = 0.1
    most_back_off_seconds: float = 10.0

    @property
    def setup(self) -> Setup:
        return Setup(
            redaction_key=self.redaction_key,
            redaction_paths=self.redaction_paths,
            budget_seconds=self.budget_seconds,
            kill_after_seconds=self.budget_seconds * self.kill_factor,
            memory_bytes=self.memory_bytes,
        )


class CompareWorker:
    """Owns one compare process and one task that keeps it alive. Belongs to one event loop."""

    def __init__(
        self,
        settings: WorkerSettings,
        on_result: OnResult,
        on_lost: OnLost,
        command: Sequence[str] = COMMAND,
    ) -> None:
        self._settings = settings
        self._on_result = on_result
        self._on_lost = on_lost
        self._command = command
        self._rules: dict[str, bytes] = {}
        self._queue: deque[Pair] = deque()
        self._taken: dict[str, int] = {}  # id -> bytes; in the queue or in the child
        self._held: dict[str, None] = {}  # ids in the child, in the order handed over
        self._queued_bytes = 0
        self._wake = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._closing = False
        self._supervisor: asyncio.Task[None] | None = None
        self._child: Child | None = None

    @property
    def queued_bytes(self) -> int:
        """Of all pairs taken and not yet come back."""
        return self._queued_bytes

    @property
    def pid(self) -> int | None:
        """Of the running process; None between two."""
        return self._child.pid if self._child else None

    async def start(self) -> None:
        self._supervisor = asyncio.create_task(self._supervise(), name="compare-worker")

    def set_rules_in_force(self, rules: Mapping[str, bytes]) -> None:
        """Take over all rules that are in force: JSON arrays, by the digest that pairs name them by.

        Former ones are kept for calls that began with them, the last ones and whatever a waiting pair names.
        """
        former = {digest: text for digest, text in self._rules.items() if digest not in rules}
        waiting = {pair.rules_digest for pair in self._queue}
        oldest = list(former)[: max(len(former) - _FORMER_RULES, 0)]
        for digest in set(oldest) - waiting:
            del former[digest]
        self._rules = former | dict(rules)

    def submit(self, pair: Pair) -> bool:
        """Take a pair for comparison; False if the queue is full, or closed. Ids must be unique among those taken."""
        size = size_of(pair)
        if self._closing or self._queued_bytes + size > self._settings.queue_bytes or pair.id in self._taken:
            return False
        self._taken[pair.id] = size
        self._queued_bytes += size
        self._queue.append(pair)
        self._idle.clear()
        self._wake.set()
        return True

    async def drain(self, timeout_seconds: float) -> bool:
        """Wait until everything taken has come back; False if that took too long."""
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_seconds):
                await self._idle.wait()
        return self._idle.is_set()

    async def close(self) -> None:
        """End the process; what has not come back is lost as `shutdown`."""
        self._closing = True
        if self._supervisor is not None:
            self._supervisor.cancel()
            await asyncio.wait([self._supervisor])
        self._queue.clear()
        self._lose(list(self._taken), "shutdown")

    # --- the life of the process -------------------------------------------------------------------------------

    async def _supervise(self) -> None:
        pause = self._settings.back_off_seconds
        while True:
            compared = await self._run_child()
            if compared:
                pause = self._settings.back_off_seconds
            _logger.warning("the compare process ended and is started again in %.1f s", pause)
            await asyncio.sleep(pause)
            pause = min(pause * 2, self._settings.most_back_off_seconds)

    async def _run_child(self) -> int:
        """Attend one run of the process until it dies; returns how many pairs it compared."""
        try:
            child = self._child = await Child.start(self._command)
        except OSError as exc:
            _logger.warning("the compare process cannot be started: %s", exc)
            return 0
        compared = 0
        try:
            compared = await self._attend(child)
        finally:
            self._child = None
            out_of_time = await child.end()
        self._lose_held(out_of_time)
        return compared

    async def _attend(self, child: Child) -> int:
        """Take results and hand over pairs, many at a time, until the child has gone."""
        compared = 0
        sent: set[str] = set()
        try:
            child.send(Kind.SETUP, msgspec.msgpack.encode(self._settings.setup))
            while True:
                for kind, payload in child.receive():
                    compared += self._take(kind, payload)
                self._hand_over(child, sent)
                await self._until_next_round(child)
        except (EOFError, ConnectionError):
            return compared
        except (ValueError, msgspec.MsgspecError, RecursionError) as exc:
            _logger.warning("the compare process answered nonsense: %s", type(exc).__name__)
            return compared

    def _hand_over(self, child: Child, sent: set[str]) -> None:
        """The child forgets rules when told to, and not before it has compared the pairs that name them."""
        for digest in sent - self._rules.keys():
            sent.discard(digest)
            child.send(Kind.FORGET, msgspec.msgpack.encode(digest))
        while self._queue and child.flush() and len(self._held) < self._settings.in_child:
            pair = self._queue.popleft()
            self._held[pair.id] = None
            if pair.rules_digest not in sent and pair.rules_digest in self._rules:
                sent.add(pair.rules_digest)
                rules = RulesFrame(pair.rules_digest, self._rules[pair.rules_digest])
                child.send(Kind.RULES, msgspec.msgpack.encode(rules))
            child.send(Kind.PAIR, msgspec.msgpack.encode(pair))

    async def _until_next_round(self, child: Child) -> None:
        """Nobody waits for a comparison, so pairs are gathered for a while: each waking of the loop costs the proxy."""
        if self._queue or not child.flush():
            await asyncio.sleep(_PRESSED_SECONDS)
        elif self._held:
            await asyncio.sleep(_GATHER_SECONDS)
        else:
            self._wake.clear()
            await self._wake.wait()
            await asyncio.sleep(_GATHER_SECONDS)

    def _take(self, kind: Kind, payload: bytes) -> int:
        if kind is Kind.FAILED:
            failed = msgspec.msgpack.decode(payload, type=Failed)
            _logger.warning("pair %s could not be compared: %s", failed.id, failed.where)
            self._lose([failed.id], "worker")
            return 0
        comparison = msgspec.msgpack.decode(payload, type=Comparison)
        if self._settle(comparison.id):
            self._call_back(lambda: self._on_result(comparison))
        return 1

    # --- accounts ----------------------------------------------------------------------------------------------

    def _settle(self, id: str) -> bool:
        """Strike a pair from those taken; False if it is not there: nothing comes back twice."""
        size = self._taken.pop(id, None)
        if size is None:
            return False
        self._held.pop(id, None)
        self._queued_bytes -= size
        if not self._taken:
            self._idle.set()
        return True

    def _lose_held(self, out_of_time: bool) -> None:
        """The process died: it compares in order, so the first pair that it held is the one it died of."""
        first, rest = list(self._held)[:1], list(self._held)[1:]
        self._lose(first, "budget" if out_of_time else "worker")
        self._lose(rest, "worker")

    def _lose(self, ids: Sequence[str], reason: str) -> None:
        lost = [id for id in ids if self._settle(id)]
        if lost:
            self._call_back(lambda: self._on_lost(lost, reason))

    def _call_back(self, report: Callable[[], None]) -> None:
        """A fault in a callback must not end the task that keeps the process alive."""
        try:
            report()
        except Exception:
            _logger.exception("a comparison's result could not be taken")


def size_of(pair: Pair) -> int:
    """About what a pair holds in memory, in bytes."""
    return _ENVELOPE_BYTES + len(pair.request) + len(pair.old.body or b"") + len(pair.new.body or b"")
