"""How parts of a proxy are made that take more than their constructor: what of the configuration each is given."""

import os
import socket
import time
from dataclasses import dataclass

from shadow import __version__
from shadow.config.model import Configuration
from shadow.proxy.record.recorder import Recorder
from shadow.recordings.client import Recording
from shadow.recordings.taken import Orders
from shadow.store.base import Counters, ParentState, RelatedState, Store
from shadow.web.bounded import BoundedConnection
from shadow.web.connection import HookConnection
from shadow.web.control import control_app
from shadow.web.desk import Desk
from shadow.web.hooks import HookEndpoint
from shadow.web.listen import Listener, ListenError
from shadow.worker.client import CompareWorker, WorkerSettings
from shadow.worker.reuse import Reuse

DRAIN_SECONDS = 10.0
"""From the signal to the end: calls in flight are answered first, then comparisons finished, the rest is counted."""
_LAST_SECONDS = 1.5  # of these, for what is left to compare and for the last batch


@dataclass(frozen=True, slots=True)
class Remembered:
    """What the store knows when the process starts."""

    parents: list[ParentState]
    related: list[RelatedState]
    before: dict[str, Counters]


def remembered(store: Store, names: set[str]) -> Remembered:
    """Of these migrations and of all that the store has a brake of."""
    known = names | set(store.brakes())
    parents = [state for name in known for state in store.served_identities(name)]
    related = [state for name in known for state in store.related(name)]
    return Remembered(parents, related, {name: store.counters(name) for name in known})


def replica_id() -> str:
    """Of this process: another one on the same host is another replica."""
    return f"{socket.gethostname()}-{os.getpid()}-{time.time_ns()}"


def compare_worker(configuration: Configuration, key: bytes, recorder: Recorder) -> CompareWorker:
    """The compare process; the recorder hands it pairs through what spares it the same pair twice."""
    reuse = Reuse(recorder.compared, recorder.lost)
    settings = WorkerSettings(
        redaction_key=key,
        redaction_paths=configuration.redaction.paths,
        budget_seconds=configuration.compare.budget,
        queue_bytes=configuration.compare.queue,
    )
    worker = CompareWorker(settings, reuse.compared, reuse.lost)
    reuse.comparer = worker
    recorder.worker = reuse
    return worker


def recording(configuration: Configuration, key: bytes) -> Recording | None:
    settings = configuration.recording
    if settings is None:
        return None
    paths, directory = configuration.redaction.paths, str(settings.directory.absolute())
    orders = Orders(key, paths, directory, settings.max_size, __version__, socket.gethostname())
    return Recording(orders, settings.sample)


def listeners(configuration: Configuration, endpoint: HookEndpoint, desk: Desk) -> tuple[Listener, Listener]:
    """Hooks and control; both addresses are taken, or neither."""
    server, drain = configuration.server, DRAIN_SECONDS - _LAST_SECONDS
    connection = HookConnection if server.http == "asyncio" else BoundedConnection
    hooks = Listener("hooks", endpoint, server.hooks, server.tls, drain, connection)
    try:
        return hooks, Listener("control", control_app(desk), server.control, server.control_tls, drain)
    except ListenError:
        hooks.close()
        raise
