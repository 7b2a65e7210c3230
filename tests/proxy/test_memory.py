"""What all calls hold together is bounded: first nobody is asked in the shadow, then calls are turned away."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.hook_server import HookServer, answer_json
from tests.proxy.bodies import answer, config_map, request
from tests.proxy.running import Running, running

Start = Callable[..., HookServer]
KIB = 1024


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
    small, middling, large = (answer(config_map("one", {"padding": "x" * size * KIB})) for size in (1, 30, 300))
    old, new = hook_server(answer_json(small)), hook_server(answer_json(small))
    top = {"server": {"in_flight": "256KiB", "http": http}, "upstream": upstream}
    async with running(tmp_path, old, new, top) as proxy:
        assert (await proxy.call(padded(1 * KIB))).status_code == 200
        old.behaviour = answer_json(middling)
        assert (await proxy.call(padded(105 * KIB))).status_code == 200
        refused = await proxy.call(padded(270 * KIB))
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
