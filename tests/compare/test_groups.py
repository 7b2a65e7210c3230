"""What belongs to a parent alone is generalised; what is the same in all parents has one id."""

import pytest

from shadow.compare.groups import Generalizer, group_id
from shadow.compare.model import EffectPair
from shadow.fieldpath import Item
from shadow.protocol.objects import Identity, ParentRef
from shadow.terms import Change, Effect

TEAM = ParentRef("v1", "Namespace", "", "team-a", "0c0ffee0-aaaa")
WIDGET = ParentRef("lab/v1", "Widget", "ns-1", "w", "uid-1")
NOBODY = ParentRef("", "", "", "", "")


@pytest.mark.parametrize(
    ("parent", "text", "expected"),
    [
        (TEAM, "team-a", "<namespace>"),
        (TEAM, "logs-team-a", "logs-<namespace>"),
        (TEAM, "team-a.v1", "<namespace>.v1"),
        (TEAM, "team-ab", "team-ab"),
        (TEAM, "xteam-a", "xteam-a"),
        (TEAM, 'labels["team-a/x"]', 'labels["<namespace>/x"]'),
        (TEAM, "id-0c0ffee0-aaaa", "id-<uid>"),
        (WIDGET, "w.ns-1", "<name>.<namespace>"),
        (WIDGET, "ns-1-w", "<namespace>-<name>"),
        (NOBODY, "anything", "anything"),
    ],
)
def test_text(parent, text, expected):
    assert Generalizer(parent).text(text) == expected


CALLED_LIKE_A_FIELD = ParentRef("lab/v1", "Widget", "data", "spec", "uid-1")


@pytest.mark.parametrize(
    ("parent", "steps", "expected"),
    [
        (CALLED_LIKE_A_FIELD, ("data", "a"), "data.a"),
        (CALLED_LIKE_A_FIELD, ("spec", "data", 0, "spec"), "spec.data[0].spec"),
        (CALLED_LIKE_A_FIELD, ("data", "data"), "data.<namespace>"),
        (CALLED_LIKE_A_FIELD, ("metadata", "labels", "spec"), "metadata.labels.<name>"),
        (CALLED_LIKE_A_FIELD, ("spec", "of-data"), "spec.of-<namespace>"),
        (CALLED_LIKE_A_FIELD, ("data", Item("name", "data")), "data[name=<namespace>]"),
        (ParentRef("", "", "", "name", ""), ("env", Item("name", "name")), "env[name=<namespace>]"),
        (TEAM, ("spec", "teams", "team-a", "x"), "spec.teams.<namespace>.x"),
        (TEAM, ("metadata", "labels", "team-a/x"), 'metadata.labels["<namespace>/x"]'),
        (TEAM, ("data", "token=<redacted:1f3a9c2e:4>"), 'data["token=<redacted>"]'),
        (TEAM, ("a", Item("name", "u:<redacted:1f3a9c2e:12>@h")), 'a[name="u:<redacted>@h"]'),
        (NOBODY, ("spec", 0), "spec[0]"),
        (NOBODY, (), ""),
    ],
)
def test_of_a_path_what_belongs_to_the_parent_is_generalised_and_no_field(parent, steps, expected):
    assert Generalizer(parent).path(steps, Identity("apps/v1", "Deployment", "data", "d")) == expected


ALICE = ParentRef("v1", "Namespace", "", "alice", "uid-1")
SERVICE = Identity("v1", "Service", "<namespace>", "ui")
CUSTOM = Identity("e.com/v1", "Foo", "alice", "foo")


@pytest.mark.parametrize(
    ("of", "steps", "expected"),
    [
        pytest.param(None, ("parent", "status", "users", "alice"), "parent.status.users.<namespace>", id="status-key"),
        pytest.param(None, ("parent", "status", "alice"), "parent.status.alice", id="status-field"),
        pytest.param(CUSTOM, ("spec", "users", "alice", "quota"), "spec.users.<namespace>.quota", id="custom-key"),
        pytest.param(CUSTOM, ("spec", "alice", "replicas"), "spec.alice.replicas", id="custom-field"),
        pytest.param(SERVICE, ("spec", "ports", 0, "alice"), "spec.ports[0].alice", id="built-in-field"),
        pytest.param(SERVICE, ("metadata", "labels", "alice"), "metadata.labels.<namespace>", id="built-in-key"),
    ],
)
def test_a_word_is_a_key_of_the_users_own_only_where_there_may_be_one(of, steps, expected):
    assert Generalizer(ALICE).path(steps, of) == expected


def test_identity():
    generalized = Generalizer(WIDGET).identity(Identity("v1", "Service", "ns-1", "w-svc"))
    assert generalized == Identity("v1", "Service", "<namespace>", "<name>-svc")
    elsewhere = Generalizer(WIDGET).identity(Identity("v1", "Service", "far", "ui"))
    assert elsewhere == Identity("v1", "Service", "far", "ui")
    cluster = Generalizer(TEAM).identity(Identity("v1", "ClusterRole", "", "team-a"))
    assert cluster == Identity("v1", "ClusterRole", "", "<namespace>")


UPDATE = EffectPair(Effect.NONE, Effect.UPDATE)


def test_a_group_is_told_by_object_path_change_and_effects():
    ids = {
        group_id(SERVICE, "spec", Change.CHANGED, UPDATE),
        group_id(None, "spec", Change.CHANGED, UPDATE),
        group_id(SERVICE, "status", Change.CHANGED, UPDATE),
        group_id(SERVICE, "spec", Change.ADDED, UPDATE),
        group_id(SERVICE, "spec", Change.CHANGED, EffectPair(Effect.UPDATE, Effect.NONE)),
        group_id(Identity("v1", "Service", "<namespace>", "other"), "spec", Change.CHANGED, UPDATE),
    }
    assert len(ids) == 6


def test_the_id_of_a_group_never_changes():
    assert group_id(SERVICE, "spec", Change.CHANGED, UPDATE) == "0dec16c7219c150a"
