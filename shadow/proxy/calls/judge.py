"""Decides what an implementation's answer is worth: a valid answer, a signal to pass on, or a failure with a code.

When in doubt it is a failure: a non-200 makes Metacontroller apply nothing and come back, a wrong 200 deletes.
"""

import dataclasses
import json

import msgspec

from shadow.protocol.adapt import Adapted, adapt_answer
from shadow.protocol.customize import NO_RULES
from shadow.protocol.dialect import Dialect
from shadow.protocol.finalize import answer_without_finalize_hook
from shadow.proxy.calls.call import Asking, Call, Reply
from shadow.proxy.calls.headers import answer_headers, retry_after
from shadow.proxy.migrations.migration import Party
from shadow.secrettext import replaced
from shadow.terms import Hook, Role, Side, Stage
from shadow.upstream.base import Observation
from shadow.upstream.headers import Lines, first

_CONDITIONAL = (304, 412)
_LONGEST_REVISION = 256  # characters; a digest of an image has 71


def judge(call: Call, side: Side, role: Role, observation: Observation, tag_sent: bool, started: float) -> Asking:
    """Judge one observation for the front of this call.

    Args:
        tag_sent: an `If-None-Match` went to the implementation; without one a 304 or 412 is no valid answer.
    """
    asking = Asking(side, role, started, observation)
    asking.failure = _failure(observation, tag_sent)
    if asking.failure is None and observation.status == 200:
        _adapt(call, asking)
    return asking


def answer_for(call: Call, side: Side, role: Role, started: float) -> Asking:
    """What an implementation that has no such hook is taken to answer: what Metacontroller does without one.

    That is an answer, not a failure, already in the front's dialect. It gets no ownership marks, since it is to leave
    every object as it is.
    """
    body = NO_RULES if call.hook is Hook.CUSTOMIZE else answer_without_finalize_hook(call.request)
    spoken = Dialect(call.request.front, call.front_version)
    alterations = dataclasses.replace(call.migration.alterations, ownership=None)
    adapted = adapt_answer(call.request, body, spoken, call.front_version, alterations)
    observation = Observation(200, ((b"content-type", b"application/json"),), body, 0.0)
    failure = f"refused:{adapted.refusal.code}" if adapted.refusal is not None else None
    return Asking(side, role, started, observation, failure, adapted)


def revision_of(party: Party, observation: Observation) -> str | None:
    """Of the implementation that answered: as configured, or as its `revision_header` tells; None: unknown.

    It is logged, stored and shown as it stands, so nothing of it may be secret.
    """
    if party.revision_header is None:
        return party.revision
    told = first(observation.headers, party.revision_header)
    if told is None:
        return None
    return replaced(told.decode("latin-1").strip(), _no_secret)[:_LONGEST_REVISION] or None


def _no_secret(_secret: str) -> str:
    return "<redacted>"


def _failure(observation: Observation, tag_sent: bool) -> str | None:
    status = observation.status
    if status == 200 or status == 429:
        return None
    if status is None:
        return observation.error or "no-answer"
    if status in _CONDITIONAL:
        return None if tag_sent else f"unsolicited-{status}"
    # Go's client would follow a redirect, and one that ends in `{}` deletes everything.
    return "redirect" if 300 <= status < 400 else f"status-{status}"


def _adapt(call: Call, asking: Asking) -> None:
    observation, migration = asking.observation, call.migration
    encoding = first(observation.headers, b"content-encoding")
    if encoding is not None and encoding.strip().lower() not in (b"", b"identity"):
        asking.failure = "refused:encoded"  # it was not asked to compress, and what cannot be read is not served
        return
    dialect = migration.parties[asking.side].dialects[call.hook]
    adapted = adapt_answer(call.request, observation.body, dialect, call.front_version, migration.alterations)
    if adapted.refusal is not None:
        asking.failure = f"refused:{adapted.refusal.code}"
    elif adapted.rejected is not None:
        asking.failure = "rejected"  # by Metacontroller itself, which applies nothing of it
    asking.adapted = adapted
    if adapted.body is not observation.body and not adapted.altered:  # equal to one that is in memory already
        asking.observation = msgspec.structs.replace(observation, body=adapted.body)


def reply_with(call: Call, asking: Asking, reason: str) -> Reply:
    """What goes out for this asking: its answer, its signal, or its failure as an error."""
    observation = asking.observation
    if asking.adapted is not None and (asking.failure is None or _stopped_by_front(call, asking)):
        namespace = tag_namespace(call, asking.side) if _is_replayable(call, asking, asking.adapted) else None
        headers = answer_headers(observation.headers, asking.side, namespace, asking.adapted.altered)
        return Reply(200, headers, asking.adapted.body, asking.side, reason)
    if asking.is_signal or _is_complete_error(observation):
        return _passed_on(call, asking, reason)
    status = {"timeout": 504, "memory": 503}.get(observation.error or "", 502)
    return error_reply(status, asking.failure or "no-answer", _sentence(asking), call.id, asking.side)


def _is_replayable(call: Call, asking: Asking, adapted: Adapted) -> bool:
    """Whether Metacontroller may keep the answer: one without a list is harmless only where nothing is observed."""
    if first(asking.observation.headers, b"etag") is None:
        return False
    return call.hook is not Hook.SYNC or adapted.has_list or adapted.listed() is not None


def tag_namespace(call: Call, side: Side) -> bytes | None:
    """What keeps this implementation's entity tags apart, beside its name; None: none goes in or out.

    Metacontroller replays the body it keeps to any later call for a parent of that name. That has to be what a direct
    call would replay: the implementation's own bytes, of this hook, at this evidence. Not so

    1. for the rules of both together;
    2. from one that may not have seen all related objects;
    3. where answers are translated or altered, which depends on the request.
    """
    dialect = call.migration.parties[side].dialects.get(call.hook)
    if call.hook is Hook.CUSTOMIZE and call.assignment.shadow is not None:
        return None
    if dialect is None or not call.sees_everything(side):
        return None
    alterations = call.migration.alterations
    altering = alterations.ownership is not None or alterations.status == "drop"
    if call.hook is not Hook.CUSTOMIZE and (altering or dialect.protocol is not call.request.front):
        return None
    return b"%s.%s" % (call.migration.evidence_tag, call.hook.encode())


def _stopped_by_front(call: Call, asking: Asking) -> bool:
    """Whether the answer goes out though it is no valid one: untouched, for Metacontroller to log why.

    Not where the hold stands between `new` and the cluster: should Metacontroller take it after all, it deletes.
    """
    held = asking.side is Side.NEW and call.migration.stage in (Stage.CANARY, Stage.LIVE)
    return asking.failure == "rejected" and not held


def _passed_on(call: Call, asking: Asking, reason: str) -> Reply:
    observation = asking.observation
    status = observation.status or 502
    headers = answer_headers(observation.headers, asking.side, tag_namespace(call, asking.side), altered=False)
    if status == 429 and first(headers, b"retry-after") is None:
        headers = Lines((*headers, (b"retry-after", retry_after(None))))
    return Reply(status, headers, observation.body, asking.side, reason)


def error_reply(status: int, code: str, message: str, call_id: str, side: Side | None = None) -> Reply:
    """An error of the proxy's own: `{"error": sentence, "code": code, "call": id}`."""
    body = json.dumps({"error": message, "code": code, "call": call_id}).encode()
    return Reply(status, [(b"content-type", b"application/json")], body, side, code, own=True)


def _is_complete_error(observation: Observation) -> bool:
    return observation.status is not None and observation.status >= 400 and observation.status not in _CONDITIONAL


def _sentence(asking: Asking) -> str:
    refusal = asking.adapted.refusal if asking.adapted is not None else None
    if refusal is not None:
        return f"the answer of `{asking.side}` is not served: {refusal.message}"
    rejected = asking.adapted.rejected if asking.adapted is not None else None
    detail = rejected or asking.observation.detail or _remedy(asking) or asking.failure
    return f"`{asking.side}` gave no valid answer: {detail}"


def _remedy(asking: Asking) -> str | None:
    """What is wrong with a complete answer, and what would be right."""
    status = asking.observation.status
    if asking.failure == "refused:encoded":
        encoding = first(asking.observation.headers, b"content-encoding") or b""
        return f"`Content-Encoding: {encoding.decode('latin-1')[:40]}`; it was asked for `identity`, so do not compress"
    if asking.failure == "redirect":
        return f"status {status} is a redirect, which is never followed; configure the address that it leads to"
    if status in _CONDITIONAL:
        return f"status {status}, though it was sent no `If-None-Match`; answer 200 with a body then"
    return f"status {status}; only a 200 with a body is an answer" if status is not None else None
