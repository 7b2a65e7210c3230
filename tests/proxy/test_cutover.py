import hashlib
import uuid
from random import Random

import pytest

from shadow.proxy.cutover.assignment import BUCKETS, Assignment, assign, bucket
from shadow.terms import Side, Stage

UIDS = [str(uuid.UUID(int=Random(seed).getrandbits(128))) for seed in range(10_000)]


def test_a_bucket_is_the_first_eight_bytes_of_sha256_modulo_ten_thousand():
    uid = "9615139e-4c2a-4565-9e51-119ca04f8162"
    expected = int(hashlib.sha256(uid.encode()).hexdigest()[:16], 16) % 10_000
    assert bucket(uid) == expected


@pytest.mark.parametrize("percent", [0.01, 1, 10, 25, 50, 75, 99.99])
def test_a_weight_is_the_share_of_parents_that_new_serves(percent: float):
    weight = round(percent * 100)
    moved = sum(assign(Stage.CANARY, weight, None, False, uid).primary is Side.NEW for uid in UIDS)
    assert abs(moved / len(UIDS) * 100 - percent) < 1.5


def test_raising_the_weight_never_moves_a_parent_back():
    before: set[str] = set()
    for weight in range(0, BUCKETS + 1, 250):
        moved = {uid for uid in UIDS if assign(Stage.CANARY, weight, None, False, uid).primary is Side.NEW}
        assert before <= moved
        before = moved
    assert len(before) == len(UIDS)


@pytest.mark.parametrize(
    ("stage", "brake_on", "expected"),
    [
        (Stage.OFF, False, Assignment(Side.OLD, None, "stage")),
        (Stage.OFF, True, Assignment(Side.OLD, None, "stage")),
        (Stage.SHADOW, False, Assignment(Side.OLD, Side.NEW, "stage")),
        (Stage.SHADOW, True, Assignment(Side.OLD, Side.NEW, "stage")),
        (Stage.CANARY, True, Assignment(Side.OLD, Side.NEW, "brake")),
        (Stage.LIVE, False, Assignment(Side.NEW, Side.OLD, "stage")),
        (Stage.LIVE, True, Assignment(Side.OLD, Side.NEW, "brake")),
        (Stage.COMPLETE, False, Assignment(Side.NEW, None, "stage")),
        (Stage.COMPLETE, True, Assignment(Side.OLD, None, "brake")),
    ],
    ids=str,
)
def test_the_stage_and_the_brake_say_who_is_who(stage: Stage, brake_on: bool, expected: Assignment):
    assert assign(stage, BUCKETS, None, brake_on, "uid") == expected


def test_a_pin_beats_the_weight_in_canary_and_counts_nowhere_else():
    assert assign(Stage.CANARY, 0, Side.NEW, False, "uid") == Assignment(Side.NEW, Side.OLD, "pin")
    assert assign(Stage.CANARY, BUCKETS, Side.OLD, False, "uid") == Assignment(Side.OLD, Side.NEW, "pin")
    assert assign(Stage.LIVE, 0, Side.OLD, False, "uid").primary is Side.NEW


def test_the_brake_beats_a_pin():
    assert assign(Stage.CANARY, BUCKETS, Side.NEW, True, "uid") == Assignment(Side.OLD, Side.NEW, "brake")


def test_a_uid_that_is_no_valid_text_has_a_bucket():
    assert 0 <= bucket("\ud800") < BUCKETS
