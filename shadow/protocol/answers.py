"""Reads an implementation's answer, and refuses what could delete everything or crash Metacontroller.

A refusal departs on purpose from what a direct call would do. Type faults and strictness, which Metacontroller stops
by itself, are judged in `strict`; nothing in here changes an answer.
"""

from dataclasses import dataclass, field

import msgspec

from shadow.protocol.keys import identify
from shadow.protocol.messages import Request
from shadow.protocol.names import ANSWER_FIELDS, OBSERVED_KEY, RELATED_RULES_KEY
from shadow.protocol.objects import Head, Identity
from shadow.protocol.wire import REFUSED, Fields, UnreadableError, is_null, json_type, split_array, split_object
from shadow.terms import Hook, Protocol

_HEADS = msgspec.json.Decoder(list[Head])


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why an answer is not to be served. `code` is of a closed set, used in metrics and JSON:

    `unreadable`, `not-an-object`, `null`, `no-known-key`, `other-list-key`, `both-list-keys`, `missing-list`,
    `null-item`, `rolling-null-status`, `inexpressible`, `repeated-field`, `rejected`.
    """

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Answer:
    """A 200 body, one level deep, in the implementation's own protocol.

    `items` are the desired objects (or related rules), as bytes; None when the list is missing or null, or when it is
    no list at all, for which Metacontroller rejects the whole answer.
    """

    protocol: Protocol
    hook: Hook
    fields: Fields
    items: tuple[msgspec.Raw, ...] | None = field(default=None)

    @property
    def list_key(self) -> str:
        return list_key(self.protocol, self.hook)

    @property
    def finalized(self) -> bool:
        return bytes(self.fields.get("finalized", b"")) == b"true"


def list_key(protocol: Protocol, hook: Hook) -> str:
    """The field of an answer that holds its list."""
    return RELATED_RULES_KEY if hook is Hook.CUSTOMIZE else OBSERVED_KEY[protocol]


def known_fields(protocol: Protocol, hook: Hook) -> frozenset[str]:
    """What Metacontroller knows in an answer."""
    return frozenset({RELATED_RULES_KEY}) if hook is Hook.CUSTOMIZE else ANSWER_FIELDS[protocol]


def read_answer(body: bytes, protocol: Protocol, hook: Hook) -> Answer | Refusal:
    """Read the body of a 200, or say why it cannot be an answer in this protocol.

    The refusals that need the request as well are `refuse`'s.
    """
    try:
        fields = split_object(body)
        refusal = _misaddressed(fields, protocol, hook)
        if refusal is not None:
            return refusal
        raw = fields.get(list_key(protocol, hook))
        is_list = raw is not None and json_type(raw) == "array"
        items = tuple(split_array(raw)) if raw is not None and is_list else None
    except UnreadableError as exc:
        return _not_an_object(body, hook, exc)
    if items is not None and any(map(is_null, items)):
        return Refusal("null-item", "a null item in the list crashes Metacontroller")
    return Answer(protocol, hook, fields, items)


def _not_an_object(body: bytes, hook: Hook, exc: UnreadableError) -> Refusal:
    found = json_type(body)
    if found == "null" and body.strip() == b"null":
        meant = "relates to nothing" if hook is Hook.CUSTOMIZE else "wants nothing, and deletes everything"
        return Refusal("null", f"Metacontroller takes `null` for an answer that {meant}; say so with an empty list")
    if found in ("array", "string", "bool"):
        return Refusal("not-an-object", f"the answer is not a JSON object but starts as {found}")
    return Refusal("unreadable", f"the answer is not JSON: {exc}")


def _misaddressed(fields: Fields, protocol: Protocol, hook: Hook) -> Refusal | None:
    """An answer of the other protocol, or of none."""
    known = known_fields(protocol, hook)
    if hook is not Hook.CUSTOMIZE:
        own, other = (OBSERVED_KEY[each] for each in (protocol, _other(protocol)))
        if other in fields:
            code = "both-list-keys" if own in fields else "other-list-key"
            return Refusal(code, f"a {protocol} answer with `{other}`: Metacontroller would delete what is not listed")
    if not fields.keys() & known:
        return Refusal("no-known-key", f"none of {', '.join(sorted(known))} is in the answer")
    return None


def refuse(answer: Answer, request: Request, *, missing_list_passes: bool) -> Refusal | None:
    """The refusals that depend on the call: a missing or null list means that everything observed goes.

    With nothing observed that is harmless, and a finalize answer that lets the parent go may say no more than that.
    One that does not (`finalized` false or null) wants objects still, and has to say which.
    """
    if answer.hook is Hook.CUSTOMIZE or missing_list_passes or not is_null(answer.fields.get(answer.list_key)):
        return None
    if not request.observed_any or (request.is_finalize and answer.finalized):
        return None
    wanted = f"answer `{answer.list_key}: []` where nothing is wanted, or set `missing_list: pass`"
    message = f"without `{answer.list_key}` Metacontroller would delete everything observed; {wanted}"
    return Refusal("missing-list", message)


def identities(desired: msgspec.Raw, default_namespace: str) -> list[Identity]:
    """What a list of desired objects names, in its order, repetitions included.

    Args:
        default_namespace: the parent's, for items that name none.

    Raises:
        UnreadableError: it is no list.
    """
    try:
        return [head.identity(default_namespace) for head in _HEADS.decode(desired)]
    except REFUSED:
        return [identify(item, default_namespace) for item in split_array(desired)]


def _other(protocol: Protocol) -> Protocol:
    return Protocol.DECORATOR if protocol is Protocol.COMPOSITE else Protocol.COMPOSITE
