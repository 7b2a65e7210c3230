"""Where an implementation differs from itself when it is asked the same twice: times, random names, an unstable order.

Counted by kind, so that one habit of a hook is one line. Never changes an outcome: noise is told, not dropped.
"""

from collections.abc import Iterator

from shadow.compare.answer import Answer
from shadow.compare.budget import Check
from shadow.compare.differences import Describer
from shadow.compare.differing import differences
from shadow.compare.model import Noise
from shadow.compare.parent import parent_differences
from shadow.compare.shown import Shown
from shadow.compare.view import RequestView
from shadow.protocol.objects import Identity
from shadow.terms import Side

ANY = "*"
"""The namespace and name of the object that stands for all of its kind."""


def noise_of(
    view: RequestView, side: Side, first: Answer, again: Answer, shown: Shown, check: Check
) -> Iterator[Noise]:
    """Each place once, however many objects of a kind show it; differences of spelling are none."""
    describer = Describer(view.parent, shown, {}, {})
    found: dict[tuple[Identity | None, str], Noise] = {}
    parent = parent_differences(view, first, again, check)
    for difference in differences(view, describer, first, again, _comparable(first, again), parent, check):
        about = difference.object
        kind = None if about is None else Identity(about.apiVersion, about.kind, ANY, ANY)
        if difference.normalized is None:
            noise = Noise(side, kind, difference.shown_path, difference.old, difference.new)
            found.setdefault((kind, difference.shown_path), noise)
    yield from found.values()


def _comparable(first: Answer, again: Answer) -> Iterator[Identity]:
    """All but those that cannot be held in one of the two: nothing can be said of them."""
    before, after = first.desired.objects, again.desired.objects
    for identity in before.keys() | after.keys():
        unreadable = (identity in objects and objects[identity] is None for objects in (before, after))
        if not any(unreadable):
            yield identity
