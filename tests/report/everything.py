"""A store in which there is every outcome, every effect on either side, and one of everything else a report tells."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec

from shadow.compare.model import Advice, Noise, ObjectEffect
from shadow.compare.rules import Judgement
from shadow.protocol.objects import Identity
from shadow.report import MigrationView, Report, build
from shadow.report.judge import UNEXPLAINED
from shadow.store.base import Call, Counters, Flush, Group, HeldCall, ParentState, Store
from shadow.terms import Change, Effect, Outcome, Side
from tests.report.scene import MIGRATION, NOW, VIEW, compared, difference, failed, namespace, opened

HELD = (ObjectEffect(Identity("v1", "Service", "team-delete", "ui"), Effect.DELETE),)


def explain(group: Group) -> Judgement:
    """What is called `known` is."""
    return Judgement(ignored_because="known") if group.object and group.object.name == "known" else UNEXPLAINED


EVERYTHING: MigrationView = replace(VIEW, explain=explain)


def calls() -> list[Call]:
    """Each effect in a parent of its own, under new's answer and under old's; a match, an ignored one, a failure."""
    found = [
        compared(f"team-{effect}", *_both(effect), advice=[Advice("code", Side.NEW, None, "a trap")])
        for effect in Effect
    ]
    noisy = compared("team-matched")
    assert noisy.comparison is not None
    noise = (Noise(Side.NEW, Identity("v1", "Secret", "*", "*"), "data.key", "a", "b"),)
    noisy = msgspec.structs.replace(
        noisy, comparison=msgspec.structs.replace(noisy.comparison, noise=noise, asked_twice=(Side.NEW,))
    )
    known = difference("known", parent="team-ignored")
    return [*found, noisy, compared("team-ignored", known, outcome=Outcome.IGNORED), failed("team-failed")]


def _both(effect: Effect) -> Iterator[Any]:
    parent, value = f"team-{effect}", {"apiVersion": "v1", "kind": "Service", "spec": {"port": 80}}
    changed = Change.CHANGED
    yield difference(f"new-{effect}", parent=parent, new_effect=effect, path="spec", change=changed, old=1, new=value)
    yield difference(f"old-{effect}", parent=parent, old_effect=effect, new_effect=Effect.NONE, old=value)


@contextmanager
def everything(directory: Path) -> Iterator[Store]:
    """The store, open. Two calls were skipped and three dropped beside."""
    with opened(directory) as store:
        stored = calls()
        counters = Counters(
            calls=len(stored) + 5,
            matched=1,
            ignored=1,
            mismatched=len(Effect),
            failed=1,
            skipped=2,
            dropped=3,
            dropped_by={"queue": 2, "crash": 1},
            served_old=len(stored),
            confirmed=7,
            contradicted=2,
        )
        held = [HeldCall(MIGRATION, "held", NOW - 60, namespace("team-delete"), HELD)]
        store.flush(Flush("replica", NOW - 60, {MIGRATION: counters}, stored, list(_states(stored)), held=held))
        yield store


def _states(stored: Iterable[Call]) -> Iterator[ParentState]:
    for call in stored:
        yield ParentState(
            migration=MIGRATION,
            parent=call.parent,
            primary=call.primary,
            served=call.served,
            served_identities=None,
            served_at=call.at,
            outcome=call.outcome,
            effects_old=dict.fromkeys(Effect, 1),
            effects_new=dict.fromkeys(Effect, 2),
            compared_at=call.at,
            comparison=call.id,
            evidence_digest=call.evidence_digest,
            seen_at=call.at,
        )
    yield ParentState(MIGRATION, namespace("team-quiet"), Side.OLD, None, None, None, seen_at=NOW)


def report_of(directory: Path) -> Report:
    """The report, whole in memory."""
    with everything(directory) as store:
        report = build(store, EVERYTHING, None, None, NOW)
        return msgspec.structs.replace(report, parents=tuple(report.parents))
