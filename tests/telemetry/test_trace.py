import pytest

from shadow.telemetry import begin
from shadow.terms import Side
from tests.telemetry.conftest import CALLER, FROM_CALLER, TRACE, count_up


def test_a_call_without_a_trace_begins_one():
    trace = begin([(b"host", b"x")], 0.1, lambda: 0.05, count_up)
    assert (len(trace.trace_id), len(trace.span_id)) == (32, 16)
    assert trace.parent_span_id is None
    assert trace.sampled


def test_no_two_ids_are_alike():
    traces = [begin([], 0, lambda: 0.5) for _ in range(100)]
    ids = {each for trace in traces for each in (trace.span_id, trace.old_span_id, trace.new_span_id)}
    assert len(ids) == 300
    assert len({trace.trace_id for trace in traces}) == 100


def test_ids_of_zeros_are_never_given_out():
    trace = begin([], 1, lambda: 0.0, bytes)
    assert int(trace.trace_id, 16)
    assert int(trace.span_id, 16)


@pytest.mark.parametrize(
    ("sample", "luck", "expected"), [(0, 0.0, False), (0.1, 0.0999, True), (0.1, 0.1, False), (1, 0.9999, True)]
)
def test_the_share_decides_where_nobody_did_before(sample, luck, expected):
    assert begin([], sample, lambda: luck).sampled is expected


@pytest.mark.parametrize(("flags", "expected"), [("01", True), ("00", False), ("03", True), ("02", False)])
def test_the_callers_decision_is_kept(flags, expected):
    trace = begin([(b"traceparent", f"00-{TRACE}-{CALLER}-{flags}".encode())], 0.5, lambda: 0.4)
    assert (trace.trace_id, trace.parent_span_id, trace.sampled) == (TRACE, CALLER, expected)


def test_a_later_version_may_have_more_fields():
    assert begin([(b"traceparent", f"cc-{TRACE}-{CALLER}-01-more".encode())], 0, lambda: 0.5).trace_id == TRACE


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b"nonsense",
        f"00-{TRACE}-{CALLER}".encode(),
        f"00-{TRACE}-{CALLER}-01-more".encode(),
        f"ff-{TRACE}-{CALLER}-01".encode(),
        f"00-{TRACE.upper()}-{CALLER}-01".encode(),
        f"00-{'0' * 32}-{CALLER}-01".encode(),
        f"00-{TRACE}-{'0' * 16}-01".encode(),
        f"00-{TRACE}-{CALLER}-1".encode(),
    ],
)
def test_what_cannot_be_read_is_as_good_as_absent(value):
    trace = begin([(b"traceparent", value)], 0, lambda: 0.5)
    assert trace.parent_span_id is None
    assert trace.trace_id != TRACE


def test_two_traceparents_are_as_good_as_none():
    assert begin(FROM_CALLER * 2, 0, lambda: 0.5).parent_span_id is None


@pytest.mark.parametrize(("sample", "flags"), [(1, "01"), (0, "00")])
def test_each_implementation_is_sent_a_span_of_its_own(sample, flags):
    trace = begin([], sample, lambda: 0.5)
    assert trace.traceparent(Side.OLD) == f"00-{trace.trace_id}-{trace.old_span_id}-{flags}".encode()
    assert trace.traceparent(Side.NEW) == f"00-{trace.trace_id}-{trace.new_span_id}-{flags}".encode()
