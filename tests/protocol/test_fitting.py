import pytest

from shadow.protocol.controller import read_controller
from shadow.protocol.dialect import Dialect
from shadow.protocol.fitting import hooks_not_called, misfits, out_of_sight
from shadow.protocol.shown import adapt_request
from shadow.terms import Hook, HookVersion, Protocol
from tests.protocol.recordings import CONTROLLERS, PARENT, call, compact

COMPOSITE, DECORATOR = Protocol
V1, V2 = HookVersion
CLUSTER_SCOPED = {**PARENT, "metadata": {"name": "p", "uid": "p-uid"}}


def controller(protocol: Protocol, **hooks) -> bytes:
    whole = CONTROLLERS[protocol]
    return compact({**whole, "spec": {**whole["spec"], "hooks": hooks}})


@pytest.mark.parametrize(
    ("shown", "told"),
    [
        (controller(COMPOSITE, sync={"version": "v1"}), []),
        (controller(COMPOSITE, sync={}), []),
        (controller(COMPOSITE, finalize={"version": "v2"}), []),  # which the implementation does not have
        (controller(COMPOSITE, sync=None), []),
        (controller(DECORATOR), ["is a DecoratorController, and a composite hook is shown a CompositeController"]),
        (
            controller(COMPOSITE, customize={"version": "v1"}),
            ["declares version v1 of the customize hook, and the implementation speaks v2"],
        ),
        (b"{}", ["has no kind, and a composite hook is shown a CompositeController"]),
    ],
    ids=["fits", "no version", "hook it has not", "null", "other kind", "other version", "no kind"],
)
def test_a_controller_object_has_to_fit_its_implementation(shown: bytes, told: list[str]):
    assert list(misfits(shown, COMPOSITE, {Hook.SYNC: V1, Hook.CUSTOMIZE: V2})) == told


def test_what_is_no_object_is_no_controller():
    (told,) = misfits(b"[]", COMPOSITE, {})
    assert told.startswith("is no controller object: ")


@pytest.mark.parametrize(
    ("parent", "version", "front", "blind"),
    [
        (PARENT, V2, V1, True),
        (PARENT, V1, V2, False),
        (PARENT, V2, V2, False),
        (CLUSTER_SCOPED, V2, V1, False),
    ],
    ids=["v2 behind v1", "v1 behind v2", "alike", "cluster-scoped"],
)
def test_a_v1_front_never_shows_what_v2_is_made_for(parent, version: HookVersion, front: HookVersion, blind: bool):
    assert (out_of_sight(call(COMPOSITE, parent=parent), version, front) is not None) is blind


def test_kinds_that_an_implementation_is_told_to_read_and_the_front_does_not_observe_are_noted():
    whole = CONTROLLERS[DECORATOR]
    rules = [*whole["spec"]["attachments"], {"apiVersion": "v1", "resource": "secrets"}]
    shown = compact({**whole, "spec": {**whole["spec"], "attachments": rules}})
    request = call(COMPOSITE)
    adapted = adapt_request(request, Dialect(DECORATOR), V1, shown)
    assert [(note.code, note.message.partition(",")[0]) for note in adapted.notes] == [
        ("front-lacks-kind", "the controller in front does not declare secrets.v1")
    ]
    assert b"secrets" not in adapted.body.partition(b'"object"')[2]  # and never padded with an empty group


@pytest.mark.parametrize("declared", [[], ["finalize"], ["finalize", "customize"]], ids=["none", "one", "all"])
def test_a_hook_that_the_front_does_not_declare_is_never_called(declared: list[str]):
    whole = CONTROLLERS[DECORATOR]
    webhook = whole["spec"]["hooks"]["sync"]
    hooks = {"sync": webhook} | dict.fromkeys(declared, webhook)
    front = read_controller(compact({**whole, "spec": {**whole["spec"], "hooks": hooks}}))
    notes = hooks_not_called(Hook, front)
    told = [note.message.partition(" hook,")[0] for note in notes]
    missing = [hook for hook in Hook if hook not in hooks]
    assert told == [f"the controller in front declares no {hook}" for hook in missing]
    assert {note.code for note in notes} <= {"front-lacks-hook"}
