"""The advice on one pair, each once: traps in either answer, what translating cost, what became of predictions.

Decides which implementation an advice is for (None: both), and calls objects as every parent would call them.
"""

from collections.abc import Container, Iterable, Iterator, Mapping

from shadow.compare.advice import CODES, Found, acted, advise
from shadow.compare.answer import Answer
from shadow.compare.effects import SERVER_SIDE
from shadow.compare.groups import Generalizer
from shadow.compare.model import Advice, ObjectEffect, Pair
from shadow.compare.view import RequestView
from shadow.protocol.objects import Identity
from shadow.terms import Side

Said = dict[tuple[str, Identity | None, str], None]
"""Code, object, and the sentence for it, in the order in which they were found."""


class Advising:
    """Gathers what is to be said of either side."""

    def __init__(self, pair: Pair) -> None:
        self._generalizer = Generalizer(pair.parent)
        self._dynamic = pair.apply != SERVER_SIDE
        self._found: dict[Side, Said] = {side: {} for side in Side}
        self._noted: dict[Side, Said] = {
            side: {(note.code, note.object, note.message): None for note in candidate.notes}
            for side, candidate in ((Side.OLD, pair.old), (Side.NEW, pair.new))
        }

    def traps(
        self,
        view: RequestView,
        answers: Mapping[Side, Answer],
        effects: Mapping[Side, Mapping[Identity, ObjectEffect]],
        alike: Container[Identity],
    ) -> None:
        """What is to be seen in the answers themselves.

        Args:
            answers: the valid ones.
            alike: the objects of which both want the same: they are looked at once.
        """
        for side, answer in answers.items():
            skipped = alike if side is Side.NEW else ()
            self.add(side, advise(view, answer, effects[side], skipped, dynamic=self._dynamic))
        of_old = [(code, identity) for code, identity, _ in self._found[Side.OLD]]
        self.add(Side.NEW, (found for found in of_old if found[1] in alike and found[0] != "duplicate"))
        if len(answers) == len(Side):
            for identity in acted(view, answers[Side.OLD], answers[Side.NEW]):
                for side in Side:
                    self.add(side, [("side-effects", identity)])

    def add(self, side: Side | None, found: Iterable[Found]) -> None:
        """Advice on what one side does; None: nobody's."""
        if side is not None:
            self._found[side] |= {(code, identity, CODES[code]): None for code, identity in found}

    def result(self) -> Iterator[Advice]:
        for said in (self._found, self._noted):
            for code, identity, message in said[Side.OLD] | said[Side.NEW]:
                sides = [side for side in Side if (code, identity, message) in said[side]]
                about = None if identity is None else self._generalizer.identity(identity)
                yield Advice(code, sides[0] if len(sides) == 1 else None, about, message)
