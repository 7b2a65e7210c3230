"""Where an implementation differs from itself when it is asked the same twice: times, random names, an unstable order.

Counted by kind, so that one habit of a hook is one line. Never changes an outcome: noise is told, not dropped.
"""

from collections.abc import Iterator

from shadow.compare.answer import Answer
from shadow.compare.canonical import same
from shadow.compare.differences import Describer
from shadow.compare.model import Difference, Noise
from shadow.compare.parent import parent_differences, parent_fields
from shadow.compare.view import RequestView
from shadow.protocol.objects import Identity
from shadow.redact import Redactor
from shadow.terms import Side

ANY = "*"
"""The namespace and name of the object that stands for all of its kind."""


def noise_of(view: RequestView, side: Side, first: Answer, again: Answer, redactor: Redactor) -> Iterator[Noise]:
    """Each place once, however many objects of a kind show it; differences of spelling are none."""
    describer = Describer(view.parent, redactor, {}, {})
    found: dict[tuple[Identity | None, str], Noise] = {}
    for difference in _differences(view, describer, first, again, redactor):
        about = difference.object
        kind = None if about is None else Identity(about.apiVersion, about.kind, ANY, ANY)
        if difference.normalized is None:
            noise = Noise(side, kind, difference.shown_path, difference.old, difference.new)
            found.setdefault((kind, difference.shown_path), noise)
    yield from found.values()


def _differences(
    view: RequestView, describer: Describer, first: Answer, again: Answer, redactor: Redactor
) -> Iterator[Difference]:
    before, after = first.desired.objects, again.desired.objects
    for identity in sorted(before.keys() | after.keys()):
        one, other = before.get(identity), after.get(identity)
        if (identity in before and one is None) or (identity in after and other is None):
            continue  # one of the two cannot be held, so nothing can be said of them
        if one is None or other is None or not same(one, other):
            yield from describer.of_object(identity, one, other)
    changes = list(parent_differences(view, first, again))
    if changes:
        wanted = [redactor.answer(parent_fields(view, answer)) for answer in (first, again)]
        for change, effects in changes:
            yield describer.of_parent(change, effects, *wanted)
