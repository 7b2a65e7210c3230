"""Rules that explain everything, or can explain nothing: what is odd about one, and what to write instead.

Never an error: a cluster may be odd. But nobody notices such a rule by its effect.
"""

import re
from collections.abc import Iterator
from typing import Literal

from shadow.config.rules import Rule
from shadow.fieldpath import parse
from shadow.terms import Change, Effect

Oddity = tuple[str, str]
"""The key of the rule that it is about, and what is said of its value; no key: the rule as a whole."""

_OF_PARENT = frozenset({"status", "labels", "annotations", "*", "**"})
_VERSION = re.compile(r"v[0-9]+(?:(?:alpha|beta)[0-9]+)?")
_QUOTED_STAR = re.compile(r'"[^"]*\*[^"]*"')


def oddities(verb: Literal["ignore", "expect"], rule: Rule) -> Iterator[Oddity]:
    """What is odd about one rule."""
    if _anywhere(rule) and rule.change is None and rule.effect is None:
        yield "", "explains every difference, whatever it is: name an object or a field"
    elif verb == "expect" and rule.path is None and _anywhere(rule) and _removes(rule):
        yield "", "lifts the hold for every object that `new` would delete or recreate: name the objects"
    yield from _of_object(rule)
    yield from _of_path(rule)
    for glob in rule.parents:
        if re.search("[A-Z_]", glob):
            yield "parents", f"no object of Kubernetes is called as {glob} is: names are in lower case, without _"


def _anywhere(rule: Rule) -> bool:
    """Whether neither object nor path nor parents leave anything out."""
    everything = rule.object is None or set(rule.object) <= set("*./")
    everywhere = rule.path is None or _all_wild(rule.path)
    return everything and everywhere and (not rule.parents or not {"*", "*/*"}.isdisjoint(rule.parents))


def _all_wild(path: str) -> bool:
    return set(path) <= set("*.[]")


def _removes(rule: Rule) -> bool:
    """Whether it expects removals; without effect and change it would have to ask for something else."""
    match rule.change:
        case None:
            return rule.effect in (Effect.DELETE, Effect.RECREATE)
        case Change.REMOVED:
            return rule.effect in (None, Effect.DELETE)
        case Change.CHANGED:
            return rule.effect in (None, Effect.RECREATE)
    return False


def _of_object(rule: Rule) -> Iterator[Oddity]:
    if rule.object is None:
        return
    kind, second = rule.object.split("/")[:2]
    if kind[0].islower():
        yield "object", f"no kind is called {kind}: write it as `kind` has it, such as Deployment.apps"
    if _VERSION.fullmatch(second):
        what = "namespace" if rule.object.count("/") == 2 else "object"
        yield "object", f"means the {what} called {second}: a kind is written without its version"
    if rule.effect is Effect.INEXPRESSIBLE:
        yield "effect", "only labels and annotations of the parent are inexpressible, no object: leave out `object`"


def _of_path(rule: Rule) -> Iterator[Oddity]:
    if rule.path is None:
        return
    first, *rest = parse(rule.path)
    if first == "parent" and rule.object is not None:
        yield "path", f"{rule.path} is a field of the parent, and `object` asks for another one: leave out `object`"
    elif first == "parent" and rest and rest[0] not in _OF_PARENT:
        yield "path", f"of the parent only status, labels and annotations are compared, not {rest[0]}"
    elif first in ("labels", "annotations"):
        yield "path", f"no object has {first} at its root: write metadata.{first} or parent.{first}"
    if rule.effect is Effect.DELETE and not _all_wild(rule.path):
        yield "path", "an object that is deleted differs as a whole, in no field: leave out `path`"
    if _QUOTED_STAR.search(rule.path):
        yield "path", "within quotes * means itself: write [a.b/*] for every field of that form"
