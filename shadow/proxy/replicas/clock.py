"""One time for all replicas: this machine's clock, put right by the database's with each heartbeat."""

import time

_DRIFT = 1e-4  # seconds a second: how much worse the best comparison gets with its age


class SharedClock:
    """Unix seconds. Until it is first set it is this machine's own."""

    def __init__(self) -> None:
        self._ahead = 0.0
        self._error = float("inf")
        self._set_at = 0.0

    def __call__(self) -> float:
        return time.time() + self._ahead

    def set(self, now: float, asked: float, answered: float) -> None:
        """The database said what time it is, at some time between these two of this machine's clock.

        The quicker the answer, the better it is known; one that tells less than those before is passed over. A clock
        that somebody set is put right at once.
        """
        ahead, error = now - (asked + answered) / 2, max(0.0, answered - asked) / 2
        known = self._error + _DRIFT * abs(answered - self._set_at)
        if error <= known or abs(ahead - self._ahead) > error + known:
            self._ahead, self._error, self._set_at = ahead, error, answered
