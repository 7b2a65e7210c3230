"""The address that Metacontroller calls, without a framework: its layers cost more than the call.

Decides only what HTTP says: path, method, token, size. Everything else is the dispatcher's.
"""

import hmac
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any, NamedTuple

from shadow.errors import RequestError
from shadow.memory import Allotment, Memory
from shadow.proxy.calls.call import Reply
from shadow.proxy.calls.judge import error_reply
from shadow.proxy.dispatch import Dispatcher
from shadow.proxy.migrations.migration import Migration
from shadow.proxy.opening import new_call_id
from shadow.recent import Recent
from shadow.terms import Hook, Side
from shadow.upstream.base import Headers
from shadow.upstream.headers import Lines, first

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

_MOST_HEADS = 64
_MOST_DIGITS = 20  # of a length; llhttp refuses what needs more, but not zeros in front, and Python reads no thousands
_SERVED = {side: (b"x-shadow-served", side.value.encode()) for side in Side}
HOOKS = {hook.value: hook for hook in Hook}


class Admitted(NamedTuple):
    """Where a call goes whose head is in order."""

    migration: Migration
    hook: Hook


class RequestHead(NamedTuple):
    """A head that was read and admitted: of a request with a length, behind which the connection is kept."""

    method: str
    headers: Headers
    length: int
    admitted: Admitted


class Response(NamedTuple):
    """What goes out, complete. `said` are the headers beside those that each answer has of its own."""

    status: int
    said: tuple[tuple[bytes, bytes], ...]
    body: bytes
    call_id: bytes

    @property
    def headers(self) -> list[tuple[bytes, bytes]]:
        """All of them."""
        return [*self.said, (b"content-length", b"%d" % len(self.body)), (b"x-shadow-call", self.call_id)]


class HookEndpoint:
    """`POST /<migration>/<hook>`; for `shadow.web.connection` and, as an ASGI application, for uvicorn's own."""

    def __init__(
        self,
        dispatcher: Dispatcher,
        migrations: Callable[[], Mapping[str, Migration]],
        token: Callable[[], str | None],
        max_body: int,
        memory: Memory,
    ) -> None:
        """
        Args:
            migrations: the present snapshot, by name.
            token: what callers must send as `Authorization: Bearer`; None: nothing.
            max_body: bytes; larger bodies are answered with 413.
            memory: for bodies; what does not fit is answered with 503.
        """
        self.memory = memory
        self.max_body = max_body
        self._heads: Recent[bytes, RequestHead] = Recent(_MOST_HEADS)  # what connections remember together
        self._heads_under: tuple[str | None, Mapping[str, Migration]] = (None, {})  # this token and configuration
        self._dispatcher = dispatcher
        self._migrations = migrations
        self._token = token

    def known_head(self, head: bytes) -> RequestHead | None:
        """What these very bytes were read as, if they were admitted with the token and the configuration of now."""
        token, migrations = self._heads_under
        if migrations is not self._migrations() or token != self._token():
            self._heads, self._heads_under = Recent(_MOST_HEADS), (self._token(), self._migrations())
        return self._heads.get(head)

    def keep_head(self, head: bytes, read: RequestHead) -> None:
        """Remember it, unless token or configuration changed since it was admitted."""
        token, migrations = self._heads_under
        if token == self._token() and any(each is read.admitted.migration for each in migrations.values()):
            self._heads.keep(head, read)

    def admit(self, method: str, path: str, headers: Headers) -> Admitted:
        """Decide from the head alone, before anything of the body is kept.

        Raises:
            RequestError: 401, 404, 405, 413.
        """
        self._authenticate(headers)  # first: whoever has no token learns no migration's name
        admitted = self._addressed(method, path)
        announced = first(headers, b"content-length") or b"0"
        length = int(announced.lstrip(b"0")[:_MOST_DIGITS] or b"0") if announced.isdigit() else 0
        if length > self.max_body:
            raise self.too_large(f"{length} bytes")
        return admitted

    async def answer(self, admitted: Admitted, headers: Headers, body: bytes) -> Response:
        """The answer to a call; send it without awaiting anything: the brake was read for this very answer."""
        try:
            reply, call_id = await self._dispatcher.handle(admitted.migration, admitted.hook, headers, body)
        except RequestError as exc:
            return refused(exc)
        return _response(reply, call_id)

    def too_large(self, found: str) -> RequestError:
        return RequestError(413, "too-large", f"the body has {found}; server.max_body allows {self.max_body}")

    def overloaded(self) -> RequestError:
        return RequestError(503, "overloaded", f"calls hold the {self.memory.most} bytes that server.in_flight allows")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        headers = Lines(scope["headers"])
        room = self.memory.allot()
        try:
            admitted = self.admit(scope["method"], scope["path"], headers)
            body = await self._read(receive, room)
        except RequestError as exc:
            response = refused(exc)
        else:
            response = await self.answer(admitted, headers, body)
        # Nothing may be awaited between the dispatcher's last look at the brake and this first byte.
        await send({"type": "http.response.start", "status": response.status, "headers": response.headers})
        await send({"type": "http.response.body", "body": response.body})
        room.end()

    async def _read(self, receive: Receive, room: Allotment) -> bytes:
        parts = bytearray()
        more = True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise RequestError(400, "disconnected", "the caller hung up before its request was complete")
            part = message.get("body", b"")
            if len(parts) + len(part) > self.max_body:
                raise self.too_large(f"more than {self.max_body} bytes")
            if not room.take(len(part)):
                raise self.overloaded()
            parts += part
            more = message.get("more_body", False)
        return bytes(parts)

    def _addressed(self, method: str, path: str) -> Admitted:
        name, _, hook_name = path.lstrip("/").partition("/")
        migration, hook = self._migrations().get(name), HOOKS.get(hook_name)
        if migration is None:
            raise RequestError(
                404, "no-such-migration", f"no migration is called {name!r}; hooks are at /<migration>/sync"
            )
        if hook is None:
            raise RequestError(404, "no-such-hook", f"no hook is called {hook_name!r}; hooks are {', '.join(HOOKS)}")
        if method != "POST":
            raise RequestError(405, "method", f"a hook is called with POST, not {method}")
        return Admitted(migration, hook)

    def _authenticate(self, headers: Headers) -> None:
        token = self._token()
        if token is None:
            return
        given = first(headers, b"authorization") or b""
        if not hmac.compare_digest(given, b"Bearer " + token.encode()):
            raise RequestError(401, "token", "the hooks token is missing or wrong: send `Authorization: Bearer ...`")


def refused(exc: RequestError) -> Response:
    """What a request gets that is no call; it has an id, for the log of whoever sent it."""
    call_id = new_call_id()
    reply = error_reply(exc.status, exc.code, str(exc), call_id)
    return _response(reply, call_id)


def _response(reply: Reply, call_id: str) -> Response:
    said = tuple(reply.headers)
    if reply.side is not None and not reply.own:
        said = (*said, _SERVED[reply.side])
    return Response(reply.status, said, reply.body, call_id.encode())
