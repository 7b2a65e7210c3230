"""Where state outlives the process: brakes, counters, parents, differences, bodies, the change log."""

from shadow.store.asynchronous import AsyncStore
from shadow.store.base import Store
from shadow.store.open import open_store

__all__ = ["AsyncStore", "Store", "open_store"]
