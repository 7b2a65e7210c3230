"""What a served answer should have caused is held against what the next call observes."""

from typing import Any

import msgspec
import pytest

from shadow.compare.comparison import compare
from shadow.compare.predictions import PATIENCE_SECONDS
from shadow.compare.rules import compile_rules
from shadow.redact import Redactor
from shadow.terms import Effect, Side
from tests.compare.calls import CM, answer, config_map, observed, pair, request

CALLER = "DecoratorController/dc"
WANTED = answer(config_map())
CHANGED = answer(config_map(data={"a": "2"}))
SEEN = observed(config_map())


class Parent:
    """A parent that calls again and again; a minute apart, unless told otherwise."""

    def __init__(self, method="InPlace", apply="dynamic"):
        self.method, self.apply = method, apply
        self.foresight: Any = None
        self.previous, self.at, self.calls = None, 0.0, 0

    def call(self, body, *seen, served=Side.NEW, after=60.0, other=None, compared=True, **fields):
        """What a call brings that observes these objects and answers with this body."""
        self.at += after
        self.calls += 1
        one = pair(request(*seen, method=self.method, **fields), other or body, body, apply=self.apply)
        one = msgspec.structs.replace(
            one, id=f"call-{self.calls}", at=self.at, caller=CALLER, served=served, previous=self.previous,
            foresight=self.foresight,
        )  # fmt: skip
        if served is not None:
            self.previous = one.id
        if not compared:
            return None
        found = compare(one, compile_rules([]), Redactor(b"k"), 5)
        self.foresight = found.foresight
        return found


def told(comparison):
    codes = [each.code for each in comparison.advice if each.code.endswith("-seen")]
    return comparison.confirmed, comparison.contradicted, codes


OTHER = observed(config_map(), uid="uid-other")
GOING = observed(config_map(), deletionTimestamp="2026-01-01T00:00:00Z")


@pytest.mark.parametrize(
    ("method", "body", "before", "after", "expected"),
    [
        pytest.param("InPlace", WANTED, [], [SEEN], (1, 0, []), id="created"),
        pytest.param("InPlace", WANTED, [], [], (0, 1, ["create-not-seen"]), id="not-created"),
        pytest.param("InPlace", CHANGED, [SEEN], [observed(config_map(data={"a": "2"}))], (1, 0, []), id="updated"),
        pytest.param("InPlace", CHANGED, [SEEN], [SEEN], (0, 1, ["update-not-seen"]), id="not-updated"),
        pytest.param("InPlace", CHANGED, [SEEN], [], (0, 1, ["update-not-seen"]), id="gone-instead"),
        pytest.param("InPlace", answer(), [SEEN], [], (1, 0, []), id="deleted"),
        pytest.param("InPlace", answer(), [SEEN], [SEEN], (0, 1, ["delete-not-seen"]), id="not-deleted"),
        pytest.param("InPlace", answer(), [SEEN], [GOING], (1, 0, []), id="on-its-way-out"),
        pytest.param("Recreate", CHANGED, [SEEN], [], (1, 0, []), id="deleted-to-be-recreated"),
        pytest.param("Recreate", CHANGED, [SEEN], [OTHER], (1, 0, []), id="recreated"),
        pytest.param("Recreate", CHANGED, [SEEN], [SEEN], (0, 1, ["delete-not-seen"]), id="not-recreated"),
        pytest.param("OnDelete", CHANGED, [SEEN], [SEEN], (0, 0, []), id="nothing-was-to-happen"),
        pytest.param("InPlace", WANTED, [SEEN], [SEEN], (0, 0, []), id="steady"),
        pytest.param("InPlace", answer(config_map(namespace="far")), [], [], (0, 0, []), id="never-observed-anyway"),
        pytest.param("InPlace", answer(config_map() | {"kind": "Other"}), [], [], (0, 0, []), id="not-declared"),
    ],
)
def test_the_next_call_confirms_or_contradicts(method, body, before, after, expected):
    parent = Parent(method)
    assert told(parent.call(body, *before)) == (0, 0, [])
    assert told(parent.call(body, *after)) == expected


EDITED = SEEN | {"data": {"a": "9"}}  # by somebody else: the last-applied configuration is the wanted one


def versioned(item, version):
    return item | {"metadata": item["metadata"] | {"resourceVersion": version}}


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        pytest.param(EDITED, EDITED, (0, 1, ["update-not-seen"]), id="denied"),
        pytest.param(EDITED, versioned(SEEN, "8"), (1, 0, []), id="written"),
        pytest.param(EDITED, versioned(EDITED, "9"), (1, 0, ["repeats-seen"]), id="written-and-taken-back"),
        pytest.param(SEEN | {"data": {}}, SEEN | {"data": {}}, (1, 0, ["repeats-seen"]), id="dropped-each-time"),
        pytest.param(SEEN | {"data": {"a": 1}}, SEEN | {"data": {"a": 1}}, (1, 0, ["repeats-seen"]), id="another-type"),
        pytest.param(SEEN | {"data": {"a": ""}}, SEEN | {"data": {"a": ""}}, (1, 0, ["repeats-seen"]), id="emptied"),
    ],
)
def test_an_update_that_leaves_the_last_applied_configuration_has_to_change_the_object(before, after, expected):
    parent = Parent()
    parent.call(WANTED, before)
    assert told(parent.call(WANTED, after)) == expected


def test_an_item_of_a_list_that_stays_another_one_tells_that_the_update_was_denied():
    wanted = config_map() | {"items": [{"name": "x", "value": 1}]}
    kept = observed(wanted) | {"items": [{"name": "x", "value": 2}]}
    shorter = observed(wanted) | {"items": []}
    for seen, expected in ((kept, (0, 1, ["update-not-seen"])), (shorter, (1, 0, ["repeats-seen"]))):
        parent = Parent()
        parent.call(answer(wanted), seen)
        assert told(parent.call(answer(wanted), seen)) == expected


@pytest.mark.parametrize("after", [[SEEN], []], ids=["as-it-was", "gone"])
def test_what_is_said_of_an_update_that_does_not_show_is_true_of_either(after):
    parent = Parent()
    parent.call(CHANGED, SEEN)
    (said,) = [each.message for each in parent.call(CHANGED, *after).advice if each.code == "update-not-seen"]
    assert "does not show it" in said
    assert "or the object is gone" in said


def test_the_advice_names_whose_answer_it_was_and_the_object_for_every_parent():
    parent = Parent()
    parent.call(WANTED, served=Side.OLD)
    (advice,) = parent.call(WANTED).advice
    assert (advice.code, advice.implementation, str(advice.object)) == (
        "create-not-seen", Side.OLD, "ConfigMap/<namespace>/cm",
    )  # fmt: skip


def test_an_object_created_in_vain_is_unadopted_until_it_is_observed():
    parent = Parent()
    effects = [parent.call(WANTED).effects_new[0].effect for _ in range(3)]
    assert effects == [Effect.CREATE, Effect.UNADOPTED, Effect.UNADOPTED]
    assert told(parent.call(WANTED)) == (0, 0, [])
    assert parent.call(WANTED, SEEN).effects_new[0].effect is Effect.NONE
    assert parent.call(WANTED).effects_new[0].effect is Effect.CREATE


@pytest.mark.parametrize(("apply", "expected"), [("dynamic", Effect.UNADOPTED), ("server-side", Effect.CREATE)])
def test_only_dynamic_apply_leaves_alone_what_it_does_not_observe(apply, expected):
    parent = Parent(apply=apply)
    parent.call(WANTED)
    assert parent.call(WANTED).effects_new[0].effect is expected


def test_unadopted_is_said_of_either_side():
    parent = Parent()
    parent.call(WANTED)
    (difference,) = parent.call(WANTED, other=answer()).differences
    assert (difference.effects.old, difference.effects.new) == (Effect.NONE, Effect.UNADOPTED)


def test_a_call_that_comes_at_once_is_given_another_chance():
    soon = PATIENCE_SECONDS / 2
    for seen, expected in (([SEEN], (1, 0, [])), ([], (0, 1, ["create-not-seen"]))):
        parent = Parent()
        parent.call(WANTED)
        assert told(parent.call(WANTED, after=soon)) == (0, 0, [])
        assert told(parent.call(WANTED, *seen, after=soon)) == expected


def test_what_is_open_stays_open_over_an_answer_that_never_went_out():
    parent = Parent()
    parent.call(WANTED)
    assert told(parent.call(WANTED, served=None, after=PATIENCE_SECONDS / 2)) == (0, 0, [])
    assert told(parent.call(WANTED, after=PATIENCE_SECONDS / 4)) == (0, 1, ["create-not-seen"])


def test_nothing_is_expected_of_an_answer_that_never_went_out():
    parent = Parent()
    parent.call(WANTED, served=None)
    assert told(parent.call(WANTED)) == (0, 0, [])


def test_nothing_is_concluded_over_an_answer_that_was_not_compared():
    parent = Parent()
    parent.call(WANTED)
    parent.call(answer(), compared=False)
    assert told(parent.call(WANTED)) == (0, 0, [])


def test_another_controller_in_front_observes_other_objects():
    parent = Parent()
    parent.call(WANTED)
    parent.foresight = msgspec.structs.replace(parent.foresight, front="CompositeController/dc")
    comparison = parent.call(WANTED)
    assert told(comparison) == (0, 0, [])
    assert comparison.effects_new[0].effect is Effect.CREATE


def test_a_write_that_comes_again_though_it_arrived_is_told_after_two_calls():
    wanted = config_map() | {"unknownField": 1}
    stored = observed(wanted)
    del stored["unknownField"]
    parent = Parent()
    assert told(parent.call(answer(wanted), stored))[2] == []
    assert told(parent.call(answer(wanted), stored)) == (1, 0, ["repeats-seen"])
    assert told(parent.call(answer(wanted), observed(wanted))) == (1, 0, [])


def test_updates_by_server_side_apply_are_not_predicted():
    parent = Parent(apply="server-side")
    assert parent.call(CHANGED, SEEN).effects_new == parent.call(CHANGED, SEEN).effects_new
    assert parent.foresight.writes == ()
    assert parent.foresight.unseen == ()


def test_of_the_object_only_its_name_and_a_digest_are_kept():
    parent = Parent()
    parent.call(CHANGED, SEEN)
    (write,) = parent.foresight.writes
    assert (write.object, write.effect, len(write.mark)) == (CM, Effect.UPDATE, 16)
