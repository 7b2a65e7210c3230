"""Who serves from this database, until when, and what each has taken over; the dead are counted out.

A replica that does not renew its lease answers nothing any more where it could be wrong, so the others need not wait
for it beyond that. It is buried then: what it left pending was dropped. Should it wake up, its next batch undoes that.
"""

from shadow.store import counters
from shadow.store.rows import decode, encode
from shadow.store.shared import Replica, Standing
from shadow.store.sql import Connection

_NOW = "(EXTRACT(EPOCH FROM clock_timestamp())::double precision)"
_REMEMBERED_SECONDS = 7 * 86_400

NOTIFY = "SELECT pg_notify('shadow', '')"


def renew(connection: Connection, replica: str, lease_seconds: float, standing: Standing) -> float:
    """Returns the time."""
    (now,) = connection.execute(
        f"INSERT INTO replicas (replica, until, record) VALUES (?1, {_NOW} + ?2, ?3) ON CONFLICT (replica)"  # noqa: S608
        " DO UPDATE SET until = excluded.until, record = excluded.record, buried = false RETURNING until - ?2",
        (replica, lease_seconds, encode(standing)),
    ).fetchone()
    return float(now)


def live(connection: Connection) -> list[Replica]:
    rows = connection.execute(
        f"SELECT replica, record FROM replicas WHERE until > {_NOW} AND record IS NOT NULL ORDER BY replica"  # noqa: S608
    )
    return [Replica(name, decode(record, Standing)) for name, record in rows]


def leave(connection: Connection, replica: str) -> None:
    connection.execute("UPDATE replicas SET until = NULL WHERE replica = ?", (replica,))


def bury(connection: Connection) -> None:
    """Those whose lease is over. Who ended well, or is gone for long, leaves its counters to all."""
    over = f"until <= {_NOW} AND NOT buried"
    dead = [name for (name,) in connection.execute(f"SELECT replica FROM replicas WHERE until IS NULL OR {over}")]  # noqa: S608
    counters.bury(connection, dead)
    connection.execute(f"UPDATE replicas SET buried = true WHERE {over}")  # noqa: S608
    ended = connection.execute(
        f"SELECT replica FROM replicas WHERE until IS NULL OR until <= {_NOW} - ?",  # noqa: S608
        (float(_REMEMBERED_SECONDS),),
    )
    counters.inherit(connection, [name for (name,) in ended])
