"""Which differences somebody has already accounted for: `ignore` (does not matter) and `expect` (is intended).

Rules are filters over plain fields, so they judge a fresh difference and a stored group alike. Matching is by globs and
path states, never by backtracking. An expired rule matches nothing. Only `expect` rules ever lift a hold. What is only
spelled in another way is ignored, too, unless its normalizing rule is switched off.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Literal, NamedTuple

from shadow.compare.model import Difference, EffectPair
from shadow.compare.normalize import RULES as NORMALIZING
from shadow.fieldpath import Pattern, Steps, parse
from shadow.fieldpath import glob as matches_glob
from shadow.protocol.objects import Identity
from shadow.terms import Change, Effect

Verb = Literal["ignore", "expect"]
Today = Callable[[], date]

_REMOVALS = {Effect.DELETE: Change.REMOVED, Effect.RECREATE: Change.CHANGED}
"""How a removal shows as a difference of the whole object, or of fields in it."""


class Judgement(NamedTuple):
    """Why a difference does not count; both None if it does."""

    ignored_because: str | None = None
    expected_because: str | None = None


@dataclass(frozen=True, slots=True)
class ObjectGlob:
    """`Kind[.group]/name` or `Kind[.group]/namespace/name`; None matches anything."""

    kind: str
    group: str | None
    namespace: str | None
    name: str

    @classmethod
    def read(cls, text: str) -> "ObjectGlob":
        """
        Raises:
            ValueError: it has neither two nor three parts.
        """
        parts = text.split("/")
        if len(parts) not in (2, 3) or not all(parts):
            raise ValueError(f"{text!r} is not Kind[.group]/name or Kind[.group]/namespace/name")
        kind, dot, group = parts[0].partition(".")
        return cls(kind, group if dot else None, parts[1] if len(parts) == 3 else None, parts[-1])

    def __str__(self) -> str:
        kind = self.kind if self.group is None else f"{self.kind}.{self.group}"
        return "/".join(part for part in (kind, self.namespace, self.name) if part is not None)

    def matches(self, identity: Identity) -> bool:
        return (
            matches_glob(self.name, identity.name)
            and matches_glob(self.kind, identity.kind)
            and (self.group is None or matches_glob(self.group, identity.group))
            and (self.namespace is None or matches_glob(self.namespace, identity.namespace))
        )


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule, ready to match. What is None it does not ask for."""

    verb: Verb
    because: str
    object: ObjectGlob | None = None
    path: Pattern | None = None
    change: Change | None = None
    effect: Effect | None = None
    parents: tuple[str, ...] = ()
    until: date | None = None
    owner: str | None = None

    def expired(self, today: date) -> bool:
        """`until` is the last day on which the rule counts."""
        return self.until is not None and today > self.until

    def covers_parent(self, parent: str) -> bool:
        return not self.parents or any(matches_parent(glob, parent) for glob in self.parents)

    def covers_object(self, identity: Identity | None) -> bool:
        return self.object is None or (identity is not None and self.object.matches(identity))

    def matches(self, identity: Identity | None, path: Steps, change: Change, effects: EffectPair, parent: str) -> bool:
        """Whether a difference is what this rule is about, expired or not; arguments as for `Rules.judge`."""
        return (
            self.change in (None, change)
            and self.effect in (None, effects.new if effects.new is not Effect.NONE else effects.old)
            and self.covers_object(identity)
            and self.covers_parent(parent)
            and (self.path is None or self.path.covers(path))
        )

    def covers_removal(self, identity: Identity, effect: Effect) -> bool:
        """Whether the removal of the object is what this rule accounts for, and not merely some field in it."""
        return (
            self.path is None
            and self.effect in (None, effect)
            and self.change in (None, _REMOVALS.get(effect))
            and self.covers_object(identity)
        )


class Rules:
    """The compiled rules of one migration, in their order; the first that matches gives the reason.

    Args:
        today: the date in UTC; rules have a last day.
        not_normalized: names of normalizing rules that are switched off.
    """

    def __init__(
        self, rules: Iterable[Rule] = (), today: Today | None = None, not_normalized: Collection[str] = ()
    ) -> None:
        self.rules = tuple(rules)
        self._today = today or _today
        self._not_normalized = frozenset(not_normalized)
        # No rule asks for parents or namespaces, so that one cause is judged alike in all of them.
        self.same_everywhere = not any(
            rule.parents or (rule.object is not None and rule.object.namespace) for rule in self.rules
        )

    def judge(
        self,
        identity: Identity | None,
        path: str,
        change: Change,
        effects: EffectPair,
        parent: str,
        normalized: str | None = None,
    ) -> Judgement:
        """Judge one difference, fresh or stored.

        Args:
            identity: None for the parent's own fields.
            path: as text; empty for a whole object.
            parent: `namespace/name`, or `name` of a cluster-scoped one.
            normalized: the normalizing rule by which it is a matter of spelling.
        """
        spelling = f"normalized:{normalized}" if normalized and normalized not in self._not_normalized else None
        if not self.rules:
            return Judgement(spelling)
        found = {rule.verb: rule.because for rule in reversed(self.matching(identity, path, change, effects, parent))}
        return Judgement(found.get("ignore", spelling), found.get("expect"))

    def judge_difference(self, difference: Difference, parent: str) -> Judgement:
        return self.judge(
            difference.object, difference.path, difference.change, difference.effects, parent, difference.normalized
        )

    def matching(
        self, identity: Identity | None, path: str, change: Change, effects: EffectPair, parent: str
    ) -> list[Rule]:
        """Every unexpired rule that matches a difference; arguments as for `judge`."""
        steps = steps_of(path)
        return [rule for rule in self._in_force() if rule.matches(identity, steps, change, effects, parent)]

    def expects(self, identity: Identity, effect: Effect, parent: str) -> str | None:
        """Why a delete or recreate of the object is intended; None if no `expect` rule says so.

        A rule with a path never does: that a field was expected to change does not say that the object may go.
        """
        for rule in self._in_force():
            if rule.verb == "expect" and rule.covers_removal(identity, effect) and rule.covers_parent(parent):
                return rule.because
        return None

    @property
    def today(self) -> date:
        """By which rules expire."""
        return self._today()

    def _in_force(self) -> Iterable[Rule]:
        today = self._today()
        return (rule for rule in self.rules if not rule.expired(today))


def steps_of(path: str) -> Steps:
    """The steps of a path that is stored; of one that cannot be read, itself: only a rule for any place covers it."""
    try:
        return parse(path)
    except ValueError:
        return (path,)


def compile_rules(records: Iterable[Mapping[str, Any]], today: Today | None = None) -> Rules:
    """Compile rules as configuration and the compare process's pipe have them.

    Args:
        records: `{"verb": "ignore"/"expect", "because", "object"?, "path"?, "change"?, "effect"?, "parents"?: text or
            list, "until"?: "2027-01-31", "owner"?}`; a normalizing rule is switched off by
            `{"verb": "normalize", "rule": "quantity", "on": false}`.

    Raises:
        ValueError: saying which value of which rule cannot be read.
    """
    several = list(records)
    switches = [record for record in several if record.get("verb") == "normalize"]
    rules = [_rule(record) for record in several if record.get("verb") != "normalize"]
    return Rules(rules, today, {_switched_off(record) for record in switches if not record.get("on")})


def _switched_off(record: Mapping[str, Any]) -> str:
    name = str(record.get("rule"))
    if name not in NORMALIZING:
        raise ValueError(f"there is no normalizing rule {name!r}")
    return name


def matches_parent(glob: str, parent: str) -> bool:
    """Whether a glob means this parent: without `/` its name is meant, and `*` does not cross `/`."""
    namespace, _, name = parent.rpartition("/")
    wanted_namespace, slash, wanted_name = glob.rpartition("/")
    if not matches_glob(wanted_name, name):
        return False
    return not slash or (bool(namespace) and matches_glob(wanted_namespace, namespace))


def _rule(record: Mapping[str, Any]) -> Rule:
    verb = record.get("verb")
    if verb not in ("ignore", "expect"):
        raise ValueError(f"a rule is `ignore` or `expect`, not {verb!r}")
    about, path, until = record.get("object"), record.get("path"), record.get("until")
    parents = record.get("parents") or ()
    return Rule(
        verb=verb,
        because=str(record.get("because") or ""),
        object=ObjectGlob.read(about) if about else None,
        path=Pattern(_spelled_out(path, about)) if path else None,
        change=Change(record["change"]) if record.get("change") else None,
        effect=Effect(record["effect"]) if record.get("effect") else None,
        parents=(parents,) if isinstance(parents, str) else tuple(parents),
        until=date.fromisoformat(until) if isinstance(until, str) else until,
        owner=record.get("owner"),
    )


def _spelled_out(path: str, about: str | None) -> str:
    """`status...` of a rule without object is short for the parent's."""
    if about is None and path.startswith("status") and path[6:7] in ("", ".", "["):
        return f"parent.{path}"
    return path


def _today() -> date:
    return datetime.now(UTC).date()
