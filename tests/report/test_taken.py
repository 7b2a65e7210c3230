"""A create whose name is taken is told before it happens."""

import pytest

from shadow.protocol.objects import Identity
from shadow.report import build
from shadow.report.taken import taken
from shadow.terms import Change, Effect, Side
from tests.report.scene import NOW, VIEW, compared, difference, opened

CREATED = difference(new_effect=Effect.CREATE, change=Change.ADDED)
UI = Identity("v1", "Service", "team-a", "ml-pipeline-ui")


def existing(*owners, name="ml-pipeline-ui", namespace="team-a", kind="Service"):
    metadata = {"name": name, "namespace": namespace, "ownerReferences": list(owners)}
    return {"apiVersion": "v1", "kind": kind, "metadata": metadata}


def owner(uid, controller=True):
    return {"kind": "Gadget", "name": "g", "uid": uid, "controller": controller}


def creations(directory, *calls):
    with opened(directory, *calls) as store:
        return build(store, VIEW, None, None, NOW, creations=True).creations


def test_creates_are_listed_one_by_one_for_those_who_ask(tmp_path):
    back = difference("old", old_effect=Effect.CREATE, new_effect=Effect.NONE)
    listed = creations(tmp_path, compared("team-a", CREATED, back, difference("kept")))
    assert [(str(line.object), line.sides) for line in listed] == [
        ("Service/team-a/ml-pipeline-ui", (Side.NEW,)),
        ("Service/team-a/old", (Side.OLD,)),
    ]


@pytest.mark.parametrize(
    ("item", "said"),
    [
        pytest.param(existing(), "no controller", id="nobodys"),
        pytest.param(existing(owner("other", controller=False)), "no controller", id="a-mere-reference"),
        pytest.param(existing(owner("other")), "Gadget g", id="somebody-elses"),
        pytest.param(existing(owner("uid-team-a")), "this parent, and yet it is not observed", id="its-own"),
        pytest.param(existing(name="other"), None, id="another-name"),
        pytest.param(existing(namespace="team-b"), None, id="another-namespace"),
        pytest.param(existing(kind="ConfigMap"), None, id="another-kind"),
    ],
)
def test_who_has_the_name_is_said(tmp_path, item, said):
    found = taken(creations(tmp_path, compared("team-a", CREATED)), [item])
    assert [(line.object, line.owner) for line in found] == ([(UI, said)] if said else [])
