"""Real processes over one database, killed and frozen at bad moments under calls: no answer may be wrong."""

import itertools
import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.hook_server import HookServer, answer_json
from tests.postgres import PostgresServer
from tests.proxy.bodies import answer, request
from tests.proxy.replicas.conftest import NEW, OLD
from tests.proxy.running import free_port

GRACE_SECONDS = 6.0
Json = dict[str, Any]


class Process:
    """One `shadow serve`."""

    def __init__(self, directory: Path, number: int, document: Json) -> None:
        self.hooks, self.control = (f"http://127.0.0.1:{free_port()}" for _ in range(2))
        self.path = directory / f"{number}.yaml"
        server = {"hooks": self.hooks[7:], "control": self.control[7:], "replica_grace": f"{GRACE_SECONDS}s"}
        self.path.write_text(json.dumps({"server": server} | document))
        self.log = directory / f"{number}.log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "shadow", "serve", "--config", str(self.path)], stdout=log, stderr=log
            )

    def until_ready(self) -> None:
        for _ in range(600):
            assert self.process.poll() is None, self.log.read_text()
            try:
                if httpx.get(f"{self.control}/readyz").status_code == 200:
                    return
            except httpx.TransportError:
                pass
            time.sleep(0.05)
        raise AssertionError(self.log.read_text())

    def post(self, action: str) -> Json:
        body = {"because": "test"}
        found: Json = httpx.post(f"{self.control}/api/v1/migrations/m/{action}", json=body, timeout=20).json()
        return found

    def get(self, path: str = "") -> Json:
        found: Json = httpx.get(f"{self.control}/api/v1/migrations/m{path}", timeout=20).json()
        return found

    def end(self) -> None:
        self.process.send_signal(signal.SIGCONT)
        self.process.kill()
        self.process.wait(20)


class Caller(threading.Thread):
    """Calls one replica after another for one parent, and remembers when each call began and who answered."""

    def __init__(self, number: int, addresses: list[str]) -> None:
        super().__init__(daemon=True)
        self.number = number
        self.told: list[tuple[float, str, str]] = []  # when it began, where, by whom
        self.lost = 0
        self._addresses = itertools.cycle(addresses)
        self._over = threading.Event()

    def run(self) -> None:
        body = request(uid=f"uid-{self.number}", name=f"team-{self.number}")
        headers = {"content-type": "application/json"}
        with httpx.Client(timeout=10, headers=headers) as client:
            while not self._over.wait(0.03):
                began, address = time.monotonic(), next(self._addresses)
                try:
                    response = client.post(f"{address}/m/sync", content=body)
                except httpx.TransportError:
                    self.lost += 1
                    continue
                by = response.headers.get("x-shadow-served") or str(response.json()["code"])
                assert (response.status_code == 200) is (by in ("old", "new"))
                self.told.append((began, address, by))

    def end(self) -> None:
        self._over.set()
        self.join(20)


@pytest.fixture
def places(postgres: PostgresServer, tmp_path: Path) -> Iterator[tuple[Path, Json, ExitStack]]:
    """Where processes are started, and what they are all told."""
    key = tmp_path / "key"
    key.write_text("fake-redaction-key-of-the-tests")
    with ExitStack() as stack:
        old = stack.enter_context(HookServer(answer_json(answer(OLD))))
        new = stack.enter_context(HookServer(answer_json(answer(NEW))))
        side = {"protocol": "decorator", "sync": "/sync"}
        migration = {
            "stage": "live",
            "unknown_brake": "off",
            "old": side | {"url": old.url},
            "new": side | {"url": new.url},
        }
        document = {
            "store": postgres.url(postgres.new_schema()),
            "redaction": {"key_file": str(key)},
            "migrations": {"m": migration},
        }
        yield tmp_path, document, stack


def answers(callers: list[Caller], since: float, by: str, at: list[Process]) -> int:
    """How many calls that began after then were answered there by this one."""
    addresses = {process.hooks for process in at}
    told = (each for caller in callers for each in caller.told)
    return sum(began > since and address in addresses and who == by for began, address, who in told)


def test_frozen_and_killed_processes_give_no_wrong_answer(places) -> None:
    directory, document, stack = places
    fleet = [Process(directory, number, document) for number in range(3)]
    for process in fleet:
        stack.callback(process.end)
    for process in fleet:
        process.until_ready()
    one, two, three = fleet
    one.post("release")
    callers = [Caller(number, [process.hooks for process in fleet]) for number in range(4)]
    for caller in callers:
        caller.start()
        stack.callback(caller.end)
    time.sleep(1.0)

    # 1. One is frozen while another one pulls: it is missing, and when it wakes up it knows before it answers.
    two.process.send_signal(signal.SIGSTOP)
    time.sleep(0.3)
    pulled = one.post("rollback")
    known = time.monotonic()
    assert (pulled["on"], pulled["stored"], pulled["replicas"]["of"]) == (True, True, 3)
    assert len(pulled["replicas"]["missing"]) == 1
    time.sleep(0.7)
    two.process.send_signal(signal.SIGCONT)
    time.sleep(1.0)
    assert answers(callers, known, "new", fleet) == 0
    assert one.post("rollback")["replicas"] == {"acknowledged": 3, "of": 3, "missing": []}

    # 2. One is killed amid a release: it is missing until its lease is over, the others let go together.
    three.process.kill()
    released = one.post("release")
    assert released["on"] is False
    assert len(released["replicas"]["missing"]) == 1
    known = time.monotonic()
    time.sleep(1.0)
    assert answers(callers, known, "old", [one, two]) == 0

    # 3. One is frozen for longer than its lease while the stage changes: it is not waited for beyond that, and when it
    #    wakes up it answers nothing that it began with.
    two.process.send_signal(signal.SIGSTOP)
    document["migrations"]["m"]["stage"] = "shadow"
    one.path.write_text(json.dumps(json.loads(one.path.read_text()) | document))
    while one.get()["stage"] != "shadow":
        time.sleep(0.1)
    known = time.monotonic()
    time.sleep(0.5)
    two.process.send_signal(signal.SIGCONT)
    time.sleep(1.5)
    for caller in callers:
        caller.end()
    assert answers(callers, known, "new", fleet) == 0
    assert answers(callers, known, "old", [two]) > 0
    answered = answers(callers, 0.0, "old", fleet) + answers(callers, 0.0, "new", fleet)
    assert answered > 100

    # Nothing is lost or counted twice, the killed one's calls included.
    for _ in range(200):
        found = one.get()
        if found["pending"] == 0:
            break
        time.sleep(0.1)
    assert found["calls"] == sum(found["comparisons"].values()) + found["dropped"]
    assert found["pending"] == 0
    assert found["calls"] >= answered - 50 * len(callers)  # of the killed one's last half second, which nobody wrote
