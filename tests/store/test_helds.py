"""Held calls: counted by parent and by what was held."""

from shadow.compare.model import ObjectEffect
from shadow.store.base import Flush, HeldCall, Store
from shadow.terms import Effect
from tests.store.records import MIGRATION, NOON, parent, service

DELETED = (ObjectEffect(service(), Effect.DELETE),)
RECREATED = (ObjectEffect(service(), Effect.RECREATE),)


def held(id: str, at: float, objects: tuple[ObjectEffect, ...] = DELETED, number: int = 1) -> HeldCall:
    return HeldCall(MIGRATION, id, at, parent(number), objects)


def test_what_is_held_is_counted_by_parent_and_objects_the_latest_first(store: Store):
    first = [held("a", NOON), held("b", NOON + 1), held("c", NOON + 2, RECREATED)]
    store.flush(Flush("r1", NOON + 3, {}, held=first))
    store.flush(Flush("r1", NOON + 9, {}, held=[held("d", NOON + 5), held("e", NOON + 8, number=2)]))
    assert [(line.parent, line.call, line.objects, line.count) for line in store.held(MIGRATION, None, None)] == [
        (parent(2), "e", DELETED, 1),
        (parent(), "d", DELETED, 3),
        (parent(), "c", RECREATED, 1),
    ]


def test_a_window_has_what_was_held_within_it(store: Store):
    store.flush(Flush("r1", NOON, {}, held=[held("a", NOON), held("b", NOON + 600)]))
    (line,) = store.held(MIGRATION, NOON + 300, None)
    assert (line.count, line.first_seen, line.last_seen) == (1, NOON, NOON + 600)
    assert store.held(MIGRATION, None, NOON - 60) == []
