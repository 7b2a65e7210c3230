"""The cluster of the story, and whom its canary moves."""

from shadow.cli.demo.scenery import CANARY_PERCENT, MOVED_FIRST, NAMESPACES, build_cluster, uid
from shadow.proxy.cutover.assignment import bucket


def test_the_canary_moves_those_of_whom_the_story_tells() -> None:
    assert {name for name in NAMESPACES if bucket(uid(name)) < CANARY_PERCENT * 100} == MOVED_FIRST
    assert len(MOVED_FIRST) == len(NAMESPACES) * CANARY_PERCENT / 100


def test_every_run_has_the_same_namespaces() -> None:
    first, second = (build_cluster("http://127.0.0.1:1/sync").api.everything() for _ in range(2))
    assert first == second
    assert [body["metadata"]["name"] for body in first] == sorted(NAMESPACES)
