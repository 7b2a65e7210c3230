"""Puts a replay together: the calls of the files, who answers them, a store for what is found, and the report."""

import argparse
import asyncio
import logging
import os
import random
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from shadow.cli.common import CommandError, Exit, complain
from shadow.cli.keys import read_key
from shadow.cli.presenting import Outputs, outputs_of, present
from shadow.cli.progress import progress
from shadow.cli.stored import migration_of, opened, view
from shadow.config.load import load, locate
from shadow.config.model import Configuration
from shadow.config.storeurl import sqlite_path
from shadow.disguise import Disguise
from shadow.errors import StoreError
from shadow.implementations import Implementations
from shadow.proxy.migrations.snapshot import Snapshot, build
from shadow.recordings.model import RecordedCall
from shadow.recordings.reader import Reader, files_of
from shadow.replay.asking import Asker
from shadow.replay.play import Passed, Replay, replayed
from shadow.report.build import build as build_report
from shadow.report.words import counted
from shadow.store.asynchronous import AsyncStore
from shadow.store.open import open_store
from shadow.worker.frames import Setup

_STEP = 16  # calls between two looks at the clock


@dataclass(frozen=True, slots=True)
class _Plan:
    """What is to be replayed, by whom, into where."""

    configuration: Configuration
    text: str
    name: str
    files: list[Path]
    asks: bool
    concurrency: int | None
    store_url: str


async def replay(args: argparse.Namespace) -> int:
    """Replay and report.

    Raises:
        CommandError: there is nothing to replay, or what was begun is another replay.
        StoreError: what was found cannot be written.
    """
    outputs = outputs_of(args)
    path = locate(args.config, os.environ)
    configuration = load(path)
    name = _chosen(configuration, args.migration)
    if missing := [str(each) for each in args.paths if not each.exists()]:
        message = f"{', '.join(missing)}: No such file or directory; name recordings, or directories of them"
        raise CommandError(message)
    files = files_of(args.paths)
    if not files:
        raise CommandError("there is no recording in " + ", ".join(map(str, args.paths)), Exit.INCONCLUSIVE)
    with _directory(args.resume) as directory:
        url = f"sqlite:///{args.resume or Path(directory) / 'replay.db'}"
        text = path.read_text(encoding="utf-8")
        plan = _Plan(configuration, text, name, files, args.answers == "live", args.concurrency, url)
        with _quiet():
            passed = await _play(plan)
        for line in remarks(passed, name):
            complain(line)
        return await asyncio.to_thread(_report, plan, passed, outputs)


def _chosen(configuration: Configuration, wanted: str | None) -> str:
    names = list(configuration.migrations)
    if wanted is None and len(names) > 1:
        raise CommandError(f"--migration must name one of {', '.join(names)}", Exit.USAGE)
    migration_of(configuration, wanted or names[0])
    return wanted or names[0]


@contextmanager
def _directory(resume: Path | None) -> Iterator[str]:
    """For a store that nobody asked to keep."""
    if resume is not None:
        yield ""
        return
    with tempfile.TemporaryDirectory(prefix="shadow-replay-") as directory:
        yield directory


@contextmanager
def _quiet() -> Iterator[None]:
    """What the proxy said of single calls when it served them is in the report; here it would be said again."""
    logger = logging.getLogger("shadow.proxy.record")
    before = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(before)


async def _play(plan: _Plan) -> Passed:
    store = await _store(plan.store_url)
    implementations = Implementations(plan.configuration.upstream)
    try:
        snapshot = build(plan.configuration, plan.text, implementations.get)
        await _begin(store, plan, snapshot)
        replaying = await _replay_of(store, plan, snapshot)
        reader = Reader(plan.files, complain)
        await replaying.play(_shown(reader, plan.files))
        replaying.passed.lost_lines, replaying.passed.lost_files = reader.lost_lines, reader.lost_files
        return replaying.passed
    finally:
        await implementations.close()
        await store.close()


async def _store(url: str) -> AsyncStore:
    """
    Raises:
        CommandError: it cannot be opened, or is something else.
    """
    store = AsyncStore(open_store(url))
    try:
        await store.open(time.time())
    except StoreError as exc:
        why = exc.reason.partition(";")[0]
        remedy = "--resume must name a new file, or one that an earlier --resume made"
        raise CommandError(f"{exc.where}: {why}; {remedy}", Exit.USAGE) from exc
    return store


async def _begin(store: AsyncStore, plan: _Plan, snapshot: Snapshot) -> None:
    """Note what is replayed with what; a store in which another replay was begun is left alone.

    Raises:
        CommandError: it was.
    """
    accepted = await store.read(lambda s: s.accepted_configuration())
    begun = f"{snapshot.digest} {'live' if plan.asks else 'recorded'}"
    if accepted is None:
        await store.accept_configuration(plan.text, begun, time.time())
        await store.remember(plan.name, time.time())
    elif accepted[1] != begun:
        raise CommandError(
            "--resume: what was begun there has another configuration, or other --answers; name another file",
            Exit.USAGE,
        )


async def _replay_of(store: AsyncStore, plan: _Plan, snapshot: Snapshot) -> Replay:
    settings = plan.configuration
    setup = Setup(os.urandom(32), settings.redaction.paths, settings.compare.budget)
    asker = Asker(settings.migrations[plan.name], time.time, plan.concurrency) if plan.asks else None
    states = await store.read(lambda s: s.served_identities(plan.name))
    done = await store.read(lambda s: replayed(s, plan.name))
    share = settings.retention.matched
    return Replay(
        store,
        snapshot,
        plan.name,
        setup,
        asker,
        states,
        done,
        keep_matched=lambda: random.random() < share,  # noqa: S311 - a sample, no secret
        disguise=_disguise(settings),
    )


def _disguise(settings: Configuration) -> Disguise | None:
    """By the key of the proxy that this configuration is of; without it what was recorded is told to be of another."""
    beside = sqlite_path(settings.store)
    kept = beside.with_name(f"{beside.name}.key") if beside is not None else None
    path = settings.redaction.key_file or kept
    if path is None or not path.is_file():
        return None
    return Disguise(read_key(path), settings.redaction.paths)


def _shown(reader: Reader, files: Iterable[Path]) -> Iterator[RecordedCall]:
    """The calls, with a bar on a terminal: how far it is told by the bytes of the files."""
    console = Console(file=sys.stderr)
    if not console.is_terminal:
        yield from reader
        return
    columns = (TextColumn("replaying"), BarColumn(), TextColumn("{task.fields[calls]} calls"), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, refresh_per_second=5) as bar:
        task = bar.add_task("", total=sum(path.stat().st_size for path in files if path.exists()), calls=0)
        for number, call in enumerate(reader, start=1):
            yield call
            if number % _STEP == 0:
                bar.update(task, completed=reader.done_bytes, calls=number)


def remarks(passed: Passed, name: str) -> Iterator[str]:
    """What a person has to know of what was not replayed, a line each."""
    if passed.before:
        yield f"{counted(passed.before, 'call')} had been replayed before"
    if passed.twice:
        yield f"{counted(passed.twice, 'call')} came twice and counted once"
    if passed.unreadable:
        yield f"{counted(passed.unreadable, 'call')} had a request that is none: not used"
    if passed.unmasked:
        yield (
            f"{counted(passed.unmasked, 'call')} were recorded with a redaction key that is not here "
            "(redaction.key_file): in the requests look-alikes stand for secrets, in the answers of today they do not"
        )
    if passed.elsewhere:
        others = ", ".join(f"{count} of {other!r}" for other, count in sorted(passed.elsewhere.items()))
        yield f"there are calls of other migrations than {name!r}: {others}"
    if len(passed.evidence) > 1:
        yield f"the answers are of {len(passed.evidence)} configurations of the implementations, taken as one"


def _report(plan: _Plan, passed: Passed, outputs: Outputs) -> Exit:
    """Judged as of the last call: a verdict looks back from there."""
    as_of = passed.last_at or time.time()
    with opened(plan.store_url, as_of) as store, progress() as track:
        shown = view(store, plan.name, None, as_of)
        report = build_report(store, shown, None, None, as_of, track=track)
        status = present(report, outputs, track)
    if status is Exit.FINE and plan.asks and report.totals.comparisons.failed:
        complain(f"{counted(report.totals.comparisons.failed, 'call')} failed and could not be compared")
        return Exit.INCONCLUSIVE
    if status is Exit.FINE and (lost := _lost(passed)):
        complain(f"{lost} could not be replayed, and may differ")
        return Exit.INCONCLUSIVE
    return status


def _lost(passed: Passed) -> str:
    """What held calls, or may have: in words, empty for nothing."""
    found = ((passed.lost_lines + passed.unreadable, "line"), (passed.lost_files, "file"))
    return " and ".join(counted(count, what) for count, what in found if count)
