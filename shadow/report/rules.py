"""What became of each rule: whether it still explains something, has expired, or never explained anything."""

from collections.abc import Iterable, Iterator, Mapping

from shadow.compare.rules import Rule, Rules, steps_of
from shadow.report.model import RuleLine, RuleState
from shadow.store.base import Group


class Watch:
    """Notes which rules match what passes by.

    Args:
        compared_at: by uid, when the latest comparison of a parent at the present evidence was. What was seen before
            that does not happen there any more.
    """

    def __init__(self, rules: Rules, compared_at: Mapping[str, float]) -> None:
        self._today = rules.today
        self._compared_at = compared_at
        self._matched: list[tuple[Rule, set[str], set[str]]] = [(rule, set(), set()) for rule in rules.rules]

    def over(self, groups: Iterable[Group]) -> Iterator[Group]:
        """The groups as they are, each noted."""
        for group in groups:
            if self._matched:
                self._note(group)
            yield group

    def _note(self, group: Group) -> None:
        path, parent = steps_of(group.path), group.parent
        happens = group.last_seen >= self._compared_at.get(parent.uid, 0.0)
        for rule, matched, happening in self._matched:
            if rule.matches(group.object, path, group.change, group.effects, str(parent)):
                matched.add(parent.uid)
                if happens:
                    happening.add(parent.uid)

    def lines(self) -> tuple[RuleLine, ...]:
        """In the order of the configuration."""
        return tuple(self._line(rule, len(matched), len(happening)) for rule, matched, happening in self._matched)

    def _line(self, rule: Rule, matched: int, happening: int) -> RuleLine:
        return RuleLine(
            verb=rule.verb,
            because=rule.because,
            object=str(rule.object) if rule.object else None,
            path=rule.path.text if rule.path else None,
            change=rule.change,
            effect=rule.effect,
            parents=rule.parents,
            until=rule.until,
            owner=rule.owner,
            state=_state(rule.expired(self._today), matched, happening),
            matched_parents=matched,
            present_parents=happening,
        )


def _state(expired: bool, matched: int, happening: int) -> RuleState:
    if expired:
        return RuleState.EXPIRED
    if not matched:
        return RuleState.UNMATCHED
    return RuleState.APPLIED if happening else RuleState.GONE
