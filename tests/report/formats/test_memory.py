"""A report of many parents holds little of each: what it takes is measured, and must not grow as they do."""

import tracemalloc

import pytest

from shadow.report import build
from shadow.report.formats import FORMATS
from shadow.report.formats.as_json import read
from shadow.store.base import Counters, Flush, Store
from tests.report.scene import MIGRATION, NOW, VIEW, _state, compared, difference, opened

FEW, MANY = 1020, 2020  # both more than two pages of what is read from a store at once
MOST_BYTES_A_PARENT = 900  # so a hundred thousand take 90 MB beside the 60 that the program takes itself


def filled(store: Store, count: int) -> None:
    names = [f"team-{number:05}" for number in range(count)]
    calls = [
        compared(name, difference(parent=name, old={"a": "x" * 500}), difference("b", parent=name)) for name in names
    ]
    counters = Counters(calls=count, mismatched=count)
    store.flush(Flush("replica", NOW, {MIGRATION: counters}, calls, [_state(call) for call in calls]))


def taken(store: Store, name: str) -> int:
    """Bytes at the peak of making one report and writing it, as if to a file."""
    tracemalloc.start()
    for _ in FORMATS[name](build(store, VIEW, None, None, NOW)):
        pass
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory):
    few, many = tmp_path_factory.mktemp("few"), tmp_path_factory.mktemp("many")
    with opened(few) as small, opened(many) as large:
        filled(small, FEW)
        filled(large, MANY)
        yield small, large


@pytest.mark.parametrize("name", ["json", "junit"])
def test_twice_the_parents_take_little_more(stores: tuple[Store, Store], name: str):
    small, large = stores
    taken(small, name)  # what is imported and compiled once
    assert (taken(large, name) - taken(small, name)) / (MANY - FEW) < MOST_BYTES_A_PARENT


def test_a_report_that_was_fetched_takes_no_more_than_its_text(stores: tuple[Store, Store]):
    document = "".join(FORMATS["json"](build(stores[1], VIEW, None, None, NOW))).encode()
    tracemalloc.start()
    report = read(document)
    assert sum(1 for _ in report.parents) == MANY
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak / MANY < MOST_BYTES_A_PARENT / 2
