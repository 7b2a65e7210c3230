"""The compare process as it is started in earnest: what it loads, and one real comparison through the pipe."""

import json
import subprocess
import sys
from pathlib import Path

import msgspec

from shadow.compare.model import Candidate, Comparison, Pair
from shadow.protocol.objects import ParentRef
from shadow.terms import Hook, Outcome, Protocol
from shadow.worker.client import CompareWorker, WorkerSettings
from tests.worker.test_client import SOON, Heard

CAPTURES = Path(__file__).parents[1] / "data" / "captures" / "kfp"
WAITING = ("httpx", "httptools", "starlette", "uvicorn", "uvloop", "opentelemetry", "sqlite3", "shadow.store")


def captured(name: str) -> tuple[bytes, bytes, ParentRef]:
    """Request and answer of a recorded composite call."""
    call = json.loads((CAPTURES / f"{name}.json").read_text())
    parent = call["request"]["parent"]
    meta = parent["metadata"]
    ref = ParentRef(parent["apiVersion"], parent["kind"], meta.get("namespace", ""), meta["name"], meta["uid"])
    return msgspec.json.encode(call["request"]), msgspec.json.encode(call["answer"]), ref


def test_nothing_that_waits_is_loaded() -> None:
    program = f"import shadow.worker.__main__, sys; print([name for name in {WAITING!r} if name in sys.modules])"
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert ran.stdout.strip() == "[]"


async def test_compares_recorded_answers_and_lets_no_secret_through() -> None:
    request, answer, parent = captured("kfp-old-composite-2.6.1-steady")
    changed = json.loads(answer)
    secret = next(child for child in changed["children"] if child["kind"] == "Secret")
    secret["data"]["accesskey"] = "ZmFrZS1wbGFudGVkLXNlY3JldA=="
    changed["status"] = {"changed": "yes"}
    old = Candidate(answer, 200)
    new = Candidate(json.dumps(changed).encode(), 200)
    heard = Heard()
    worker = CompareWorker(WorkerSettings(b"fake-key"), heard.results.append, heard.lose)
    await worker.start()
    worker.set_rules_in_force({"d1": b"[]"})
    worker.submit(Pair("same", "kfp", Hook.SYNC, Protocol.COMPOSITE, request, parent, old, old, rules_digest="d1"))
    worker.submit(Pair("other", "kfp", Hook.SYNC, Protocol.COMPOSITE, request, parent, old, new, rules_digest="d1"))
    assert await worker.drain(SOON)
    await worker.close()
    assert heard.lost == {}
    assert [result.outcome for result in heard.results] == [Outcome.MATCHED, Outcome.MISMATCHED]
    other: Comparison = heard.results[1]
    assert {difference.path for difference in other.differences} >= {"data.accesskey"}
    said = msgspec.msgpack.encode(other)
    assert b"fake-planted-secret" not in said
    assert b"ZmFrZS1wbGFudGVkLXNlY3JldA==" not in said
