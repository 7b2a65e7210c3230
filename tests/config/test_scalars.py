import math
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic_core import PydanticCustomError

from shadow.config import scalars


@pytest.mark.parametrize(
    ("text", "expected"),
    [("500ms", 0.5), ("8s", 8.0), ("10m", 600.0), ("24h", 86400.0), ("7d", 604800.0), ("1m30s", 90.0), ("1.5s", 1.5)],
)
def test_a_duration_is_read_as_seconds(text, expected):
    assert scalars.seconds(text) == expected


@pytest.mark.parametrize(
    "value", ["8", 8, 8.0, "", "s", "-1s", "0s", "8 s", "8S", "8w", "1e3s", "99999d", None, True, []]
)
def test_what_is_no_duration_with_its_unit_is_refused(value):
    with pytest.raises(PydanticCustomError):
        scalars.seconds(value)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("64KiB", 65536),
        ("16MiB", 16 * 2**20),
        ("2GiB", 2**31),
        ("1.5Ki", 1536),
        ("10B", 10),
        (1024, 1024),
        ("1024", 1024),
    ],
)
def test_a_size_is_read_as_bytes(value, expected):
    assert scalars.size_bytes(value) == expected


@pytest.mark.parametrize("value", ["16MB", "16kB", "-1", 0, -5, 1.5, True, "MiB", "", None, "9999999TiB"])
def test_what_is_no_size_is_refused(value):
    with pytest.raises(PydanticCustomError):
        scalars.size_bytes(value)


@pytest.mark.parametrize(("value", "expected"), [("10%", 0.1), ("0%", 0), ("100 %", 1), (0.25, 0.25), (1, 1), (0, 0)])
def test_a_share_is_a_percentage_or_a_number_up_to_one(value, expected):
    assert scalars.share(value) == expected


@pytest.mark.parametrize("value", [10, 1.01, "101%", "-1%", -0.1, "0.1", "ten", True, None, math.nan, math.inf])
def test_what_is_no_share_is_refused(value):
    with pytest.raises(PydanticCustomError):
        scalars.share(value)


def test_a_share_that_was_meant_as_percent_says_how_to_write_it():
    with pytest.raises(PydanticCustomError, match="10% is written with the sign"):
        scalars.share(10)


@pytest.mark.parametrize("value", [0, 100, 0.01, 99.99, 12.5, "10%", 0.29, 28.57])
def test_a_weight_comes_in_hundredths_of_a_percent(value):
    scalars.weight_percent(value)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (100.01, "at most 100"),
        (101, "at most 100"),
        (-0.01, "at least 0"),
        (0.005, "steps of 0.01"),
        ("10", "a percentage"),
        (True, "a percentage"),
        (math.nan, "a percentage"),
    ],
)
def test_what_is_no_weight_says_why(value, message):
    with pytest.raises(PydanticCustomError, match=message):
        scalars.weight_percent(value)


@given(st.integers(0, 10_000))
def test_every_hundredth_of_a_percent_is_a_weight(hundredths):
    assert round(scalars.weight_percent(hundredths / 100) * 100) == hundredths


@pytest.mark.parametrize(
    ("text", "host", "port", "loopback"),
    [
        ("0.0.0.0:8080", "0.0.0.0", 8080, False),
        ("127.0.0.1:9090", "127.0.0.1", 9090, True),
        ("127.9.9.9:1", "127.9.9.9", 1, True),
        ("[::1]:9090", "::1", 9090, True),
        ("[::]:9090", "::", 9090, False),
        ("localhost:0", "localhost", 0, True),
        ("shadow.example:80", "shadow.example", 80, False),
    ],
)
def test_an_address_is_host_and_port_and_spelled_the_same_again(text, host, port, loopback):
    address = scalars.address(text)
    assert (address.host, address.port, address.loopback, str(address)) == (host, port, loopback, text)


@pytest.mark.parametrize("value", ["8080", ":8080", "host", "host:", "host:99999", "::1:80", "http://h:1", 8080, None])
def test_what_is_no_address_is_refused(value):
    with pytest.raises(PydanticCustomError, match="HOST:PORT"):
        scalars.address(value)


@pytest.mark.parametrize("value", ["yes", "on", "true", 1, 0, None])
def test_only_true_and_false_are_flags(value):
    with pytest.raises(PydanticCustomError, match="true or false"):
        scalars.flag(value)


@pytest.mark.parametrize(("value", "expected"), [(True, "true"), (False, "false"), ("auto", "auto"), ("true", "true")])
def test_a_boolean_of_yaml_is_the_word_beside_auto(value, expected):
    assert scalars.auto_or_flag(value) == expected


def test_a_date_is_year_month_and_day():
    assert scalars.iso_date("2027-01-31") == date(2027, 1, 31)


@pytest.mark.parametrize("value", ["2027-02-31", "20270131", "31.01.2027", "2027-1-31", "tomorrow", 20270131, None])
def test_what_is_no_date_is_refused(value):
    with pytest.raises(PydanticCustomError, match="2027-01-31"):
        scalars.iso_date(value)


@given(st.integers(1, 10**9).map(lambda milliseconds: milliseconds / 1000))
def test_a_duration_is_spelled_so_that_it_reads_the_same(value):
    assert scalars.seconds(scalars.spell_seconds(value)) == pytest.approx(value, abs=1e-9)


@given(st.integers(1, 2**50))
def test_a_size_is_spelled_so_that_it_reads_the_same(value):
    assert scalars.size_bytes(scalars.spell_bytes(value)) == value


def test_an_error_repeats_a_long_value_only_in_part():
    with pytest.raises(PydanticCustomError) as caught:
        scalars.seconds("x" * 5000)
    assert len(caught.value.message()) < 200
