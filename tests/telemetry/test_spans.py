import pytest
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from shadow.config.process import Telemetry as Settings
from shadow.protocol.objects import ParentRef
from shadow.telemetry import Telemetry
from shadow.telemetry.spans import MAX_EVENTS, MAX_TEXT
from shadow.terms import Effect, Hook, Outcome
from tests.telemetry.conftest import CALLER, FROM_CALLER, TRACE

NOW = 1003.0


@pytest.fixture
def memory():
    return InMemorySpanExporter()


@pytest.fixture
def telemetry(memory):
    telemetry = Telemetry(Settings(), lambda: NOW, SimpleSpanProcessor(memory))
    yield telemetry
    telemetry.shutdown(1)


def told(memory):
    spans = {}
    for span in memory.get_finished_spans():
        side = (span.attributes or {}).get("shadow.implementation")
        spans[f"{span.name} {side}" if side else span.name] = span
    return spans


def hexed(context):
    return f"{context.trace_id:032x}", f"{context.span_id:016x}"


def test_a_sampled_call_is_a_server_span_with_a_client_span_for_each_asked(telemetry, memory, call):
    made = call()
    assert telemetry.ended(made, None) == made.trace.trace_id
    spans = told(memory)
    assert list(spans) == ["shadow.implementation old", "shadow.implementation new", "shadow.call"]
    assert spans["shadow.call"].kind is SpanKind.SERVER
    assert {spans[f"shadow.implementation {side}"].kind for side in ("old", "new")} == {SpanKind.CLIENT}


def test_the_spans_have_the_ids_that_were_given_out(telemetry, memory, call):
    made = call()
    telemetry.ended(made, None)
    spans = told(memory)
    assert hexed(spans["shadow.call"].context) == (made.trace.trace_id, made.trace.span_id)
    assert hexed(spans["shadow.implementation old"].context) == (made.trace.trace_id, made.trace.old_span_id)
    assert hexed(spans["shadow.implementation new"].context) == (made.trace.trace_id, made.trace.new_span_id)
    assert spans["shadow.call"].parent is None
    assert hexed(spans["shadow.implementation old"].parent) == (made.trace.trace_id, made.trace.span_id)


def test_a_callers_trace_is_continued(telemetry, memory, call):
    telemetry.ended(call(headers=FROM_CALLER), None)
    span = told(memory)["shadow.call"]
    assert hexed(span.parent) == (TRACE, CALLER)
    assert span.parent.is_remote
    assert f"{span.context.trace_id:032x}" == TRACE


def test_the_spans_have_the_times_of_the_call_not_of_their_making(telemetry, memory, call):
    telemetry.ended(call(), None)
    spans = told(memory)
    assert (spans["shadow.call"].start_time, spans["shadow.call"].end_time) == (1000_000_000_000, 1000_250_000_000)
    new = spans["shadow.implementation new"]
    assert (new.start_time, new.end_time) == (1000_020_000_000, 1000_520_000_000)


def test_a_call_says_what_it_was(telemetry, memory, call):
    telemetry.ended(call(), None)
    assert dict(told(memory)["shadow.call"].attributes) == {
        "shadow.call": "call-1",
        "shadow.migration": "kfp",
        "shadow.hook": "sync",
        "shadow.front": "decorator",
        "shadow.parent": "Namespace/team-a",
        "shadow.primary": "old",
        "shadow.served": "old",
        "shadow.outcome": "matched",
        "http.request.method": "POST",
        "http.response.status_code": 200,
        "k8s.namespace.name": "team-a",
    }


@pytest.mark.parametrize(
    ("parent", "expected"),
    [
        (ParentRef("v1", "Namespace", "", "team-a", "u"), "team-a"),
        (ParentRef("x/v1", "Thing", "ns", "name", "u"), "ns"),
        (ParentRef("x/v1", "ClusterThing", "", "name", "u"), None),
        (ParentRef("x/v1", "Namespace", "", "name", "u"), None),
    ],
    ids=["a Namespace", "in a namespace", "cluster-scoped", "another kind of that name"],
)
def test_the_namespace_is_the_one_that_the_call_is_about(telemetry, memory, call, parent, expected):
    telemetry.ended(call(parent=parent), None)
    assert told(memory)["shadow.call"].attributes.get("k8s.namespace.name") == expected


def test_a_failed_implementation_is_an_error_with_its_code(telemetry, memory, call):
    telemetry.ended(call(), None)
    spans = told(memory)
    assert spans["shadow.implementation old"].status.status_code is StatusCode.UNSET
    assert spans["shadow.implementation new"].status.status_code is StatusCode.ERROR
    assert spans["shadow.implementation new"].attributes["error.type"] == "timeout"
    assert "http.response.status_code" not in spans["shadow.implementation new"].attributes


@pytest.mark.parametrize(
    ("status", "expected"), [(200, StatusCode.UNSET), (429, StatusCode.UNSET), (502, StatusCode.ERROR)]
)
def test_a_call_is_an_error_when_a_server_error_went_out(telemetry, memory, call, status, expected):
    telemetry.ended(call(status=status, served=None), None)
    span = told(memory)["shadow.call"]
    assert span.status.status_code is expected
    assert span.attributes["shadow.served"] == "none"


def test_a_comparison_is_a_span_linked_to_its_call(telemetry, memory, call, comparison, difference):
    made = call(outcome=Outcome.MISMATCHED, hook=Hook.FINALIZE)
    telemetry.ended(made, comparison(difference(), difference("g2", new=Effect.DELETE)))
    span = told(memory)["shadow.compare"]
    (link,) = span.links
    assert hexed(link.context) == (made.trace.trace_id, made.trace.span_id)
    assert (span.start_time, span.end_time) == (1002_500_000_000, 1003_000_000_000)
    assert dict(span.attributes) == {
        "shadow.call": "call-1",
        "shadow.migration": "kfp",
        "shadow.hook": "finalize",
        "shadow.outcome": "mismatched",
        "shadow.situation": "steady",
        "shadow.worst_effect": "delete",
        "shadow.differences": 2,
        "k8s.namespace.name": "team-a",
    }


def test_a_group_of_differences_is_one_event_worst_first(telemetry, memory, call, comparison, difference):
    differences = (difference("g1"), difference("g1", name="b"), difference("g2", name="c", new=Effect.DELETE))
    telemetry.ended(call(outcome=Outcome.MISMATCHED), comparison(*differences))
    events = told(memory)["shadow.compare"].events
    assert [event.name for event in events] == ["shadow.difference"] * 2
    assert dict(events[0].attributes) == {
        "shadow.object": "Service/team-a/c",
        "shadow.path": "spec.x",
        "shadow.change": "changed",
        "shadow.effect.old": "none",
        "shadow.effect.new": "delete",
        "shadow.group": "g2",
    }
    assert events[1].attributes["shadow.object"] == "Service/team-a/a"


def test_values_are_never_told(telemetry, memory, call, comparison, difference):
    telemetry.ended(call(outcome=Outcome.MISMATCHED), comparison(difference()))
    assert "fake-" not in "".join(span.to_json() for span in memory.get_finished_spans())


def test_a_flood_of_differences_is_capped_and_its_size_still_told(telemetry, memory, call, comparison, difference):
    flood = [difference(f"g{n}", path="x" * 10_000) for n in range(500)]
    telemetry.ended(call(outcome=Outcome.MISMATCHED), comparison(*flood))
    span = told(memory)["shadow.compare"]
    assert len(span.events) == MAX_EVENTS
    assert span.attributes["shadow.differences"] == 500
    assert len(span.events[0].attributes["shadow.path"]) <= MAX_TEXT


def test_a_long_name_is_cut(telemetry, memory, call):
    telemetry.ended(call(parent=ParentRef("v1", "Namespace", "", "n" * 5000, "u")), None)
    assert len(told(memory)["shadow.call"].attributes["shadow.parent"]) == MAX_TEXT


def test_an_unsampled_call_is_not_told(telemetry, memory, call, comparison):
    assert telemetry.ended(call(sampled=False), comparison(outcome=Outcome.MATCHED)) is None
    assert memory.get_finished_spans() == ()


def test_an_unsampled_call_that_mismatches_is_told_with_its_own_ids_and_times(
    telemetry, memory, call, comparison, difference
):
    made = call(sampled=False, outcome=Outcome.MISMATCHED)
    assert telemetry.ended(made, comparison(difference())) == made.trace.trace_id
    spans = told(memory)
    assert list(spans) == ["shadow.implementation old", "shadow.implementation new", "shadow.call", "shadow.compare"]
    assert hexed(spans["shadow.call"].context) == (made.trace.trace_id, made.trace.span_id)
    assert spans["shadow.call"].start_time == 1000_000_000_000
    assert spans["shadow.call"].context.trace_flags.sampled


def test_one_call_does_not_give_its_ids_to_the_next(telemetry, memory, call, comparison, difference):
    telemetry.ended(call(outcome=Outcome.MISMATCHED), comparison(difference()))
    telemetry.ended(call(headers=FROM_CALLER, outcome=Outcome.MISMATCHED), comparison(difference()))
    traces = {f"{span.context.trace_id:032x}" for span in memory.get_finished_spans()[4:]}
    assert traces == {TRACE}


def test_a_fault_while_telling_costs_the_trace_and_nothing_else(telemetry, memory, call, caplog):
    assert telemetry.ended(call(started=float("nan")), None) is None
    assert [record.message for record in caplog.records] == ["a trace is lost"]
