"""Which store and configuration a process starts with; then a proxy is built of them and runs until told to end."""

import asyncio
import gc
import os
import signal
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from shadow.app.life import Life, Told
from shadow.app.proxy import Proxy
from shadow.errors import UnreachableError
from shadow.proxy.migrations.startup import Offered, last_accepted, offered, served_before
from shadow.store.asynchronous import AsyncStore
from shadow.store.open import exists, open_store

_MOST_YOUNG = 5_000
"""Objects made and still there before a collection looks at them: what a call makes is mostly gone with it."""


async def serve(path: Path, environ: Mapping[str, str] = os.environ, told: Told | None = None) -> None:
    """Serve until told to end: by SIGTERM or SIGINT unless something else is given.

    Raises:
        ConfigurationError: there is no configuration to serve with.
        StoreError: the store cannot be opened.
        ListenError: an address is taken.
    """
    offer = offered(path, environ)
    if offer.problem is not None and not exists(offer.store_url):
        raise offer.problem  # nothing was ever accepted, and a refused start leaves no files behind
    store = AsyncStore(open_store(offer.store_url))
    await store.open(time.time())
    try:
        await _serve_with(store, offer, path, told or until_signalled)
    finally:
        await store.close()


async def _serve_with(store: AsyncStore, offer: Offered, path: Path, told: Told) -> None:
    text, configuration = offer.text, offer.configuration
    try:
        accepted = await store.read(lambda s: s.accepted_configuration())
    except UnreachableError:  # a database that may come back: until then nobody is served
        if configuration is None:
            raise
        accepted = None
    if configuration is None:
        assert offer.problem is not None
        text, configuration = last_accepted(accepted, offer.problem)
    proxy = await Proxy.build(store, offer.store_url, configuration)
    proxy.runtime.served_before = served_before(accepted)
    if offer.problem is not None:
        await proxy.runtime.refuse(offer.problem, offer.text, text)
    await Life(proxy, offer, path).run(proxy.snapshot_of(text, configuration), told)


async def until_signalled() -> None:
    """Until SIGTERM or SIGINT. What is in memory by now stays, so no full collection amid calls has to look at it."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_MOST_YOUNG)
    told = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        with suppress(NotImplementedError):
            loop.add_signal_handler(number, told.set)
    await told.wait()
