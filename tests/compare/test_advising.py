"""Advice on a pair: what translating noted, what the proxy could not say, and whose each one is."""

import pytest

from shadow.compare.comparison import compare
from shadow.compare.model import Candidate
from shadow.compare.rules import compile_rules
from shadow.protocol.draft import Inexpressible, Note
from shadow.protocol.objects import Identity
from shadow.redact import Redactor
from shadow.terms import Effect, Outcome, Side
from tests.compare.calls import encoded, pair, request

CHILDREN = encoded({"children": [], "status": {}})
TIER = Inexpressible("labels", "tier", "prod")
REFUSED = "refused:inexpressible"
FRONT = request(front="composite")
STRICT = request(front="composite", spec={"hooks": {"sync": {"version": "v2"}}})


def compared(old: Candidate, new: Candidate, message=FRONT, *rules):
    return compare(pair(message, old, new), compile_rules(list(rules)), Redactor(b"key"), 5.0)


@pytest.mark.parametrize("message", [FRONT, STRICT], ids=["loose", "strict"])
@pytest.mark.parametrize("failure", [None, REFUSED], ids=["dropped", "refused"])
def test_labels_that_a_composite_cannot_say_are_an_inexpressible_difference(failure, message):
    new = Candidate(CHILDREN, 200, failure, unsaid=(TIER, Inexpressible("annotations", "note", None)))
    found = compared(Candidate(CHILDREN, 200), new, message)
    assert found.outcome is Outcome.MISMATCHED
    assert {(each.path, each.effects.old, each.effects.new) for each in found.differences} == {
        ("parent.labels.tier", Effect.NONE, Effect.INEXPRESSIBLE),
        ("parent.annotations.note", Effect.NONE, Effect.NONE),
    }
    assert Effect.INEXPRESSIBLE in {each.effect for each in found.effects_new}
    assert found.new_answer is not None
    assert b'"tier":"prod"' in found.new_answer


def test_labels_that_both_want_are_no_difference_but_what_is_refused_is_a_failure():
    dropped = Candidate(CHILDREN, 200, unsaid=(TIER,))
    refused = Candidate(CHILDREN, 200, REFUSED, unsaid=(TIER,))
    assert compared(dropped, dropped).outcome is Outcome.MATCHED
    found = compared(refused, refused)
    assert (found.outcome, found.reason) == (Outcome.FAILED, "old:refused:inexpressible")


def test_a_rule_does_not_make_a_refused_answer_a_good_one():
    rule = {"verb": "ignore", "path": "parent.labels.tier", "because": "nobody reads it"}
    dropped = Candidate(CHILDREN, 200, unsaid=(TIER,))
    refused = Candidate(CHILDREN, 200, REFUSED, unsaid=(TIER,))
    plain = Candidate(CHILDREN, 200)
    assert compared(plain, dropped, FRONT, rule).outcome is Outcome.IGNORED
    assert compared(plain, refused, FRONT, rule).reason == "new:refused:inexpressible"


def test_notes_become_advice_once_and_of_both_sides_where_both_share_one():
    shared = Note("status-kept", "the status is repeated")
    withheld = Note("mark-withheld", "the mark would recreate it", Identity("v1", "ConfigMap", "ns", "p-settings"))
    found = compared(Candidate(CHILDREN, 200, notes=(shared,)), Candidate(CHILDREN, 200, notes=(shared, withheld)))
    assert [(each.code, each.implementation, str(each.object or ""), each.message) for each in found.advice] == [
        ("status-kept", None, "", "the status is repeated"),
        ("mark-withheld", Side.NEW, "ConfigMap/<namespace>/<name>-settings", "the mark would recreate it"),
    ]
