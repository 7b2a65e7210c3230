"""Lists stay quick when they grow long: shown by how SQLite means to find the rows, not by the clock."""

import sqlite3

import pytest

from shadow.store import open_store
from shadow.store.base import Counters
from shadow.terms import Outcome
from tests.store.conftest import SqliteBackend
from tests.store.records import EVIDENCE, MIGRATION, NOON, batch, mismatch, state


@pytest.fixture
def plans(sqlite_backend: SqliteBackend, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every statement that is asked from here on, explained: how SQLite means to find the rows."""
    asked: list[str] = []
    store = sqlite_backend.open()
    store.flush(batch(mismatch("c1"), parents=[state()], counters=Counters(calls=1, mismatched=1)))
    connecting = sqlite3.connect

    def traced(*args, **kwargs):
        connection = connecting(*args, **kwargs)
        connection.set_trace_callback(asked.append)
        return connection

    monkeypatch.setattr(sqlite3, "connect", traced)
    explained: list[str] = []
    reading = open_store(sqlite_backend.url, read_only=True)
    reading.open(NOON)
    asked.clear()
    window = (NOON, NOON + 60)
    cursor = "WzEuMCwyXQ=="  # [1.0,2]
    reading.counters(MIGRATION)
    reading.totals(MIGRATION, *window)
    reading.timeline(MIGRATION, *window, 60)
    reading.acknowledgements(MIGRATION)
    list(reading.groups(MIGRATION, EVIDENCE, *window))
    reading.advice(MIGRATION, EVIDENCE, *window)
    reading.failures(MIGRATION, *window)
    reading.coverage(MIGRATION, EVIDENCE, *window)
    reading.served_identities(MIGRATION)
    reading.parents(MIGRATION, None, 50)
    reading.comparisons(MIGRATION, None, cursor, 50)
    reading.comparisons(MIGRATION, Outcome.MISMATCHED, cursor, 50)
    reading.comparisons(MIGRATION, None, cursor, 50, "team-a")
    reading.comparisons(MIGRATION, Outcome.MISMATCHED, cursor, 50, "team-a")
    reading.comparison(MIGRATION, "c1")
    reading.history(MIGRATION, None, 50)
    monkeypatch.undo()
    for statement in (one for one in asked if one.lstrip().startswith("SELECT")):
        explained += [row[3] for row in sqlite_backend.rows(f"EXPLAIN QUERY PLAN {statement}")]
    reading.close()
    return explained


def test_no_question_reads_or_sorts_a_whole_table(plans: list[str]) -> None:
    assert len(plans) > 12
    few_rows_by_their_nature = ("SCAN replica_counters", "USE TEMP B-TREE FOR GROUP BY")
    assert [
        plan for plan in plans if plan.startswith(("SCAN", "USE TEMP")) and plan not in few_rows_by_their_nature
    ] == []


def test_ten_thousand_parents_are_listed_page_by_page(sqlite_backend: SqliteBackend) -> None:
    store = sqlite_backend.open()
    store.flush(batch(parents=[state(n) for n in range(10_000)]))
    names, cursor = [], None
    while True:
        page, cursor = store.parents(MIGRATION, cursor, 500)
        names += [one.parent.name for one in page]
        if cursor is None:
            break
    assert names == [f"team-{n:05}" for n in range(10_000)]
