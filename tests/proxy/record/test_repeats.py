"""A hot loop's calls: recorded together, and nothing is lost by it, neither a count nor what came last."""

import asyncio

from tests.hook_server import HookServer, answer_json
from tests.proxy.bodies import answer, config_map, observed, request
from tests.proxy.running import Json, Running, running

OLD, NEW = config_map("a"), config_map("a", {"a": "2"})
SEES = request(observed(OLD))


async def repeat(proxy: Running, times: int) -> Json:
    """So many calls one after the other, the first of them compared before the others come."""
    await proxy.call(SEES)
    await proxy.settled()
    for _ in range(times - 1):
        await proxy.call(SEES)
    return await proxy.settled()


async def test_every_repetition_counts_and_the_latest_result_stays(tmp_path):
    with HookServer(answer_json(answer(OLD))) as old, HookServer(answer_json(answer(NEW))) as new:
        async with running(tmp_path, old, new) as proxy:
            counts = await repeat(proxy, 40)
            assert counts["comparisons"]["mismatched"] == 40
            new.behaviour = answer_json(answer(OLD))
            last = (await proxy.call(SEES)).headers["x-shadow-call"]
            await proxy.settled()
            for _ in range(100):  # until the next batch is written
                counted = [group["count"] for group in (await proxy.get("/differences"))["items"]]
                if counted == [40]:
                    break
                await asyncio.sleep(0.1)
            (parent,) = (await proxy.get("/parents"))["items"]
            kept = (await proxy.get("/comparisons"))["items"]
    assert parent["outcome"] == "matched"
    assert parent["comparison"] in (None, last)  # of those that match a sample is kept
    assert counted == [40]
    assert len(kept) < 20
