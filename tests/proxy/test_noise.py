"""A whole proxy asks the same twice, if told so, and tells where an implementation differs from itself."""

import itertools
from typing import Any

from tests.hook_server import Exchange, HookServer, answer_json
from tests.proxy.bodies import answer, config_map, observed, request
from tests.proxy.running import running

STILL = config_map("a")


def restless():
    numbers = itertools.count()

    def behave(exchange: Exchange) -> None:
        answer_json(answer(config_map("a", {"a": str(next(numbers))})))(exchange)

    return behave


def roles(hook):
    return [call.headers["x-shadow-role"] for call in hook.calls]


async def test_both_are_asked_twice_and_the_restless_one_is_named(tmp_path):
    with HookServer(answer_json(answer(STILL))) as old, HookServer(restless()) as new:
        async with running(tmp_path, old, new, noise={"ask_twice": "100%"}) as proxy:
            for _ in range(2):
                await proxy.call(request(observed(STILL)))
                await proxy.settled()
            noise = (await proxy.get("/report?format=json"))["noise"]
    assert roles(old) == ["primary", "twice"] * 2
    assert roles(new) == ["shadow", "twice"] * 2
    assert [(each["implementation"], each["path"], each["differs"], each["of"]) for each in noise] == [
        ("new", "data.a", 2, 2)
    ]


async def test_who_may_not_be_asked_in_the_shadow_is_not_asked_twice(tmp_path):
    with HookServer(answer_json(answer(STILL))) as old, HookServer(answer_json(answer(STILL))) as new:
        settings: dict[str, Any] = {"noise": {"ask_twice": 1}, "old__shadow_when": "never"}
        async with running(tmp_path, old, new, **settings) as proxy:
            await proxy.call(request())
            await proxy.settled()
    assert (roles(old), roles(new)) == (["primary"], ["shadow", "twice"])
