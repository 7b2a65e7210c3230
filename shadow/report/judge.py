"""Judges stored differences by the rules of a configuration, as of a moment: a rule may have a last day."""

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from shadow.compare.rules import Judgement, Rules, compile_rules
from shadow.config.rules import Compare
from shadow.store.base import Group

_MOST_KNOWN = 4096
UNEXPLAINED = Judgement()
"""Of what no rule explains."""

Explain = Callable[[Group], Judgement]
"""Why one parent's difference does not count; a Judgement without reasons if it does."""


@dataclass(frozen=True, slots=True)
class Judge:
    """The rules as a report asks them; an `Explain`."""

    rules: Rules
    _known: dict[Hashable, Judgement] = field(default_factory=dict, repr=False, compare=False)

    def __call__(self, group: Group) -> Judgement:
        """Of one cause in ten thousand parents one is judged, as far as rules do not tell parents apart."""
        if not self.rules.same_everywhere:
            return self._judge(group)
        named = group.object and (group.object.apiVersion, group.object.kind, group.object.name)
        key = named, group.path, group.change, group.effects.old, group.effects.new, group.normalized
        known = self._known.get(key)
        if known is None:
            if len(self._known) >= _MOST_KNOWN:
                self._known.clear()
            known = self._known[key] = self._judge(group)
        return known

    def _judge(self, group: Group) -> Judgement:
        parent = str(group.parent)
        return self.rules.judge(group.object, group.path, group.change, group.effects, parent, group.normalized)


def judge(rules: Compare, now: float) -> Judge:
    """The rules of a configuration; `now` in unix seconds decides which have expired."""
    today = datetime.fromtimestamp(now, UTC).date()
    return Judge(compile_rules(rules.records(), lambda: today))
