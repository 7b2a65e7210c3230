"""Judges stored differences by the rules of a configuration, as of a moment: a rule may have a last day."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from shadow.compare.rules import Judgement, Rules, compile_rules
from shadow.config.rules import Compare
from shadow.store.base import Group

Explain = Callable[[Group], Judgement]
"""Why one parent's difference does not count; a Judgement without reasons if it does."""


@dataclass(frozen=True, slots=True)
class Judge:
    """The rules as a report asks them; an `Explain`."""

    rules: Rules

    def __call__(self, group: Group) -> Judgement:
        parent = str(group.parent)
        return self.rules.judge(group.object, group.path, group.change, group.effects, parent, group.normalized)


def judge(rules: Compare, now: float) -> Judge:
    """The rules of a configuration; `now` in unix seconds decides which have expired."""
    today = datetime.fromtimestamp(now, UTC).date()
    return Judge(compile_rules(rules.records(), lambda: today))
