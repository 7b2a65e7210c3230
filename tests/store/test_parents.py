import msgspec
import pytest

from shadow.protocol.objects import ParentRef
from shadow.store.base import ParentState, Store
from shadow.terms import Effect, Outcome, Side
from tests.store.conftest import Backend
from tests.store.records import EVIDENCE, MIGRATION, NOON, batch, call, comparison, difference, state


def test_a_parent_comes_back_whole(backend: Backend) -> None:
    store = backend.open()
    told = state(outcome=Outcome.MISMATCHED, effects_new={Effect.DELETE: 2, Effect.NONE: 6}, comparison="c1")
    store.flush(batch(parents=[told]))
    store.close()
    assert backend.open().served_identities(MIGRATION) == [told]


def test_no_identities_and_unknown_identities_are_told_apart(store: Store) -> None:
    known = ParentState(MIGRATION, ParentRef("v1", "Namespace", "", "a", "1"), Side.OLD, Side.OLD, (), NOON)
    unknown = ParentState(MIGRATION, ParentRef("v1", "Namespace", "", "b", "2"), Side.OLD, None, None, None)
    store.flush(batch(parents=[known, unknown]))
    assert store.parents(MIGRATION, None, 10)[0] == [known, unknown]


def test_the_latest_state_replaces_the_one_before(store: Store) -> None:
    store.flush(batch(parents=[state(1), state(2)]))
    store.flush(batch(parents=[state(1, Side.NEW)]))
    assert store.parents(MIGRATION, None, 10) == ([state(1, Side.NEW), state(2)], None)


def test_other_migrations_have_parents_of_their_own(store: Store) -> None:
    store.flush(batch(parents=[state(1)]))
    assert store.parents("other", None, 10) == ([], None)
    assert store.served_identities("other") == []


def test_pages_are_ordered_by_namespace_and_name_and_miss_nobody(store: Store) -> None:
    references = [
        ParentRef("v1", "Thing", namespace, name, f"{namespace}{name}{uid}")
        for namespace in ("", "b", "a")
        for name in ("y", "x", "z")
        for uid in "21"
    ]
    store.flush(batch(parents=[ParentState(MIGRATION, one, Side.OLD, None, None, None) for one in references]))
    found, cursor = [], None
    while True:
        page, cursor = store.parents(MIGRATION, cursor, 4)
        found += [one.parent for one in page]
        if cursor is None:
            break
        assert len(page) == 4
    assert found == sorted(references, key=lambda one: (one.namespace, one.name, one.uid))


def test_names_that_are_no_text_harm_no_batch(store: Store) -> None:
    hostile = [ParentRef("v1", "Namespace", "", f"\ud800{number}", f"\udfff{number}") for number in range(3)]
    states = [ParentState(MIGRATION, one, Side.NEW, None, None, None) for one in hostile]
    found = comparison(differences=(difference(),))
    calls = [msgspec.structs.replace(call(one.uid, compared=found), id=one.name[1:], parent=one) for one in hostile]
    store.flush(batch(*calls, parents=states))
    first, cursor = store.parents(MIGRATION, None, 2)
    second, _ = store.parents(MIGRATION, cursor, 2)
    assert [*first, *second] == states
    lines = list(store.groups(MIGRATION, EVIDENCE, None, None))
    assert [(line.parent, line.moved) for line in lines] == [(one, True) for one in hostile]


@pytest.mark.parametrize(
    "cursor", ["x", "bm8=", "W10=", "ä", "WzEsMl0="], ids=["x", "text", "empty", "umlaut", "other"]
)
def test_a_cursor_from_elsewhere_is_refused(store: Store, cursor: str) -> None:
    with pytest.raises(ValueError, match="no such cursor"):
        store.parents(MIGRATION, cursor, 4)
