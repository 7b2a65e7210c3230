"""What the store is fed in these tests: small, whole records, told apart by number."""

from typing import Any

from shadow.compare.model import Advice, Comparison, Difference, EffectPair
from shadow.protocol.objects import Identity, ParentRef
from shadow.store.base import Asked, Brake, Call, Counters, Flush, ParentState
from shadow.terms import Change, Effect, Hook, Outcome, Side

MIGRATION = "kfp"
EVIDENCE = "evidence-1"
NOON = 1_800_000_000.0 // 86_400 * 86_400 + 43_200  # some day's noon, unix seconds

ANSWERED = Asked("answered", status=200, seconds=0.1)


def parent(number: int = 1) -> ParentRef:
    return ParentRef("v1", "Namespace", "", f"team-{number:05}", f"uid-{number:05}")


def service(number: int = 1, name: str = "ml-pipeline") -> Identity:
    return Identity("v1", "Service", f"team-{number:05}", name)


def difference(number: int = 1, group: str = "group-1", path: str = "spec.type", **fields) -> Difference:
    values: dict[str, Any] = {
        "effects": EffectPair(Effect.NONE, Effect.UPDATE),
        "repeats": False,
        "old": "ClusterIP",
        "new": "NodePort",
        "has_old": True,
        "has_new": True,
        "shown_object": Identity("v1", "Service", "<namespace>", "ml-pipeline"),
        "shown_path": path,
    }
    return Difference(group, service(number), path, Change.CHANGED, **(values | fields))


def comparison(
    outcome: Outcome = Outcome.MISMATCHED,
    *,
    differences: tuple[Difference, ...] = (),
    advice: tuple[Advice, ...] = (),
    old: bytes | None = None,
    new: bytes | None = None,
    situation: str = "steady",
) -> Comparison:
    return Comparison("", outcome, None, situation, differences, (), (), advice, old, new)


def call(
    id: str,
    at: float = NOON,
    *,
    number: int = 1,
    compared: Comparison | None = None,
    migration: str = MIGRATION,
    **fields,
) -> Call:
    values: dict[str, Any] = {
        "primary": Side.OLD,
        "served": Side.OLD,
        "status": 200,
        "old": ANSWERED,
        "new": ANSWERED,
        "evidence_digest": EVIDENCE,
        "hook": Hook.SYNC,
        "front": "decorator",
        "outcome": compared.outcome if compared else Outcome.SKIPPED,
    }
    return Call(id=id, migration=MIGRATION, at=at, parent=parent(number), comparison=compared, **(values | fields))


def mismatch(id: str, at: float = NOON, *, number: int = 1, **fields) -> Call:
    found = difference(number)
    compared = comparison(differences=(found,), old=b'{"from":"old"}', new=b'{"from":"new"}')
    return call(id, at, number=number, compared=compared, **fields)


def state(number: int = 1, primary: Side = Side.OLD, at: float = NOON, **fields) -> ParentState:
    return ParentState(
        MIGRATION,
        parent(number),
        primary=primary,
        served=primary,
        served_identities=(service(number), service(number, "minio")),
        served_at=at,
        seen_at=at,
        **fields,
    )


def batch(
    *calls: Call, at: float = NOON, replica: str = "replica-1", counters: Counters | None = None, **fields
) -> Flush:
    told = {} if counters is None else {MIGRATION: counters}
    return Flush(replica, at, told, calls, **fields)


def brake(version: int, *, on: bool = True, because: str = "deletes services", at: float = NOON) -> Brake:
    return Brake(
        on=on, version=version, since=at, by="alice", because=because, governed={"stage": "canary", "weight": 25}
    )
