import json

import pytest

from shadow.config.digest import configuration_digest, evidence_digest, short
from shadow.config.load import parse
from shadow.config.migration import Migration
from shadow.config.model import Configuration
from shadow.terms import Side


def of(migration):
    return evidence_digest(Migration.model_validate(migration))


def reversed_keys(value):
    if isinstance(value, dict):
        return {key: reversed_keys(value[key]) for key in reversed(value)}
    return value


@pytest.fixture
def migration(least):
    return least["migrations"]["kfp"]


DEFAULTS = {
    "stage": "shadow",
    "front_timeout": "10000ms",
    "hold": ["recreate", "delete"],
    "strict": "auto",
    "status": "pass",
    "canary": {"weight": "0%", "pin": {"new": []}},
    "brake": None,
    "compare": {},
    "sample": 1,
}


def test_a_digest_is_over_meaning_not_over_spelling(least, migration):
    plain = Configuration.model_validate(least)
    spelled_out = json.loads(json.dumps(least))
    spelled_out["migrations"]["kfp"] |= DEFAULTS
    spelled_out["migrations"]["kfp"]["old"] |= {"hook_version": "v1", "customize_version": "v1", "url": "http://old/"}
    again = Configuration.model_validate(reversed_keys(spelled_out))
    assert configuration_digest(plain) == configuration_digest(again)
    assert evidence_digest(plain.migrations["kfp"]) == evidence_digest(again.migrations["kfp"])


def test_a_comment_changes_no_digest(whole):
    one, other = parse(whole, "f"), parse(f"# more\n{whole}", "f")
    assert configuration_digest(one) == configuration_digest(other)


EVIDENCE = [
    (("old", "url"), "http://other"),
    (("old", "sync"), "/other"),
    (("new", "finalize"), "/finalize"),
    (("new", "customize"), "/customize"),
    (("old", "protocol"), "decorator"),
    (("old", "hook_version"), "v2"),
    (("old", "customize_version"), "v2"),
    (("old", "finalize_version"), "v2"),
    (("new", "revision"), "2.5.0"),
    (("new", "revision_header"), "x-revision"),
    (("new", "headers"), {"x-team": "a"}),
    (("old", "controller_file"), "/controller.json"),
    (("ownership",), {"decorator": "d"}),
    (("status",), "drop"),
    (("apply",), "server-side"),
    (("strict",), True),
    (("inexpressible",), "drop"),
    (("missing_list",), "pass"),
]
JUDGEMENT = [
    (("stage",), "live"),
    (("canary",), {"weight": 10, "pin": {"new": ["a"]}}),
    (("brake",), {"because": "x"}),
    (("unknown_brake",), "off"),
    (("front_timeout",), "30s"),
    (("fallback",), "off"),
    (("hold",), []),
    (("sample",), "1%"),
    (("compare",), {"ignore": [{"path": "a", "because": "x"}]}),
    (("old", "timeout"), "1s"),
    (("old", "authorization_file"), "/token"),
    (("old", "shadow_in_flight"), 9),
    (("old", "shadow_when"), "never"),
    (("old", "shadow_finalize"), True),
    (("resync",), {"after": "1m"}),
    (("guard",), {"max_failed": "2%"}),
    (("verdict",), {"min_parents": 3}),
]


def changed(migration, path, value):
    copy = json.loads(json.dumps(migration))
    place = copy
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return copy


@pytest.mark.parametrize(("path", "value"), EVIDENCE, ids=str)
def test_what_can_change_an_answer_makes_evidence_stale(migration, path, value):
    assert of(changed(migration, path, value)) != of(migration)


@pytest.mark.parametrize(("path", "value"), JUDGEMENT, ids=str)
def test_what_changes_only_our_judgement_does_not(migration, path, value):
    assert of(changed(migration, path, value)) == of(migration)


@pytest.mark.parametrize(("path", "value"), EVIDENCE + JUDGEMENT, ids=str)
def test_everything_counts_for_the_configuration_digest(least, migration, path, value):
    other = {"migrations": {"kfp": changed(migration, path, value)}}
    assert configuration_digest(Configuration.model_validate(other)) != configuration_digest(
        Configuration.model_validate(least)
    )


def test_the_case_of_a_header_name_does_not_count(migration):
    assert of(changed(migration, ("old", "headers"), {"X-Team": "a"})) == of(
        changed(migration, ("old", "headers"), {"x-team": "a"})
    )


def test_swapping_the_implementations_is_another_digest(migration):
    assert of(migration | {"old": migration["new"], "new": migration["old"]}) != of(migration)


def test_the_content_of_a_controller_file_and_an_observed_revision_count(migration):
    model = Migration.model_validate(migration)
    found = {
        evidence_digest(model),
        evidence_digest(model, controllers={Side.OLD: b"{}"}),
        evidence_digest(model, controllers={Side.NEW: b"{}"}),
        evidence_digest(model, controllers={Side.OLD: b"{ }"}),
        evidence_digest(model, revisions={Side.NEW: "1"}),
        evidence_digest(model, revisions={Side.NEW: "2"}),
    }
    assert len(found) == 6


def test_a_short_digest_is_its_beginning(migration):
    digest = of(migration)
    assert digest.startswith(short(digest))
    assert len(short(digest)) == len("sha256:") + 12
