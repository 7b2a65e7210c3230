"""The proxy's side of the compare process, with a real process at the other end."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from shadow.compare.model import Candidate, Comparison, Pair
from shadow.protocol.objects import ParentRef
from shadow.terms import Hook, Outcome, Protocol
from shadow.worker.client import CompareWorker, WorkerSettings

OBEDIENT = (sys.executable, str(Path(__file__).with_name("obedient.py")))
PARENT = ParentRef("v1", "Namespace", "", "team-a", "uid-1")
SOON = 20.0


def pair(id: str, order: str = "match", *, body: bytes = b"{}", rules_digest: str = "") -> Pair:
    answer = Candidate(body, 200)
    return Pair(
        id, "kfp", Hook.SYNC, Protocol.COMPOSITE, order.encode(), PARENT, answer, answer, rules_digest=rules_digest
    )


@dataclass
class Heard:
    """What the worker reported."""

    results: list[Comparison] = field(default_factory=list)
    lost: dict[str, str] = field(default_factory=dict)

    def lose(self, ids: Sequence[str], reason: str) -> None:
        for id in ids:
            assert id not in self.lost, "a pair is lost only once"
            self.lost[id] = reason

    @property
    def reasons(self) -> dict[str, str | None]:
        """What the made-up comparison said, by pair."""
        return {result.id: result.reason for result in self.results}


@asynccontextmanager
async def working(**settings: Any) -> AsyncIterator[tuple[CompareWorker, Heard]]:
    heard = Heard()
    configured = replace(WorkerSettings(b"fake-key", back_off_seconds=0.01), **settings)
    worker = CompareWorker(configured, heard.results.append, heard.lose, OBEDIENT)
    await worker.start()
    try:
        yield worker, heard
    finally:
        await worker.close()


async def test_compares_pairs_in_their_order() -> None:
    async with working() as (worker, heard):
        for number in range(100):
            assert worker.submit(pair(f"{number}", f"match {number}"))
        assert await worker.drain(SOON)
    assert [result.id for result in heard.results] == [str(number) for number in range(100)]
    assert heard.results[7].reason == "7"
    assert heard.lost == {}


async def test_redacted_answers_come_back_as_the_bytes_they_are() -> None:
    async with working() as (worker, heard):
        worker.submit(pair("large", body=b'{"children": ["\x00\xff' + b"x" * 3_000_000))
        assert await worker.drain(SOON)
    assert heard.results[0].old_answer == b'{"children": ["\x00\xff' + b"x" * 3_000_000
    assert heard.results[0].outcome is Outcome.MATCHED
    assert heard.results[0].cpu_seconds == 0.25


async def test_redaction_key_travels_down_the_pipe_and_nowhere_else() -> None:
    async with working(redaction_paths=("spec.token",)) as (worker, heard):
        worker.submit(pair("1", "key"))
        assert await worker.drain(SOON)
        assert worker.pid is not None
        process = Path(f"/proc/{worker.pid}")
        seen = (process / "cmdline").read_bytes() + (process / "environ").read_bytes()
    assert heard.reasons == {"1": "fake-key ('spec.token',)"}
    assert b"fake-key" not in seen
    assert "fake-key" not in repr(WorkerSettings(redaction_key=b"fake-key"))


async def test_process_gets_nothing_of_the_commands_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHADOW_TOKEN", "fake-token")
    async with working() as (worker, heard):
        worker.submit(pair("1", "environment"))
        assert await worker.drain(SOON)
    assert heard.reasons == {"1": "[]"}


async def test_process_steps_back_behind_the_proxy() -> None:
    async with working(memory_bytes=3 << 30) as (worker, heard):
        worker.submit(pair("1", "status"))
        assert await worker.drain(SOON)
    assert heard.reasons == {"1": f"True 1000 {3 << 30} shadow-compare"}


async def test_rules_are_sent_once_and_again_after_a_restart() -> None:
    async with working() as (worker, heard):
        worker.set_rules_in_force({"d1": b"[1]", "d2": b"[2]"})
        for id, digest in (("a", "d1"), ("b", "d2"), ("c", "d1")):
            worker.submit(pair(id, "named_rules", rules_digest=digest))
        assert await worker.drain(SOON)
        worker.submit(pair("x", "crash"))
        assert await worker.drain(SOON)
        worker.submit(pair("d", "named_rules", rules_digest="d1"))
        assert await worker.drain(SOON)
    assert heard.reasons == {"a": "[1]", "b": "[2]", "c": "[1]", "d": "[1]"}


async def test_rules_in_force_stay_known_through_any_number_of_reloads() -> None:
    async with working() as (worker, heard):
        for number in range(200):
            worker.set_rules_in_force({"mine": b"[1]", f"theirs-{number}": b"[2]"})
            if number % 50 == 0:
                worker.submit(pair(f"mine-{number}", "named_rules", rules_digest="mine"))
                worker.submit(pair(f"theirs-{number}", "named_rules", rules_digest=f"theirs-{number}"))
                assert await worker.drain(SOON)
        for digest in ("mine", "theirs-199", "theirs-150"):
            worker.submit(pair(digest, "named_rules", rules_digest=digest))
        assert await worker.drain(SOON)
    assert heard.lost == {}
    assert {reason for id, reason in heard.reasons.items() if id.startswith("mine")} == {"[1]"}
    assert {reason for id, reason in heard.reasons.items() if id.startswith("theirs")} == {"[2]"}


async def test_former_rules_are_forgotten_unless_a_waiting_pair_names_them() -> None:
    async with working(in_child=1) as (worker, heard):
        worker.set_rules_in_force({"first": b"[1]"})
        worker.submit(pair("before", "named_rules", rules_digest="first"))
        assert await worker.drain(SOON)
        worker.submit(pair("slow", "sleep 0.3"))
        worker.submit(pair("waiting", "named_rules", rules_digest="first"))
        for number in range(100):
            worker.set_rules_in_force({f"later-{number}": b"[2]"})
        assert await worker.drain(SOON)
        worker.set_rules_in_force({"last": b"[3]"})
        worker.submit(pair("late", "named_rules", rules_digest="first"))
        assert await worker.drain(SOON)
    assert heard.reasons == {"before": "[1]", "slow": "woke", "waiting": "[1]"}
    assert heard.lost == {"late": "worker"}


async def test_a_pair_with_rules_never_sent_is_lost_alone() -> None:
    async with working() as (worker, heard):
        worker.submit(pair("1", "named_rules", rules_digest="unknown"))
        worker.submit(pair("2"))
        assert await worker.drain(SOON)
    assert heard.lost == {"1": "worker"}
    assert list(heard.reasons) == ["2"]


async def test_a_full_queue_refuses_and_its_bytes_come_back() -> None:
    async with working(queue_bytes=25_000) as (worker, heard):
        assert worker.submit(pair("slow", "sleep 0.3"))
        assert worker.submit(pair("fits", body=b"x" * 2_000))
        assert not worker.submit(pair("does-not-fit", body=b"x" * 2_000))
        assert 20_000 < worker.queued_bytes <= 25_000
        assert await worker.drain(SOON)
        assert worker.queued_bytes == 0
        assert worker.submit(pair("fits-now", body=b"x" * 2_000))
        assert await worker.drain(SOON)
    assert list(heard.reasons) == ["slow", "fits", "fits-now"]
    assert heard.lost == {}


async def test_a_pair_that_alone_is_larger_than_the_queue_is_refused() -> None:
    async with working(queue_bytes=25_000) as (worker, heard):
        assert not worker.submit(pair("too-large", body=b"x" * 25_001))
        assert worker.queued_bytes == 0
        assert worker.submit(pair("fits", body=b"x" * 2_000))
        assert await worker.drain(SOON)
    assert list(heard.reasons) == ["fits"]


async def test_an_id_is_taken_only_once_at_a_time() -> None:
    async with working() as (worker, heard):
        assert worker.submit(pair("1"))
        assert not worker.submit(pair("1"))
        assert await worker.drain(SOON)
        assert worker.submit(pair("1"))
        assert await worker.drain(SOON)
    assert [result.id for result in heard.results] == ["1", "1"]


async def test_a_crash_loses_what_the_process_held_and_nothing_else() -> None:
    async with working(in_child=4) as (worker, heard):
        for number in range(20):
            worker.submit(pair(f"{number}", "crash" if number == 5 else "match"))
        assert await worker.drain(SOON)
    assert "5" in heard.lost
    assert 1 <= len(heard.lost) <= 4
    assert set(heard.lost.values()) == {"worker"}
    assert len(heard.results) + len(heard.lost) == 20


async def test_a_killed_process_is_started_again() -> None:
    async with working() as (worker, heard):
        worker.submit(pair("before"))
        assert await worker.drain(SOON)
        first = worker.pid
        assert first is not None
        os.kill(first, signal.SIGKILL)
        worker.submit(pair("after"))
        assert await worker.drain(SOON)
        assert worker.pid != first
    assert len(heard.results) + len(heard.lost) == 2


async def test_a_comparison_that_burns_cpu_is_ended_and_counted_as_budget() -> None:
    async with working(budget_seconds=0.1, kill_factor=2.0) as (worker, heard):
        worker.submit(pair("hot", "burn"))
        worker.submit(pair("behind"))
        assert await worker.drain(SOON)
        worker.submit(pair("next"))
        assert await worker.drain(SOON)
    assert heard.lost == {"hot": "budget", "behind": "worker"}
    assert list(heard.reasons) == ["next"]


async def test_waiting_without_cpu_costs_no_budget() -> None:
    async with working(budget_seconds=0.05, kill_factor=2.0) as (worker, heard):
        worker.submit(pair("1", "sleep 0.4"))
        assert await worker.drain(SOON)
    assert heard.reasons == {"1": "woke"}


async def test_the_budget_is_per_comparison() -> None:
    async with working(budget_seconds=0.2, kill_factor=1.0) as (worker, heard):
        for number in range(400):
            worker.submit(pair(f"{number}", body=b"x" * 100_000))
        assert await worker.drain(SOON)
    assert heard.lost == {}


@pytest.mark.parametrize("order", ["fail fake-secret", "hoard"], ids=["exception", "out of memory"])
async def test_a_comparison_that_raises_is_lost_alone_and_quotes_nothing(
    order: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with working() as (worker, heard):
        worker.submit(pair("1", order))
        worker.submit(pair("2"))
        assert await worker.drain(SOON)
    assert heard.lost == {"1": "worker"}
    assert list(heard.reasons) == ["2"]
    assert "obedient.py:" in caplog.text
    assert "fake-secret" not in caplog.text


async def test_what_a_comparison_prints_is_not_taken_for_an_answer(capfd: pytest.CaptureFixture[str]) -> None:
    async with working() as (worker, heard):
        worker.submit(pair("1", "show said"))
        assert await worker.drain(SOON)
    assert heard.reasons == {"1": "said"}
    assert "a stray line" in capfd.readouterr().err


async def test_nonsense_on_the_pipe_ends_the_process_and_a_new_one_goes_on() -> None:
    async with working() as (worker, heard):
        worker.submit(pair("1", "babble"))
        assert await worker.drain(SOON)
        worker.submit(pair("2"))
        assert await worker.drain(SOON)
    assert heard.lost == {"1": "worker"}
    assert list(heard.reasons) == ["2"]


async def test_close_loses_the_rest_as_shutdown() -> None:
    async with working(in_child=2) as (worker, heard):
        for number in range(5):
            worker.submit(pair(f"{number}", "sleep 30"))
        started = time.monotonic()
        await worker.close()
        assert time.monotonic() - started < 5
        assert not worker.submit(pair("late"))
        assert worker.queued_bytes == 0
    assert heard.lost == {f"{number}": "shutdown" for number in range(5)}


async def test_drain_gives_up_when_time_is_out() -> None:
    async with working() as (worker, _):
        worker.submit(pair("1", "sleep 30"))
        assert not await worker.drain(0.1)


async def test_a_raising_callback_ends_nothing(caplog: pytest.LogCaptureFixture) -> None:
    heard: list[str] = []

    def take(result: Comparison) -> None:
        if result.id == "1":
            raise RuntimeError("a fault of ours")
        heard.append(result.id)

    worker = CompareWorker(WorkerSettings(b"fake-key"), take, lambda ids, reason: None, OBEDIENT)
    await worker.start()
    worker.submit(pair("1"))
    worker.submit(pair("2"))
    assert await worker.drain(SOON)
    await worker.close()
    assert heard == ["2"]
    assert "could not be taken" in caplog.text


async def test_a_command_that_cannot_be_executed_is_tried_again_and_keeps_the_queue() -> None:
    heard = Heard()
    worker = CompareWorker(
        WorkerSettings(b"fake-key", back_off_seconds=0.01), heard.results.append, heard.lose, ("/nowhere/python",)
    )
    await worker.start()
    assert worker.submit(pair("1"))
    await asyncio.sleep(0.1)
    assert worker.pid is None
    await worker.close()
    assert heard.lost == {"1": "shutdown"}


def test_process_ends_when_the_proxy_is_killed_amid_a_comparison(tmp_path: Path) -> None:
    script = tmp_path / "proxy.py"
    script.write_text(
        "import asyncio, sys\n"
        "from tests.worker.test_client import OBEDIENT, pair\n"
        "from shadow.worker.client import CompareWorker, WorkerSettings\n"
        "async def main():\n"
        "    worker = CompareWorker(WorkerSettings(b'k'), lambda r: print(worker.pid, flush=True), print, OBEDIENT)\n"
        "    await worker.start()\n"
        "    worker.submit(pair('1'))\n"
        "    worker.submit(pair('2', 'burn'))\n"
        "    await asyncio.sleep(60)\n"
        "asyncio.run(main())\n"
    )
    root = str(Path(__file__).parents[2])
    environment = {**os.environ, "PYTHONPATH": root}
    with subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE, env=environment, cwd=root) as proxy:
        assert proxy.stdout is not None
        child = int(proxy.stdout.readline())
        assert _runs(child)
        proxy.kill()
    deadline = time.monotonic() + SOON
    while _runs(child) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not _runs(child)


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False
