"""What a difference shows of its place: a path that is read back, without credentials, one id for all parents."""

import pytest

from shadow.compare.comparison import compare
from shadow.compare.rules import compile_rules
from shadow.fieldpath import parse
from shadow.redact import Redactor
from shadow.terms import Outcome
from tests.compare.calls import answer, config_map, pair, request

ANY_PATH = [{"verb": "ignore", "path": "spec.never", "because": "asks for every path"}]


def compared(key):
    old, new = (answer(config_map(data={key: value})) for value in "12")
    return compare(pair(request(), old, new), compile_rules(ANY_PATH), Redactor(b"k"), 60.0)


@pytest.mark.parametrize(
    ("key", "secret"),
    [
        ('token=fake-abc"x"', "fake-abc"),
        ("password=fake\\", "fake\\"),
        ('https://u:fake-p@h"', "fake-p"),
        ("bearer fake-abcdef]", "fake-abcdef"),
        ('--token "fake-abc"', "fake-abc"),
        ("-----BEGIN PRIVATE KEY-----fake", "fake"),
    ],
)
def test_a_path_with_a_credential_is_redacted_and_still_a_path(key, secret):
    comparison = compared(key)
    (difference,) = comparison.differences
    assert comparison.outcome is Outcome.MISMATCHED
    assert secret not in difference.path
    assert "<redacted:" in difference.path
    assert len(parse(difference.path)) == 2


@pytest.mark.parametrize("form", ["token={}", "https://u:{}@h/x", "--password {}"])
def test_a_credential_in_a_path_is_no_part_of_the_group(form):
    ids = {each.group for value in ("fake-1", "fake-22") for each in compared(form.format(value)).differences}
    assert len(ids) == 1
