"""A whole proxy in the test's own process: real sockets, a real store, a real compare process."""

import asyncio
import itertools
import json
import os
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import httpx

from shadow.app import serve
from shadow.config.digest import configuration_digest
from shadow.config.load import load
from tests import canary
from tests.hook_server import HookServer

Json = dict[str, Any]

_CERTIFICATES = ssl.create_default_context()  # loaded once: a client of its own each time takes longer than the proxy


_PORTS = itertools.cycle(range(first := 10_000 + os.getpid() % 200 * 100, first + 100))


def free_port() -> int:
    """A port for a server that is yet to be started.

    Not one that the system hands out: before the server is there, an outgoing connection could get it. And of each
    process's own, so that tests side by side do not take each other's.
    """
    for port in itertools.islice(_PORTS, 100):
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise AssertionError("none of 100 ports is free")


class Running:
    """One proxy with one migration, `m`."""

    def __init__(self, directory: Path, old: HookServer | str, new: HookServer | str, settings: Json) -> None:
        self.directory = directory
        self.path = directory / "shadow.yaml"
        self.hooks = f"http://127.0.0.1:{free_port()}"
        self.control = f"http://127.0.0.1:{free_port()}"
        old_url, new_url = (side if isinstance(side, str) else side.url for side in (old, new))
        self.migration: Json = {
            "old": {"protocol": "decorator", "url": old_url, "sync": "/sync"},
            "new": {"protocol": "decorator", "url": new_url, "sync": "/sync"},
        }
        self.others: Json = {}  # more migrations by name, served beside `m`
        self.top: Json = {
            "server": {"hooks": self.hooks[7:], "control": self.control[7:]},
            "store": f"sqlite:///{directory}/shadow.db",
        }
        self.configure(**settings)
        self.client = httpx.AsyncClient(timeout=60, verify=_CERTIFICATES, event_hooks={"response": [self._searched]})
        self.end = asyncio.Event()

    def configure(self, **settings: Any) -> None:
        """Change keys of the migration (`old__timeout` reaches into `old`) and write the file."""
        for key, value in settings.items():
            section, _, inner = key.rpartition("__")
            target = self.migration[section] if section else self.migration
            target[inner] = value
        self.path.write_text(json.dumps(self.top | {"migrations": {"m": self.migration, **self.others}}))

    async def call(self, body: bytes, hook: str = "sync", to: str = "m", **headers: str) -> httpx.Response:
        common = {"content-type": "application/json", "cookie": canary.COOKIE}
        sent = {**common, **{name.replace("_", "-"): text for name, text in headers.items()}}
        return await self.client.post(f"{self.hooks}/{to}/{hook}", content=body, headers=sent)

    async def _searched(self, response: httpx.Response) -> None:
        """What the control address says holds no secret, whatever is asked."""
        if str(response.url).startswith(self.control):
            await response.aread()
            assert not canary.is_in(str(response.headers).encode() + response.content), response.url

    async def get(self, path: str = "") -> Any:
        response = await self.client.get(f"{self.control}/api/v1/migrations/m{path}")
        response.raise_for_status()
        return response.json()

    async def post(self, path: str, **body: Any) -> httpx.Response:
        return await self.client.post(f"{self.control}/api/v1/migrations/m/{path}", json=body)

    async def settled(self) -> Json:
        """The counts once no call is pending; comparing has idle priority, so a busy machine takes long."""
        for _ in range(1200):
            found: Json = await self.get()
            if found["pending"] == 0:
                assert found["calls"] == sum(found["comparisons"].values()) + found["dropped"]
                return found
            await asyncio.sleep(0.05)
        raise AssertionError(f"still pending: {found}")

    async def reconfigured(self, **settings: Any) -> Json:
        """Change keys of the migration and wait until that is served."""
        self.configure(**settings)
        return await self.taken_over(configuration_digest=configuration_digest(load(self.path)))

    async def taken_over(self, **expected: Any) -> Json:
        """Wait until the API shows these values."""
        for _ in range(1200):
            found: Json = await self.get()
            if all(found[key] == value for key, value in expected.items()):
                return found
            await asyncio.sleep(0.05)
        raise AssertionError(f"{expected} did not come about: {found}")


@asynccontextmanager
async def running(
    directory: Path,
    old: HookServer | str,
    new: HookServer | str,
    top: Json | None = None,
    others: Json | None = None,
    ready: int = 200,
    **settings: Any,
) -> AsyncIterator[Running]:
    """A proxy that serves while the block runs, and drains at its end.

    Args:
        ready: what `/readyz` is to answer before the block begins.
    """
    proxy = Running(directory, old, new, settings)
    for key, value in (top or {}).items():
        proxy.top[key] = {**proxy.top[key], **value} if key == "server" else value
    proxy.others = others or {}
    proxy.configure()
    end = proxy.end
    task = asyncio.create_task(serve(proxy.path, {}, end.wait))
    try:
        await _until_ready(proxy, task, ready)
        yield proxy
    finally:
        end.set()
        await proxy.client.aclose()
        await asyncio.wait_for(task, 30)


async def _until_ready(proxy: Running, task: asyncio.Task[None], status: int) -> None:
    for _ in range(1200):  # a minute: nobody waits that long for a proxy, but for the processor
        if task.done():
            task.result()
        try:
            if (await proxy.client.get(f"{proxy.control}/readyz")).status_code == status:
                return
        except httpx.TransportError:
            pass
        await asyncio.sleep(0.05)
    raise AssertionError("the proxy is not ready after a minute")
