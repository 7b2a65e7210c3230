"""What the campaign strikes: one proxy with a migration in each stage, its two implementations, and callers."""

import asyncio
import json
import math
import random
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Any

import httpx

from shadow.terms import Side, Stage
from tests.faults.callers import WEIGHT_PERCENT, Callers
from tests.faults.collector import Collector
from tests.faults.implementations import Implementation
from tests.faults.process import Served, get
from tests.postgres import PostgresServer
from tests.proxy.running import free_port

TIMEOUT = "700ms"
"""Of an implementation: short, so that a hanging one is seen to hang many times."""
FRONT_TIMEOUT = "3s"
_PATIENCE_SECONDS = 60.0
"""Without a single comparison."""


@dataclass(slots=True)
class Counted:
    """What the API counts over all migrations."""

    calls: int = 0
    pending: int = 0
    dropped: int = 0
    comparisons: Counter[str] = field(default_factory=Counter)
    dropped_by: Counter[str] = field(default_factory=Counter)

    def since(self, before: "Counted") -> "Counted":
        return Counted(
            self.calls - before.calls,
            self.pending,
            self.dropped - before.dropped,
            self.comparisons - before.comparisons,
            self.dropped_by - before.dropped_by,
        )


class Scene:
    def __init__(self, directory: Path, seed: int, database: PostgresServer | None = None) -> None:
        """`database`: None is SQLite in a file."""
        self.database = database
        self.luck = random.Random(seed)
        self.old, self.new = Implementation(Side.OLD), Implementation(Side.NEW)
        self.collector = Collector()
        self.hooks_port, control_port = free_port(), free_port()
        self.control = f"http://127.0.0.1:{control_port}"
        self.braked: set[Stage] = set()  # acknowledged as stored
        self.directory = directory
        self._top: dict[str, Any] = {}
        self._control_port = control_port
        self._number = 0

    async def open(self) -> None:
        for each in (self.old, self.new, self.collector):
            await each.start()
        self._furnish()
        await self._begin()

    async def _begin(self) -> None:
        """A person says that there is no brake: over an empty store the proxy does not guess that."""
        await self.proxy.start()
        for stage in (Stage.CANARY, Stage.LIVE, Stage.COMPLETE):
            await self.release(stage)

    def _furnish(self) -> None:
        """A directory of its own for the next proxy."""
        self._number += 1
        self.home = self.directory / str(self._number)
        self.home.mkdir(parents=True)
        self.store = self.home / "shadow.db"
        schema = self.database.new_schema() if self.database is not None else None
        self._store_url = f"sqlite:///{self.store}" if self.database is None else self.database.url(schema)
        (self.home / "key").write_text("fake-redaction-key-of-the-campaign")
        self.braked.clear()
        self.configure()
        self.proxy = Served(self.home, self.control)

    def configure(self, weight: int | str = WEIGHT_PERCENT, **top: Any) -> None:
        """Write the configuration file."""
        self._top |= top
        migration = {
            "canary": {"weight": weight},
            "front_timeout": FRONT_TIMEOUT,
            # Most of what is to be seen here is a failing `new`: a guard would end that at once.
            "guard": {"min_calls": 1_000_000, "then": "warn"},
            "old": {"protocol": "composite", "url": self.url(self.old), "sync": "/sync", "timeout": TIMEOUT},
            "new": {"protocol": "decorator", "url": self.url(self.new), "sync": "/sync", "timeout": TIMEOUT},
        }
        whole = {
            "server": {"hooks": f"127.0.0.1:{self.hooks_port}", "control": f"127.0.0.1:{self._control_port}"},
            "store": self._store_url,
            "redaction": {"key_file": str(self.home / "key")},
            "telemetry": {"otlp_endpoint": self.collector.url, "sample": "5%"},
            "migrations": {stage.value: migration | {"stage": stage.value} for stage in Stage},
            **self._top,
        }
        fresh = self.home / "shadow.yaml.new"
        fresh.write_text(json.dumps(whole))
        fresh.rename(self.home / "shadow.yaml")

    @staticmethod
    def url(implementation: Implementation) -> str:
        return f"http://implementations.test:{implementation.port}"

    async def anew(self) -> None:
        """Another proxy over an empty directory: what the last one had was damaged on purpose."""
        await self.proxy.kill()
        self._furnish()
        await self._begin()

    def callers(self, number: int, **more: Any) -> Callers:
        callers = Callers(self.hooks_port, self.luck, self.braked.__contains__, **more)
        callers.start(number)
        return callers

    async def pull(self, stage: Stage = Stage.CANARY, seconds: float = 20.0) -> dict[str, Any]:
        """The brake of one migration; remembered as pulled only if the answer says that it is stored."""
        async with httpx.AsyncClient(timeout=seconds) as client:
            answer = await client.post(f"{self._of(stage)}/rollback", json={"because": "the campaign"})
        told: dict[str, Any] = answer.json()
        replicas = told["replicas"]  # one that was killed is missed for a while; a busy database names nobody
        complete = told["stored"] and not replicas["missing"] and not replicas.get("uncertain")
        assert answer.status_code == (200 if complete else 202), told
        assert told["on"] is True
        if told["stored"]:
            self.braked.add(stage)
        return told

    async def release(self, stage: Stage = Stage.CANARY) -> None:
        self.braked.discard(stage)
        async with httpx.AsyncClient(timeout=20) as client:
            answer = await client.post(f"{self._of(stage)}/release", json={"because": "the campaign"})
        assert (answer.status_code in (200, 202), answer.json()["stored"]) == (True, True), answer.text

    async def survives_a_kill(self, stage: Stage = Stage.CANARY) -> None:
        """The brake, pulled before, is on afterwards; then it is released."""
        assert stage in self.braked
        while (await self.ready())["store_failing"]:  # what a store missed meanwhile it gets now
            await asyncio.sleep(0.1)
        await asyncio.sleep(0.6)
        await self.proxy.kill()
        await self.proxy.start()
        assert (await self.brake(stage))["on"], "a stored brake was forgotten"
        await self.release(stage)

    async def brake(self, stage: Stage = Stage.CANARY) -> dict[str, Any]:
        return (await get(self._of(stage)))["brake"]  # type: ignore[no-any-return]

    def _of(self, stage: Stage) -> str:
        return f"{self.control}/api/v1/migrations/{stage}"

    async def counted(self) -> Counted:
        counted = Counted()
        for stage in Stage:
            told = await get(self._of(stage))
            assert told["calls"] == sum(told["comparisons"].values()) + told["dropped"] + told["pending"], told
            counted.calls += told["calls"]
            counted.pending += told["pending"]
            counted.dropped += told["dropped"]
            counted.comparisons.update(told["comparisons"])
            counted.dropped_by.update(told["dropped_by"])
        return counted

    async def settled(self) -> Counted:
        """Once no call is pending. Comparing has idle priority, so that may take long, but it goes on."""
        least, since = math.inf, monotonic()
        while (counted := await self.counted()).pending:
            if counted.pending < least:
                least, since = counted.pending, monotonic()
            assert monotonic() < since + _PATIENCE_SECONDS, f"still pending: {counted}"
            await asyncio.sleep(0.05)
        return counted

    async def ready(self) -> dict[str, Any]:
        return await get(f"{self.control}/readyz")  # type: ignore[no-any-return]

    async def close(self) -> None:
        await self.proxy.kill()
        for each in (self.old, self.new, self.collector):
            await each.stop()


@asynccontextmanager
async def scene(directory: Path, seed: int, database: PostgresServer | None = None) -> AsyncIterator[Scene]:
    one = Scene(directory, seed, database)
    try:
        await one.open()
        yield one
    finally:
        await one.close()
