import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shadow.store.base import Counters, Store
from shadow.store.counters import assemble, values
from shadow.terms import Outcome
from tests.store.conftest import Backend, SqliteBackend
from tests.store.records import MIGRATION, NOON, batch


def outcomes(counters: Counters) -> int:
    return sum(getattr(counters, outcome) for outcome in Outcome)


def test_nothing_told_is_nothing(store: Store) -> None:
    assert store.counters(MIGRATION) == Counters()
    assert store.totals(MIGRATION, None, None) == Counters()


def test_values_replace_what_the_replica_told_before(store: Store) -> None:
    store.flush(batch(counters=Counters(calls=3, matched=2)))
    store.flush(batch(counters=Counters(calls=5, matched=4, dropped=1, dropped_by={"queue": 1})))
    assert store.counters(MIGRATION) == Counters(calls=5, matched=4, dropped=1, dropped_by={"queue": 1})


def test_telling_the_same_batch_again_counts_nothing(store: Store) -> None:
    told = batch(counters=Counters(calls=3, matched=2))
    store.flush(told)
    store.flush(told)
    assert store.counters(MIGRATION).calls == store.totals(MIGRATION, None, None).calls == 3


def test_replicas_add_up(store: Store) -> None:
    store.flush(batch(replica="a", counters=Counters(calls=3, served_old=3)))
    store.flush(batch(replica="b", counters=Counters(calls=4, served_new=4)))
    assert store.counters(MIGRATION) == Counters(calls=7, served_old=3, served_new=4)


def test_migrations_are_counted_apart(store: Store) -> None:
    store.flush(batch(counters=Counters(calls=3)))
    assert store.counters("other") == Counters()


@pytest.mark.parametrize(
    ("since", "until", "calls"),
    [
        (None, None, 111),
        (NOON, None, 110),
        (NOON + 60, None, 100),
        (NOON + 119, None, 100),
        (None, NOON, 1),
        (None, NOON + 1, 11),
        (NOON, NOON + 60, 10),
        (NOON + 120, None, 0),
    ],
    ids=["all", "since", "next minute", "within a minute", "until", "touched", "one minute", "after"],
)
def test_a_window_counts_the_minutes_it_touches(store: Store, since, until, calls) -> None:
    store.flush(batch(at=NOON - 1, counters=Counters(calls=1)))
    store.flush(batch(at=NOON + 59, counters=Counters(calls=11)))
    store.flush(batch(at=NOON + 60, counters=Counters(calls=111)))
    assert store.totals(MIGRATION, since, until).calls == calls


def test_what_a_dead_process_left_pending_was_dropped_in_its_last_minute(backend: Backend) -> None:
    store = backend.open()
    store.flush(batch(at=NOON, counters=Counters(calls=10, matched=6, dropped=1, dropped_by={"queue": 1})))
    store.close()
    store = backend.open(now=NOON + 86_400)
    expected = Counters(calls=10, matched=6, dropped=4, dropped_by={"queue": 1, "crash": 3})
    assert store.counters(MIGRATION) == expected
    assert store.totals(MIGRATION, NOON, NOON + 60) == expected


def test_a_process_that_ended_well_drops_nothing(backend: Backend) -> None:
    for _ in range(3):
        store = backend.open()
        store.flush(batch(counters=Counters(calls=4, matched=4)))
        store.close()
    assert backend.open().counters(MIGRATION) == Counters(calls=12, matched=12)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(
            st.sampled_from("ab"), st.sampled_from(["open", "told", "lost"]), st.integers(0, 5), st.integers(0, 5)
        ),
        max_size=12,
    )
)
def test_sums_hold_whatever_happens_in_whatever_order(tmp_path_factory, steps) -> None:
    backend = SqliteBackend(tmp_path_factory.mktemp("sums") / "shadow.db")
    store, alive = backend.open(), dict.fromkeys("ab", Counters())
    for minute, (replica, step, pending, matched) in enumerate(steps):
        if step == "open":
            store.close()
            store, alive = backend.open(), dict.fromkeys("ab", Counters())
            continue
        was = alive[replica]
        calls = max(was.calls, was.matched + matched + pending)
        alive[replica] = Counters(calls=calls, matched=was.matched + matched)
        if step == "told":
            store.flush(batch(replica=replica, at=NOON + 60 * minute, counters=alive[replica]))
        assert store.counters(MIGRATION) == store.totals(MIGRATION, None, None)
    store.close()
    store = backend.open()
    total = store.counters(MIGRATION)
    assert total == store.totals(MIGRATION, None, None)
    assert total.calls == outcomes(total)
    store.close()


def test_counters_by_name_come_back_whole() -> None:
    counters = Counters(calls=7, held=2, dropped=3, dropped_by={"queue": 1, "crash": 2})
    assert assemble(values(counters).items()) == counters


def test_a_name_of_a_newer_version_is_left_out() -> None:
    assert assemble([("calls", 1), ("divined", 4)]) == Counters(calls=1)


def test_a_timeline_holds_what_was_counted_slot_by_slot(store: Store) -> None:
    for minutes, calls in ((0, 1), (1, 3), (5, 6), (20, 10)):
        store.flush(batch(at=NOON + 60 * minutes, counters=Counters(calls=calls, matched=calls - 1)))
    slots = store.timeline(MIGRATION, NOON, NOON + 900, 300)
    assert [(slot.at - NOON, slot.counters.calls, slot.counters.matched) for slot in slots] == [(0, 3, 2), (300, 3, 3)]


def test_the_slots_of_a_timeline_add_up_to_the_window(store: Store) -> None:
    for minute in range(30):
        store.flush(batch(at=NOON + 60 * minute, counters=Counters(calls=2 * minute, dropped=minute)))
    slots = store.timeline(MIGRATION, NOON, NOON + 1800, 600)
    whole = store.totals(MIGRATION, NOON, NOON + 1800)
    assert sum(slot.counters.calls for slot in slots) == whole.calls
    assert sum(slot.counters.dropped for slot in slots) == whole.dropped
