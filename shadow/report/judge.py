"""Judges stored differences by the rules of a configuration, as of a moment: a rule may have a last day."""

from collections.abc import Callable
from datetime import UTC, datetime

from shadow.compare.rules import Judgement, compile_rules
from shadow.config.rules import Compare
from shadow.store.base import Group

Explain = Callable[[Group], Judgement]
"""Why one parent's difference does not count; a Judgement without reasons if it does."""


def judge(rules: Compare, now: float) -> Explain:
    """The rules as a report asks them; `now` in unix seconds decides which have expired."""
    today = datetime.fromtimestamp(now, UTC).date()
    compiled = compile_rules(rules.records(), lambda: today)

    def explain(group: Group) -> Judgement:
        parent = str(group.parent)
        return compiled.judge(group.object, group.path, group.change, group.effects, parent, group.normalized)

    return explain
