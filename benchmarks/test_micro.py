"""What the parts of a call cost by themselves: reading, translating, assigning, redacting, comparing."""

import json

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from benchmarks.bodies import answer, request
from shadow.compare.comparison import compare
from shadow.compare.model import Candidate, Pair
from shadow.compare.rules import compile_rules
from shadow.protocol.adapt import adapt_answer
from shadow.protocol.dialect import Alterations, Dialect
from shadow.protocol.messages import read_request
from shadow.protocol.shown import adapt_request
from shadow.proxy.cutover.assignment import assign
from shadow.redact import Redactor
from shadow.terms import Hook, HookVersion, Outcome, Protocol, Stage

REDACTOR = Redactor(b"fake-key" * 4, ())
SIZES = pytest.mark.parametrize("objects", [7, 50, 500])


@SIZES
def test_read_a_request(benchmark: BenchmarkFixture, objects: int) -> None:
    body = request(objects)
    assert benchmark(read_request, body, Hook.SYNC).parent.name == "team-a"


@SIZES
@pytest.mark.parametrize("protocol", list(Protocol))
def test_judge_and_translate_an_answer(benchmark: BenchmarkFixture, objects: int, protocol: Protocol) -> None:
    call, body = read_request(request(objects), Hook.SYNC), answer(protocol.value, objects)
    adapted = benchmark(adapt_answer, call, body, Dialect(protocol), HookVersion.V1, Alterations())
    assert adapted.altered == (protocol is Protocol.COMPOSITE)


@SIZES
def test_translate_a_request(benchmark: BenchmarkFixture, objects: int) -> None:
    call = read_request(request(objects), Hook.SYNC)
    adapted = benchmark(adapt_request, call, Dialect(Protocol.COMPOSITE), HookVersion.V1)
    assert b'"children"' in adapted.body


def test_assign_a_parent(benchmark: BenchmarkFixture) -> None:
    assert (
        benchmark(assign, Stage.CANARY, 5_000, None, False, "0d6c1c0a-7a44-4a77-8f3c-1f2e3d4c5b6a").because == "weight"
    )


@SIZES
def test_redact_an_answer(benchmark: BenchmarkFixture, objects: int) -> None:
    value = json.loads(answer("decorator", objects))
    assert benchmark(REDACTOR.answer, value) != value


@SIZES
@pytest.mark.parametrize("differences", [0, 1])
def test_compare(benchmark: BenchmarkFixture, objects: int, differences: int) -> None:
    body = request(objects)
    parent = read_request(body, Hook.SYNC).parent
    old, new = (Candidate(answer("decorator", objects, count), 200) for count in (0, differences))
    pair = Pair("bench", "bench", Hook.SYNC, Protocol.DECORATOR, body, parent, old, new)
    found = benchmark(compare, pair, compile_rules([]), REDACTOR, 60.0)
    assert found.outcome is (Outcome.MISMATCHED if differences else Outcome.MATCHED)
