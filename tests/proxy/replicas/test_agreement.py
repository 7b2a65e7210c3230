"""The steps by which a configuration comes into force, without any replica."""

import pytest

from shadow.proxy.replicas.agreement import advanced, offered, should_offer
from shadow.store.shared import Agreement, Replica, Standing, Version

ONE, TWO = Version(1, "digest-1", "one"), Version(2, "digest-2", "two")
IN_FORCE = Agreement(change=3, last=1, in_force=ONE)
OFFERED = Agreement(change=4, last=2, in_force=ONE, following=TWO, phase="offered")
LEAVING = Agreement(change=5, last=2, in_force=ONE, following=TWO, phase="leaving")


def replica(name: str = "a", **standing) -> Replica:
    return Replica(name, Standing(**standing))


def test_the_first_configuration_is_in_force_once_the_only_replica_could_serve_it() -> None:
    agreement = offered(Agreement(), "digest-1", "one")
    assert agreement == Agreement(change=1, last=1, following=ONE, phase="offered")
    agreement = advanced(agreement, [replica(ready=1)])
    assert agreement is not None
    agreement = advanced(agreement, [replica(ready=1, left=1)])
    assert agreement == Agreement(change=3, last=1, in_force=ONE)


@pytest.mark.parametrize(
    ("before", "fleet", "after"),
    [
        pytest.param(OFFERED, [replica(ready=2), replica(ready=1)], None, id="one-is-not-ready"),
        pytest.param(OFFERED, [replica(ready=2), replica(ready=2)], "leaving", id="all-are-ready"),
        pytest.param(LEAVING, [replica(ready=2, left=2), replica(ready=2)], None, id="one-has-not-left"),
        pytest.param(LEAVING, [replica(left=2), replica(left=2)], "in-force", id="all-have-left"),
        pytest.param(OFFERED, [replica(ready=2), replica("b", refuses=2, why="no")], "refused", id="one-refuses"),
        pytest.param(IN_FORCE, [replica(ready=9, left=9)], None, id="nothing-follows"),
    ],
)
def test_a_step_is_due_when_everybody_has_done_his_part(before, fleet, after) -> None:
    found = advanced(before, fleet)
    if after is None:
        assert found is None
        return
    assert found is not None
    assert found.change == before.change + 1
    seen = {"leaving": found.phase == "leaving", "in-force": found.in_force == TWO, "refused": found.refused_by == "b"}
    assert seen == {key: key == after for key in seen}


def test_a_number_is_never_given_twice() -> None:
    refused = advanced(OFFERED, [replica(refuses=2)])
    assert refused is not None
    again = offered(refused, "digest-2", "two")
    assert again is not None
    assert again.following == Version(3, "digest-2", "two")


@pytest.mark.parametrize(
    ("agreement", "digest"),
    [(IN_FORCE, "digest-1"), (OFFERED, "digest-2"), (LEAVING, "digest-3")],
    ids=["in-force", "on-its-way", "nobody-turns-round"],
)
def test_nothing_is_offered_that_is_so_or_is_not_possible_now(agreement, digest) -> None:
    assert offered(agreement, digest, "text") is None


def test_a_later_offer_takes_the_place_of_one_that_nobody_left_for() -> None:
    found = offered(OFFERED, "digest-3", "three")
    assert found is not None
    assert (found.following, found.phase) == (Version(3, "digest-3", "three"), "offered")


OLD_FILE, NEW_FILE = replica("me", offers="digest-0", joined_at=5.0), replica("me", offers="digest-9", joined_at=5.0)
LEFT_BEHIND = Agreement(change=9, last=2, in_force=ONE, superseded=("digest-0",))
REFUSED = Agreement(change=9, last=2, in_force=ONE, refused="digest-9", refused_by="b")


@pytest.mark.parametrize(
    ("agreement", "me", "others", "expected"),
    [
        pytest.param(Agreement(), NEW_FILE, [replica("b")], True, id="nothing-is-in-force"),
        pytest.param(LEFT_BEHIND, OLD_FILE, [], True, id="alone-the-file-decides"),
        pytest.param(IN_FORCE, replica(offers="digest-1"), [], False, id="it-is-in-force"),
        pytest.param(IN_FORCE, NEW_FILE, [replica("b", offers="digest-1")], True, id="it-is-new"),
        pytest.param(LEFT_BEHIND, OLD_FILE, [replica("b", offers="digest-1")], False, id="back-with-an-old-file"),
        pytest.param(
            LEFT_BEHIND,
            OLD_FILE,
            [replica("b", offers="digest-0", joined_at=4.0)],
            True,
            id="all-got-the-old-one",
        ),
        pytest.param(
            LEFT_BEHIND, OLD_FILE, [replica("b", offers="digest-0", joined_at=6.0)], False, id="who-came-last-offers-it"
        ),
        pytest.param(REFUSED, NEW_FILE, [replica("b", offers="digest-1")], False, id="refused"),
        pytest.param(REFUSED, NEW_FILE, [replica("c", offers="digest-1")], True, id="who-refused-it-is-gone"),
        pytest.param(OFFERED, NEW_FILE, [], False, id="another-is-on-its-way"),
        pytest.param(IN_FORCE, replica(), [], False, id="the-file-is-not-valid"),
    ],
)
def test_when_a_file_is_offered_without_being_told_to(agreement, me, others, expected) -> None:
    assert should_offer(agreement, me, others) is expected
