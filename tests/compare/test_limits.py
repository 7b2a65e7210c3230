"""What implementations may throw at a comparison: it ends, in time, with an outcome that is true."""

import json
import time
from functools import partial
from itertools import count

import pytest

from shadow.compare.budget import Clocks
from shadow.compare.comparison import compare
from shadow.compare.rules import compile_rules
from shadow.redact import Redactor
from shadow.terms import Effect, Outcome
from tests.compare.calls import answer, config_map, encoded, observed, pair, request

SEEN = observed(config_map())


def compared(message, old, new, budget_seconds=60.0):
    return compare(pair(message, old, new), compile_rules([]), Redactor(b"k"), budget_seconds)


def places(comparison):
    return [(each.path, each.change.value) for each in comparison.differences]


def test_a_string_of_16_mib_is_compared_and_shown_by_its_size():
    long, other = "x" * 2**24, "x" * (2**24 - 1) + "y"
    comparison = compared(request(), answer(config_map(data={"a": long})), answer(config_map(data={"a": other})))
    assert places(comparison) == [("data.a", "changed")]
    assert comparison.differences[0].old == f"<{2**24 + 2} bytes>"


def test_private_looking_keys_are_keys():
    old, new = config_map(data={"__private": "1"}), config_map(data={"__private": "2", "__class__": "x"})
    assert places(compared(request(), answer(old), answer(new))) == [
        ("data.__class__", "added"),
        ("data.__private", "changed"),
    ]


def test_of_a_key_said_twice_the_last_one_counts():
    said = json.dumps(config_map(data={"a": "2"})).replace('{"a": "2"}', '{"a": "1", "a": "2"}')
    twice = b'{"attachments": [], "attachments": [%s]}' % said.encode()
    assert compared(request(), answer(config_map(data={"a": "2"})), twice).outcome is Outcome.MATCHED
    assert places(compared(request(), answer(config_map()), twice)) == [("data.a", "changed")]


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_what_is_no_number_is_no_answer(number):
    nonsense = encoded({"attachments": [config_map()]}).replace(b'"1"', number.encode())
    comparison = compared(request(SEEN), answer(config_map()), nonsense)
    assert (comparison.outcome, comparison.reason) == (Outcome.FAILED, "new:invalid")
    assert comparison.effects_new == ()


@pytest.mark.parametrize("levels", [900, 1500])
def test_depth_is_borne_or_dropped_but_never_a_crash(levels):
    deep = b'{"a":' * levels + b"1" + b"}" * levels
    bodies = [b'{"attachments": [%s]}' % encoded(config_map() | {"x": 0}).replace(b'"x": 0', b'"x": ' + each)
              for each in (deep, deep.replace(b"1", b"2"))]  # fmt: skip
    comparison = compared(request(SEEN), *bodies)
    assert comparison.outcome is Outcome.MISMATCHED
    assert comparison.effects_new[0].effect is Effect.UPDATE


def test_time_grows_no_faster_than_what_is_compared():
    """A hundred times the objects may take a hundred times as long; twice that, to be safe from a busy machine."""

    def seconds(count):
        items = [config_map(f"cm-{number}") for number in range(count)]
        changed = [config_map(f"cm-{number}", {"a": str(number)}) for number in range(count)]
        message, old, new = request(*map(observed, items)), answer(*items), answer(*changed)
        started = time.process_time()
        assert len(compared(message, old, new).differences) >= count - 1
        return time.process_time() - started

    seconds(5)
    few = min(seconds(20) for _ in range(3))
    assert min(seconds(2000) for _ in range(2)) < 200 * max(few, 0.01)


def test_one_difference_among_ten_thousand_objects_in_another_order_is_found():
    items = [config_map(f"cm-{number}") for number in range(10_000)]
    other = [*items[:-1], config_map("cm-9999", {"a": "2"})]
    comparison = compared(request(*map(observed, items)), answer(*items), answer(*reversed(other)), 600.0)
    assert places(comparison) == [("data.a", "changed")]


def test_beyond_its_budget_a_comparison_is_dropped():
    items = [config_map(f"cm-{number}") for number in range(50)]
    comparison = compared(request(), answer(*items), answer(*items[:-1]), budget_seconds=0.0)
    assert (comparison.outcome, comparison.reason) == (Outcome.DROPPED, "budget")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param([config_map(data={f"k{n}": "1" for n in range(500)})], [config_map(data={"a": "1"})], id="object"),
        pytest.param({"labels": {f"k{n}": "1" for n in range(500)}}, {"labels": {"a": "1"}}, id="parent"),
    ],
)
def test_the_budget_ends_a_walk_within_one_object(old, new):
    """The clock goes on by a second at every look: one at each place where it is found, one where it is judged."""
    bodies = [answer(**said) if isinstance(said, dict) else answer(*said) for said in (old, new)]
    seconds = count()
    looked = partial(next, seconds)
    comparison = compare(pair(request(), *bodies), compile_rules([]), Redactor(b"k"), 700.0, Clocks(looked, looked))
    assert (comparison.outcome, comparison.reason) == (Outcome.DROPPED, "budget")
    assert next(seconds) < 710
