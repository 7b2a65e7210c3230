"""How much CPU time one comparison may take. What is beyond it is dropped, and counted.

Asked between objects, and at each place in which they differ. The clock of the CPU costs a system call, so it is read
only once so much time has passed on the wall's: no thread takes more CPU time than that.
"""

import time
from collections.abc import Callable
from typing import NamedTuple

Clock = Callable[[], float]
"""Seconds since some moment."""


class Clocks(NamedTuple):
    """What a comparison is timed by: CPU seconds of this thread, and seconds that pass."""

    cpu: Clock = time.thread_time
    wall: Clock = time.monotonic


Check = Callable[[], None]
"""Called between steps; what it raises ends the comparison."""


class OverBudgetError(Exception):
    """The comparison has used up its time."""


class Budget:
    """CPU seconds that one comparison may take."""

    def __init__(self, seconds: float, clocks: Clocks) -> None:
        self._clocks = clocks
        self._start = clocks.cpu()
        self._seconds = seconds
        self._not_before = clocks.wall() + seconds

    @property
    def spent(self) -> float:
        return self._clocks.cpu() - self._start

    def check(self) -> None:
        """
        Raises:
            OverBudgetError: it is used up.
        """
        now = self._clocks.wall()
        if now < self._not_before:
            return
        left = self._seconds - self.spent
        if left < 0:
            raise OverBudgetError
        self._not_before = now + left
