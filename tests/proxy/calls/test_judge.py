"""What Metacontroller is told of an answer that is none: what was wrong with it, and what would be right."""

from collections.abc import Callable
from pathlib import Path

from tests.hook_server import HookServer, answer
from tests.proxy.bodies import request
from tests.proxy.running import running

BAD = [
    (answer(b"", 307), "redirect", "status 307 is a redirect, which is never followed; configure the address"),
    (answer(b"", 204), "status-204", "status 204; only a 200 with a body is an answer"),
    (answer(b"", 412), "unsolicited-412", "status 412, though it was sent no `If-None-Match`; answer 200"),
    (answer(b"{}", headers=[("Content-Encoding", "")]), "refused:no-known-key", "none of"),
    (answer(b"x", headers=[("Content-Encoding", "gzip")]), "refused:encoded", "`Content-Encoding: gzip`; it was asked"),
]


async def test_an_error_says_what_was_wrong_and_what_is_right(
    tmp_path: Path, hook_server: Callable[..., HookServer]
) -> None:
    old = hook_server(BAD[0][0])
    async with running(tmp_path, old, hook_server(BAD[0][0]), stage="off") as proxy:
        for behaviour, code, words in BAD:
            old.behaviour = behaviour
            reply = await proxy.call(request())
            assert (reply.status_code, reply.json()["code"]) == (502, code)
            assert words in reply.json()["error"]
