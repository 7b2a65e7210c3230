"""Decides what is kept of calls that no batch has written yet: all of them soon, their answers only as far as they fit.

Counts matter more than bodies: a store that is slow, full or gone must not fill the memory.
"""

from collections import deque
from collections.abc import Sequence

from shadow.proxy.record.records import without_answers
from shadow.store import base as stored

MOST_CALLS = 20_000
"""Beyond it the oldest records are lost, and counted."""
MOST_BYTES = 32 * 2**20
"""Of answers; beyond it records are kept without."""


class Backlog:
    """In the order in which the calls ended."""

    def __init__(self, most_calls: int = MOST_CALLS, most_bytes: int = MOST_BYTES) -> None:
        self.lost = 0
        self._most_calls = most_calls
        self._most_bytes = most_bytes
        self._calls: deque[stored.Call] = deque()
        self._bytes = 0  # of the answers, those in a batch that is being written among them

    def __len__(self) -> int:
        return len(self._calls)

    def append(self, call: stored.Call) -> None:
        size = _size(call)
        if size and self._bytes + size > self._most_bytes:
            call, size = without_answers(call), 0
        self._bytes += size
        self._calls.append(call)
        self._bound()

    def take(self, most: int) -> list[stored.Call]:
        """The oldest, for a batch; say afterwards whether it was `written`, or give it back."""
        return [self._calls.popleft() for _ in range(min(most, len(self._calls)))]

    def written(self, calls: Sequence[stored.Call]) -> None:
        self._bytes -= sum(map(_size, calls))

    def give_back(self, calls: Sequence[stored.Call]) -> None:
        """They could not be written; without their answers they wait for the next batch."""
        self.written(calls)
        self._calls.extendleft(without_answers(call) for call in reversed(calls))
        self._bound()

    def _bound(self) -> None:
        while len(self._calls) > self._most_calls:
            self._bytes -= _size(self._calls.popleft())
            self.lost += 1


def _size(call: stored.Call) -> int:
    comparison = call.comparison
    return len(comparison.old_answer or b"") + len(comparison.new_answer or b"") if comparison is not None else 0
