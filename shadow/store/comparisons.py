"""Single comparisons with their answers, for looking at: which are kept, and which go first when there are too many.

An answer is stored once per content, compressed; it goes with the last comparison that shows it.
"""

import hashlib
import math
import sqlite3

import msgspec

from shadow.store.base import Call, Retention
from shadow.store.rows import compress, cursor, decode, decompress, encode, uncursor
from shadow.terms import Outcome

_A_STEP = 500  # comparisons that go in one transaction: some tens of milliseconds
_SPARE_PAGES = 1024  # free pages that stay in the file, for the next writes
_VACUUM_PAGES = 4096  # given back to the disk in one step at most


MOST_REPEATS = 10
"""Of the very same pair within a minute, to be kept one by one: a hot loop must not push out what others showed."""


def is_kept(call: Call) -> bool:
    """All that went wrong, a hot loop's repetitions apart; of the others those asked for with their answers."""
    if call.comparison is not None and call.comparison.repeated >= MOST_REPEATS:
        return False
    if call.outcome in {Outcome.MISMATCHED, Outcome.FAILED}:
        return True
    compared = call.comparison
    return compared is not None and (compared.old_answer is not None or compared.new_answer is not None)


def insert(connection: sqlite3.Connection, call: Call) -> None:
    """Store it; a call that is already there stays as it is."""
    compared = call.comparison
    old = _body(connection, compared.old_answer if compared else None)
    new = _body(connection, compared.new_answer if compared else None)
    if compared is not None:
        call = msgspec.structs.replace(
            call, comparison=msgspec.structs.replace(compared, old_answer=None, new_answer=None)
        )
    record = compress(encode(call))
    connection.execute(
        "INSERT INTO comparisons (id, migration, at, outcome, size, old_body, new_body, record)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING",
        (call.id, call.migration, call.at, call.outcome, len(record), old, new, record),
    )


def _body(connection: sqlite3.Connection, answer: bytes | None) -> int | None:
    if answer is None:
        return None
    digest = hashlib.sha256(answer).digest()
    known = connection.execute("SELECT id FROM bodies WHERE hash = ?", (digest,)).fetchone()
    if known is not None:
        return int(known[0])
    data = compress(answer)
    row = (digest, data, len(data))
    return connection.execute("INSERT INTO bodies (hash, data, size) VALUES (?, ?, ?)", row).lastrowid


def page(
    connection: sqlite3.Connection, migration: str, outcome: Outcome | None, after: str | None, limit: int
) -> tuple[list[Call], str | None]:
    """Newest first, without answers."""
    behind = uncursor(after, tuple[float, int]) if after else (math.inf, 0)
    chosen = "migration = ?" if outcome is None else "migration = ? AND outcome = ?"
    rows = connection.execute(
        f"SELECT at, seq, record FROM comparisons WHERE {chosen} AND (at, seq) < (?, ?)"  # noqa: S608
        " ORDER BY at DESC, seq DESC LIMIT ?",
        (migration, *([] if outcome is None else [outcome]), *behind, limit + 1),
    ).fetchall()
    calls = [decode(decompress(record), Call) for _, _, record in rows[:limit]]
    return calls, cursor(rows[limit - 1][:2]) if len(rows) > limit else None


def one(connection: sqlite3.Connection, migration: str, call_id: str) -> Call | None:
    """With its answers."""
    row = connection.execute(
        "SELECT c.record, old.data, new.data FROM comparisons c LEFT JOIN bodies old ON old.id = c.old_body"
        " LEFT JOIN bodies new ON new.id = c.new_body WHERE c.id = ? AND c.migration = ?",
        (call_id, migration),
    ).fetchone()
    if row is None:
        return None
    call = decode(decompress(row[0]), Call)
    if call.comparison is None:
        return call
    old, new = (decompress(data) if data is not None else None for data in row[1:])
    return msgspec.structs.replace(
        call, comparison=msgspec.structs.replace(call.comparison, old_answer=old, new_answer=new)
    )


def discard(connection: sqlite3.Connection, now: float, retention: Retention) -> int:
    """Delete the oldest that are too old, too many or too large together, a step's worth; returns how many."""
    gone = _discard_older(connection, now - retention.age_seconds)
    if not gone and (excess := _excess(connection, retention)) > 0:
        gone = _discard_oldest(connection, excess)
    connection.execute("DELETE FROM bodies WHERE uses = 0")
    return gone


def _discard_older(connection: sqlite3.Connection, than: float) -> int:
    return connection.execute(
        "DELETE FROM comparisons WHERE seq IN (SELECT seq FROM comparisons WHERE at < ? ORDER BY at, seq LIMIT ?)",
        (than, _A_STEP),
    ).rowcount


def _discard_oldest(connection: sqlite3.Connection, count: int) -> int:
    return connection.execute(
        "DELETE FROM comparisons WHERE seq IN (SELECT seq FROM comparisons ORDER BY at, seq LIMIT ?)",
        (min(count, _A_STEP),),
    ).rowcount


def _excess(connection: sqlite3.Connection, retention: Retention) -> int:
    """How many comparisons are too many, by number or by the average size of one."""
    (count, records) = connection.execute("SELECT COUNT(*), COALESCE(SUM(size), 0) FROM comparisons").fetchone()
    (bodies,) = connection.execute("SELECT COALESCE(SUM(size), 0) FROM bodies").fetchone()
    size = records + bodies
    by_size = math.ceil(count * (size - retention.size_bytes) / size) if size > retention.size_bytes else 0
    return max(int(count) - retention.comparisons, by_size)


def shrink(connection: sqlite3.Connection) -> None:
    """Give pages back to the disk, a step's worth. Outside a transaction."""
    (free,) = connection.execute("PRAGMA freelist_count").fetchone()
    if free > _SPARE_PAGES:
        pages = min(free - _SPARE_PAGES, _VACUUM_PAGES)
        connection.executescript(f"PRAGMA incremental_vacuum({pages})")  # `execute` would free one page and stop
