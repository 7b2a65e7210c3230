"""Which configuration is in force for all replicas: one row, changed by who saw its present state."""

from shadow.store.rows import decode, encode
from shadow.store.shared import Agreement
from shadow.store.sql import Connection


def read(connection: Connection) -> Agreement:
    row = connection.execute("SELECT record FROM agreement").fetchone()
    return Agreement() if row is None else decode(row[0], Agreement)


def put(connection: Connection, agreement: Agreement) -> bool:
    """False, and nothing written, unless it is the next change."""
    values = (agreement.change, encode(agreement))
    if agreement.change == 1:
        statement = "INSERT INTO agreement (id, change, record) VALUES (1, ?, ?) ON CONFLICT (id) DO NOTHING"
    else:
        statement = "UPDATE agreement SET change = ?1, record = ?2 WHERE change = ?1 - 1"
    return connection.execute(statement, values).rowcount == 1
