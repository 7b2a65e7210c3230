"""Predictions checked: the writes that a served answer should cause, held against what the parent's next call observes.

A write shows, or it does not: then the name is taken by somebody else, an admission denies it, or the API server makes
something else of it. That is the only evidence there is of what no single request can tell.
"""

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

import msgspec

from shadow.compare.answer import Answer
from shadow.compare.dynamic import Desired, last_applied_text
from shadow.compare.model import Foresight, ObjectEffect, Pair, Predicted
from shadow.compare.view import RequestView
from shadow.protocol.objects import Identity
from shadow.protocol.wire import UnreadableError
from shadow.terms import Effect, Side

CODES: Final[Mapping[str, str]] = {
    "create-not-seen": "it was to be created and is not there: the name is taken by somebody else, or it was denied",
    "update-not-seen": "it was to be written and does not show it: denied, or taken back, or the object is gone",
    "delete-not-seen": "it was to be deleted and is still there",
    "repeats-seen": "it was written as wanted, and would be written the same once more",
}
"""Advice that takes more than one call; what each code means."""

NOT_SEEN: Final = frozenset({"create-not-seen", "update-not-seen", "delete-not-seen"})
"""Those of a prediction that is contradicted."""

PATIENCE_SECONDS: Final = 1.0
"""A call that comes sooner may have been made before everything was observed: what it misses is asked again, once."""

_CODE_OF = {
    Effect.CREATE: "create-not-seen",
    Effect.UPDATE: "update-not-seen",
    Effect.DELETE: "delete-not-seen",
    Effect.RECREATE: "delete-not-seen",
}


class Seen(NamedTuple):
    """What became of the predictions, as this call shows it."""

    confirmed: tuple[Predicted, ...] = ()
    contradicted: tuple[Predicted, ...] = ()
    pending: tuple[Predicted, ...] = ()  # asked again at the next call
    unseen: frozenset[Identity] = frozenset()  # created by this front, and still not observed
    served: Side | None = None  # whose answer it was

    @property
    def advice(self) -> Iterator[tuple[str, Identity]]:
        return ((_CODE_OF[each.effect], each.object) for each in self.contradicted)


def check(view: RequestView, front: str, foresight: Foresight | None, previous: str | None, at: float) -> Seen:
    """Hold what was foreseen against what is observed.

    Args:
        front: whose call this is, `DecoratorController/profiles`: another one observes other objects.
        previous: the call in which the parent was last given an answer. If the foresight is not of that one, somebody
            has written in between, and nothing is concluded.
        at: unix seconds of this call.
    """
    if foresight is None or foresight.front != front:
        return Seen()
    unseen = frozenset(identity for identity in foresight.unseen if identity not in view)
    if foresight.call != previous:
        return Seen(unseen=unseen)
    early = at - foresight.at < PATIENCE_SECONDS
    confirmed, contradicted, pending = [], [], []
    for write in foresight.writes:
        if _shows(view, write):
            confirmed.append(write)
        elif early and not write.again:
            pending.append(write)
        else:
            contradicted.append(write)
    created = (write.object for write in contradicted if write.effect is Effect.CREATE)
    return Seen(tuple(confirmed), tuple(contradicted), tuple(pending), unseen.union(created), foresight.served)


def foresee(
    view: RequestView, answer: Answer, effects: Mapping[Identity, ObjectEffect], apply: str, seen: Seen
) -> tuple[Predicted, ...]:
    """The writes that an answer should cause and that the next call can show.

    Left out: what is never observed or comes again whatever happens, what was created in vain before, and updates by
    server-side apply, of which a request does not tell enough.
    """
    waiting = {write.object for write in seen.pending}
    found = []
    for effect in effects.values():
        mark = _mark(view, answer, effect, apply)
        if mark is not None:
            version = _version(view, answer, effect)
            found.append(Predicted(effect.object, effect.effect, mark, effect.object in waiting, version))
    return tuple(found)


def following(pair: Pair, seen: Seen, writes: tuple[Predicted, ...]) -> Foresight | None:
    """What to keep for the parent's next call; where no answer went out, what is still open."""
    unseen = tuple(sorted(seen.unseen))
    if pair.served is not None:
        return Foresight(pair.caller, pair.id, pair.at, pair.served, writes, unseen)
    former = pair.foresight
    if former is None or former.front != pair.caller:
        return None
    pending = tuple(msgspec.structs.replace(write, again=True) for write in seen.pending)
    return msgspec.structs.replace(former, writes=pending, unseen=unseen)


def repeated(seen: Seen, writes: tuple[Predicted, ...]) -> Iterator[Identity]:
    """The objects that were written as wanted and would be written the very same again."""
    before = {write.object: write for write in seen.confirmed if write.effect is Effect.UPDATE}
    for write in writes:
        former = before.get(write.object)
        if former is not None and write.effect is Effect.UPDATE and write.mark == former.mark:
            yield write.object


def _mark(view: RequestView, answer: Answer, effect: ObjectEffect, apply: str) -> str | None:
    """By what the write will show: the new last-applied configuration, or the uid that will be gone."""
    identity = effect.object
    match effect.effect:
        case Effect.CREATE:
            return None if effect.repeats or not view.declared(identity) else ""
        case Effect.UPDATE:
            held = answer.desired.objects.get(identity) is not None
            return _digest(answer.applying.desired(identity)) if held and apply == "dynamic" else None
        case Effect.DELETE | Effect.RECREATE if identity in view:
            return view.uid(identity)
    return None


def _version(view: RequestView, answer: Answer, effect: ObjectEffect) -> str:
    """Of an update that changes no last-applied configuration, the resourceVersion that cannot stay.

    Empty where it may: what the API server drops or spells in its own way is written without effect.
    """
    if effect.effect is not Effect.UPDATE:
        return ""
    identity, applying = effect.object, answer.applying
    try:
        observed = view.observed(identity)
        settled = last_applied_text(observed) == applying.desired(identity).text
        shows = settled and _contradict(observed, applying.becomes(identity))
    except (UnreadableError, RecursionError, UnicodeEncodeError):
        return ""
    return view.resource_version(identity) if shows else ""


def _contradict(observed: Any, wanted: Any) -> bool:
    """Whether a field that both have holds another value, and not merely nothing in one of them.

    What is empty may stand for a default that only the cluster's schema knows.
    """
    pending = [(observed, wanted)]
    while pending:
        here, there = pending.pop()
        if type(here) is not type(there):
            continue
        if isinstance(here, dict):
            pending.extend((here[key], there[key]) for key in here.keys() & there.keys())
        elif isinstance(here, list):
            pending.extend(zip(here, there, strict=True) if len(here) == len(there) else ())
        elif here != there and here and there:
            return True
    return False


def _shows(view: RequestView, write: Predicted) -> bool:
    identity = write.object
    if write.effect is Effect.CREATE:
        return identity in view
    if write.effect is Effect.UPDATE:
        if identity not in view or _applied(view, identity) != write.mark:
            return False
        return not write.version or view.resource_version(identity) != write.version
    return identity not in view or view.uid(identity) != write.mark or view.being_deleted(identity)


def _digest(desired: Desired) -> str | None:
    try:
        return mark_of(desired.text)
    except (RecursionError, UnicodeEncodeError):
        return None


def _applied(view: RequestView, identity: Identity) -> str | None:
    try:
        text = last_applied_text(view.observed(identity))
    except UnreadableError:
        return None
    return None if text is None else mark_of(text)


def mark_of(text: str) -> str:
    """By what an update is known: its last-applied configuration as text."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]
