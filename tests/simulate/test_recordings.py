"""The simulated cluster against the recorded one: every sync under dynamic apply, its writes and what they left."""

from itertools import takewhile
from typing import Any

import pytest

from tests.simulate.replay import Case, Line, Replay, cases, recorded, simulated

CASES = list(cases())
IDS = [case["id"] for case in CASES]
REVISION = "ControllerRevision"
"""Rollouts over several revisions of a parent are not simulated, so neither are the writes that keep track of them."""

STALE = 5
BY_CHANCE = ("uid", "resourceVersion", "creationTimestamp", "managedFields")


def without_revisions(lines: list[Line]) -> list[Line]:
    return [line for line in lines if line[1] != REVISION]


def repeats(case: Case, later: Case) -> bool:
    """Whether a later sync of the recording got the same answer as the first one."""
    unchanged = not later.get("answer_changed") and later.get("answer", case["answer"]) == case["answer"]
    return unchanged and (later["status"], later.get("hook", case["hook"])) == (case["status"], case["hook"])


def comparable_later(case: Case) -> list[Case]:
    """The syncs that follow with the same answer, less the last one: its window was cut off by the recording's end."""
    return list(takewhile(lambda later: repeats(case, later), case["later_syncs"]))[:-1]


def from_a_stale_cache(case: Case, later: Case) -> bool:
    """Metacontroller deleting what it had just deleted, or creating what it had just created: its informer lagged."""
    request = case["request"]
    declared = {group.partition(".")[0] for group in request.get("children") or request.get("attachments") or {}}
    home = (request.get("parent") or request["object"])["metadata"].get("namespace")
    return any(
        write["code"] == 404 or (write["code"] == 409 and write["kind"] in declared and write.get("namespace") == home)
        for write in later["writes"]
    )


@pytest.mark.parametrize("case", CASES, ids=IDS)
async def test_a_recorded_answer_causes_the_recorded_writes_at_every_sync(case: Case) -> None:
    later = comparable_later(case)
    first, *following = await Replay(case).windows(1 + len(later))
    assert simulated(first) == without_revisions(recorded(case["writes"]))
    for entry, writes in zip(later, following, strict=True):
        if not from_a_stale_cache(case, entry):
            assert simulated(writes) == without_revisions(recorded(entry["writes"]))


def test_every_recorded_case_under_dynamic_apply_is_replayed() -> None:
    assert len(CASES) == 481
    assert sum(any(write["kind"] == REVISION for write in case["writes"]) for case in CASES) == 4
    assert sum(from_a_stale_cache(case, later) for case in CASES for later in comparable_later(case)) == STALE


async def test_hooks_are_asked_what_they_were_asked_then() -> None:
    differing = [case["id"] for case in CASES if (await Replay(case).sync()).request != case["request"]]
    assert differing == []


def settled_cases() -> list[Case]:
    """Cases whose answer stayed the same to the end, and whose objects were recorded whole."""
    return [
        case
        for case in CASES
        if case.get("changed_objects")
        and case["pattern"] != "hot loop"  # an object recreated at every sync may be there or not
        and all(repeats(case, later) for later in case["later_syncs"])
    ]


def comparable(body: dict[str, Any]) -> dict[str, Any]:
    """Without what is told apart by chance: uids, versions, times and the addresses of Services."""
    metadata = {key: value for key, value in body["metadata"].items() if key not in BY_CHANCE}
    spec = {key: value for key, value in (body.get("spec") or {}).items() if key not in ("clusterIP", "clusterIPs")}
    rest = {key: value for key, value in body.items() if key not in ("apiVersion", "kind", "metadata", "spec")}
    return {**rest, "metadata": metadata, "spec": spec}


@pytest.mark.parametrize("case", settled_cases(), ids=lambda case: case["id"])
async def test_the_objects_become_what_they_became(case: Case) -> None:
    replay = Replay(case)
    await replay.windows(1 + len(case["later_syncs"]))
    stored = {f"{body['kind']}/{body['metadata']['name']}": body for body in replay.cluster.api.everything()}
    for key, body in case["changed_objects"].items():
        assert comparable(stored[key]) == comparable(body)


PARENTS_LEFT = [
    case for case in CASES if case.get("parent_after") and all(repeats(case, later) for later in case["later_syncs"])
]


@pytest.mark.parametrize("case", PARENTS_LEFT, ids=lambda case: case["id"])
async def test_the_parent_becomes_what_it_became(case: Case) -> None:
    replay = Replay(case)
    await replay.windows(max(len(case["later_syncs"]), 1))
    metadata = replay.parent["metadata"]
    parent = replay.cluster.api.get(
        replay.parent["apiVersion"], replay.parent["kind"], metadata.get("namespace", ""), metadata["name"]
    )
    assert parent.get("status") == case["parent_after"]["status"]
    assert parent["metadata"].get("labels") == case["parent_after"].get("labels", metadata.get("labels"))
