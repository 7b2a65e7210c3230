"""A real recording process: every call is written or counted as lost, whatever happens to either side."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest

from shadow.recordings.client import Recording
from shadow.recordings.reader import Reader, files_of
from shadow.recordings.taken import Orders, Taken
from tests.proxy.bodies import request
from tests.recordings.test_scribe import FACTS, taken


def orders(directory: Path) -> Orders:
    return Orders(b"k" * 32, (), str(directory), 1 << 20, "0.1.0", "host")


def call(name: str, body: bytes = b"") -> Taken:
    return taken(body, facts=msgspec.structs.replace(FACTS, call=name))


def calls_in(directory: Path) -> list[str]:
    return [each.call for each in Reader(files_of([directory]), print)]


@asynccontextmanager
async def recording(directory: Path, **settings) -> AsyncIterator[Recording]:
    keeper = Recording(orders(directory), **settings)
    keeper.start()
    try:
        yield keeper
    finally:
        await keeper.close(20)


async def until(condition: Callable[[], bool]) -> None:
    for _ in range(400):
        if condition():
            return
        await asyncio.sleep(0.02)
    raise AssertionError("it did not come about in 8 s")


async def test_what_was_taken_is_written_in_order_also_at_the_end(tmp_path: Path):
    async with recording(tmp_path) as keeper:
        for number in range(20):
            keeper.take(call(str(number)))
    assert calls_in(tmp_path) == [str(number) for number in range(20)]
    assert (keeper.written["m"], keeper.dropped.total(), keeper.problem) == (20, 0, None)


async def test_what_does_not_fit_and_what_nobody_can_read_is_counted(tmp_path: Path):
    async with recording(tmp_path, queue_bytes=100_000) as keeper:
        keeper.take(call("large", request() + b" " * 200_000))
        keeper.take(call("odd", b"[" * 2000 + b"]" * 2000))
        keeper.take(call("fine"))
    assert calls_in(tmp_path) == ["fine"]
    assert dict(keeper.dropped) == {("m", "queue"): 1, ("m", "unreadable"): 1}


async def test_a_disk_that_takes_nothing_is_survived_counted_and_told(tmp_path: Path, caplog):
    caplog.set_level("INFO")
    (tmp_path / "calls").write_text("a file where the directory should be")
    async with recording(tmp_path / "calls") as keeper:
        keeper.take(call("lost"))
        await until(lambda: keeper.dropped["m", "disk"] == 1)
        assert "File exists" in str(keeper.problem)
        (tmp_path / "calls").unlink()
        keeper.take(call("kept"))
        await until(lambda: keeper.written["m"] == 1)
        assert keeper.problem is None
    assert calls_in(tmp_path / "calls") == ["kept"]
    assert [record.levelname for record in caplog.records if "record" in record.message] == ["ERROR", "INFO"]


async def test_a_killed_process_loses_no_more_than_what_it_had_not_written(tmp_path: Path):
    async with recording(tmp_path) as keeper:
        keeper.take(call("before"))
        await until(lambda: keeper.written["m"] == 1)
        child = keeper.pid
        assert child is not None
        os.kill(child, signal.SIGKILL)
        keeper.take(call("after"))
        await until(lambda: keeper.written["m"] + keeper.dropped.total() == 2)
    assert calls_in(tmp_path)[0] == "before"


async def test_nothing_is_taken_after_the_end(tmp_path: Path):
    async with recording(tmp_path) as keeper:
        pass
    keeper.take(call("late"))
    assert dict(keeper.dropped) == {("m", "queue"): 1}


@pytest.mark.parametrize("sample", [0.0, 0.3, 1.0])
async def test_a_share_of_the_parents_is_recorded_always_the_same(tmp_path: Path, sample: float):
    keeper = Recording(orders(tmp_path), sample)
    wanted = [keeper.wants(f"uid-{number}") for number in range(2000)]
    assert abs(sum(wanted) / 2000 - sample) < 0.04
    assert wanted == [Recording(orders(tmp_path), sample).wants(f"uid-{number}") for number in range(2000)]


def test_the_process_neither_waits_nor_knows_a_network():
    waiting = ("asyncio", "httpx", "starlette", "sqlite3", "pydantic")
    program = f"import shadow.recordings.__main__, sys; print([name for name in {waiting!r} if name in sys.modules])"
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"
