"""What a pair is compared with: the rules that it names, and what was foreseen of this very call."""

from collections import OrderedDict
from collections.abc import Callable
from datetime import date

import msgspec

from shadow.compare.comparison import compare
from shadow.compare.model import Comparison, Foresight, Pair
from shadow.compare.rules import Rules, compile_rules
from shadow.redact import Redactor
from shadow.terms import Hook
from shadow.worker.frames import Setup

_KEPT_FORESIGHTS = 10_000
"""Parents; what the proxy knows of the others comes with their pair."""


class RuledComparer:
    """Compares by the rules that a pair names.

    What was foreseen of a parent's next call is remembered here: that call may come before the proxy has heard of it.
    """

    def __init__(self, setup: Setup, today: Callable[[], date] | None = None) -> None:
        """
        Args:
            today: decides which rules have expired; None: the clock.
        """
        self._today = today
        self._redactor = Redactor(setup.redaction_key, setup.redaction_paths)
        self._budget_seconds = setup.budget_seconds
        self._no_rules = compile_rules([])
        self._rules: dict[str, Rules] = {}
        self._foresights: OrderedDict[tuple[str, str], Foresight] = OrderedDict()

    def set_rules(self, digest: str, rules: bytes) -> None:
        self._rules[digest] = compile_rules(msgspec.json.decode(rules), self._today)

    def forget_rules(self, digest: str) -> None:
        self._rules.pop(digest, None)

    def compare(self, pair: Pair) -> Comparison:
        """Raises KeyError for rules that were never sent."""
        rules = self._rules[pair.rules_digest] if pair.rules_digest else self._no_rules
        if pair.hook is Hook.CUSTOMIZE:
            return compare(pair, rules, self._redactor, self._budget_seconds)
        key = pair.migration, pair.parent.uid
        kept = self._foresights.pop(key, None)
        pair = msgspec.structs.replace(pair, foresight=_foreseen(pair, kept))
        comparison = compare(pair, rules, self._redactor, self._budget_seconds)
        # A call that came later may be compared first: it was not asked of both, or answered sooner.
        latest = kept if kept is not None and kept.at > pair.at else comparison.foresight
        if latest is not None:
            self._foresights[key] = latest
            while len(self._foresights) > _KEPT_FORESIGHTS:
                self._foresights.popitem(last=False)
        return comparison


def _foreseen(pair: Pair, kept: Foresight | None) -> Foresight | None:
    """What was foreseen of this call: as kept here, unless only the proxy's memory is of the right call."""
    told = pair.foresight
    if kept is None or (told is not None and told.call == pair.previous != kept.call):
        return told
    return kept
