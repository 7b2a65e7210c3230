"""What a finalize answer has to say so that nothing is touched: every observed object as it was last applied.

A whole observed object must never be echoed: what the API server wrote into it would be written back at every sync.
"""

import msgspec

from shadow.protocol.keys import identify
from shadow.protocol.messages import Request
from shadow.protocol.names import OBSERVED_KEY, SYSTEM_METADATA
from shadow.protocol.ownership import last_applied
from shadow.protocol.status import parent_status
from shadow.protocol.wire import (
    Fields,
    UnreadableError,
    encode,
    join_array,
    join_object,
    number_beyond_float,
    split_object,
)
from shadow.terms import Protocol


def answer_without_finalize_hook(request: Request) -> bytes:
    """The finalize answer, in the front's protocol, of an implementation that has no finalize hook.

    Without one Metacontroller sets no finalizer and leaves the objects to the garbage collector: so `finalized`, and
    every observed object as it is.
    """
    fields: Fields = {OBSERVED_KEY[request.front]: as_applied(request), "finalized": encode(True)}
    if request.front is Protocol.COMPOSITE or request.caller.rolling:
        fields = {"status": parent_status(request), **fields}
    return bytes(join_object(fields))


def as_applied(request: Request) -> msgspec.Raw:
    """The list that leaves every observed object alone: its last-applied configuration, else the object stripped."""
    namespace = request.parent.namespace
    observed = (raw for group in request.observed_groups.values() for raw in group.values())
    return join_array([_as_applied(raw, namespace) for raw in observed])


def _as_applied(observed: msgspec.Raw, parent_namespace: str) -> msgspec.Raw:
    text = last_applied(observed)
    if text is not None and _is_of(observed, msgspec.Raw(text), parent_namespace):
        return msgspec.Raw(text)
    return _stripped(observed)


def _is_of(observed: msgspec.Raw, applied: msgspec.Raw, parent_namespace: str) -> bool:
    """Whether the configuration names the very object that carries it.

    That of a cloned object names the original, that of a converted one another apiVersion: with it in the list the
    object itself is not listed, and goes. One without a namespace is in the parent's, or of a cluster-scoped kind.
    """
    try:
        named = {identify(applied), identify(applied, parent_namespace)}
    except UnreadableError:
        return False  # nobody can merge with that: as good as none
    return identify(observed) in named and number_beyond_float(applied) is None


def _stripped(observed: msgspec.Raw) -> msgspec.Raw:
    """Without status, without owners, and without what the API server keeps in the metadata."""
    fields = {key: value for key, value in split_object(observed).items() if key != "status"}
    if "metadata" in fields:
        unwanted = SYSTEM_METADATA | {"ownerReferences"}
        metadata = {key: value for key, value in split_object(fields["metadata"]).items() if key not in unwanted}
        fields["metadata"] = join_object(metadata)
    return join_object(fields)
