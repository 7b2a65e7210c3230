"""The state of each parent: one row, replaced at each flush that saw it."""

from collections.abc import Iterable

from shadow.store.base import ParentState
from shadow.store.rows import cursor, decode, encode, plain, uncursor
from shadow.store.sql import Connection

Place = tuple[str, str, str]
"""(namespace, name, uid)"""


def upsert(connection: Connection, states: Iterable[ParentState]) -> None:
    connection.executemany(
        "INSERT INTO parents (migration, uid, namespace, name, primary_side, record) VALUES (?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (migration, uid) DO UPDATE SET namespace = excluded.namespace, name = excluded.name,"
        " primary_side = excluded.primary_side, record = excluded.record",
        [_row(state) for state in states],
    )


def all_of(connection: Connection, migration: str) -> list[ParentState]:
    rows = connection.execute("SELECT record FROM parents WHERE migration = ?", (migration,))
    return [decode(record, ParentState) for (record,) in rows]


def page(connection: Connection, migration: str, after: str | None, limit: int) -> tuple[list[ParentState], str | None]:
    """By (namespace, name, uid), from behind the cursor."""
    behind = place_of(after) if after else ("", "", "")
    rows = connection.execute(
        "SELECT record FROM parents WHERE migration = ? AND (namespace, name, uid) > (?, ?, ?)"
        " ORDER BY namespace, name, uid LIMIT ?",
        (migration, *behind, limit + 1),
    ).fetchall()
    states = [decode(record, ParentState) for (record,) in rows[:limit]]
    return states, cursor_of(states[-1]) if len(rows) > limit else None


def place(state: ParentState) -> Place:
    """What parents are ordered by."""
    parent = state.parent
    return plain(parent.namespace), plain(parent.name), plain(parent.uid)


def cursor_of(state: ParentState) -> str:
    """Where a page goes on whose last parent is this one."""
    return cursor(place(state))


def place_of(text: str) -> Place:
    """The place behind which a page begins.

    Raises:
        ValueError: for a text that is no cursor of this list.
    """
    namespace, name, uid = uncursor(text, tuple[str, str, str])
    return plain(namespace), plain(name), plain(uid)


def before_all_called(name: str) -> str:
    """Where a page begins whose first parents are those of that name: `namespace/name`, or `name`."""
    namespace, _, own = name.rpartition("/")
    return cursor((plain(namespace), plain(own), ""))


def _row(state: ParentState) -> tuple[str, str, str, str, str, bytes]:
    parent = state.parent
    names = plain(parent.uid), plain(parent.namespace), plain(parent.name)
    return (state.migration, *names, state.primary, encode(state))
