"""What is known of a parent, asked of the store where another replica may have answered it since.

Memory is enough for most calls. Where it decides whether an object may be removed it is not: another replica may have
served the object a moment ago.
"""

import asyncio
from collections.abc import Callable

import msgspec

from shadow.errors import StoreError
from shadow.proxy.cutover.footing import Footing
from shadow.proxy.cutover.parents import Parents
from shadow.store.asynchronous import AsyncStore
from shadow.store.base import ParentState, Store
from shadow.store.shared import is_shared

_PATIENCE_SECONDS = 1.0


class Recall:
    """Parents, as all replicas know them."""

    def __init__(self, parents: Parents, store: AsyncStore, footing: Footing) -> None:
        self._parents = parents
        self._store = store
        self._footing = footing

    async def of(self, migration: str, uid: str) -> ParentState | None:
        """
        Raises:
            StoreError: nobody can tell what others did.
        """
        if self._footing.others:
            try:
                async with asyncio.timeout(_PATIENCE_SECONDS):
                    found = await self._store.read(_asking(migration, uid))
            except TimeoutError:
                raise StoreError("shared", f"did not answer within {_PATIENCE_SECONDS:g} s") from None
            if found is not None:
                self._parents.learn((found,))
        return self._parents.get(migration, uid)

    async def listed(self, migration: str, uid: str) -> ParentState | None:
        """The same, counting what `new` was about to list as served: it may have been, by another replica. None where
        that cannot be told."""
        try:
            state = await self.of(migration, uid)
        except StoreError:
            return None
        if state is None or state.served_identities is None or not self._footing.others:
            return state
        either = dict.fromkeys((*state.served_identities, *(state.new_identities or ())))
        return msgspec.structs.replace(state, served_identities=tuple(either))


def _asking(migration: str, uid: str) -> Callable[[Store], ParentState | None]:
    def ask(store: Store) -> ParentState | None:
        return store.parent(migration, uid) if is_shared(store) else None

    return ask
