"""What the veto goes by where an answer cannot be understood. Whole calls are held in `test_holding`."""

import pytest

from shadow.compare.effects import RequestView
from shadow.protocol.objects import Identity
from shadow.proxy.serving.hold import held, removals_of_new, removals_of_old
from shadow.terms import Effect, Hook
from tests.proxy.bodies import config_map, observed, request

ONE, TWO = config_map("one"), config_map("two")
SEEN = RequestView.read(request(observed(ONE), observed(TWO)), Hook.SYNC)
EVERYTHING = {Identity("v1", "ConfigMap", "team-a", name): Effect.DELETE for name in ("one", "two")}
UNREADABLE = [b"[]", b"{", b'{"attachments": {}}', b'{"attachments": [null]}', b'{"attachments": [{"kind": ""}]}']


@pytest.mark.parametrize("body", UNREADABLE)
def test_an_unreadable_answer_of_new_is_taken_to_remove_everything_and_one_of_old_to_agree_to_nothing(body):
    assert removals_of_new(SEEN, body, "dynamic") == EVERYTHING
    assert removals_of_old(SEEN, body, "dynamic") is None
    assert held(EVERYTHING, removals_of_old(SEEN, body, "dynamic"), None) == EVERYTHING


def test_without_an_answer_old_agrees_to_nothing():
    assert removals_of_old(SEEN, None, "dynamic") is None
