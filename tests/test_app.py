"""What the composition root refuses to start with, and what it says while something is amiss."""

import asyncio
import json
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from shadow.app import serve
from shadow.errors import ConfigurationError
from shadow.web.listen import ListenError
from tests.hook_server import HookServer, answer_json
from tests.proxy.running import running

HOOK = {"protocol": "decorator", "url": "http://127.0.0.1:1", "sync": "/sync"}


async def refused(directory: Path, kind: type[Exception], **top: Any) -> str:
    """What a start with this configuration fails with."""
    file = directory / "shadow.yaml"
    whole = {"store": f"sqlite:///{directory}/shadow.db", "migrations": {"m": {"old": HOOK, "new": HOOK}}}
    file.write_text(json.dumps(whole | top))
    with pytest.raises(kind) as caught:
        await asyncio.wait_for(serve(file, {}, asyncio.Event().wait), 10)
    return str(caught.value)


@pytest.mark.parametrize(
    ("top", "expected"),
    [
        ({"migrations": {"m": {"old": HOOK}}}, "migrations.m.new: is required"),
        (
            {"server": {"tls": {"cert_file": "nope", "key_file": "nope"}}},
            "server.tls.cert_file: nope cannot be read: No such file or directory; create it or correct the path",
        ),
    ],
    ids=["invalid", "a file that is not there"],
)
async def test_a_refused_first_start_leaves_nothing_behind(tmp_path: Path, top: dict[str, Any], expected: str):
    assert expected in await refused(tmp_path, ConfigurationError, **top)
    assert [path.name for path in tmp_path.iterdir()] == ["shadow.yaml"]


@pytest.mark.parametrize("listener", ["hooks", "control"])
async def test_a_taken_address_is_told_under_its_key(tmp_path: Path, listener: str):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        addresses = {"hooks": "127.0.0.1:0", "control": "127.0.0.1:0", listener: address}
        assert await refused(tmp_path, ListenError, server=addresses) == (
            f"server.{listener}: cannot listen on {address}: Address already in use; "
            "free that address or configure another one"
        )


async def test_a_configuration_file_that_is_gone_is_told_and_its_content_stays(
    tmp_path: Path, hook_server: Callable[..., HookServer]
):
    url = hook_server(answer_json({"attachments": []})).url
    async with running(tmp_path, url, url) as proxy:
        proxy.path.unlink()
        for _ in range(60):
            told = (await proxy.client.get(f"{proxy.control}/readyz")).json()
            if told["missing_files"]:
                break
            await asyncio.sleep(0.05)
        assert told["missing_files"] == [str(proxy.path)]
        assert told["ready"] is True
