"""Every store runs the same suite: a store that joins is one more value of `backend`."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, Protocol

import pytest

from shadow.store import Store, open_store
from tests.postgres import PostgresServer
from tests.store.records import NOON


class Backend(Protocol):
    """One database, which may be opened, closed and opened again, by the same URL."""

    url: str

    def open(self, now: float = NOON) -> Store: ...


class SqliteBackend:
    def __init__(self, path: Path) -> None:
        self.path = path
        self.url = f"sqlite:///{path}"
        self._opened: list[Store] = []

    def open(self, now: float = NOON) -> Store:
        store = open_store(self.url)
        self._opened.append(store)
        store.open(now)
        return store

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """What another process would see in the file."""
        with closing(sqlite3.connect(self.path)) as connection:
            return connection.execute(query, values).fetchall()

    def close(self) -> None:
        for store in self._opened:
            store.close()


class PostgresBackend:
    def __init__(self, server: PostgresServer) -> None:
        self.server = server
        self.schema = server.new_schema()
        self.url = server.url(self.schema)
        self._opened: list[Store] = []

    def open(self, now: float = NOON) -> Store:
        """Another process, for all that it knows."""
        store = open_store(self.url)
        self._opened.append(store)
        store.open(now)
        return store

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        return self.server.rows(query, *values, schema=self.schema)

    def close(self) -> None:
        for store in self._opened:
            store.close()


@pytest.fixture
def postgres_backend(postgres: PostgresServer) -> Iterator[PostgresBackend]:
    backend = PostgresBackend(postgres)
    yield backend
    backend.close()


@pytest.fixture
def sqlite_backend(tmp_path: Path) -> Iterator[SqliteBackend]:
    backend = SqliteBackend(tmp_path / "shadow.db")
    yield backend
    backend.close()


@pytest.fixture(params=["sqlite", "postgres"])
def backend(request: pytest.FixtureRequest) -> Backend:
    backend: Backend = request.getfixturevalue(f"{request.param}_backend")
    return backend


@pytest.fixture
def store(backend: Backend) -> Store:
    return backend.open()
