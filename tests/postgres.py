"""A PostgreSQL server of the tests' own, from the system's binaries: started once, a schema for each test."""

import itertools
import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

_NUMBERS = itertools.count(1)
_DURABLE_ENOUGH = ("-c", "fsync=off", "-c", "full_page_writes=off", "-c", "max_connections=200")


def missing() -> str | None:
    """Why there can be no server here; None: there can."""
    if _binaries() is None:
        return "PostgreSQL's server is not installed (Debian: apt install postgresql)"
    return None


def required() -> None:
    """Skip on a machine without PostgreSQL; CI has to have it."""
    if why := missing():
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(why)


def _binaries() -> Path | None:
    if found := shutil.which("postgres"):
        return Path(found).resolve().parent
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: path.parts[-3])
    return installed[-1].parent if installed else None


def _user() -> str | None:
    """Whom the server runs as: it refuses to be root's."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


class PostgresServer:
    """One server on a socket in a directory of its own."""

    def __init__(self) -> None:
        binaries = _binaries()
        assert binaries is not None
        self._binaries = binaries
        self._user = _user()
        self.directory = Path(tempfile.mkdtemp(prefix="shadow-pg-", dir="/tmp"))
        if self._user is not None:
            shutil.chown(self.directory, self._user)
        self._process: subprocess.Popen[bytes] | None = None
        data = str(self.directory / "data")
        self._run("initdb", "--no-sync", "-A", "trust", "-U", "shadow", "-E", "UTF8", "--locale=C", "-D", data)

    def _run(self, program: str, *arguments: str) -> None:
        subprocess.run(
            [self._binaries / program, *arguments], user=self._user, cwd=self.directory, check=True, capture_output=True
        )

    def start(self) -> None:
        """Returns when it answers."""
        command = ["postgres", "-D", "data", "-k", str(self.directory), "-c", "listen_addresses=", *_DURABLE_ENOUGH]
        with (self.directory / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [self._binaries / command[0], *command[1:]], user=self._user, cwd=self.directory, stdout=log, stderr=log
            )
        for _ in range(200):
            try:
                psycopg.connect(self.url()).close()
            except psycopg.OperationalError:
                time.sleep(0.05)
            else:
                return
        raise AssertionError((self.directory / "log").read_text())

    def stop(self) -> None:
        """At once, as a crash would."""
        if self._process is not None:
            self._run("pg_ctl", "stop", "-m", "immediate", "-D", str(self.directory / "data"))
            self._process.wait(20)
            self._process = None

    def close(self) -> None:
        self.stop()
        shutil.rmtree(self.directory)

    @property
    def socket(self) -> Path:
        """Where it listens; a relay may stand before it."""
        return self.directory / ".s.PGSQL.5432"

    def url(self, schema: str | None = None, host: Path | str | None = None) -> str:
        options = f"&options=-csearch_path%3D{schema}" if schema else ""
        return f"postgresql://shadow@/postgres?host={host or self.directory}{options}"

    def new_schema(self) -> str:
        """An empty schema, as good as a database of its own."""
        name = f"test_{os.getpid()}_{next(_NUMBERS)}"
        self.rows(f"CREATE SCHEMA {name}")
        return name

    def rows(self, query: str, *values: Any, schema: str | None = None) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.url(schema), autocommit=True, cursor_factory=psycopg.RawCursor) as connection:
            cursor = connection.execute(query.encode(), values)
            return cursor.fetchall() if cursor.description else []

    def tables(self) -> Iterator[tuple[str, list[tuple[Any, ...]]]]:
        """All rows of every table that a test made, by the table's name."""
        made = "SELECT table_schema, table_name FROM information_schema.tables WHERE table_schema LIKE 'test\\_%'"
        with psycopg.connect(self.url(), autocommit=True, cursor_factory=psycopg.RawCursor) as connection:
            for schema, table in connection.execute(made).fetchall():
                name = f'"{schema}"."{table}"'
                yield name, connection.execute(f"SELECT * FROM {name}".encode()).fetchall()
