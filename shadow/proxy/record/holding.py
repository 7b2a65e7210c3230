"""Which parents are held: found by whoever asks what keeps answering 502, and said in the log when it changes.

A held call has no comparison of its own to be found by: `old` may not have been asked at all.
"""

import logging

from shadow.compare.model import ObjectEffect
from shadow.proxy.calls.call import Call
from shadow.store.base import HeldCall
from shadow.terms import Hook, Side

_log = logging.getLogger(__name__)


class Holding:
    """Remembers what was held in each parent's latest call of `new`, so that only a change is said."""

    def __init__(self) -> None:
        self._held: dict[tuple[str, str], frozenset[str]] = {}  # by migration and uid

    def seen(self, call: Call) -> HeldCall | None:
        """What to store of a call that was replied to; None where nothing was held."""
        if call.hook is not Hook.SYNC or not (call.held or self._held):
            return None
        objects = tuple(ObjectEffect(identity, effect) for identity, effect in sorted(call.held.items()))
        self._say(call, frozenset(f"{each.effect} {each.object}" for each in objects))
        if not objects:
            return None
        return HeldCall(call.migration.name, call.id, call.at, call.request.parent, objects)

    def _say(self, call: Call, now: frozenset[str]) -> None:
        key = call.migration.name, call.request.parent.uid
        before = self._held.get(key, frozenset())
        if now == before:
            return
        name, parent = call.migration.name, call.request.parent
        if now:
            self._held[key] = now
            removals = ", ".join(sorted(now))
            _log.warning(
                "%s: the answer of `new` for %s is held: it would %s; %s is served instead, at every sync, until the "
                "hook is mended or an `expect` rule covers it",
                *(name, parent, removals, "`old`'s answer" if call.fallback else "an error"),
                extra={"migration": name, "call": call.id},
            )
        elif (why := _let_go(call)) is not None:
            del self._held[key]
            _log.info("%s: %s is not held any more: %s", name, parent, why, extra={"migration": name})


def _let_go(call: Call) -> str | None:
    """Why nothing is held any more; None where this call does not show it, because `new` gave no valid answer."""
    if call.assignment.primary is Side.OLD:
        return "`old` is its primary"
    new = call.askings.get(Side.NEW)
    return "`new` asks for nothing of the kind" if new is not None and new.failure is None else None
