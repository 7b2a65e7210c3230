"""Connections to one PostgreSQL database: lent one at a time, opened again with growing pauses when it was gone.

Nothing said of a fault names the password: a URL is never repeated, only its host and database.
"""

import random
import re
import select
import threading
import time
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from itertools import count
from typing import Any

import msgspec
import psycopg
from psycopg.conninfo import conninfo_to_dict

from shadow.errors import StoreError, UnreachableError
from shadow.store.sql import Cursor

_SETTINGS = {
    "statement_timeout": "10s",
    "lock_timeout": "3s",
    "idle_in_transaction_session_timeout": "3s",  # a frozen process must not keep the others from writing
}
_DEFAULTS = {
    "application_name": "shadow",
    "connect_timeout": "2",
    "tcp_user_timeout": "5000",
    "keepalives_idle": "5",
    "keepalives_interval": "2",
    "keepalives_count": "3",
}
"""What the URL may say otherwise."""
_FIRST_PAUSE_SECONDS = 0.1
_LONGEST_PAUSE_SECONDS = 5.0
_REFUSED = re.compile("authentication failed|no pg_hba.conf entry|(role|database) .* does not exist")
"""What waiting does not cure."""
_IDLE = 8  # connections that are kept for the next question

Raw = psycopg.Connection[tuple[Any, ...]]


class Connection:
    """`shadow.store.sql.Connection` over psycopg."""

    def __init__(self, raw: Raw) -> None:
        self.raw = raw

    def execute(self, sql: str, parameters: Sequence[Any] = (), /) -> Cursor:
        return self.raw.execute(numbered(sql), parameters)

    def executemany(self, sql: str, parameters: Iterable[Sequence[Any]], /) -> Cursor:
        """In one go: the answers are waited for in the end."""
        cursor = self.raw.cursor()
        cursor.executemany(numbered(sql), parameters)
        return cursor


@lru_cache(maxsize=256)
def numbered(sql: str) -> bytes:
    """`?` as `$1`, `$2` and so on, `?2` as `$2`."""
    order = count(1)
    return re.sub(r"\?(\d*)", lambda found: f"${found[1] or next(order)}", sql).encode()


class Connections:
    """The connections of one process; any thread may borrow one."""

    def __init__(self, url: str, *, read_only: bool = False) -> None:
        """
        Raises:
            StoreError: the URL cannot be read.
        """
        try:
            self._target = _DEFAULTS | {key: str(value) for key, value in conninfo_to_dict(url).items()}
        except psycopg.Error:
            raise StoreError("postgresql://...", "the URL cannot be read") from None  # its text is in the fault
        self.where = f"postgresql://{self._target.get('host', '')}/{self._target.get('dbname', '')}"
        self._read_only = read_only
        self._lock = threading.Lock()
        self._idle: list[Raw] = []
        self._closed = False
        self._failures = 0
        self._why = ""
        self._not_before = 0.0

    @contextmanager
    def lend(self) -> Iterator[Connection]:
        """
        Raises:
            StoreError: there is no connection to be had, or whatever is done with it fails.
        """
        with self.translated():
            raw = self._take() or self.connect()
            try:
                yield Connection(raw)
            finally:
                self._take_back(raw)

    @contextmanager
    def translated(self) -> Iterator[None]:
        """Turn whatever the database, the network or a damaged row does into a StoreError that names the database."""
        try:
            yield
        except psycopg.Error as exc:
            raise StoreError(self.where, _said(exc)) from exc
        except (OSError, msgspec.MsgspecError, zlib.error) as exc:
            raise StoreError(self.where, str(exc)) from exc

    def connect(self) -> Raw:
        """A new connection, in autocommit.

        Raises:
            UnreachableError: it fails, or did so a moment ago.
            StoreError: the server knows no such user or database, or not with this password.
        """
        now = time.monotonic()
        with self._lock:
            if self._closed:
                raise StoreError(self.where, "is closed")
            if now < self._not_before:
                raise UnreachableError(self.where, f"cannot be reached ({self._why})")
        try:
            raw = self._opened()
        except psycopg.Error as exc:
            self._failed(exc)
            kind = StoreError if _REFUSED.search(str(exc)) else UnreachableError
            raise kind(self.where, _said(exc)) from exc
        with self._lock:
            self._failures, self._not_before = 0, 0.0
        return raw

    def _opened(self) -> Raw:
        settings = _SETTINGS | ({"default_transaction_read_only": "on"} if self._read_only else {})
        raw = psycopg.connect(autocommit=True, cursor_factory=psycopg.RawCursor, **self._target)  # type: ignore[arg-type]
        try:
            for name, value in settings.items():
                raw.execute(f"SET {name} = '{value}'".encode())
        except BaseException:
            raw.close()
            raise
        return raw

    def _failed(self, exc: psycopg.Error) -> None:
        with self._lock:
            self._why = _said(exc)
            pause = min(_LONGEST_PAUSE_SECONDS, _FIRST_PAUSE_SECONDS * 2**self._failures)
            self._failures = min(self._failures + 1, 16)
            self._not_before = time.monotonic() + pause * random.uniform(0.5, 1.0)  # noqa: S311 - no secret

    def close(self) -> None:
        """Close what is idle; what is lent is closed when it comes back."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for raw in idle:
            raw.close()

    def _take(self) -> Raw | None:
        while True:
            with self._lock:
                if self._closed:
                    raise StoreError(self.where, "is closed")
                if not self._idle:
                    return None
                raw = self._idle.pop()
            if not _hung_up(raw):
                return raw
            raw.close()

    def _take_back(self, raw: Raw) -> None:
        usable = not raw.closed and raw.info.transaction_status is psycopg.pq.TransactionStatus.IDLE
        with self._lock:
            if usable and not self._closed and len(self._idle) < _IDLE:
                self._idle.append(raw)
                return
        raw.close()


def _hung_up(raw: Raw) -> bool:
    """Nobody speaks on an idle connection but a server that ends it."""
    waiting = select.poll()
    waiting.register(raw.fileno(), select.POLLIN)
    return bool(waiting.poll(0))


def _said(exc: psycopg.Error) -> str:
    """On one line, without the statement."""
    return " ".join(str(exc).partition("\nLINE ")[0].split()) or type(exc).__name__
