"""The proxy as its operator has it: a configuration file to edit, and the control API."""

import asyncio
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from shadow.cli.common import CommandError
from shadow.cli.demo.scenery import CANARY_PERCENT, MIGRATION
from shadow.terms import Stage

RELOAD_SECONDS = 10.0
COUNT_SECONDS = 20.0

_CONFIGURATION = """\
server: {{hooks: "127.0.0.1:{hooks}", control: "127.0.0.1:{control}"}}
store: "sqlite:///{store}"
migrations:
  {migration}:
    stage: {stage}
    canary: {{weight: {weight}}}
    status: drop            # a Namespace's status belongs to somebody else
    hold: [delete, recreate]
    fallback: safe
    # Above the controller's five calls at a time: here every call is compared, none is dropped because a hook is busy.
    old: {{protocol: composite, url: "{old}", sync: /composite/sync, shadow_in_flight: 8}}
    new: {{protocol: decorator, url: "{new}", sync: /decorator/sync, shadow_in_flight: 8, revision: "{revision}"}}
"""


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where everybody listens: two ports of the proxy, two URLs of hooks."""

    hooks: int
    control: int
    old: str
    new: str

    @property
    def sync_url(self) -> str:
        """What the controller calls."""
        return f"http://127.0.0.1:{self.hooks}/{MIGRATION}/sync"

    @property
    def control_url(self) -> str:
        return f"http://127.0.0.1:{self.control}"


@dataclass(slots=True)
class Proxy:
    """A running proxy; `client` has the control API as its base URL."""

    addresses: Addresses
    directory: Path
    client: httpx.AsyncClient
    stage: Stage = Stage.OFF
    revision: str = "1"

    @property
    def configuration(self) -> Path:
        return self.directory / "shadow.yaml"

    def write(self) -> None:
        """The file as an editor saves it: whole, under its name at once."""
        text = _CONFIGURATION.format(
            hooks=self.addresses.hooks,
            control=self.addresses.control,
            store=self.directory / "shadow.db",
            migration=MIGRATION,
            stage=self.stage,
            weight=CANARY_PERCENT,
            old=self.addresses.old,
            new=self.addresses.new,
            revision=self.revision,
        )
        beside = self.configuration.with_suffix(".next")
        beside.write_text(text)
        beside.replace(self.configuration)

    async def change(self, *, stage: Stage | None = None, revision: str | None = None) -> float:
        """Edit the file and wait until it is in force; how many seconds that took."""
        before = (await self.status())["configuration_digest"]
        self.stage, self.revision = stage or self.stage, revision or self.revision
        started = time.monotonic()
        self.write()
        while (await self.status())["configuration_digest"] == before:
            if time.monotonic() - started > RELOAD_SECONDS:
                raise CommandError("the proxy did not take its configuration over")
            await asyncio.sleep(0.05)
        return time.monotonic() - started

    async def status(self) -> Any:
        """`GET /api/v1/migrations/{m}`."""
        return await self._json("GET", "")

    async def counted(self) -> Any:
        """The status once every call that was made has its outcome."""
        deadline = time.monotonic() + COUNT_SECONDS
        while (status := await self.status())["pending"]:
            if time.monotonic() > deadline:
                raise CommandError("comparisons do not come to an end")
            await asyncio.sleep(0.05)
        return status

    async def report(self) -> Any:
        """`GET .../report?format=json`: what differs at the present evidence."""
        return await self._json("GET", "/report?format=json")

    async def report_table(self) -> str:
        response = await self.client.get(f"/api/v1/migrations/{MIGRATION}/report?format=table")
        return response.text

    async def rollback(self, because: str) -> Any:
        return await self._json("POST", "/rollback", {"because": because})

    async def release(self, because: str, accept_digest: str) -> Any:
        return await self._json("POST", "/release", {"because": because, "accept_digest": accept_digest})

    async def _json(self, method: str, path: str, body: Any = None) -> Any:
        response = await self.client.request(method, f"/api/v1/migrations/{MIGRATION}{path}", json=body)
        if response.status_code != 200:
            raise CommandError(f"{method} {path or '/'} answered {response.status_code}: {response.text[:200]}")
        return response.json()
