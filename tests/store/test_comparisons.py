import random

import msgspec
import pytest

from shadow.store.base import Call, Counters, Retention, Store
from shadow.store.comparisons import MOST_REPEATS
from shadow.terms import Outcome
from tests.store.conftest import SqliteBackend
from tests.store.records import EVIDENCE, MIGRATION, NOON, batch, brake, call, comparison, mismatch, state

UNBOUNDED = Retention(age_seconds=1e12, comparisons=10**9, size_bytes=10**12)


def kept(store: Store, outcome: Outcome | None = None) -> list[str]:
    return [one.id for one in store.comparisons(MIGRATION, outcome, None, 1000)[0]]


def retain(store: Store, now: float = NOON, **bounds) -> int:
    gone = 0
    while step := store.retain(now, msgspec.structs.replace(UNBOUNDED, **bounds)):
        gone += step
    return gone


def test_a_comparison_comes_back_with_its_answers(store: Store) -> None:
    told = mismatch("c1", trace_id="0af7651916cd43dd8448eb211c80319c")
    store.flush(batch(told))
    assert store.comparison(MIGRATION, "c1") == told


def test_a_list_is_without_answers(store: Store) -> None:
    store.flush(batch(mismatch("c1")))
    ((listed,), _) = store.comparisons(MIGRATION, None, None, 10)
    assert listed.comparison is not None
    assert (listed.comparison.old_answer, listed.comparison.new_answer) == (None, None)
    assert len(listed.comparison.differences) == 1


@pytest.mark.parametrize(
    ("migration", "id"), [(MIGRATION, "c2"), ("other", "c1")], ids=["other call", "other migration"]
)
def test_what_is_not_there_is_none(store: Store, migration: str, id: str) -> None:
    store.flush(batch(mismatch("c1")))
    assert store.comparison(migration, id) is None


@pytest.mark.parametrize("outcome", list(Outcome))
@pytest.mark.parametrize("answers", [True, False], ids=["with answers", "without"])
def test_kept_is_what_went_wrong_and_what_brings_answers(store: Store, outcome: Outcome, answers: bool) -> None:
    compared = comparison(outcome, old=b"{}" if answers else None)
    store.flush(batch(call("c1", compared=compared)))
    assert (kept(store) == ["c1"]) is (answers or outcome in {Outcome.MISMATCHED, Outcome.FAILED})


def test_a_failed_call_is_kept_even_without_a_comparison(store: Store) -> None:
    told = call("c1", outcome=Outcome.FAILED, reason="timeout")
    store.flush(batch(told))
    assert store.comparison(MIGRATION, "c1") == told


def test_pages_are_newest_first_and_by_outcome(store: Store) -> None:
    outcomes = (Outcome.MISMATCHED, Outcome.FAILED)
    calls = [call(f"c{n}", NOON + n % 7, compared=comparison(outcomes[n % 2])) for n in range(20)]
    store.flush(batch(*calls))
    newest_first = sorted(calls, key=lambda one: (one.at, calls.index(one)), reverse=True)
    for outcome in (None, *outcomes):
        found, cursor = [], None
        while True:
            page, cursor = store.comparisons(MIGRATION, outcome, cursor, 3)
            found += [one.id for one in page]
            if cursor is None:
                break
        assert found == [one.id for one in newest_first if outcome in (None, one.outcome)]


def test_pages_are_of_one_parent(store: Store) -> None:
    calls = [mismatch(f"c{n}", NOON + n, number=n % 3) for n in range(12)]
    store.flush(batch(*calls))
    wanted, found, cursor = str(calls[1].parent), list[str](), None
    for _ in range(2):
        page, cursor = store.comparisons(MIGRATION, Outcome.MISMATCHED, cursor, 2, wanted)
        found += [one.id for one in page]
    assert (found, cursor) == (["c10", "c7", "c4", "c1"], None)
    assert store.comparisons(MIGRATION, Outcome.FAILED, None, 2, wanted) == ([], None)
    assert store.comparisons(MIGRATION, None, None, 2, f"{wanted}x") == ([], None)


def test_the_same_call_told_twice_is_kept_once(store: Store) -> None:
    store.flush(batch(mismatch("c1")))
    store.flush(batch(mismatch("c1", status=500)))
    assert [one.status for one in store.comparisons(MIGRATION, None, None, 10)[0]] == [200]


def test_the_same_answer_is_stored_once(sqlite_backend: SqliteBackend) -> None:
    store = sqlite_backend.open()
    answer = random.Random(1).randbytes(200_000)
    store.flush(batch(*(call(f"c{n}", compared=comparison(old=answer, new=answer)) for n in range(50))))
    store.close()
    assert sqlite_backend.path.stat().st_size < 600_000


def test_an_answer_stays_as_long_as_a_comparison_shows_it(store: Store) -> None:
    shared = comparison(old=b'{"a": 1}', new=b'{"a": 1}')
    store.flush(batch(call("older", NOON - 60, compared=shared), call("newer", NOON, compared=shared)))
    assert retain(store, comparisons=1) == 1
    found = store.comparison(MIGRATION, "newer")
    assert found is not None
    assert found.comparison == shared


def test_the_old_go_by_age(store: Store) -> None:
    store.flush(batch(mismatch("old", NOON - 61), mismatch("edge", NOON - 60), mismatch("new", NOON)))
    assert retain(store, age_seconds=60.0) == 1
    assert kept(store) == ["new", "edge"]


def test_the_oldest_go_by_count(store: Store) -> None:
    store.flush(batch(*(mismatch(f"c{n}", NOON - n) for n in range(1200))))
    assert retain(store, comparisons=5) == 1195
    assert kept(store) == ["c0", "c1", "c2", "c3", "c4"]


def test_the_oldest_go_by_size_and_the_file_shrinks(sqlite_backend: SqliteBackend) -> None:
    store = sqlite_backend.open()
    dice = random.Random(1)
    store.flush(batch(*(call(f"c{n}", NOON + n, compared=comparison(old=dice.randbytes(20_000))) for n in range(1000))))
    assert retain(store, size_bytes=1_000_000) > 900
    assert kept(store)[0] == "c999"
    while store.retain(NOON, UNBOUNDED):
        pass
    store.close()
    assert sqlite_backend.path.stat().st_size < 8_000_000  # of 20; some free pages stay for what comes next


def test_one_step_is_short(store: Store) -> None:
    store.flush(batch(*(mismatch(f"c{n}") for n in range(1200))))
    assert store.retain(NOON, msgspec.structs.replace(UNBOUNDED, comparisons=0)) == 500


def test_nothing_too_much_means_nothing_goes(store: Store) -> None:
    store.flush(batch(mismatch("c1")))
    assert retain(store) == 0
    assert kept(store) == ["c1"]


def test_retention_touches_no_number(store: Store) -> None:
    store.flush(batch(mismatch("c1"), counters=Counters(calls=1, mismatched=1), parents=[state()]))
    store.set_brake(MIGRATION, brake(1))
    before = _numbers(store)
    assert retain(store, NOON + 1e9, age_seconds=0.0) == 1
    assert kept(store) == []
    assert _numbers(store) == before


def _numbers(store: Store) -> tuple:
    window = (None, None)
    return (
        store.counters(MIGRATION),
        store.totals(MIGRATION, *window),
        list(store.groups(MIGRATION, EVIDENCE, *window)),
        store.coverage(MIGRATION, EVIDENCE, *window),
        store.parents(MIGRATION, None, 10),
        store.history(None, None, 10),
    )


def test_what_a_hot_loop_repeats_within_a_minute_is_counted_and_not_kept(store: Store) -> None:
    def again(times: int) -> Call:
        told = mismatch(f"c{times}")
        assert told.comparison is not None
        return msgspec.structs.replace(told, comparison=msgspec.structs.replace(told.comparison, repeated=times))

    store.flush(batch(*(again(times) for times in range(MOST_REPEATS + 5))))
    assert sorted(kept(store)) == sorted(f"c{times}" for times in range(MOST_REPEATS))
    (group,) = store.groups(MIGRATION, EVIDENCE, None, None)
    assert group.count == MOST_REPEATS + 5
