"""Several replicas in the test's own process, each with a way of its own to one database."""

import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, Protocol

import pytest

from tests.hook_server import HookServer, answer_json
from tests.postgres import PostgresServer
from tests.proxy.bodies import answer, config_map
from tests.proxy.replicas.relay import Relay
from tests.proxy.running import Running, running

OLD, NEW = config_map("made", {"by": "old"}), config_map("made", {"by": "new"})


class Replica:
    """One proxy and its way to the database."""

    def __init__(self, proxy: Running, relay: Relay) -> None:
        self.proxy = proxy
        self.relay = relay


class Start(Protocol):
    async def __call__(self, *, cut: bool = False, top: dict[str, Any] | None = None, **settings: Any) -> Replica: ...


@pytest.fixture
def hooks() -> Iterator[tuple[HookServer, HookServer]]:
    with HookServer(answer_json(answer(OLD))) as old, HookServer(answer_json(answer(NEW))) as new:
        yield old, new


@pytest.fixture
def schema(postgres: PostgresServer) -> str:
    return postgres.new_schema()


@pytest.fixture
async def start(
    postgres: PostgresServer, schema: str, hooks: tuple[HookServer, HookServer], tmp_path: Path
) -> AsyncIterator[Start]:
    """Starts a replica: `await start(stage="canary", ...)`."""
    key = tmp_path / "key"
    key.write_text("fake-redaction-key-of-the-tests")
    async with AsyncExitStack() as stack:
        places = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="pg", dir="/tmp")))

        async def started(*, cut: bool = False, top: dict[str, Any] | None = None, **settings: Any) -> Replica:
            number = len(list(places.iterdir()))
            relay = Relay(places / str(number), postgres.socket)
            stack.callback(relay.close)
            if cut:
                relay.cut()
            directory = tmp_path / f"replica-{number}"
            directory.mkdir()
            common = {"store": postgres.url(schema, relay.directory), "redaction": {"key_file": str(key)}}
            settings = {"hold": []} | settings
            proxy = await stack.enter_async_context(
                running(directory, *hooks, common | (top or {}), ready=503 if cut else 200, **settings)
            )
            return Replica(proxy, relay)

        yield started
