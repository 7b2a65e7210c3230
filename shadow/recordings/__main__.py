"""`python -m shadow.recordings`: the recording process. Started by `shadow.recordings.client`, of no use by hand.

A process, at idle priority, because taking secrets out of a call means to parse it, which would hold up calls.
"""

import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import msgspec

from shadow.disguise import Disguise
from shadow.jsontext import MalformedError
from shadow.recordings.files import HourlyFiles
from shadow.recordings.model import SCHEMA, Manifest
from shadow.recordings.scribe import Scribe
from shadow.recordings.taken import Orders, Taken, Written
from shadow.worker.frames import Kind, frame
from shadow.worker.limits import step_back
from shadow.worker.serve import claim_pipes, read_frame

_MOST_HELD = 4 * 1024 * 1024
"""Bytes of lines that are written without waiting to be told to."""


class Recorder:
    """Writes calls as it is given them, and keeps account of each."""

    def __init__(self, orders: Orders, clock: Callable[[], float] = time.time) -> None:
        disguise = Disguise(orders.key, orders.paths)
        self._orders = orders
        self._clock = clock
        self._scribe = Scribe(disguise)
        self._fingerprint = disguise.fingerprint
        self._files = HourlyFiles(Path(orders.directory), orders.max_size, self._manifest)
        self._lines = bytearray()
        self._held: Counter[str] = Counter()  # calls in `_lines`, by migration
        self._written: Counter[str] = Counter()
        self._lost: dict[str, Counter[str]] = {}
        self._problem: str | None = None

    def take(self, taken: Taken) -> None:
        """Hold one call until it is written; never raises for what is in it."""
        try:
            line = self._scribe.line(taken)
        except MalformedError:
            self._lose(taken.facts.migration, "unreadable", 1)
            return
        except Exception as exc:  # noqa: BLE001 - one call must not end the recording of all
            self._lose(taken.facts.migration, "fault", 1)
            self._problem = f"a call could not be written down: {type(exc).__name__}"
            return
        self._lines += line
        self._held[taken.facts.migration] += 1
        if len(self._lines) >= _MOST_HELD:
            self._write()

    def flush(self) -> Written:
        """Write what is held, and tell what became of everything since the last time."""
        self._write()
        told = Written(dict(self._written), {name: dict(lost) for name, lost in self._lost.items()}, self._problem)
        self._written, self._lost, self._problem = Counter(), {}, None
        return told

    def _write(self) -> None:
        if not self._lines:
            return
        problem = self._files.append(bytes(self._lines), self._clock())
        if problem is None:
            self._written += self._held
        else:
            self._problem = problem
            for name, count in self._held.items():
                self._lose(name, "disk", count)
        self._lines.clear()
        self._held = Counter()

    def _lose(self, migration: str, reason: str, count: int) -> None:
        self._lost.setdefault(migration, Counter())[reason] += count

    def _manifest(self, now: float) -> bytes:
        manifest = Manifest(SCHEMA, self._orders.version, now, self._orders.host, self._fingerprint)
        return msgspec.json.encode(manifest) + b"\n"


def main() -> None:
    """Serve until the pipe ends, then write what is left."""
    requests, answers = claim_pipes()
    first = read_frame(requests)
    if first is None:
        return
    orders = msgspec.msgpack.decode(first[1], type=Orders)
    step_back(orders.memory_bytes, "shadow-record")
    _serve(Recorder(orders), requests, answers)


def _serve(recorder: Recorder, requests: BinaryIO, answers: BinaryIO) -> None:
    while (received := read_frame(requests)) is not None:
        kind, payload = received
        if kind is Kind.CALL:
            recorder.take(msgspec.msgpack.decode(payload, type=Taken))
        else:
            answers.write(frame(Kind.WRITTEN, msgspec.msgpack.encode(recorder.flush())))
            answers.flush()
    recorder.flush()


if __name__ == "__main__":
    main()
