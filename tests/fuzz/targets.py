"""Everything that reads what others wrote, with what is valid for it to begin with."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tests.fuzz import room, texts, wire


@dataclass(frozen=True, slots=True)
class Target:
    """
    Attributes:
        seeds: valid, to be damaged.
        read: raises if something comes out that must not.
    """

    name: str
    seeds: Sequence[bytes]
    read: Callable[[bytes, random.Random], None]


TARGETS = (
    Target("HTTP answers", wire.ANSWERS, wire.answer),
    Target("hook calls", wire.CALLS, wire.CallReader()),
    Target("arrivals", room.ARRIVALS, room.Arrivals()),
    Target("memory", room.HOLDINGS, room.holdings),
    Target("requests", texts.MESSAGES, texts.message),
    Target("answers", texts.BODIES, texts.answers),
    Target("configuration", texts.CONFIGURATIONS, texts.configuration),
    Target("patterns", texts.PATTERNS, texts.pattern),
    Target("redaction", texts.TEXTS, texts.redaction),
    Target("recordings", texts.RECORDINGS, texts.recording),
)
