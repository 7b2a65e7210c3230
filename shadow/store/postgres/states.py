"""What is known of parents, written by several replicas: nobody's knowledge is lost, and each reads what others wrote.

A row tells who wrote it and the revision it got. What a replica writes without having read the row that is there is
merged with it. Rows are written within batches, of which there is one at a time, so revisions come in order.
"""

from collections.abc import Sequence
from typing import NamedTuple, TypeVar

import msgspec

from shadow.store.merging import merged, merged_related
from shadow.store.records import ParentState, RelatedState
from shadow.store.rows import decode, encode, plain
from shadow.store.sql import Connection

State = TypeVar("State", ParentState, RelatedState)
_A_STEP = 1000  # rows read at once
_EVERYBODYS = ""  # the writer of a row that holds what two knew: both have to read it


class Heard(NamedTuple):
    """What others wrote, how far that goes, and whether there is more to be read at once."""

    parents: tuple[ParentState, ...]
    related: tuple[RelatedState, ...]
    parents_until: int
    related_until: int
    more: bool


def heard(connection: Connection, replica: str, parents_since: int, related_since: int) -> Heard:
    """What was written by others since these revisions."""
    parents = _since(connection, "parents", replica, parents_since)
    related = _since(connection, "related", replica, related_since)
    return Heard(
        tuple(msgspec.structs.replace(decode(record, ParentState), revision=number) for record, number in parents),
        tuple(decode(record, RelatedState) for record, _ in related),
        parents[-1][1] if parents else parents_since,
        related[-1][1] if related else related_since,
        max(len(parents), len(related)) == _A_STEP,
    )


def _since(connection: Connection, table: str, replica: str, revision: int) -> list[tuple[bytes, int]]:
    return connection.execute(
        f"SELECT record, revision FROM {table} WHERE revision > ? AND writer <> ? ORDER BY revision LIMIT {_A_STEP}",  # noqa: S608
        (revision, replica),
    ).fetchall()


def parent(connection: Connection, migration: str, uid: str) -> ParentState | None:
    row = connection.execute(
        "SELECT record, revision FROM parents WHERE migration = ? AND uid = ?", (migration, plain(uid))
    ).fetchone()
    return None if row is None else msgspec.structs.replace(decode(row[0], ParentState), revision=row[1])


def put_parents(connection: Connection, replica: str, states: Sequence[ParentState]) -> None:
    """Write them, each with what others wrote of the same parent."""
    if not states:
        return
    theirs = {
        (migration, uid): (decode(record, ParentState), revision)
        for migration, uid, record, revision in connection.execute(
            "SELECT migration, uid, record, revision FROM parents"
            " JOIN unnest(?::text[], ?::text[]) AS asked (migration, uid) USING (migration, uid) WHERE writer <> ?",
            ([state.migration for state in states], [plain(state.parent.uid) for state in states], replica),
        )
    }
    rows = []
    for state in states:
        there, revision = theirs.get((state.migration, plain(state.parent.uid)), (None, 0))
        unread = there is not None and revision > state.revision
        known, writer = (merged(state, there), _EVERYBODYS) if there is not None and unread else (state, replica)
        names = (plain(known.parent.uid), plain(known.parent.namespace), plain(known.parent.name))
        rows.append((known.migration, *names, known.primary, encode(known), writer))
    connection.executemany(
        "INSERT INTO parents (migration, uid, namespace, name, primary_side, record, writer, revision)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, nextval('revisions')) ON CONFLICT (migration, uid) DO UPDATE SET"
        " namespace = excluded.namespace, name = excluded.name, primary_side = excluded.primary_side,"
        " record = excluded.record, writer = excluded.writer, revision = excluded.revision",
        rows,
    )


def put_related(connection: Connection, replica: str, states: Sequence[RelatedState]) -> None:
    """The same for what was answered to customize calls."""
    if not states:
        return
    keys = [(state.migration, plain(state.uid), plain(state.front)) for state in states]
    theirs = {
        (migration, uid, front): decode(record, RelatedState)
        for migration, uid, front, record in connection.execute(
            "SELECT migration, uid, front, record FROM related JOIN unnest(?::text[], ?::text[], ?::text[])"
            " AS asked (migration, uid, front) USING (migration, uid, front) WHERE writer <> ?",
            (*(list(column) for column in zip(*keys, strict=True)), replica),
        )
    }
    rows = []
    for key, state in zip(keys, states, strict=True):
        there = theirs.get(key)
        known, writer = (state, replica) if there is None else (merged_related(state, there), _EVERYBODYS)
        rows.append((*key, known.answered_at, encode(known), writer))
    connection.executemany(
        "INSERT INTO related (migration, uid, front, answered_at, record, writer, revision)"
        " VALUES (?, ?, ?, ?, ?, ?, nextval('revisions')) ON CONFLICT (migration, uid, front) DO UPDATE SET"
        " answered_at = excluded.answered_at, record = excluded.record, writer = excluded.writer,"
        " revision = excluded.revision",
        rows,
    )
