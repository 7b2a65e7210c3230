"""The address that Metacontroller calls: a plain ASGI callable, because a framework's layers cost more than the call.

Decides only what HTTP says: path, method, token, size. Everything else is the dispatcher's.
"""

import hmac
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any

from shadow.errors import RequestError
from shadow.proxy.call import Reply
from shadow.proxy.dispatch import Dispatcher, new_call_id
from shadow.proxy.judge import error_reply
from shadow.proxy.migration import Migration
from shadow.terms import Hook

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

HOOKS = {hook.value: hook for hook in Hook}


class HookEndpoint:
    """`POST /<migration>/<hook>`."""

    def __init__(
        self,
        dispatcher: Dispatcher,
        migrations: Callable[[], Mapping[str, Migration]],
        token: Callable[[], str | None],
        max_body: int,
    ) -> None:
        """
        Args:
            migrations: the present snapshot, by name.
            token: what callers must send as `Authorization: Bearer`; None: nothing.
            max_body: bytes; larger bodies are answered with 413.
        """
        self._dispatcher = dispatcher
        self._migrations = migrations
        self._token = token
        self._max_body = max_body

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        try:
            reply, call_id = await self._reply(scope, receive)
        except RequestError as exc:
            call_id = new_call_id()
            reply = error_reply(exc.status, exc.code, str(exc), call_id)
        # Nothing may be awaited between the dispatcher's last look at the brake and this first byte.
        await send({"type": "http.response.start", "status": reply.status, "headers": _headers(reply, call_id)})
        await send({"type": "http.response.body", "body": reply.body})

    async def _reply(self, scope: Scope, receive: Receive) -> tuple[Reply, str]:
        migration, hook = self._addressed(scope)
        self._authenticate(scope)
        body = await _read(scope, receive, self._max_body)
        return await self._dispatcher.handle(migration, hook, scope["headers"], body)

    def _addressed(self, scope: Scope) -> tuple[Migration, Hook]:
        name, _, hook_name = scope["path"].lstrip("/").partition("/")
        migration, hook = self._migrations().get(name), HOOKS.get(hook_name)
        if migration is None:
            raise RequestError(
                404, "no-such-migration", f"no migration is called {name!r}; hooks are at /<migration>/sync"
            )
        if hook is None:
            raise RequestError(404, "no-such-hook", f"no hook is called {hook_name!r}; hooks are {', '.join(HOOKS)}")
        if scope["method"] != "POST":
            raise RequestError(405, "method", f"a hook is called with POST, not {scope['method']}")
        return migration, hook

    def _authenticate(self, scope: Scope) -> None:
        token = self._token()
        if token is None:
            return
        given = next((value for name, value in scope["headers"] if name == b"authorization"), b"")
        if not hmac.compare_digest(given, b"Bearer " + token.encode()):
            raise RequestError(401, "token", "the hooks token is missing or wrong: send `Authorization: Bearer ...`")


async def _read(scope: Scope, receive: Receive, most: int) -> bytes:
    announced = next((value for name, value in scope["headers"] if name == b"content-length"), b"0")
    if announced.isdigit() and int(announced) > most:
        raise RequestError(413, "too-large", f"the body has {int(announced)} bytes; server.max_body allows {most}")
    message = await receive()
    body: bytes = message.get("body", b"")
    if not message.get("more_body"):
        return _complete(message, body)
    parts = bytearray(body)
    while message.get("more_body"):
        message = await receive()
        parts += message.get("body", b"")
        if len(parts) > most:
            raise RequestError(413, "too-large", f"the body has more than {most} bytes, which server.max_body allows")
    return _complete(message, bytes(parts))


def _complete(message: MutableMapping[str, Any], body: bytes) -> bytes:
    if message["type"] == "http.disconnect":
        raise RequestError(400, "disconnected", "the caller hung up before its request was complete")
    return body


def _headers(reply: Reply, call_id: str) -> list[tuple[bytes, bytes]]:
    headers = [*reply.headers, (b"content-length", b"%d" % len(reply.body)), (b"x-shadow-call", call_id.encode())]
    if reply.side is not None and not reply.own:
        headers.append((b"x-shadow-served", reply.side.value.encode()))
    return headers
