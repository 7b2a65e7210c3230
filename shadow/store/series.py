"""What is counted over time: a series is one thing, described as JSON; its tallies say how often in which minute.

Counters, differences, advice, failures and situations are all kept this way, so every one of them can be asked for a
window, and the minutes of a series always add up to the whole.
"""

import math
from collections.abc import Iterator
from enum import StrEnum
from typing import Any, NamedTuple

from shadow.store.rows import encode, key, plain
from shadow.store.sql import Connection

_FOREVER = 2**62
_DAY = 1440  # minutes
_EXACT = 7 * _DAY  # how long single minutes are kept
_SERIES_A_STEP = 2000


class Kind(StrEnum):
    COUNTER = "counter"
    DIFFERENCE = "difference"
    ADVICE = "advice"
    FAILURE = "failure"
    HELD = "held"
    SITUATION = "situation"
    NOISE = "noise"
    ASKED_TWICE = "asked-twice"


class Subject(NamedTuple):
    """What makes two sightings the same series. `parent` is a uid, empty where the thing is nobody's in particular."""

    kind: Kind
    migration: str
    evidence: str = ""
    parent: str = ""
    identity: tuple[str, ...] = ()

    def key(self) -> bytes:
        return key(*self[:4], *self.identity)


_SERIES = """
INSERT INTO series (key, kind, migration, evidence, parent, first_seen, last_seen, record, example)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (key) DO UPDATE SET
  record = CASE WHEN series.last_seen <= excluded.last_seen THEN excluded.record ELSE series.record END,
  example = CASE WHEN series.last_seen <= excluded.last_seen THEN COALESCE(excluded.example, series.example)
    ELSE COALESCE(series.example, excluded.example) END,
  first_seen = CASE WHEN series.first_seen < excluded.first_seen THEN series.first_seen ELSE excluded.first_seen END,
  last_seen = CASE WHEN series.last_seen > excluded.last_seen THEN series.last_seen ELSE excluded.last_seen END
"""
_TALLIES = """
INSERT INTO tallies (series, minute, count) SELECT id, ?, ? FROM series WHERE key = ?
ON CONFLICT (series, minute) DO UPDATE SET count = tallies.count + excluded.count
"""


class Tally:
    """Sightings of one batch, added up before the database hears of them."""

    def __init__(self) -> None:
        self._minutes: dict[Subject, dict[int, int]] = {}
        self._latest: dict[Subject, tuple[float, Any]] = {}
        self._first: dict[Subject, float] = {}
        self._examples: dict[Subject, tuple[float, str]] = {}

    def add(self, subject: Subject, record: Any, at: float, count: int = 1, example: str | None = None) -> None:
        """Count a sighting; the latest one's `record` is what the series is described as from then on.

        Args:
            example: the comparison that shows it, if that is kept.
        """
        minutes = self._minutes.setdefault(subject, {})
        minute = int(at // 60)
        minutes[minute] = minutes.get(minute, 0) + count
        self._first[subject] = min(at, self._first.get(subject, at))
        if subject not in self._latest or self._latest[subject][0] <= at:
            self._latest[subject] = (at, record)
        if example is not None:
            self._examples[subject] = max((at, example), self._examples.get(subject, (at, example)))

    def write(self, connection: Connection) -> None:
        """In two strokes, however much there is: a database far away is waited for twice, not a thousand times."""
        if not self._minutes:
            return
        connection.executemany(_SERIES, [self._row(subject) for subject in self._minutes])
        connection.executemany(
            _TALLIES,
            [
                (minute, count, subject.key())
                for subject, minutes in self._minutes.items()
                for minute, count in minutes.items()
            ],
        )

    def _row(self, subject: Subject) -> tuple[Any, ...]:
        last, described = self._latest[subject]
        _, example = self._examples.get(subject, (last, None))
        names = (subject.key(), *subject[:3], plain(subject.parent))
        return (*names, self._first[subject], last, encode(described), example)


class Seen(NamedTuple):
    """A series within a window: its description, how often, and when ever."""

    record: bytes
    sightings: int
    first_seen: float
    last_seen: float
    example: str | None  # the latest comparison that shows it and was kept
    primary: str | None  # the side that its parent's primary was, when that was last seen


def window(since: float | None, until: float | None) -> tuple[int, int]:
    """The minutes, from and up to but without, that a window of unix seconds touches."""
    begin = 0 if since is None else math.floor(since / 60)
    return begin, _FOREVER if until is None else math.ceil(until / 60)


# Nothing is grouped or sorted here: the index has the order, and of a hundred thousand rows that is half the time.
_SEEN = """
SELECT s.record,
  (SELECT CAST(SUM(t.count) AS BIGINT) FROM tallies t WHERE t.series = s.id AND t.minute >= ? AND t.minute < ?),
  s.first_seen, s.last_seen, s.example, p.primary_side
FROM series s
LEFT JOIN parents p ON p.migration = s.migration AND p.uid = s.parent
WHERE s.migration = ? AND s.kind = ? AND s.evidence = ?
ORDER BY s.parent, s.id
"""


def seen(
    connection: Connection,
    kind: Kind,
    migration: str,
    evidence: str,
    since: float | None,
    until: float | None,
) -> Iterator[Seen]:
    """Each series with at least one sighting in the window, those of a parent together, read as they are asked for."""
    rows = connection.execute(_SEEN, (*window(since, until), migration, kind, evidence))
    return (Seen(*row) for row in rows if row[1] is not None)


_SLOTTED = """
SELECT t.minute / ?1 * ?1, s.record, CAST(SUM(t.count) AS BIGINT)
FROM series s JOIN tallies t ON t.series = s.id AND t.minute >= ?2 AND t.minute < ?3
WHERE s.migration = ?4 AND s.kind = ?5 AND s.evidence = ''
GROUP BY 1, s.id
"""


def slotted(
    connection: Connection, kind: Kind, migration: str, since: float, until: float, slot_minutes: int
) -> list[tuple[int, bytes, int]]:
    """(first minute of the slot, description, sightings) of every series that depends on no evidence."""
    rows = connection.execute(_SLOTTED, (slot_minutes, *window(since, until), migration, kind))
    return [(int(minute), record, int(count)) for minute, record, count in rows]


def roll_up(connection: Connection, after: int, now: float) -> int:
    """Merge minutes older than a week into days, for the next series after `after`; returns the last one done, or 0."""
    (last,) = connection.execute(
        "SELECT max(id) FROM (SELECT id FROM series WHERE id > ? ORDER BY id LIMIT ?) AS step", (after, _SERIES_A_STEP)
    ).fetchone()
    if last is None:
        return 0
    old = (after, last, (int(now // 60) - _EXACT) // _DAY * _DAY)
    chosen = f"series > ?1 AND series <= ?2 AND minute < ?3 AND minute % {_DAY} <> 0"
    connection.execute(
        "INSERT INTO tallies (series, minute, count)"  # noqa: S608
        f" SELECT series, minute / {_DAY} * {_DAY}, CAST(SUM(count) AS BIGINT) FROM tallies WHERE {chosen}"
        " GROUP BY 1, 2 ON CONFLICT (series, minute) DO UPDATE SET count = tallies.count + excluded.count",
        old,
    )
    connection.execute(f"DELETE FROM tallies WHERE {chosen}", old)  # noqa: S608
    return int(last)
