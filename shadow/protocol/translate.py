"""Says an implementation's sync or finalize answer in the front's protocol. Only the envelope differs between the two.

What one protocol can say and the other cannot is recorded in the draft, never lost in silence.
"""

import msgspec

from shadow.protocol.answers import Answer
from shadow.protocol.draft import Draft, Inexpressible
from shadow.protocol.finalize import as_applied
from shadow.protocol.messages import Request
from shadow.protocol.names import ANSWER_FIELDS, OBSERVED_KEY
from shadow.protocol.status import keep_unsaid_status
from shadow.protocol.wire import is_null, parse, parse_as, split_array
from shadow.terms import Protocol


def translate(draft: Draft, answer: Answer, request: Request) -> None:
    """Bring the draft of `answer` into the front's protocol; no-op if it is in that one already.

    `observedGeneration`, which depends on the parent, is `status`'s business.
    """
    if answer.protocol is request.front:
        return
    if request.front is Protocol.COMPOSITE:
        _to_composite(draft, answer, request)
    else:
        _to_decorator(draft, answer, request)


def _to_composite(draft: Draft, answer: Answer, request: Request) -> None:
    draft.rename(OBSERVED_KEY[Protocol.DECORATOR], OBSERVED_KEY[Protocol.COMPOSITE])
    draft.inexpressible.extend(_beyond_the_parent(draft, request))
    draft.drop("labels")
    draft.drop("annotations")
    keep_unsaid_status(draft, request)
    if answer.finalized and request.deleting and _leaves_out(draft, request):
        message = "what is not listed a CompositeController does not delete, but leaves to the garbage collector"
        draft.note("finalize-left", message)


def _leaves_out(draft: Draft, request: Request) -> bool:
    listed = draft.fields.get(OBSERVED_KEY[Protocol.COMPOSITE])
    wanted = 0 if listed is None or is_null(listed) else len(split_array(listed))
    return wanted < sum(map(len, request.observed_groups.values()))


def _to_decorator(draft: Draft, answer: Answer, request: Request) -> None:
    for name in ANSWER_FIELDS[Protocol.DECORATOR] - ANSWER_FIELDS[Protocol.COMPOSITE]:
        if name in draft.fields:
            draft.note("foreign-field-dropped", f"`{name}` means nothing in a composite answer and is left out")
        draft.drop(name)
    draft.rename(OBSERVED_KEY[Protocol.COMPOSITE], OBSERVED_KEY[Protocol.DECORATOR])
    if not answer.finalized:
        return
    if not request.finalizing:
        draft.drop("finalized")
        message = "`finalized` while nothing is finalized would remove the finalizer and put it back at every sync"
        draft.note("finalized-dropped", message)
    elif request.deleting:
        # A CompositeController now leaves its children to the garbage collector; a DecoratorController would delete
        # whatever is not listed.
        draft.put(OBSERVED_KEY[Protocol.DECORATOR], as_applied(request))
        draft.completed = True
        draft.note("finalize-completed", "every observed object is listed as it was applied, so that none is deleted")


class _Metadata(msgspec.Struct):
    labels: dict[str, str] | None = None
    annotations: dict[str, str] | None = None


class _Parent(msgspec.Struct):
    metadata: _Metadata


def _beyond_the_parent(draft: Draft, request: Request) -> list[Inexpressible]:
    """The labels and annotations of the answer that are not already so on the parent; null deletes a key."""
    wanted_labels, wanted_annotations = _strings(draft, "labels"), _strings(draft, "annotations")
    if not wanted_labels and not wanted_annotations:
        return []
    parent = parse_as(request.root, _Parent).metadata
    labels, annotations = parent.labels or {}, parent.annotations or {}
    return [
        *(Inexpressible("labels", key, to) for key, to in wanted_labels.items() if labels.get(key) != to),
        *(
            Inexpressible("annotations", key, to)
            for key, to in wanted_annotations.items()
            if annotations.get(key) != to
        ),
    ]


def _strings(draft: Draft, name: str) -> dict[str, str | None]:
    raw = draft.fields.get(name)
    value = None if raw is None or is_null(raw) else parse(raw)
    return value if isinstance(value, dict) else {}
