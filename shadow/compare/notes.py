"""Turns what the proxy noted while it translated a request and its answers into advice. Decides nothing anew."""

from collections.abc import Iterator

from shadow.compare.groups import Generalizer
from shadow.compare.model import Advice, Pair
from shadow.protocol.draft import Note
from shadow.terms import Side


def noted(pair: Pair, generalizer: Generalizer) -> Iterator[Advice]:
    """Each note once, of both sides where both share one; objects as every parent would call them."""
    found: dict[Side, dict[Note, None]] = {
        Side.OLD: dict.fromkeys(pair.old.notes),
        Side.NEW: dict.fromkeys(pair.new.notes),
    }
    for note in found[Side.OLD] | found[Side.NEW]:
        sides = [side for side in Side if note in found[side]]
        about = None if note.object is None else generalizer.identity(note.object)
        yield Advice(note.code, sides[0] if len(sides) == 1 else None, about, note.message)
