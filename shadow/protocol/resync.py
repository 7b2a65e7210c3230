"""Asks Metacontroller to come back sooner, in an answer that is otherwise left as it is."""

import msgspec

from shadow.protocol.wire import UnreadableError, join_object, parse, repeats_a_key, split_object

KEY = "resyncAfterSeconds"


def sooner(body: bytes, after_seconds: float) -> bytes | None:
    """The answer with `resyncAfterSeconds` at most so much; None if it asks for that itself.

    An answer that cannot be altered for certain (a field is there twice or is no Unicode, the value is no number) is
    left alone, too.
    """
    try:
        fields = split_object(body)
        own = parse(fields[KEY]) if KEY in fields else None
    except UnreadableError:
        return None
    if own is not None and (isinstance(own, bool) or not isinstance(own, int | float)):
        return None
    if (own is not None and 0 < own <= after_seconds) or repeats_a_key(body, fields):
        return None
    try:
        return bytes(join_object(fields | {KEY: msgspec.Raw(msgspec.json.encode(after_seconds))}))
    except UnreadableError:
        return None
