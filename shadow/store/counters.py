"""Counters of replicas: absolute values as they were last told, and what they rose by, minute for minute.

`calls` is written together with its outcomes; what is missing between them is pending, and when its process is dead it
was dropped by the crash. So the sum holds at every moment, whoever was killed.
"""

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from shadow.store.base import Counters, Slot
from shadow.store.rows import decode
from shadow.store.series import Kind, Subject, Tally, seen, slotted
from shadow.store.sql import Connection, places
from shadow.terms import Outcome

_GONE = ""  # the replica that inherits the counters of the dead
_DROPPED_BY = "dropped_by."
_CRASHED = f"{_DROPPED_BY}crash"

Values = dict[str, int]
"""Counters by name; `dropped_by` has a name for each reason, `dropped_by.queue`."""


def values(counters: Counters) -> Values:
    fields = msgspec.structs.asdict(counters)
    dropped_by = fields.pop("dropped_by")
    return fields | {_DROPPED_BY + reason: count for reason, count in dropped_by.items()}


def assemble(pairs: Iterable[tuple[str, int]]) -> Counters:
    """The inverse of `values`; names that only a newer version knows are left out."""
    known, dropped_by = Values(), Values()
    for name, value in pairs:
        if name.startswith(_DROPPED_BY):
            dropped_by[name.removeprefix(_DROPPED_BY)] = value
        elif name in Counters.__struct_fields__:
            known[name] = value
    return Counters(**known, dropped_by=dropped_by)


def record(connection: Connection, tally: Tally, replica: str, at: float, told: Mapping[str, Counters]) -> None:
    """Replace this replica's values and tally what they rose by. Told again, nothing rises."""
    for migration, counters in told.items():
        present = dict(_of(connection, replica, migration))
        if crashed := present.pop(_CRASHED, 0):  # it was only thought dead: a frozen process that goes on
            _add(connection, tally, replica, migration, at, {"dropped": -crashed, _CRASHED: -crashed})
            present["dropped"] -= crashed
        risen = {name: value - present.get(name, 0) for name, value in values(counters).items()}
        _add(connection, tally, replica, migration, at, {name: by for name, by in risen.items() if by > 0})
    connection.execute(
        "INSERT INTO replicas (replica, flushed_at) VALUES (?, ?)"
        " ON CONFLICT (replica) DO UPDATE SET flushed_at = excluded.flushed_at",
        (replica, at),
    )


def replicas(connection: Connection) -> list[str]:
    """All that ever told something and were not inherited from."""
    return [replica for (replica,) in connection.execute("SELECT replica FROM replicas")]


def bury(connection: Connection, dead: Sequence[str]) -> None:
    """What these replicas left pending was dropped, in the minute they last wrote. Buried twice is buried once."""
    tally = Tally()
    for replica in dead:
        rows = connection.execute(
            "SELECT migration, name, value, flushed_at FROM replica_counters JOIN replicas USING (replica)"
            " WHERE replica = ?",
            (replica,),
        )
        left: dict[tuple[str, float], Values] = {}
        for migration, name, value, flushed_at in rows:
            left.setdefault((migration, flushed_at), {})[name] = value
        for (migration, flushed_at), found in left.items():
            if (pending := found.get("calls", 0) - sum(found.get(outcome, 0) for outcome in Outcome)) > 0:
                crashed = {"dropped": pending, _CRASHED: pending}
                _add(connection, tally, replica, migration, flushed_at, crashed)
    tally.write(connection)


def inherit(connection: Connection, dead: Sequence[str]) -> None:
    """Add up what the dead counted under one name, so that there is no row for each process there ever was."""
    if not dead:
        return
    chosen = f"replica IN ({places(len(dead))})"
    connection.execute(
        "INSERT INTO replica_counters (replica, migration, name, value)"  # noqa: S608
        f" SELECT '{_GONE}', migration, name, CAST(SUM(value) AS BIGINT) FROM replica_counters WHERE {chosen}"
        " GROUP BY migration, name"
        " ON CONFLICT (replica, migration, name) DO UPDATE SET value = replica_counters.value + excluded.value",
        dead,
    )
    connection.execute(f"DELETE FROM replica_counters WHERE {chosen}", dead)  # noqa: S608
    connection.execute(f"DELETE FROM replicas WHERE {chosen}", dead)  # noqa: S608


def total(connection: Connection, migration: str) -> Counters:
    """Over all replicas, since the store began."""
    return assemble(
        connection.execute(
            "SELECT name, CAST(SUM(value) AS BIGINT) FROM replica_counters WHERE migration = ? GROUP BY name",
            (migration,),
        )
    )


def of_others(connection: Connection, replica: str) -> dict[str, Counters]:
    """The same without this replica's own, by migration."""
    found: dict[str, list[tuple[str, int]]] = {}
    rows = connection.execute(
        "SELECT migration, name, CAST(SUM(value) AS BIGINT) FROM replica_counters WHERE replica <> ?"
        " GROUP BY migration, name",
        (replica,),
    )
    for migration, name, value in rows:
        found.setdefault(migration, []).append((name, value))
    return {migration: assemble(pairs) for migration, pairs in found.items()}


def within(connection: Connection, migration: str, since: float | None, until: float | None) -> Counters:
    """What they rose by in a window."""
    rises = seen(connection, Kind.COUNTER, migration, "", since, until)
    return assemble((decode(one.record, str), one.sightings) for one in rises)


def timeline(connection: Connection, migration: str, since: float, until: float, slot_seconds: int) -> list[Slot]:
    """The same for each slot of a window in which they rose."""
    slots: dict[int, list[tuple[str, int]]] = {}
    for at, record, risen in slotted(connection, Kind.COUNTER, migration, since, until, slot_seconds // 60):
        slots.setdefault(at, []).append((decode(record, str), risen))
    return [Slot(at * 60.0, assemble(pairs)) for at, pairs in sorted(slots.items())]


def _of(connection: Connection, replica: str, migration: str) -> list[tuple[str, int]]:
    return connection.execute(
        "SELECT name, value FROM replica_counters WHERE replica = ? AND migration = ?", (replica, migration)
    ).fetchall()


def _add(
    connection: Connection, tally: Tally, replica: str, migration: str, at: float, risen: Mapping[str, int]
) -> None:
    for name, by in risen.items():
        tally.add(Subject(Kind.COUNTER, migration, identity=(name,)), name, at, by)
    connection.executemany(
        "INSERT INTO replica_counters (replica, migration, name, value) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (replica, migration, name) DO UPDATE SET value = replica_counters.value + excluded.value",
        [(replica, migration, name, by) for name, by in risen.items()],
    )
