"""`python -m shadow.worker`: the compare process. Started by `shadow.worker.client`, of no use by hand."""

import msgspec

from shadow.compare.comparison import compare
from shadow.compare.model import Comparison, Pair
from shadow.compare.rules import Rules, compile_rules
from shadow.redact import Redactor
from shadow.worker.frames import Setup
from shadow.worker.serve import serve

_KEPT_RULES = 64
"""Sets of rules; a reload brings a new one, and the pairs that name an old one are soon through."""


class RuledComparer:
    """Compares by the rules that a pair names."""

    def __init__(self, setup: Setup) -> None:
        self._redactor = Redactor(setup.redaction_key, setup.redaction_paths)
        self._budget_seconds = setup.budget_seconds
        self._no_rules = compile_rules([])
        self._rules: dict[str, Rules] = {}

    def set_rules(self, digest: str, rules: bytes) -> None:
        self._rules[digest] = compile_rules(msgspec.json.decode(rules))
        while len(self._rules) > _KEPT_RULES:
            del self._rules[next(iter(self._rules))]

    def compare(self, pair: Pair) -> Comparison:
        """Raises KeyError for rules that were never sent."""
        rules = self._rules[pair.rules_digest] if pair.rules_digest else self._no_rules
        return compare(pair, rules, self._redactor, self._budget_seconds)


if __name__ == "__main__":
    serve(RuledComparer)
