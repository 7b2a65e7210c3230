"""Who is called at a deadline, and who is not."""

import asyncio
from collections.abc import Callable

from shadow.upstream.deadlines import Deadlines


async def test_each_is_called_at_its_own_deadline_and_none_that_has_ended() -> None:
    loop, deadlines, called = asyncio.get_running_loop(), Deadlines(), list[tuple[str, float]]()

    def expiry(name: str) -> Callable[[], None]:
        return lambda: called.append((name, loop.time()))

    expiries = {name: expiry(name) for name in ("late", "ended", "early", "soon", "never")}
    began = loop.time()
    for name, seconds in (("late", 0.12), ("ended", 0.1), ("early", 0.04), ("soon", 0.05), ("never", 60)):
        deadlines.begin(loop, expiries[name], began + seconds)
    deadlines.end(expiries["ended"])
    while len(called) < 3:
        await asyncio.sleep(0.01)
    assert [name for name, _ in called] == ["early", "soon", "late"]
    assert called[0][1] - began >= 0.038
    assert called[2][1] - began >= 0.118
    deadlines.begin(loop, expiries["soon"], loop.time() + 0.01)  # long before the one that is left
    while len(called) < 4:
        await asyncio.sleep(0.01)
    assert called[3][0] == "soon"
