"""How many calls an implementation serves side by side, learned from how long they take. Pure; waits for nothing."""

_SLOWED = 1.5
"""A call that takes this many times as long as one alone has waited for another: in a queue of two it takes up to 2."""

_WEIGHT = 0.1
"""Of a new sample in the moving average of calls alone; bodies differ, so one sample says little."""


class Capacity:
    """`calls` starts at one, which is what Python's plain HTTP server can do, and follows what is seen."""

    def __init__(self) -> None:
        self.calls = 1
        self._alone_seconds: float | None = None

    def observe(self, among: int, seconds: float) -> None:
        """A call that was one of `among` when it began took `seconds`."""
        if among <= 1:
            alone = self._alone_seconds
            self._alone_seconds = seconds if alone is None else alone + _WEIGHT * (seconds - alone)
        elif self._alone_seconds is None:
            return
        elif seconds <= _SLOWED * self._alone_seconds:
            self.calls = max(self.calls, min(among, self.calls + 1))
        elif among <= self.calls:
            self.calls = max(1, among - 1)
