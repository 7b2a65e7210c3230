"""What is wrong with a request, in words that tell what would be right."""

import msgspec
import pytest
from starlette.exceptions import HTTPException

from shadow.config.rules import Compare
from shadow.web.brake import Letting, Pull
from shadow.web.comparisons import ComparisonsQuery
from shadow.web.decoding import body_as, query_of
from shadow.web.history import GoverningQuery

WHY = "it is: Why, for whoever reads the change log."


def refusal(body: bytes, kind: type[msgspec.Struct] | type[Compare]) -> str:
    with pytest.raises(HTTPException) as refused:
        body_as(body, kind)
    assert refused.value.status_code == 400
    return refused.value.detail


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"", "the body is empty; it must be a JSON object (fields: `because`)"),
        (b" \n", "the body is empty"),
        (
            b"because",
            "the body is no JSON that can be read (JSON is malformed: invalid character (byte 0))",
        ),
        (b'{"because": "a', "the body is no JSON that can be read (Input data was truncated)"),
        (b"[]", "the body is not as it must be: expected `object`, got `array`; it must be a JSON object"),
        (b"{}", f"because: is missing; {WHY}"),
        (b'{"because": ""}', f"because: must not be empty; {WHY}"),
        (b'{"because": " "}', f"because: must not be empty; {WHY}"),
        (b'{"because": 1}', f"because: expected `str`, got `int`; {WHY}"),
        (b'{"because": "a", "be\\ncause": 1}', "be\ncause: there is no such field; it must be a JSON object"),
    ],
)
def test_a_body_that_is_refused_is_told_what_it_should_be(body: bytes, told: str):
    assert refusal(body, Pull).startswith(told)


def test_a_field_without_a_description_is_named_all_the_same():
    assert (
        refusal(b'{"because": "a", "accept_digest": 1}', Letting) == "accept_digest: expected `str | null`, got `int`"
    )


def test_a_model_names_the_field():
    assert refusal(b'{"ignore": [{"path": "a"}]}', Compare).startswith("ignore.0.because: ")


@pytest.mark.parametrize(
    ("parameters", "kind", "told"),
    [
        ([], GoverningQuery, "parent: is missing; it is: `namespace/name`, or `name` of a cluster-scoped one."),
        ([("at", "1h"), ("at", "2h")], GoverningQuery, "at: is given twice"),
        ([("when", "1h")], GoverningQuery, "when: there is no such parameter (known: parent, at)"),
        ([("limit", "0")], ComparisonsQuery, "limit: expected `int` >= 1; it is: At most so many items."),
        ([("limit", "x")], ComparisonsQuery, "limit: expected `int`, got `str`; it is: At most so many items."),
    ],
    ids=["missing", "twice", "unknown", "out of bounds", "no number"],
)
def test_a_parameter_that_is_refused_is_told_what_it_should_be(
    parameters: list[tuple[str, str]], kind: type[msgspec.Struct], told: str
):
    with pytest.raises(HTTPException) as refused:
        query_of(parameters, kind)
    assert (refused.value.status_code, refused.value.detail) == (400, told)
