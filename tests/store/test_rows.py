import pytest
from hypothesis import given
from hypothesis import strategies as st

from shadow.store.rows import compress, cursor, decode, decompress, encode, key, uncursor
from tests.store.records import mismatch


@given(st.binary())
def test_what_is_compressed_comes_back(data: bytes) -> None:
    assert decompress(compress(data)) == data


def test_a_record_comes_back_equal() -> None:
    told = mismatch("c1")
    assert decode(encode(told), type(told)) == told


@given(st.lists(st.text()), st.lists(st.text()))
def test_keys_are_equal_only_for_equal_parts(one: list[str], other: list[str]) -> None:
    assert (key(*one) == key(*other)) is (one == other)


@given(st.tuples(st.floats(allow_nan=False, allow_infinity=False), st.integers(0, 2**62)))
def test_a_cursor_gives_its_values_back_exactly(values: tuple[float, int]) -> None:
    assert uncursor(cursor(values), tuple[float, int]) == values


@pytest.mark.parametrize("text", ["", "x", "!!", "bm90IGpzb24=", cursor(["a"]), cursor([1.0, 2**63])])
def test_another_text_is_no_cursor(text: str) -> None:
    with pytest.raises(ValueError, match="no such cursor"):
        uncursor(text, tuple[float, int])
