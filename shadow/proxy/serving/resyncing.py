"""Lowers the time to the next sync in a served answer while parents have not met their present primary."""

import msgspec

from shadow.protocol.draft import Note
from shadow.protocol.resync import sooner
from shadow.proxy.calls.call import Call, Reply

_OF_THE_BODY = frozenset((b"etag", b"content-md5", b"digest", b"content-digest", b"repr-digest"))
"""What would no longer be true, or would have this answer replayed when everybody has been met."""


def hurried(call: Call, reply: Reply, after_seconds: float) -> Reply:
    """The reply to a sync with an earlier next one; the implementation whose answer it is gets a note."""
    body = sooner(reply.body, after_seconds) if reply.status == 200 and reply.side is not None else None
    if body is None or reply.side is None:
        return reply
    asking = call.askings[reply.side]
    asking.notes = (*asking.notes, Note("resync-lowered", f"the next sync is asked for within {after_seconds:g} s"))
    headers = [header for header in reply.headers if header[0] not in _OF_THE_BODY]
    return msgspec.structs.replace(reply, headers=headers, body=body)
