"""A recorded call as the proxy had it, judged and translated anew by the configuration of today. Asks nobody."""

import time
from collections.abc import Iterable
from typing import Any

import msgspec

from shadow.protocol.customize import RelatedRules
from shadow.protocol.messages import read_request
from shadow.protocol.wire import encode
from shadow.proxy.calls.call import Asking, Call, Reply
from shadow.proxy.calls.exchange import shown_to
from shadow.proxy.calls.judge import answer_for, judge
from shadow.proxy.calls.related import Shares
from shadow.proxy.cutover.assignment import Assignment
from shadow.proxy.migrations.migration import Migration
from shadow.recordings.model import Exchange, RecordedCall
from shadow.telemetry.trace import begin
from shadow.terms import Side
from shadow.upstream.base import Headers, Observation


def call_of(recorded: RecordedCall, migration: Migration) -> Call:
    """The call without anybody's answer.

    Raises:
        RequestError: its request is none.
        UnreadableError: its controller cannot be read.
    """
    request = read_request(bytes(recorded.request), recorded.hook)
    controller = request.caller
    shadow = None if recorded.not_asked == "stage" else recorded.primary.other
    return Call(
        id=recorded.call,
        migration=migration,
        hook=recorded.hook,
        request=request,
        at=recorded.at,
        started=time.monotonic(),
        trace=begin((), 0.0, lambda: 1.0),
        front_version=controller.version(recorded.hook),
        front=controller.title,
        last_served=None,
        last_tag=None,
        assignment=Assignment(recorded.primary, shadow, recorded.because),
        headers=_headers(recorded),
        previous=recorded.previous,
        shares=_shares(recorded),
        not_asked=recorded.not_asked,
    )


def answered(call: Call, recorded: RecordedCall) -> Call:
    """The same call with the answers of the recording, and the reply that went out."""
    for side in Side:
        exchange = recorded.exchange(side)
        if exchange is not None:
            call.askings[side] = _asking(call, side, exchange)
    call.again = {side: _asking(call, side, exchange) for side, exchange in recorded.again.items()}
    call.fallback = recorded.fallback
    call.held = {removal.object: removal.effect for removal in recorded.held}
    call.reply = Reply(recorded.status, (), b"", recorded.served, recorded.reason)
    return call


def _asking(call: Call, side: Side, exchange: Exchange) -> Asking:
    if call.hook not in call.migration.parties[side].dialects:
        return answer_for(call, side, exchange.role, call.at)
    asking = judge(call, side, exchange.role, _observation(exchange), _was_tagged(exchange), call.at)
    asking.notes = shown_to(call, side).notes
    asking.revision = exchange.revision
    return asking


def _observation(exchange: Exchange) -> Observation:
    headers = tuple((name.encode(), text.encode("latin-1", "replace")) for name, text in exchange.headers.items())
    return Observation(exchange.status, headers, _body(exchange), exchange.seconds, exchange.error)


def _body(exchange: Exchange) -> bytes:
    """What no decoder could read stays that; of an error nobody reads more than the status."""
    if exchange.answer is not msgspec.UNSET:
        return bytes(exchange.answer)
    return (exchange.begins or "?").encode() if exchange.bytes else b""


def _was_tagged(exchange: Exchange) -> bool:
    """Whether it was sent an entity tag, without which a 304 or 412 is no valid answer."""
    return exchange.failure != f"unsolicited-{exchange.status}"


def _shares(recorded: RecordedCall) -> Shares | None:
    if recorded.shown is None and not recorded.unsure:
        return None
    shown = recorded.shown or {}
    rules = {
        side: RelatedRules(_texts(share.rules), share.version, _texts(share.beside))
        for side, share in shown.items()
        if share is not None
    }
    return Shares({side: rules.get(side) for side in Side}, frozenset(recorded.unsure))


def _texts(rules: Iterable[Any]) -> tuple[bytes, ...]:
    return tuple(bytes(encode(rule)) for rule in rules)


def _headers(recorded: RecordedCall) -> Headers:
    """Of the caller's, those that were kept; no tag: what an implementation remembers is of then."""
    kept = {name: text for name, text in recorded.request_headers.items() if name != "if-none-match"}
    kept.setdefault("content-type", "application/json")
    return tuple((name.encode(), text.encode("latin-1", "replace")) for name, text in kept.items())
