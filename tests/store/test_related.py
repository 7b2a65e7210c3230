import msgspec

from shadow.store.base import GivenRules, RelatedState, Retention, Store
from shadow.terms import Side
from tests.store.conftest import Backend
from tests.store.records import MIGRATION, NOON, batch

DC, CC = "DecoratorController/profiles", "CompositeController/profiles"


def _state(front: str = DC, at: float = NOON, *rules: bytes) -> RelatedState:
    given = {Side.OLD: GivenRules(rules, 3, "sha256:1")}
    return RelatedState(MIGRATION, "u\ud800", front, at, given, (Side.OLD,))


def _written(*states: RelatedState):
    return msgspec.structs.replace(batch(), related=states)


def test_rules_come_back_as_they_were_spelled(backend: Backend) -> None:
    store = backend.open()
    told = _state(DC, NOON, b'{"apiVersion":"v1", "names":["\\ud800"]}', b"{}")
    store.flush(_written(told))
    store.close()
    assert backend.open().related(MIGRATION) == [told]


def test_each_front_has_its_own_and_the_latest_counts(store: Store) -> None:
    store.flush(_written(_state(DC), _state(CC)))
    store.flush(_written(_state(DC, NOON + 1)))
    assert {one.front: one.answered_at for one in store.related(MIGRATION)} == {DC: NOON + 1, CC: NOON}
    assert store.related("other") == []


def test_what_nobody_asked_for_in_a_week_is_forgotten(store: Store) -> None:
    store.flush(_written(_state(DC), _state(CC, NOON + 86_400)))
    store.retain(NOON + 7.5 * 86_400, Retention())
    assert [one.front for one in store.related(MIGRATION)] == [CC]
