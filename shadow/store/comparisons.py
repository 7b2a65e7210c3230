"""Single comparisons with their answers, for looking at: which are kept, and which go first when there are too many.

An answer is stored once per content, compressed; it goes with the last comparison that shows it.
"""

import hashlib
import math
from collections.abc import Collection, Iterable, Mapping
from typing import Any

import msgspec

from shadow.store.base import Call, Retention
from shadow.store.rows import compress, cursor, decode, decompress, encode, plain, uncursor
from shadow.store.sql import Connection, places
from shadow.terms import Outcome

_PAST_ANY = 2**62  # later than any row of the same moment
_A_STEP = 500  # comparisons that go in one transaction: some tens of milliseconds


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


def insert(connection: Connection, calls: Iterable[Call]) -> None:
    """Store them; a call that is already there stays as it is."""
    rows: list[tuple[Any, ...]] = []
    bodies: dict[bytes, bytes] = {}
    for call in calls:
        compared = call.comparison
        old = _named(bodies, compared.old_answer if compared else None)
        new = _named(bodies, compared.new_answer if compared else None)
        record = compress(encode(_without_answers(call)))
        parent = plain(str(call.parent))
        rows.append((call.id, call.migration, parent, call.at, call.outcome, len(record), old, new, record))
    _insert_bodies(connection, bodies)
    connection.executemany(
        "INSERT INTO comparisons (id, migration, parent, at, outcome, size, old_body, new_body, record)"
        " VALUES (?, ?, ?, ?, ?, ?,"
        " (SELECT id FROM bodies WHERE hash = ?), (SELECT id FROM bodies WHERE hash = ?), ?)"
        " ON CONFLICT (id) DO NOTHING",
        rows,
    )


def _without_answers(call: Call) -> Call:
    if call.comparison is None:
        return call
    return msgspec.structs.replace(
        call, comparison=msgspec.structs.replace(call.comparison, old_answer=None, new_answer=None)
    )


def _named(bodies: dict[bytes, bytes], answer: bytes | None) -> bytes | None:
    """The hash of an answer, which is noted under it."""
    if answer is None:
        return None
    digest = hashlib.sha256(answer).digest()
    bodies[digest] = answer
    return digest


def _insert_bodies(connection: Connection, bodies: Mapping[bytes, bytes]) -> None:
    """Those that are not there yet: compressing costs more than asking."""
    hashes = list(bodies)
    known: set[bytes] = set()
    for start in range(0, len(hashes), _A_STEP):
        some = hashes[start : start + _A_STEP]
        rows = connection.execute(f"SELECT hash FROM bodies WHERE hash IN ({places(len(some))})", some)  # noqa: S608
        known.update(digest for (digest,) in rows)
    compressed = [(digest, compress(answer)) for digest, answer in bodies.items() if digest not in known]
    connection.executemany(
        "INSERT INTO bodies (hash, data, size) VALUES (?, ?, ?)",
        [(digest, data, len(data)) for digest, data in compressed],
    )


def page(
    connection: Connection,
    migration: str,
    outcome: Outcome | None,
    parent: str | None,
    after: str | None,
    limit: int,
    until: float | None = None,
) -> tuple[list[Call], str | None]:
    """Newest first, without answers."""
    begin = (math.inf, 0) if until is None else (until, _PAST_ANY)
    behind = min(uncursor(after, tuple[float, int]), begin) if after else begin
    wanted = {"migration": migration, "outcome": outcome, "parent": None if parent is None else plain(parent)}
    given = {column: value for column, value in wanted.items() if value is not None}
    chosen = " AND ".join(f"{column} = ?" for column in given)
    rows = connection.execute(
        f"SELECT at, seq, record FROM comparisons WHERE {chosen} AND (at, seq) < (?, ?)"  # noqa: S608
        " ORDER BY at DESC, seq DESC LIMIT ?",
        (*given.values(), *behind, limit + 1),
    ).fetchall()
    calls = [decode(decompress(record), Call) for _, _, record in rows[:limit]]
    return calls, cursor(rows[limit - 1][:2]) if len(rows) > limit else None


def one(connection: Connection, migration: str, call_id: str) -> Call | None:
    """With its answers."""
    row = connection.execute(
        "SELECT c.record, old.data, new.data FROM comparisons c LEFT JOIN bodies old ON old.id = c.old_body"
        " LEFT JOIN bodies new ON new.id = c.new_body WHERE c.id = ? AND c.migration = ?",
        (plain(call_id), migration),
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


def kept(connection: Connection, migration: str, ids: Collection[str]) -> set[str]:
    """Those that are there."""
    asked, found = list(ids), set[str]()
    for start in range(0, len(asked), _A_STEP):
        some = asked[start : start + _A_STEP]
        rows = connection.execute(
            f"SELECT id FROM comparisons WHERE migration = ? AND id IN ({places(len(some))})",  # noqa: S608
            (migration, *some),
        )
        found.update(name for (name,) in rows)
    return found


def discard(connection: Connection, now: float, retention: Retention) -> int:
    """Delete the oldest that are too old, too many or too large together, a step's worth; returns how many."""
    gone = _discard_older(connection, now - retention.age_seconds)
    if not gone and (excess := _excess(connection, retention)) > 0:
        gone = _discard_oldest(connection, excess)
    connection.execute("DELETE FROM bodies WHERE uses = 0")
    return gone


def _discard_older(connection: Connection, than: float) -> int:
    return connection.execute(
        "DELETE FROM comparisons WHERE seq IN (SELECT seq FROM comparisons WHERE at < ? ORDER BY at, seq LIMIT ?)",
        (than, _A_STEP),
    ).rowcount


def _discard_oldest(connection: Connection, count: int) -> int:
    return connection.execute(
        "DELETE FROM comparisons WHERE seq IN (SELECT seq FROM comparisons ORDER BY at, seq LIMIT ?)",
        (min(count, _A_STEP),),
    ).rowcount


def _excess(connection: Connection, retention: Retention) -> int:
    """How many comparisons are too many, by number or by the average size of one."""
    size = "COALESCE(CAST(SUM(size) AS BIGINT), 0)"
    (count, records) = connection.execute(f"SELECT COUNT(*), {size} FROM comparisons").fetchone()  # noqa: S608
    (bodies,) = connection.execute(f"SELECT {size} FROM bodies").fetchone()  # noqa: S608
    held = records + bodies
    by_size = math.ceil(count * (held - retention.size_bytes) / held) if held > retention.size_bytes else 0
    return max(int(count) - retention.comparisons, by_size)
