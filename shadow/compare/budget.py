"""How much CPU time one comparison may take. What is beyond it is dropped, and counted.

Asked between objects, and at each place in which they differ.
"""

from collections.abc import Callable

Clock = Callable[[], float]
"""CPU seconds of this thread."""


Check = Callable[[], None]
"""Called between steps; what it raises ends the comparison."""


class OverBudgetError(Exception):
    """The comparison has used up its time."""


class Budget:
    """CPU seconds that one comparison may take."""

    def __init__(self, seconds: float, clock: Clock) -> None:
        self._clock = clock
        self._start = clock()
        self._seconds = seconds

    @property
    def spent(self) -> float:
        return self._clock() - self._start

    def check(self) -> None:
        """
        Raises:
            OverBudgetError: it is used up.
        """
        if self.spent > self._seconds:
            raise OverBudgetError
