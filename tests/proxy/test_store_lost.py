"""A database corrupted under a running proxy: what memory knows is told, and the brake is moved all the same."""

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from tests.hook_server import HookServer, answer_json
from tests.proxy.bodies import config_map, request
from tests.proxy.running import running


def corrupt(database: Path) -> None:
    """Everything of it, the log that is yet to be written into it included."""
    with closing(sqlite3.connect(database)) as connection:
        assert connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone() == (0, 0, 0)
    database.write_bytes(os.urandom(database.stat().st_size))


async def test_the_brake_is_shown_and_moved_and_the_rest_is_said_to_be_unknown(
    tmp_path: Path, hook_server: Callable[..., HookServer]
):
    old = hook_server(answer_json({"attachments": []}))
    new = hook_server(answer_json({"attachments": [config_map("one")]}))
    accepts = {"accept": "text/html"}
    async with running(tmp_path, old, new, stage="live", unknown_brake="off") as proxy:
        await proxy.call(request())
        await proxy.settled()
        corrupt(tmp_path / "shadow.db")
        assert (await proxy.call(request())).headers["x-shadow-served"] == "new"

        pulled = await proxy.post("rollback", because="the store is lost")
        assert (pulled.status_code, pulled.json()["on"], pulled.json()["stored"]) == (200, True, True)
        assert (tmp_path / "shadow.db.brake").read_bytes().startswith(b'{"m":')
        assert (await proxy.call(request())).headers["x-shadow-served"] == "old"

        told = await proxy.get()
        assert (told["brake"]["on"], told["brake"]["because"], told["calls"]) == (True, "the store is lost", 3)
        verdict = await proxy.get("/verdict")
        assert verdict["verdict"] == told["verdict"]["verdict"] == "inconclusive"
        assert verdict["reasons"] == [f"the store cannot be read: store {tmp_path}/shadow.db: file is not a database"]
        ready = await proxy.client.get(f"{proxy.control}/readyz")
        assert (ready.status_code, ready.json()["store_failing"]) == (200, True)
        metrics = (await proxy.client.get(f"{proxy.control}/metrics")).text
        assert 'shadow_brake{migration="m"} 1.0' in metrics
        assert "shadow_parents{" not in metrics
        for path in ("/", "/migrations/m", "/migrations/m/brake"):
            page = await proxy.client.get(proxy.control + path, headers=accepts)
            assert (page.status_code, "the store is lost" in page.text) == (200, True), path
        for path in ("/differences", "/parents", "/history", "/report"):  # nothing found would be a lie
            assert (await proxy.client.get(f"{proxy.control}/api/v1/migrations/m{path}")).status_code == 503

        kept = await proxy.post("release", because="a release is never applied before it is stored")
        assert (kept.status_code, kept.json()["on"], kept.json()["stored"]) == (202, True, False)
        assert (await proxy.call(request())).headers["x-shadow-served"] == "old"
