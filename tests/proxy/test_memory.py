"""What all calls hold together is bounded: first nobody is asked in the shadow, then calls are turned away."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.hook_server import HookServer, answer_json
from tests.proxy.bodies import answer, config_map, request
from tests.proxy.running import Json, Running, running

Start = Callable[..., HookServer]
KIB = 1024
ONE = config_map("one")


def padded(size: int) -> bytes:
    return request(config_map("one", {"padding": "x" * size}))


async def gauges(proxy: Running) -> dict[str, float]:
    lines = (await proxy.client.get(f"{proxy.control}/metrics")).text.splitlines()
    names = ("shadow_in_flight_bytes", "shadow_turned_away_total")
    return {line.split()[0]: float(line.split()[1]) for line in lines if line.startswith(names)}


@pytest.mark.parametrize("http", ["asyncio", "uvicorn"])
@pytest.mark.parametrize("upstream", ["asyncio", "httpx"])
async def test_memory_is_kept_for_answers_and_given_back(
    tmp_path: Path, hook_server: Start, http: str, upstream: str
) -> None:
    large: Json = answer(config_map("one", {"padding": "x" * 200 * KIB}))
    old, new = hook_server(answer_json(answer(ONE))), hook_server(answer_json(answer(ONE)))
    top = {"server": {"in_flight": "128KiB", "http": http}, "upstream": upstream}
    async with running(tmp_path, old, new, top) as proxy:
        assert (await proxy.call(padded(1 * KIB))).status_code == 200
        assert (await proxy.call(padded(50 * KIB))).status_code == 200
        refused = await proxy.call(padded(140 * KIB))
        assert (refused.status_code, refused.json()["code"]) == (503, "overloaded")
        old.behaviour = answer_json(large)
        unread = await proxy.call(padded(2 * KIB))
        assert (unread.status_code, unread.json()["code"]) == (503, "memory")
        counts = await proxy.settled()
        assert counts["comparisons"] | {"failed": 0} == {
            "matched": 1, "ignored": 0, "mismatched": 0, "failed": 0, "skipped": 0,
        }  # fmt: skip
        assert counts["dropped_by"]["memory"] == 1
        assert await gauges(proxy) == {"shadow_in_flight_bytes": 0, "shadow_turned_away_total": 2}
