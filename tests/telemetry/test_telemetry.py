import logging
import socket
import subprocess
import sys
import threading
import time

import pytest

from shadow.config.process import Telemetry as Settings
from shadow.telemetry import Telemetry, begin
from shadow.telemetry.export import traces_url
from shadow.terms import Outcome


@pytest.fixture(autouse=True)
def _quiet_sdk():
    """Building an exporter silences the SDK's own loggers; the next test gets them as they were."""
    logger = logging.getLogger("opentelemetry")
    level = logger.level
    yield
    logger.setLevel(level)


@pytest.fixture(autouse=True)
def _no_thread_is_left(collector):
    """An exporter that still retries would draw random numbers amid the tests that come after."""
    before = set(threading.enumerate())
    yield
    collector.hold.set()
    assert wait_for(lambda: not [each for each in set(threading.enumerate()) - before if "Otel" in each.name])


def to(url, **more):
    return Settings.model_validate({"otlp_endpoint": url, "service_name": "shadow-test"} | more)


def wait_for(condition, timeout_seconds=10.0):
    deadline = time.monotonic() + timeout_seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.01)
    return condition()


def test_a_collector_gets_the_spans(collector, call, comparison, difference):
    telemetry = Telemetry(to(collector.url))
    made = call(outcome=Outcome.MISMATCHED)
    assert telemetry.ended(made, comparison(difference())) == made.trace.trace_id
    telemetry.shutdown(10)
    assert [span.name for span in collector.spans] == [
        "shadow.implementation",
        "shadow.implementation",
        "shadow.call",
        "shadow.compare",
    ]
    assert {span.trace_id.hex() for span in collector.spans} == {made.trace.trace_id}
    assert collector.spans[2].span_id.hex() == made.trace.span_id
    assert collector.spans[0].parent_span_id.hex() == made.trace.span_id
    assert collector.spans[3].links[0].span_id.hex() == made.trace.span_id


def test_spans_say_which_service_they_are_of_and_go_to_the_path_of_traces(collector, call):
    telemetry = Telemetry(to(collector.url))
    for name in ("call-1", "call-2"):
        telemetry.ended(call(id=name), None)
    telemetry.shutdown(10)
    ((path, request),) = collector.requests
    (spans,) = request.resource_spans
    attributes = {each.key: each.value.string_value for each in spans.resource.attributes}
    assert [scope.scope.name for scope in spans.scope_spans] == ["shadow"]
    assert path == "/v1/traces"
    assert attributes["service.name"] == "shadow-test"


def test_spans_are_sent_without_waiting_for_the_end(collector, call):
    telemetry = Telemetry(to(collector.url))
    telemetry.ended(call(), None)
    assert wait_for(lambda: len(collector.spans) == 3)
    telemetry.shutdown(10)


@pytest.mark.parametrize(
    ("endpoint", "expected"),
    [
        ("http://c:4318", "http://c:4318/v1/traces"),
        ("http://c/otlp", "http://c/otlp/v1/traces"),
        ("http://c:4318/v1/traces", "http://c:4318/v1/traces"),
    ],
)
def test_an_endpoint_is_that_of_the_collector(endpoint, expected):
    assert traces_url(endpoint) == expected


def test_without_an_endpoint_nothing_is_told(call, comparison, difference):
    telemetry = Telemetry(Settings())
    made = call(outcome=Outcome.MISMATCHED)
    assert not telemetry.wants(made.trace, made.outcome)
    assert telemetry.ended(made, comparison(difference())) is None
    telemetry.shutdown(1)


def test_without_an_endpoint_opentelemetry_is_not_even_imported():
    code = (
        "import sys; from shadow.telemetry import Telemetry; from shadow.config.process import Telemetry as Settings; "
        "Telemetry(Settings()); print([name for name in sys.modules if name.startswith('opentelemetry')])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


@pytest.mark.parametrize(
    ("sample", "outcome", "expected"),
    [
        (1, Outcome.MATCHED, True),
        (0, Outcome.MATCHED, False),
        (0, Outcome.MISMATCHED, True),
        (0, Outcome.FAILED, False),
    ],
)
def test_what_is_sampled_or_mismatches_is_wanted(collector, sample, outcome, expected):
    telemetry = Telemetry(to(collector.url))
    assert telemetry.wants(begin([], sample, lambda: 0.5), outcome) is expected
    telemetry.shutdown(1)


def test_a_collector_that_hangs_delays_nothing_and_the_end_only_as_long_as_allowed(collector, call, caplog):
    collector.hold.clear()
    telemetry = Telemetry(to(collector.url))
    began = time.monotonic()
    for _ in range(3000):
        telemetry.ended(call(), None)
    took = time.monotonic() - began
    began = time.monotonic()
    telemetry.shutdown(0.3)
    assert took < 40  # 9,000 spans in batches of 512, each of which would wait 5 s for the collector
    assert time.monotonic() - began < 5  # no second wait
    assert [record.message for record in caplog.records] == [
        "the last spans are lost: the collector did not take them within 0.3 s"
    ]


def test_a_collector_that_takes_nothing_is_told_once(collector, call, caplog):
    collector.status = 400
    telemetry = Telemetry(to(collector.url))
    for _ in range(600):
        telemetry.ended(call(), None)
    telemetry.shutdown(10)
    assert len(collector.requests) > 2
    assert [record.message for record in caplog.records] == [
        "the collector does not take spans; they are lost until it does"
    ]


def test_where_nobody_listens_nothing_is_raised_or_repeated(call, caplog):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        telemetry = Telemetry(to(f"http://127.0.0.1:{unused.getsockname()[1]}"))
        assert telemetry.ended(call(), None)
        telemetry.shutdown(0.2)
    assert [record.name for record in caplog.records] == ["shadow.telemetry.telemetry"]


def test_after_the_end_nothing_is_tried_any_more(call):
    before = set(threading.enumerate())
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        telemetry = Telemetry(to(f"http://127.0.0.1:{unused.getsockname()[1]}"))
        for _ in range(3000):  # more than a batch, each of which would be retried for 5 s
            telemetry.ended(call(), None)
        telemetry.shutdown(0.1)
        assert wait_for(lambda: set(threading.enumerate()) <= before, timeout_seconds=2)


def test_a_collector_that_recovers_is_told_too(collector, call, caplog):
    caplog.set_level(logging.INFO)
    collector.status = 400
    telemetry = Telemetry(to(collector.url))
    telemetry.ended(call(), None)
    assert wait_for(lambda: len(collector.requests) == 1)
    collector.status = 200
    telemetry.ended(call(), None)
    telemetry.shutdown(10)
    assert [record.message for record in caplog.records] == [
        "the collector does not take spans; they are lost until it does",
        "the collector takes spans again; 3 were lost",
    ]
