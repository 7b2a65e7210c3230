"""One time for all replicas: this machine's clock, put right by the database's with each heartbeat."""

import time

_JITTER_SECONDS = 0.05  # that a heartbeat may take; a difference within it is none


class SharedClock:
    """Unix seconds. Until it is first set it is this machine's own."""

    def __init__(self) -> None:
        self._ahead = 0.0

    def __call__(self) -> float:
        return time.time() + self._ahead

    def set(self, now: float) -> None:
        """The database just said what time it is."""
        ahead = now - time.time()
        if abs(ahead - self._ahead) > _JITTER_SECONDS:
            self._ahead = ahead
