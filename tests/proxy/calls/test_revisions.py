"""What an implementation tells of its revision decides what its comparisons are evidence of."""

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from shadow.proxy.calls.call import Call
from shadow.proxy.calls.judge import revision_of
from shadow.proxy.calls.revisions import Revisions, at_revisions, read_told
from shadow.proxy.migrations.migration import Migration
from shadow.store.base import Change, Flush
from shadow.store.open import open_store
from shadow.terms import Side
from shadow.upstream.base import Observation
from tests.hook_server import HookServer, answer_json
from tests.hook_server import answer as answering
from tests.proxy.bodies import answer, config_map, observed, request
from tests.proxy.configured import migration
from tests.proxy.running import Json, running

Start = Callable[..., HookServer]
ONE = config_map("one")
SEES_ONE = request(observed(ONE))
BODY = json.dumps(answer(ONE)).encode()


def told_by_new(of: Migration, revision: str) -> Call:
    """As much of a call as is looked at when everybody has spoken."""
    heard: Any = SimpleNamespace(migration=of, askings={Side.NEW: SimpleNamespace(revision=revision)})
    return cast("Call", heard)


def telling(revision: str):
    return answering(BODY, headers=[("X-Revision", revision)])


async def test_another_revision_makes_older_evidence_stale(tmp_path: Path, hook_server: Start):
    old, new = hook_server(answer_json(answer(ONE))), hook_server(telling("v1"))
    settings: Json = {"new__revision_header": "X-Revision", "old__revision": "2.5"}
    async with running(tmp_path, old, new, **settings) as proxy:
        before = (await proxy.get())["evidence_digest"]
        seen = []
        for revision in ("v1", "v2", "v2", "v1"):
            new.behaviour = telling(revision)
            await proxy.call(SEES_ONE)
            seen.append((await proxy.settled())["evidence_digest"])
        await proxy.reconfigured(sample="50%")
        after_reload = (await proxy.get())["evidence_digest"]
        report = await proxy.get("/report")
    one, two = seen[0], seen[1]
    assert len({before, one, two}) == 3
    assert seen == [one, two, two, one]
    assert after_reload == one
    assert sum(line["comparisons"] for line in report["coverage"]) == 2


async def test_a_revision_is_known_after_a_restart_and_is_a_line_of_the_change_log(tmp_path: Path, hook_server: Start):
    old, new = hook_server(answer_json(answer())), hook_server(telling("v1"))
    async with running(tmp_path, old, new, new__revision_header="X-Revision") as proxy:
        await proxy.call(SEES_ONE)
        told = (await proxy.settled())["evidence_digest"]
    async with running(tmp_path, old, new, new__revision_header="X-Revision") as proxy:
        assert (await proxy.get())["evidence_digest"] == told
        lines = [line for line in (await proxy.get("/history"))["items"] if line["kind"] == "revision"]
    assert [(line["by"], line["because"]) for line in lines] == [("new", "it tells revision v1")]


def test_replicas_that_answer_in_turn_are_no_line_each():
    of = migration(new__revision_header="X-R")
    revisions = Revisions()
    lines = []
    for second in range(1, 1200):
        revisions.heard(told_by_new(of, f"v{second % 2}"))
        lines += revisions.unlogged("m", float(second))
    assert [(line.at, line.by, line.details["revision"]) for line in lines] == [
        (1.0, "new", "v1"),
        (602.0, "new", "v0"),
    ]


def test_of_what_was_told_the_last_line_counts(tmp_path: Path):
    store = open_store(f"sqlite:///{tmp_path}/s.db")
    store.open(0.0)
    try:
        lines = [
            Change(1.0, "m", "revision", "new", "-", {"implementation": "d", "revision": "v1"}),
            Change(2.0, "m", "revision", "new", "-", {"implementation": "d", "revision": "v2"}),
            Change(3.0, None, "start", "process", "it started"),
            Change(4.0, "other", "revision", "old", "-", {"implementation": "e", "revision": "v9"}),
        ]
        store.flush(Flush("replica", 5.0, {}, [], [], lines))
        assert read_told(store, ["m", "none"]) == {("m", Side.NEW): ("d", "v2")}
    finally:
        store.close()


async def test_a_comparison_shows_the_revisions_that_answered(tmp_path: Path, hook_server: Start):
    old, new = hook_server(answer_json(answer())), hook_server(telling("v1"))
    settings: Json = {"new__revision_header": "X-Revision", "old__revision": "2.5"}
    async with running(tmp_path, old, new, **settings) as proxy:
        await proxy.call(SEES_ONE)
        await proxy.settled()
        await proxy.get("/report")  # writes what is there
        found = (await proxy.get("/comparisons"))["items"][0]
        whole = await proxy.get(f"/comparisons/{found['id']}")
    assert {side: whole["implementations"][side]["revision"] for side in ("old", "new")} == {"old": "2.5", "new": "v1"}
    assert whole["evidence_digest"] == found["evidence_digest"]


def test_the_order_of_being_told_does_not_matter():
    of = migration(old__revision_header="X-R", new__revision_header="X-R")
    one = at_revisions(of, {Side.OLD: "a", Side.NEW: "b"})
    assert at_revisions(at_revisions(of, {Side.NEW: "b"}), {Side.NEW: "b", Side.OLD: "a"}) == one
    assert one.evidence_digest != at_revisions(of, {Side.OLD: "b", Side.NEW: "a"}).evidence_digest


def test_without_a_header_nothing_changes():
    of = migration()
    assert Revisions().applied(of) is of


@pytest.mark.parametrize(
    ("headers", "revision"),
    [
        ([(b"x-r", b" v1 ")], "v1"),
        ([(b"x-r", b"")], None),
        ([], None),
        ([(b"x-r", b"x" * 999)], "x" * 256),
        ([(b"x-r", b"v1 password=fake-planted")], "v1 password=<redacted>"),
    ],
    ids=["told", "empty", "missing", "too long", "with a secret"],
)
def test_a_revision_is_read_from_the_header(headers, revision):
    party = migration(new__revision_header="X-R").parties[Side.NEW]
    assert revision_of(party, Observation(200, headers, b"", 0.0)) == revision
