"""Metacontroller's part in the campaign: many callers at once, each knowing which answers to its call are right."""

import asyncio
import hashlib
import json
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

from shadow.terms import Side, Stage
from tests.faults.implementations import ONE, answer_of
from tests.proxy.bodies import observed, request

PARENTS = 40
"""Of each migration."""
WEIGHT_PERCENT = 30
LATE_SECONDS = 10.0
"""When Metacontroller gives a call up."""


@dataclass(slots=True)
class Figures:
    """What became of the calls. Every call that was sent is in exactly one of served, errors, lost and wrong."""

    sent: int = 0
    served: int = 0
    errors: Counter[int] = field(default_factory=Counter)  # by status: nothing is applied, Metacontroller comes back
    lost: Counter[str] = field(default_factory=Counter)  # no answer: the connection broke, or nothing came in time
    wrong: list[str] = field(default_factory=list)  # a 200 that is not the right answer
    unconnected: int = 0  # nobody listened, so nothing was sent
    slowest_seconds: float = 0.0

    @property
    def answered(self) -> int:
        return self.served + self.errors.total()


def primary_of(stage: Stage, uid: str) -> Side:
    """As the contract says it, told without the code under test."""
    bucket = int.from_bytes(hashlib.sha256(uid.encode()).digest()[:8], "big") % 10_000
    if stage in (Stage.LIVE, Stage.COMPLETE) or (stage is Stage.CANARY and bucket < WEIGHT_PERCENT * 100):
        return Side.NEW
    return Side.OLD


@dataclass(frozen=True, slots=True)
class Question:
    """A call, and what its answer has to be."""

    stage: Stage
    key: str
    nonce: str
    allowed: frozenset[Side]
    body: bytes

    def fault_of(self, served: bytes | None, body: bytes) -> str | None:
        """What is wrong with a 200."""
        try:
            said = json.loads(body)
            side = Side(said["status"]["side"])
        except (ValueError, KeyError, TypeError):
            return f"{self.stage}: no implementation says {body[:80]!r}"
        if side not in self.allowed:
            return f"{self.stage}: `{side}` was served"
        right = answer_of(side, self.key, self.nonce)
        said["status"].pop("observedGeneration", None)  # what translation adds for a decorator front
        if said != right or served != side.value.encode():
            return f"{self.stage}: {said} instead of {right}, called {served!r}"
        return None


class Callers:
    """Calls until told to stop; `figures` are of all of them."""

    def __init__(
        self, port: int, luck: random.Random, is_braked: Callable[[Stage], bool], padding: int = 0, pause: float = 0.02
    ) -> None:
        """
        Args:
            is_braked: whether a brake was acknowledged as stored before this moment.
            padding: bytes added to each request.
            pause: seconds between two calls of one caller.
        """
        self.figures = Figures()
        self._port = port
        self._luck = luck
        self._is_braked = is_braked
        self._padding = "x" * padding
        self._pause = pause
        self._tasks: list[asyncio.Task[None]] = []
        self._stopping = False

    def start(self, number: int) -> None:
        self._tasks = [asyncio.create_task(self._call_until_stopped()) for _ in range(number)]

    async def stop(self) -> Figures:
        """Finish the calls that are under way."""
        self._stopping = True
        await asyncio.gather(*self._tasks)
        return self.figures

    def question(self) -> Question:
        stage = self._luck.choice(list(Stage))
        protocol = self._luck.choice(["composite", "decorator"])
        uid = f"{stage}-{self._luck.randrange(PARENTS)}"
        nonce = f"{self._luck.getrandbits(64):x}"
        message: dict[str, Any] = json.loads(request(observed(ONE), protocol=protocol, uid=uid, name=uid))
        root, key = ("parent", "children") if protocol == "composite" else ("object", "attachments")
        message[root]["metadata"]["annotations"] = {"nonce": nonce, "padding": self._padding}
        primary = primary_of(stage, uid)
        allowed = {Side.OLD} if self._is_braked(stage) else {primary}
        if stage in (Stage.CANARY, Stage.LIVE):
            allowed.add(Side.OLD)  # the fallback
        return Question(stage, key, nonce, frozenset(allowed), json.dumps(message).encode())

    async def _call_until_stopped(self) -> None:
        streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        while not self._stopping:
            await asyncio.sleep(self._luck.random() * 2 * self._pause)
            if streams is not None and streams[0].at_eof():  # closed between two calls: nothing is sent there
                streams[1].close()
                streams = None
            try:
                streams = streams or await asyncio.open_connection("127.0.0.1", self._port, limit=1 << 20)
            except OSError:
                self.figures.unconnected += 1
                continue
            if not await self._call(*streams):
                streams[1].close()
                streams = None
        if streams is not None:
            streams[1].close()

    async def _call(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """One call; whether the connection can take another one."""
        question, figures, started = self.question(), self.figures, monotonic()
        head = f"POST /{question.stage}/sync HTTP/1.1\r\nhost: x\r\ncontent-length: {len(question.body)}\r\n\r\n"
        figures.sent += 1
        try:
            async with asyncio.timeout(LATE_SECONDS):
                writer.write(head.encode() + question.body)
                await writer.drain()
                lines = (await reader.readuntil(b"\r\n\r\n")).lower().split(b"\r\n")
                headers = dict(line.split(b": ", 1) for line in lines[1:] if line)
                body = await reader.readexactly(int(headers[b"content-length"]))
        except TimeoutError:
            figures.lost["late"] += 1
            return False
        except (OSError, asyncio.IncompleteReadError) as exc:
            figures.lost[type(exc).__name__] += 1
            return False
        figures.slowest_seconds = max(figures.slowest_seconds, monotonic() - started)
        status = int(lines[0].split()[1])
        if status != 200:
            figures.errors[status] += 1
        elif fault := question.fault_of(headers.get(b"x-shadow-served"), body):
            figures.wrong.append(fault)
        else:
            figures.served += 1
        return headers.get(b"connection") != b"close"
