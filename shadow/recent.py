"""The latest things looked up, so many and no more: for what is the same in nearly every call."""

from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Recent(Generic[K, V]):
    """A small memory that forgets what it was told first."""

    __slots__ = ("_most", "_values", "get")

    def __init__(self, most: int) -> None:
        self._most = most
        self._values: dict[K, V] = {}
        self.get = self._values.get  # looked up at every call: spares one

    def keep(self, key: K, value: V) -> None:
        if len(self._values) >= self._most:
            del self._values[next(iter(self._values))]
        self._values[key] = value
