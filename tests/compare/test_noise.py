"""An implementation that differs from itself is told where."""

import msgspec
import pytest

from shadow.compare.comparison import compare
from shadow.compare.model import Candidate
from shadow.compare.rules import compile_rules
from shadow.redact import Redactor
from shadow.terms import Outcome, Side
from tests.compare.calls import answer, config_map, encoded, pair, request


def asked(first, again, *, side="old_again", message=None, other=None):
    one = pair(message or request(kinds=["Secret.v1"]), first, other or first)
    one = msgspec.structs.replace(one, **{side: again if isinstance(again, Candidate) else Candidate(again, 200)})
    return compare(one, compile_rules([]), Redactor(b"k"), 5)


def places(comparison):
    return [(each.object and str(each.object), each.path) for each in comparison.noise]


def stamped(*times):
    return answer(*(config_map(f"cm-{number}", {"at": time}) for number, time in enumerate(times)))


@pytest.mark.parametrize(
    ("first", "again", "expected"),
    [
        pytest.param(stamped("1"), stamped("1"), [], id="the-same"),
        pytest.param(stamped("1"), stamped("2"), [("ConfigMap/*/*", "data.at")], id="a-time"),
        pytest.param(stamped("1", "1"), stamped("2", "2"), [("ConfigMap/*/*", "data.at")], id="once-a-kind"),
        pytest.param(stamped("1", "1"), stamped("1"), [("ConfigMap/*/*", "")], id="an-object-less"),
        pytest.param(
            answer(config_map("b"), config_map()), answer(config_map(), config_map("b")), [], id="another-order"
        ),
        pytest.param(
            answer(config_map(creationTimestamp=None)), answer(config_map()), [], id="a-matter-of-spelling"
        ),
        pytest.param(answer(status={"at": 1}), answer(status={"at": 2}), [(None, "parent.status.at")], id="status"),
        pytest.param(
            answer(config_map(labels={"ns": "1"})), answer(config_map(labels={"ns": "2"})),
            [("ConfigMap/*/*", "metadata.labels.<namespace>")], id="generalised",
        ),
    ],
)  # fmt: skip
def test_what_an_implementation_says_at_random_is_named(first, again, expected):
    comparison = asked(first, again)
    assert places(comparison) == expected
    assert comparison.asked_twice == (Side.OLD,)
    assert comparison.outcome is Outcome.MATCHED


def test_an_unstable_order_is_noise_where_the_order_decides_who_is_updated_first():
    rolling = request(method="RollingInPlace")
    items = config_map("a"), config_map("b")
    first, again = (answer(*several, status={}) for several in (items, items[::-1]))
    comparison = asked(first, again, message=rolling)
    assert [(each.path, each.one) for each in comparison.noise] == [("order", ["ConfigMap/ns/a", "ConfigMap/ns/b"])]


def test_a_namespace_that_is_filled_in_is_no_noise():
    assert places(asked(answer(config_map()), answer(config_map(namespace="ns")))) == []


def test_of_what_cannot_be_held_nothing_is_said():
    deep = encoded(config_map())[:-1] + b',"x":' + b"[" * 5000 + b"]" * 5000 + b"}"
    plain = b'{"attachments": [%s], "status": {"at": %d}}'
    comparison = asked(plain % (deep, 1), plain % (encoded(config_map()), 2))
    assert places(comparison) == [(None, "parent.status.at")]


def test_each_side_is_held_against_itself():
    comparison = asked(stamped("1"), stamped("2"), side="new_again")
    assert [(each.implementation, each.one, each.other) for each in comparison.noise] == [(Side.NEW, "1", "2")]


def test_a_secret_stays_one():
    secrets = [answer(config_map(data={"k": text}) | {"kind": "Secret"}) for text in ("MQ==", "Mg==")]
    (noise,) = asked(*secrets).noise
    assert (noise.path, str(noise.one)[:10], str(noise.other)[:10]) == ("data.k", "<redacted:", "<redacted:")
    assert noise.one != noise.other


@pytest.mark.parametrize(
    "again",
    [Candidate(None, failure="busy"), Candidate(b"nonsense", 200), Candidate(encoded({"attachments": [1]}), 200)],
)
def test_without_a_second_answer_nothing_is_said(again):
    comparison = asked(stamped("1"), again)
    assert (comparison.noise, comparison.asked_twice, comparison.outcome) == ((), (), Outcome.MATCHED)
