"""A short walk of `make fuzz`: Hypothesis chooses the damage."""

import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fuzz.damage import damaged
from tests.fuzz.targets import TARGETS, Target

NOTHING = {"empty": b"", "null": b"\0", "no text": b"\xff" * 64, "lists": b"[" * 10_000, "objects": b'{"a":' * 10_000}


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_only_what_is_documented_comes_out(target: Target):
    @settings(max_examples=40, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(st.integers(0, 2**32))
    def read(seed: int) -> None:
        luck = random.Random(seed)
        target.read(damaged(luck, target.seeds), luck)

    read()


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
@pytest.mark.parametrize("data", NOTHING.values(), ids=NOTHING)
def test_what_is_nothing_at_all_is_survived(target: Target, data: bytes):
    target.read(data, random.Random(0))
