import json

import pytest

from shadow.protocol.resync import sooner


@pytest.mark.parametrize(
    ("own", "lowered"),
    [
        (None, 60),
        ("0", 60),
        ("-1", 60),
        ("3600", 60),
        ("60.5", 60),
        ("60", None),
        ("0.5", None),
        ("null", 60),
        ('"soon"', None),
        ("true", None),
    ],
)
def test_it_is_lowered_and_never_raised(own: str | None, lowered: float | None):
    rest = '"attachments":[{"n":1.0}],"status":null'
    more = "" if own is None else f',"resyncAfterSeconds":{own}'
    body = f"{{{rest}{more}}}".encode()
    altered = sooner(body, 60.0)
    if lowered is None:
        assert altered is None
        return
    assert altered is not None
    assert json.loads(altered)["resyncAfterSeconds"] == lowered
    assert b'"attachments":[{"n":1.0}]' in altered


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        rb'{"attachments":[],"\ud800":1}',
        b'{"attachments":[],"attachments":[{"a":"' + b"x" * 99 + b'"}]}',
    ],
)
def test_what_cannot_be_altered_for_certain_is_left_alone(body: bytes):
    assert sooner(body, 60.0) is None
