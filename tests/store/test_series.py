import pytest

from shadow.store.base import Counters, Retention
from shadow.store.series import Kind, Subject, window
from tests.store.conftest import SqliteBackend
from tests.store.records import EVIDENCE, MIGRATION, NOON, batch, mismatch

DAY = 86_400.0
KEEP_ALL = Retention(age_seconds=1e12)


@pytest.mark.parametrize(
    ("since", "until", "minutes"),
    [(0.0, 60.0, (0, 1)), (59.9, 60.1, (0, 2)), (60.0, 60.0, (1, 1)), (None, 120.0, (0, 2))],
    ids=["one", "touching two", "empty", "open"],
)
def test_a_window_is_the_minutes_it_touches(since, until, minutes) -> None:
    assert window(since, until) == minutes


def test_an_open_end_is_later_than_any_minute() -> None:
    assert window(None, None)[1] > 1e18


def test_subjects_differ_in_each_of_their_parts() -> None:
    subjects = [
        Subject(Kind.ADVICE, "a"),
        Subject(Kind.FAILURE, "a"),
        Subject(Kind.ADVICE, "b"),
        Subject(Kind.ADVICE, "a", "e"),
        Subject(Kind.ADVICE, "a", "", "e"),
        Subject(Kind.ADVICE, "a", "", "", ("e",)),
        Subject(Kind.ADVICE, "a", "", "", ("e", "f")),
        Subject(Kind.ADVICE, "a", "", "", ("ef",)),
        Subject(Kind.ADVICE, "a", "", "", ("1:e",)),
    ]
    assert len({subject.key() for subject in subjects}) == len(subjects)


def test_a_series_sighted_often_in_a_batch_is_one_row_a_minute(sqlite_backend: SqliteBackend) -> None:
    store = sqlite_backend.open()
    store.flush(batch(*(mismatch(f"c{n}", NOON + n) for n in range(100))))
    assert sqlite_backend.rows("SELECT COUNT(*) FROM series WHERE kind = 'difference'") == [(1,)]
    assert sqlite_backend.rows(
        "SELECT minute - ?, count FROM tallies JOIN series ON id = series WHERE kind = 'difference'", NOON // 60
    ) == [(0, 60), (1, 40)]


def test_minutes_older_than_a_week_become_days_and_no_sum_changes(sqlite_backend: SqliteBackend) -> None:
    store = sqlite_backend.open()
    for n in range(40):  # two sightings a day, for twenty days
        store.flush(batch(mismatch(f"c{n}", NOON + n * DAY / 2), at=NOON + n * DAY / 2, counters=Counters(calls=n + 1)))
    tallies = sqlite_backend.rows("SELECT COUNT(*) FROM tallies")
    recent = store.totals(MIGRATION, NOON + 14 * DAY, None)
    store.retain(NOON + 20 * DAY, KEEP_ALL)
    assert sqlite_backend.rows("SELECT COUNT(*) FROM tallies") < tallies
    assert store.totals(MIGRATION, None, None) == store.counters(MIGRATION) == Counters(calls=40)
    assert store.totals(MIGRATION, NOON + 14 * DAY, None) == recent
    assert [line.count for line in store.groups(MIGRATION, EVIDENCE, None, None)] == [40]
    assert store.totals(MIGRATION, NOON + DAY - DAY / 2, NOON + DAY + DAY / 2).calls == 2  # a whole day still is exact


def test_rolling_up_goes_round_all_series_in_steps(sqlite_backend: SqliteBackend) -> None:
    store = sqlite_backend.open()
    for minute in range(2):
        at = NOON + 60 * minute
        store.flush(batch(*(mismatch(f"c{minute}-{n}", at, number=n) for n in range(1500)), at=at))
    old = "SELECT COUNT(*) FROM tallies WHERE minute % 1440 <> 0"
    assert sqlite_backend.rows(old) == [(6000,)]
    left = []
    for _ in range(3):  # 3,000 series, 2,000 a step
        store.retain(NOON + 30 * DAY, KEEP_ALL)
        left += sqlite_backend.rows(old)
    assert left == [(2000,), (0,), (0,)]
    store.flush(batch(mismatch("late", NOON + DAY, number=1)))
    store.retain(NOON + 30 * DAY, KEEP_ALL)
    assert sqlite_backend.rows(old) == [(0,)]


def test_an_empty_tally_writes_nothing(sqlite_backend: SqliteBackend) -> None:
    sqlite_backend.open().flush(batch())
    assert sqlite_backend.rows("SELECT COUNT(*) FROM series") == [(0,)]
