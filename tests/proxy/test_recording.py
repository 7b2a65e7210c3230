"""A proxy that records: what it could not write is counted and shown, and no call minds."""

import asyncio
from pathlib import Path

from shadow.cli.main import main
from shadow.recordings.reader import Reader, files_of
from tests.hook_server import HookServer, answer_json
from tests.proxy.bodies import answer, config_map, request
from tests.proxy.running import Running, running


async def lost(proxy: Running, count: int) -> dict:
    for _ in range(100):
        recording: dict = (await proxy.get())["recording"]
        if recording["dropped"] == count:
            return recording
        await asyncio.sleep(0.05)
    raise AssertionError(recording)


async def test_a_directory_that_cannot_be_written_to_costs_no_call(tmp_path: Path, capsys):
    (tmp_path / "file").write_text("")
    top = {"recording": {"directory": str(tmp_path / "file" / "calls")}}
    with HookServer(answer_json(answer(config_map("a")))) as hook:
        async with running(tmp_path, hook, hook, top) as proxy:
            assert [(await proxy.call(request())).status_code for _ in range(3)] == [200] * 3
            recording = await lost(proxy, 3)
            metrics = (await proxy.client.get(f"{proxy.control}/metrics")).text
            status = await asyncio.to_thread(main, ["status", "m", "--control", proxy.control])
            (tmp_path / "file").unlink()
            assert (await proxy.call(request())).status_code == 200
    assert (recording["written"], recording["dropped_by"]) == (0, {"disk": 3})
    assert "Not a directory" in recording["problem"]
    assert 'shadow_recording_dropped_total{migration="m",reason="disk"} 3.0' in metrics
    assert status == 0
    assert "recorded          0 calls, 3 lost (disk 3)\n                 - Not a directory" in capsys.readouterr().out
    assert len(list(Reader(files_of([tmp_path / "file"]), print))) == 1


async def test_without_a_recording_nothing_is_told_of_one(tmp_path: Path):
    with HookServer(answer_json(answer(config_map("a")))) as hook:
        async with running(tmp_path, hook, hook) as proxy:
            await proxy.call(request())
            assert (await proxy.get())["recording"] is None
            assert "shadow_record" not in (await proxy.client.get(f"{proxy.control}/metrics")).text
