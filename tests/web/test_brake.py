"""What the brake's addresses say beside the state: whom to doubt, what was accepted, which names there are."""

from collections.abc import Callable
from pathlib import Path

from tests.hook_server import HookServer, answer_json
from tests.proxy.bodies import answer, config_map, observed, request
from tests.proxy.running import running

ONE = config_map("one")


async def test_a_rollback_in_complete_warns_that_old_is_not_asked(
    tmp_path: Path, hook_server: Callable[..., HookServer]
):
    hook = hook_server(answer_json(answer(ONE)))
    async with running(tmp_path, hook, hook, stage="complete", unknown_brake="off") as proxy:
        await proxy.call(request(observed(ONE)))
        said = (await proxy.post("rollback", because="fake alarm")).json()
        other = await proxy.client.get(f"{proxy.control}/api/v1/migrations/nope")
    assert said["warnings"] == [f"`old` is not asked in stage complete: make sure that {hook.url} still answers"]
    assert other.json()["detail"] == "no migration is called 'nope'; there is m"


async def test_a_rollback_warns_where_old_did_not_answer_and_a_short_digest_is_accepted(
    tmp_path: Path, hook_server: Callable[..., HookServer]
):
    old, new = hook_server(answer_json({}, 500)), hook_server(answer_json(answer(ONE)))
    async with running(tmp_path, old, new, stage="live", unknown_brake="off") as proxy:
        await proxy.call(request(observed(ONE)))
        await proxy.settled()
        said = (await proxy.post("rollback", because="now")).json()
        found = await proxy.reconfigured(stage="canary")
        refused = await proxy.post("release", because="mended")
        digest = found["configuration_digest"].removeprefix("sha256:")[:8]
        accepted = await proxy.post("release", because="mended", accept_digest=digest)
    assert said["warnings"] == ["`old` gave no valid answer for 1 of 1 parents when it was last asked"]
    assert refused.status_code == 409
    assert "`accept_digest` (`--accept-digest`)" in refused.json()["detail"]
    assert (accepted.status_code, accepted.json()["on"]) == (200, False)
