"""`python -m tests.faults.launcher ARGUMENTS`: the `shadow` command, with what nothing outside a process can do to it.

The file that FAULTS names says what: `{"clock": seconds ahead, "store": seconds that each question to the database
takes, "names": {name: address or null}}`. It is read again ten times a second; how many tasks the process has is
written beside it.
"""

import asyncio
import json
import os
import socket
import sqlite3
import threading
import time
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import uvloop

PERIOD_SECONDS = 0.1


class Injected:
    """What the file said last."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.loop: uvloop.Loop | None = None
        self.clock = 0.0
        self.store = 0.0
        self.names: dict[str, str | None] = {}
        self._read()
        threading.Thread(target=self._follow, daemon=True).start()

    def _follow(self) -> None:
        while True:
            time.sleep(PERIOD_SECONDS)
            self._read()
            if self.loop is not None:
                with suppress(RuntimeError):  # a task came or went meanwhile
                    fresh = self._path.with_suffix(".tasks.new")
                    fresh.write_text(str(len(asyncio.all_tasks(self.loop))))
                    fresh.rename(self._path.with_suffix(".tasks"))

    def _read(self) -> None:
        try:
            said = json.loads(self._path.read_text())
        except (OSError, ValueError):
            return  # not there yet, or being written
        self.clock, self.store, self.names = said["clock"], said["store"], said["names"]


def inject(injected: Injected) -> None:
    """Before anything of `shadow` is imported, which may keep what it finds."""
    real_time, real_time_ns, real_look_up, real_sync = time.time, time.time_ns, uvloop.Loop.getaddrinfo, os.fsync

    async def look_up(loop: uvloop.Loop, host: Any, *rest: Any, **more: Any) -> Any:
        if host in injected.names and (host := injected.names[host]) is None:
            raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
        return await real_look_up(loop, host, *rest, **more)

    def new_loop() -> uvloop.Loop:
        injected.loop = real_new_loop()
        return injected.loop

    def sync(descriptor: int) -> None:
        time.sleep(injected.store)
        real_sync(descriptor)

    class Slow(sqlite3.Connection):
        def execute(self, statement: str, *rest: Any) -> sqlite3.Cursor:
            if not statement.startswith(("PRAGMA", "COMMIT", "ROLLBACK")):
                time.sleep(injected.store if statement.startswith(("BEGIN", "SELECT")) else 0)
            return super().execute(statement, *rest)

    time.time = lambda: real_time() + injected.clock
    time.time_ns = lambda: real_time_ns() + round(injected.clock * 1e9)
    real_new_loop, uvloop.new_event_loop = uvloop.new_event_loop, new_loop
    uvloop.Loop.getaddrinfo = look_up  # type: ignore[assignment, method-assign]
    os.fsync = sync  # type: ignore[assignment]
    sqlite3.connect = partial(sqlite3.connect, factory=Slow)  # type: ignore[assignment]


if __name__ == "__main__":
    inject(Injected(Path(os.environ["FAULTS"])))
    from shadow.cli import main
    from shadow.upstream import resolver

    resolver.FRESH_SECONDS = 0.2  # so that a name that vanishes is missed soon
    raise SystemExit(main())
