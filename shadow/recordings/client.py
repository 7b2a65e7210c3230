"""The proxy's side of a recording: takes calls, hands them to the recording process, and counts what becomes of each.

Never waits in `take` and never raises there: what does not fit is dropped and counted. Every call that was taken is
counted once more, as written or as lost.
"""

import asyncio
import hashlib
import logging
import sys
import time
from collections import Counter, deque
from collections.abc import Sequence
from contextlib import suppress

import msgspec

from shadow.recordings.taken import Orders, Taken, Written
from shadow.worker.child import Child
from shadow.worker.frames import Kind

_log = logging.getLogger(__name__)

COMMAND = (sys.executable, "-P", "-m", "shadow.recordings")
_QUEUE_BYTES = 32 * 1024 * 1024
_FLUSH_SECONDS = 1.0
_GATHER_SECONDS = 0.05
_PRESSED_SECONDS = 0.002
_BACK_OFF_SECONDS = (0.1, 10.0)
_SHARES = 10_000


class Recording:
    """Owns one recording process and the task that keeps it alive. Belongs to one event loop.

    `written` and `dropped` count calls since the start, by migration and by migration and reason: `queue`, `disk`,
    `unreadable`, `fault`, `process`.
    """

    def __init__(
        self, orders: Orders, sample: float = 1.0, command: Sequence[str] = COMMAND, queue_bytes: int = _QUEUE_BYTES
    ) -> None:
        """
        Args:
            sample: 0 to 1, the share of the parents that are recorded: what a call shows takes those before it.
        """
        self.written: Counter[str] = Counter()
        self.dropped: Counter[tuple[str, str]] = Counter()
        self.problem: str | None = None
        self._orders = orders
        self._sample = sample
        self._command = command
        self._queue_bytes = queue_bytes
        self._queue: deque[tuple[str, bytes]] = deque()
        self._waiting_bytes = 0
        self._unwritten: Counter[str] = Counter()  # in the process, not accounted for yet
        self._awaits_flush = False
        self._flushed_at = 0.0
        self._wake = asyncio.Event()
        self._settled = asyncio.Event()
        self._settled.set()
        self._closing = False
        self._child: Child | None = None
        self._task: asyncio.Task[None] | None = None

    @property
    def pid(self) -> int | None:
        """Of the running process; None between two."""
        return self._child.pid if self._child else None

    def wants(self, uid: str) -> bool:
        """Whether this parent's calls are recorded: all of them or none."""
        if self._sample >= 1:
            return True
        drawn = hashlib.sha256(b"recording\0" + uid.encode("utf-8", "surrogatepass")).digest()
        return int.from_bytes(drawn[:8]) % _SHARES < round(self._sample * _SHARES)

    def take(self, taken: Taken) -> None:
        """Record one call, if there is room for it."""
        migration = taken.facts.migration
        payload = msgspec.msgpack.encode(taken)
        if self._closing or self._waiting_bytes + len(payload) > self._queue_bytes:
            self.dropped[migration, "queue"] += 1
            return
        self._queue.append((migration, payload))
        self._waiting_bytes += len(payload)
        self._settled.clear()
        self._wake.set()

    def start(self) -> None:
        self._task = asyncio.create_task(self._supervise(), name="recording")

    async def close(self, within_seconds: float) -> None:
        """Have what was taken written, as far as that takes no longer; the rest is lost, counted."""
        self._closing = True
        self._wake.set()
        with suppress(TimeoutError):
            async with asyncio.timeout(within_seconds):
                await self._settled.wait()
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
        for migration, _ in self._queue:
            self.dropped[migration, "process"] += 1
        self._queue.clear()
        self._lose_unwritten()

    async def _supervise(self) -> None:
        pause, most = _BACK_OFF_SECONDS
        while True:
            if await self._run_child():
                pause = _BACK_OFF_SECONDS[0]
            _log.warning("the recording process ended and is started again in %.1f s", pause)
            await asyncio.sleep(pause)
            pause = min(pause * 2, most)

    async def _run_child(self) -> bool:
        """Attend one run of the process until it dies; whether it ever wrote."""
        before = self.written.total()
        try:
            child = self._child = await Child.start(self._command)
        except OSError as exc:
            _log.warning("the recording process cannot be started: %s", exc)
            return False
        try:
            await self._attend(child)
        finally:
            self._child = None
            await child.end()
            self._lose_unwritten()
        return self.written.total() > before

    async def _attend(self, child: Child) -> None:
        try:
            child.send(Kind.SETUP, msgspec.msgpack.encode(self._orders))
            while True:
                for _, payload in child.receive():
                    self._account(msgspec.msgpack.decode(payload, type=Written))
                self._hand_over(child)
                await self._until_next_round(child)
        except (EOFError, ConnectionError):
            return
        except (ValueError, msgspec.MsgspecError) as exc:
            _log.warning("the recording process answered nonsense: %s", type(exc).__name__)

    def _hand_over(self, child: Child) -> None:
        while self._queue and child.flush():
            migration, payload = self._queue.popleft()
            self._waiting_bytes -= len(payload)
            self._unwritten[migration] += 1
            child.send(Kind.CALL, payload)
        due = self._closing or time.monotonic() - self._flushed_at >= _FLUSH_SECONDS
        if self._unwritten and due and not self._awaits_flush and child.flush():
            self._awaits_flush, self._flushed_at = True, time.monotonic()
            child.send(Kind.FLUSH, b"")

    async def _until_next_round(self, child: Child) -> None:
        """Nobody waits for a recording: calls are gathered, for each waking of the loop costs the proxy."""
        if not child.flush():
            await asyncio.sleep(_PRESSED_SECONDS)
        elif self._unwritten or self._queue:
            await asyncio.sleep(_GATHER_SECONDS)
        else:
            self._settled.set()
            self._wake.clear()
            await self._wake.wait()

    def _account(self, told: Written) -> None:
        self._awaits_flush = False
        for migration, count in told.written.items():
            self.written[migration] += count
            self._unwritten[migration] -= count
        for migration, reasons in told.lost.items():
            for reason, count in reasons.items():
                self.dropped[migration, reason] += count
                self._unwritten[migration] -= count
        self._unwritten = +self._unwritten
        self._say(told.problem)

    def _say(self, problem: str | None) -> None:
        if problem is not None and problem != self.problem:
            _log.error("calls are not recorded: %s", problem)
        elif problem is None and self.problem is not None:
            _log.info("calls are recorded again")
        self.problem = problem

    def _lose_unwritten(self) -> None:
        for migration, count in self._unwritten.items():
            self.dropped[migration, "process"] += count
        self._unwritten.clear()
        self._awaits_flush = False
        if not self._queue:
            self._settled.set()
