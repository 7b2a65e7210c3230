"""Decides whether there is memory for one more body: what all calls hold together is bounded, in bytes of their bodies.

The upper half is for answering calls: with more than half of it taken, no shadow is asked.
"""

import sys


class Memory:
    """Of one process. What it counts is let go of when nobody holds it any more, at the latest."""

    __slots__ = ("held", "most", "turned_away")

    def __init__(self, most: int = sys.maxsize) -> None:
        self.most = most
        self.held = 0
        self.turned_away = 0
        """Bodies for which there was no room."""

    @property
    def is_scarce(self) -> bool:
        return 2 * self.held > self.most

    def allot(self, size: int = 0) -> "Allotment":
        """For something that is there already, and may grow."""
        self.held += size
        return Allotment(self, size)


class Allotment:
    """What one holder has of it. It ends by itself with whatever refers to it: no way out of a call forgets it."""

    __slots__ = ("_memory", "_size")

    def __init__(self, memory: Memory, size: int) -> None:
        """`size` is counted already."""
        self._memory = memory
        self._size = size

    @property
    def is_scarce(self) -> bool:
        """Whether what all hold together is more than half of what there is."""
        return self._memory.is_scarce

    def take(self, size: int) -> bool:
        """Whether there is room for so much more; if not, nothing was taken."""
        memory = self._memory
        held = memory.held + size
        if held > memory.most:
            memory.turned_away += 1
            return False
        memory.held = held
        self._size += size
        return True

    def add(self, size: int) -> None:
        """What is there already, room or not; below zero: what is not there any more."""
        self._size += size
        self._memory.held += size

    def end(self) -> None:
        if self._size:
            self._memory.held -= self._size
            self._size = 0

    def __del__(self) -> None:
        self.end()
