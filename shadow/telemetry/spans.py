"""From a call that is over to its spans, with the ids that were given out while it was under way.

Imported only when something is exported: OpenTelemetry costs start-up time and memory. A span is made whole, since all
of it is known by then: to take it down as if it happened now would take three times as long.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from itertools import islice

from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import Event, ReadableSpan, SpanProcessor
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import Link, SpanContext, SpanKind, Status, StatusCode, TraceFlags
from opentelemetry.util.types import AttributeValue

from shadow.compare.model import Comparison, Difference
from shadow.telemetry.record import AskedImplementation, TracedCall
from shadow.terms import Effect

MAX_EVENTS = 32
"""Differences told in one span; `shadow.differences` has their number."""

MAX_TEXT = 256
"""Characters of an attribute: names in Kubernetes fit, a body does not."""

Attributes = Mapping[str, AttributeValue]

_SCOPE = InstrumentationScope("shadow")
_UNSET = Status(StatusCode.UNSET)
_SAMPLED = TraceFlags(TraceFlags.SAMPLED)


class OneResource(Resource):
    """What all spans are of. The exporter asks each for its hash, which it would make by writing JSON."""

    def __init__(self, resource: Resource) -> None:
        super().__init__(dict(resource.attributes), resource.schema_url)
        self._hash = super().__hash__()

    def __hash__(self) -> int:
        return self._hash


class Spans:
    """Makes the spans of calls and hands them to a processor.

    Args:
        processor: Takes them when they end; must not block.
        service_name: `service.name` of the spans.
        randomness: So many random bytes, for the ids that no one was told before.
    """

    def __init__(
        self, processor: SpanProcessor, service_name: str, randomness: Callable[[int], bytes] = os.urandom
    ) -> None:
        self._processor = processor
        self._randomness = randomness
        self._resource = OneResource(Resource.create({"service.name": service_name}))

    def call(self, call: TracedCall) -> None:
        """`shadow.call`, and a `shadow.implementation` below it for each that was asked."""
        trace = call.trace
        context = _context(trace.trace_id, trace.span_id)
        for asked in call.asked:
            self._asked(call, asked, context)
        self._end(
            "shadow.call",
            SpanKind.SERVER,
            context,
            _context(trace.trace_id, trace.parent_span_id, is_remote=True) if trace.parent_span_id else None,
            call_attributes(call),
            (call.started, call.ended),
            Status(StatusCode.ERROR) if call.status >= 500 else _UNSET,
        )

    def _asked(self, call: TracedCall, asked: AskedImplementation, parent: SpanContext) -> None:
        self._end(
            "shadow.implementation",
            SpanKind.CLIENT,
            _context(call.trace.trace_id, call.trace.span_of(asked.side)),
            parent,
            asked_attributes(asked),
            (asked.started, asked.started + asked.seconds),
            Status(StatusCode.ERROR, asked.failure) if asked.failure is not None else _UNSET,
        )

    def compare(self, call: TracedCall, comparison: Comparison, ended: float) -> None:
        """`shadow.compare`, linked to the call and in its trace; it ends long after the call did."""
        of_call = _context(call.trace.trace_id, call.trace.span_id)
        # By group: one cause in many objects is told once.
        groups = {difference.group: difference for difference in reversed(comparison.differences)}
        self._end(
            "shadow.compare",
            SpanKind.INTERNAL,
            _context(call.trace.trace_id, self._randomness(8).hex()),
            of_call,
            compare_attributes(call, comparison),
            (ended - comparison.cpu_seconds, ended),
            links=(Link(of_call),),
            events=[
                Event("shadow.difference", _short(difference_attributes(difference)), _nanoseconds(ended))
                for difference in islice(sorted(groups.values(), key=_harm), MAX_EVENTS)
            ],
        )

    def _end(
        self,
        name: str,
        kind: SpanKind,
        context: SpanContext,
        parent: SpanContext | None,
        attributes: Attributes,
        times: tuple[float, float],
        status: Status = _UNSET,
        *,
        links: Sequence[Link] = (),
        events: Sequence[Event] = (),
    ) -> None:
        """`times`: unix seconds of its beginning and its end."""
        started, ended = map(_nanoseconds, times)
        self._processor.on_end(
            ReadableSpan(
                name,
                context,
                parent,
                self._resource,
                _short(attributes),
                events,
                links,
                kind,
                status=status,
                start_time=started,
                end_time=ended,
                instrumentation_scope=_SCOPE,
            )
        )


def call_attributes(call: TracedCall) -> Attributes:
    """Of `shadow.call`."""
    return {
        "shadow.call": call.id,
        "shadow.migration": call.migration,
        "shadow.hook": call.hook.value,
        "shadow.front": call.front.value,
        "shadow.parent": f"{call.parent.kind}/{call.parent}",
        "shadow.primary": call.primary.value,
        "shadow.served": call.served.value if call.served else "none",
        "shadow.outcome": call.outcome.value,
        "http.request.method": "POST",
        "http.response.status_code": call.status,
        **_namespace(call),
    }


def asked_attributes(asked: AskedImplementation) -> Attributes:
    """Of `shadow.implementation`."""
    attributes: dict[str, AttributeValue] = {
        "shadow.implementation": asked.side.value,
        "shadow.role": asked.role.value,
        "http.request.method": "POST",
    }
    if asked.status is not None:
        attributes["http.response.status_code"] = asked.status
    if asked.failure is not None:
        attributes["error.type"] = asked.failure
    return attributes


def compare_attributes(call: TracedCall, comparison: Comparison) -> Attributes:
    """Of `shadow.compare`. `shadow.worst_effect` is over the differences; `shadow.differences` their number."""
    worst = max((difference.effect for difference in comparison.differences), default=Effect.NONE, key=_severity)
    return {
        "shadow.call": call.id,
        "shadow.migration": call.migration,
        "shadow.hook": call.hook.value,
        "shadow.outcome": comparison.outcome.value,
        "shadow.situation": comparison.situation,
        "shadow.worst_effect": worst.value,
        "shadow.differences": len(comparison.differences),
        **_namespace(call),
    }


def difference_attributes(difference: Difference) -> Attributes:
    """Of one `shadow.difference` event: where and what it does, never the values."""
    return {
        "shadow.object": str(difference.object) if difference.object else "",
        "shadow.path": difference.path,
        "shadow.change": difference.change.value,
        "shadow.effect.old": difference.effects.old.value,
        "shadow.effect.new": difference.effects.new.value,
        "shadow.group": difference.group,
    }


def _namespace(call: TracedCall) -> Attributes:
    return {"k8s.namespace.name": call.kubernetes_namespace} if call.kubernetes_namespace else {}


def _severity(effect: Effect) -> int:
    return effect.severity


def _harm(difference: Difference) -> int:
    return -difference.effect.severity


def _nanoseconds(seconds: float) -> int:
    return int(seconds * 1e9)


def _context(trace_id: str, span_id: str, *, is_remote: bool = False) -> SpanContext:
    """Always marked as sampled: whether to tell of a call is decided before."""
    return SpanContext(int(trace_id, 16), int(span_id, 16), is_remote, _SAMPLED)


def _short(attributes: Attributes) -> Attributes:
    return {name: value[:MAX_TEXT] if isinstance(value, str) else value for name, value in attributes.items()}
