"""What replays are held against: what a store says was found, and a replay into a store of its own."""

import json
from collections.abc import Iterable
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from shadow.compare.model import Comparison
from shadow.config.load import parse
from shadow.implementations import Implementations
from shadow.proxy.migrations.snapshot import build
from shadow.recordings.reader import Reader, files_of
from shadow.replay.asking import Asker
from shadow.replay.play import Passed, Replay, replayed
from shadow.store.asynchronous import AsyncStore
from shadow.store.base import Store
from shadow.store.open import open_store
from shadow.worker.frames import Setup

NAME = "m"


async def replay(
    paths: Iterable[Path], text: str, store_path: Path, *, asks: bool = False, told: list[str] | None = None
) -> Passed:
    """Replay into this store what the files hold, by this configuration."""
    configuration = parse(text, "shadow.yaml")
    implementations = Implementations("asyncio")
    snapshot = build(configuration, text, implementations.get)
    settings = configuration.migrations[NAME]
    lines = told if told is not None else []
    store = AsyncStore(open_store(f"sqlite:///{store_path}"))
    await store.open(0.0)
    try:
        asker = Asker(settings, lambda: 1e9) if asks else None
        states = await store.read(lambda s: s.served_identities(NAME))
        done = await store.read(lambda s: replayed(s, NAME))
        setup = Setup(b"k" * 32, budget_seconds=60)
        playing = Replay(store, snapshot, NAME, setup, asker, states, done, keep_matched=lambda: True)
        await playing.play(Reader(files_of(paths), lines.append))
        return playing.passed
    finally:
        await implementations.close()
        await store.close()


@contextmanager
def read(path: Path):
    store = open_store(f"sqlite:///{path}", read_only=True)
    store.open(0.0)
    try:
        yield store
    finally:
        store.close()


def found(path: Path, evidence: str) -> dict[str, Any]:
    """All that a store says was found, without the values that are shown: those are disguised in a recording."""
    with read(path) as store:
        counters = msgspec.structs.asdict(store.counters(NAME))
        return {
            "counters": counters,
            "calls": {call.id: _call(store, call.id) for call in store.comparisons(NAME, None, None, 500)[0]},
            "groups": sorted(
                (each.group, str(each.parent), str(each.object), each.path, each.change, each.effects.old,
                 each.effects.new, each.repeats, each.count, each.normalized)
                for each in store.groups(NAME, evidence, None, None)
            ),
            "advice": sorted(map(str, store.advice(NAME, evidence, None, None))),
            "noise": sorted((each.implementation, each.path, each.differs, each.of)
                            for each in store.noise(NAME, evidence, None, None)),
            "failures": sorted((each.implementation, each.hook, each.reason, each.count, each.example)
                               for each in store.failures(NAME, None, None)),
            "coverage": sorted(map(str, store.coverage(NAME, evidence, None, None))),
            "held": sorted((str(each.parent), str(each.objects), each.count) for each in store.held(NAME, None, None)),
            "parents": {
                state.parent.uid: (state.outcome, state.reason, dict(state.effects_old), dict(state.effects_new),
                                   state.moves_old, state.moves_new, state.comparison, state.answered_in)
                for state in store.served_identities(NAME)
            },
        }  # fmt: skip


def _call(store: Store, id: str) -> Any:
    call = store.comparison(NAME, id)
    assert call is not None
    facts = (call.at, call.hook, call.front, str(call.parent), call.primary, call.served, call.status, call.outcome)
    sides = [(side.result, side.status, side.error, side.revision) for side in (call.old, call.new)]
    return *facts, call.reason, sides, None if call.comparison is None else _compared(call.comparison)


def _compared(comparison: Comparison) -> Any:
    shown = msgspec.to_builtins(comparison)
    for gone in ("cpu_seconds", "repeated", "old_answer", "new_answer", "noise"):
        del shown[gone]
    for difference in shown["differences"]:
        del difference["old"], difference["new"]
    for write in (shown["foresight"] or {}).get("writes", ()):
        if write["effect"] == "update":
            del write["mark"]  # by the text that it leaves, which is disguised
    return json.loads(json.dumps(shown))
