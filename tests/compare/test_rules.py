"""Which differences rules account for, and which removals they allow."""

from datetime import date

import pytest

from shadow.compare.model import EffectPair
from shadow.compare.rules import Judgement, compile_rules, matches_parent
from shadow.protocol.objects import Identity
from shadow.terms import Change, Effect

DEPLOYMENT = Identity("apps/v1", "Deployment", "team-a", "ml-pipeline-ui")
SERVICE = Identity("v1", "Service", "team-a", "ml-pipeline-ui")


def rules(*records, today=date(2026, 6, 1)):
    return compile_rules([{"verb": "ignore", "because": "b"} | record for record in records], lambda: today)


def judged(
    record, identity=DEPLOYMENT, path="spec.replicas", change=Change.CHANGED, new=Effect.UPDATE, parent="team-a"
):
    judgement = rules(record).judge(identity, path, change, EffectPair(Effect.NONE, new), parent)
    return judgement.ignored_because == "b"


@pytest.mark.parametrize(
    ("glob", "expected"),
    [
        ("Deployment/ml-pipeline-ui", True),
        ("Deployment.apps/ml-pipeline-ui", True),
        ("Deployment.apps/ml-pipeline-*", True),
        ("Deployment.apps/team-a/ml-pipeline-ui", True),
        ("Deployment/team-*/ml-*", True),
        ("*/ml-pipeline-ui", True),
        ("Deployment.*/ml-pipeline-ui", True),
        ("Deployment.batch/ml-pipeline-ui", False),
        ("Deployment./ml-pipeline-ui", False),
        ("Service/ml-pipeline-ui", False),
        ("Deployment/team-b/ml-pipeline-ui", False),
        ("Deployment/ml-pipeline", False),
        ("Deploy/ml-pipeline-ui", False),
    ],
)
def test_an_object_is_named_by_kind_group_namespace_and_name(glob, expected):
    assert judged({"object": glob}) is expected


def test_a_dot_without_group_means_the_core_group():
    assert judged({"object": "Service./ml-*"}, identity=SERVICE)


@pytest.mark.parametrize(
    ("path", "identity", "at", "expected"),
    [
        ("spec.replicas", DEPLOYMENT, "spec.replicas", True),
        ("spec", DEPLOYMENT, "spec.replicas", True),
        ("spec.replicas", DEPLOYMENT, "spec", False),
        ("spec.*", DEPLOYMENT, "", False),
        ("**", DEPLOYMENT, "", True),
        ("spec.c[name=main].image", DEPLOYMENT, "spec.c[name=main].image", True),
        ('metadata.labels["a.b/c"]', DEPLOYMENT, 'metadata.labels["a.b/c"]', True),
        ("status", None, "parent.status.ready", True),
        ("status.ready", None, "parent.status.ready", True),
        ("status.ready", DEPLOYMENT, "status.ready", False),
        ("statusX", None, "parent.statusX", False),
        ("parent.labels.tier", None, "parent.labels.tier", True),
        ("parent.labels.tier", None, "parent.labels.other", False),
        ("resyncAfterSeconds", None, "resyncAfterSeconds", True),
    ],
)
def test_a_path_covers_what_is_below_it(path, identity, at, expected):
    assert judged({"path": path}, identity=identity, path=at) is expected


def test_status_of_a_rule_with_an_object_is_the_objects_own():
    assert judged({"object": "Deployment/*", "path": "status"}, path="status.x")
    assert not judged({"object": "Deployment/*", "path": "status"}, identity=None, path="parent.status.x")


def test_a_rule_about_an_object_never_covers_the_parents_own_fields():
    assert not judged({"object": "*/*"}, identity=None, path="parent.status.x")


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        ({"change": "changed"}, True),
        ({"change": "removed"}, False),
        ({"effect": "update"}, True),
        ({"effect": "delete"}, False),
        ({"parents": "team-*"}, True),
        ({"parents": ["x", "team-a"]}, True),
        ({"parents": ["x"]}, False),
        ({"object": "Deployment/*", "path": "spec", "change": "changed", "effect": "update", "parents": ["*"]}, True),
        ({"object": "Deployment/*", "path": "spec", "change": "changed", "effect": "delete", "parents": ["*"]}, False),
        ({"until": "2026-06-01", "change": "changed"}, True),
        ({"until": "2026-05-31", "change": "changed"}, False),
        ({"until": date(2026, 6, 2), "change": "changed"}, True),
    ],
)
def test_everything_a_rule_asks_for_has_to_hold(record, expected):
    assert judged(record) is expected


@pytest.mark.parametrize(
    ("record", "expected"),
    [({"change": "changed"}, True), ({"path": "**"}, True), ({"path": "*"}, True), ({"path": "spec"}, False)],
)
def test_a_stored_path_that_cannot_be_read_is_one_step_that_nobody_can_name(record, expected):
    found = rules(record).judge(SERVICE, "spec .x[", Change.CHANGED, EffectPair(Effect.NONE, Effect.UPDATE), "p")
    assert (found.ignored_because == "b") is expected


def test_the_effect_of_a_difference_is_new_s_where_it_has_one():
    found = rules({"effect": "create"})
    assert found.judge(SERVICE, "", Change.REMOVED, EffectPair(Effect.CREATE, Effect.NONE), "p").ignored_because
    assert not found.judge(SERVICE, "", Change.REMOVED, EffectPair(Effect.CREATE, Effect.DELETE), "p").ignored_because


def test_the_first_rule_of_either_verb_gives_the_reason():
    found = rules(
        {"change": "added", "because": "no"},
        {"path": "spec", "because": "first"},
        {"path": "spec.replicas", "because": "second"},
        {"verb": "expect", "path": "spec.replicas", "because": "intended"},
        {"verb": "expect", "path": "spec", "because": "later"},
    )
    effects = EffectPair(Effect.NONE, Effect.UPDATE)
    assert found.judge(DEPLOYMENT, "spec.replicas", Change.CHANGED, effects, "p") == Judgement("first", "intended")
    assert [rule.because for rule in found.matching(DEPLOYMENT, "spec.replicas", Change.CHANGED, effects, "p")] == [
        "first",
        "second",
        "intended",
        "later",
    ]
    assert rules().judge(DEPLOYMENT, "spec", Change.CHANGED, effects, "p") == Judgement(None, None)


@pytest.mark.parametrize(
    ("record", "effect", "expected"),
    [
        ({"object": "Deployment.apps/ml-*"}, Effect.DELETE, True),
        ({"object": "Deployment.apps/ml-*"}, Effect.RECREATE, True),
        ({"object": "Deployment.apps/ml-*", "change": "removed"}, Effect.DELETE, True),
        ({"object": "Deployment.apps/ml-*", "change": "removed"}, Effect.RECREATE, False),
        ({"object": "Deployment.apps/ml-*", "change": "changed"}, Effect.RECREATE, True),
        ({"object": "Deployment.apps/ml-*", "change": "changed"}, Effect.DELETE, False),
        ({"object": "Deployment.apps/ml-*", "change": "added"}, Effect.DELETE, False),
        ({"effect": "delete"}, Effect.DELETE, True),
        ({"effect": "delete"}, Effect.RECREATE, False),
        ({"object": "Deployment.apps/ml-*", "path": "spec"}, Effect.RECREATE, False),
        ({"path": "**"}, Effect.DELETE, False),
        ({"object": "Service/ml-*"}, Effect.DELETE, False),
        ({"object": "Deployment.apps/ml-*", "parents": ["team-a"]}, Effect.DELETE, True),
        ({"object": "Deployment.apps/ml-*", "parents": ["team-b"]}, Effect.DELETE, False),
        ({"object": "Deployment.apps/ml-*", "until": "2026-05-31"}, Effect.DELETE, False),
    ],
)
def test_only_a_rule_about_the_object_as_a_whole_expects_its_removal(record, effect, expected):
    found = rules({"verb": "expect", "because": "intended"} | record)
    assert found.expects(DEPLOYMENT, effect, "team-a") == ("intended" if expected else None)


def test_an_ignore_rule_never_allows_a_removal():
    assert rules({"object": "*/*"}).expects(DEPLOYMENT, Effect.DELETE, "team-a") is None


def test_a_rule_expires_after_its_last_day():
    found = rules({"path": "a", "until": "2026-05-31"}, {"path": "b"}, {"path": "c", "until": "2026-06-01"})
    assert [rule.expired(found.today) for rule in found.rules] == [True, False, False]


@pytest.mark.parametrize("text", ["Service/x", "Service./x", "Deployment.apps/ns/*"])
def test_an_object_glob_is_told_as_it_was_written(text):
    assert str(rules({"object": text}).rules[0].object) == text


@pytest.mark.parametrize(
    ("glob", "parent", "expected"),
    [
        ("team-a", "team-a", True),
        ("team-*", "team-a", True),
        ("team-a", "ns/team-a", True),
        ("ns/team-a", "ns/team-a", True),
        ("ns/*", "ns/team-a", True),
        ("n*/team-a", "ns/team-a", True),
        ("*", "ns/team-a", True),
        ("ns*", "ns/team-a", False),
        ("other/team-a", "ns/team-a", False),
        ("*/team-a", "team-a", False),
        ("team-b", "team-a", False),
    ],
)
def test_a_glob_over_parents_means_the_name_unless_it_has_a_slash(glob, parent, expected):
    assert matches_parent(glob, parent) is expected


@pytest.mark.parametrize(
    ("record", "message"),
    [
        ({"verb": "allow"}, "`ignore` or `expect`"),
        ({"object": "Deployment"}, "not Kind"),
        ({"object": "a/b/c/d"}, "not Kind"),
        ({"object": "a//d"}, "not Kind"),
        ({"path": "a..b"}, "character"),
        ({"change": "moved"}, "moved"),
        ({"effect": "explode"}, "explode"),
        ({"until": "tomorrow"}, "tomorrow"),
    ],
)
def test_a_rule_that_cannot_be_read_is_refused(record, message):
    with pytest.raises(ValueError, match=message):
        rules(record)


def test_rules_count_by_the_day_in_utc_unless_told_otherwise():
    record = {"verb": "expect", "because": "b", "object": "*/*"}
    assert compile_rules([record | {"until": "2999-01-01"}]).expects(SERVICE, Effect.DELETE, "p") == "b"
    assert compile_rules([record | {"until": "1999-01-01"}]).expects(SERVICE, Effect.DELETE, "p") is None


def test_a_rule_has_all_that_its_record_says():
    (rule,) = compile_rules(
        [
            {"verb": "expect", "because": "dropped", "object": "Deployment.apps/ns/x", "path": "spec.a",
             "change": "removed", "effect": "delete", "parents": "team-*", "until": "2027-01-31", "owner": "team-kfp"}
        ]
    ).rules  # fmt: skip
    assert (rule.verb, rule.because, rule.owner, rule.until) == ("expect", "dropped", "team-kfp", date(2027, 1, 31))
    assert (str(rule.object), rule.change, rule.effect, rule.parents) == (
        "Deployment.apps/ns/x", Change.REMOVED, Effect.DELETE, ("team-*",),
    )  # fmt: skip
    assert rule.path is not None
    assert (rule.path.covers(("spec", "a", "b")), rule.path.covers(("spec", "b"))) == (True, False)
