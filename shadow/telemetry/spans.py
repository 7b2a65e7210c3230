"""From a call that is over to its spans, with the ids that were given out while it was under way.

Imported only when something is exported: OpenTelemetry costs start-up time and memory.
"""

import os
from collections.abc import Callable, Mapping
from itertools import islice

from opentelemetry.context import Context
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanLimits, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.id_generator import IdGenerator
from opentelemetry.sdk.trace.sampling import ALWAYS_ON
from opentelemetry.trace import (
    Link,
    NonRecordingSpan,
    Span,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
    set_span_in_context,
)
from opentelemetry.util.types import AttributeValue

from shadow.compare.model import Comparison, Difference
from shadow.telemetry.record import AskedImplementation, TracedCall
from shadow.terms import Effect

MAX_EVENTS = 32
"""Differences told in one span; `shadow.differences` has their number."""

MAX_TEXT = 256
"""Characters of an attribute: names in Kubernetes fit, a body does not."""

Attributes = Mapping[str, AttributeValue]


class GivenIds(IdGenerator):
    """Hands out the ids that were chosen when the call came in. Not to be shared between threads."""

    def __init__(self) -> None:
        self.trace_id = self.span_id = 0

    def generate_trace_id(self) -> int:
        return self.trace_id

    def generate_span_id(self) -> int:
        return self.span_id


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
        self._ids = GivenIds()
        self._randomness = randomness
        self.provider = TracerProvider(
            sampler=ALWAYS_ON,  # whether to tell is decided before
            resource=Resource.create({"service.name": service_name}),
            id_generator=self._ids,
            span_limits=SpanLimits(max_events=MAX_EVENTS, max_attribute_length=MAX_TEXT),
            shutdown_on_exit=False,
        )
        self.provider.add_span_processor(processor)
        self._tracer = self.provider.get_tracer("shadow")

    def call(self, call: TracedCall) -> None:
        """`shadow.call`, and a `shadow.implementation` below it for each that was asked."""
        parent = call.trace.parent_span_id
        span = self._begin(
            "shadow.call",
            SpanKind.SERVER,
            call.started,
            call_attributes(call),
            (call.trace.trace_id, call.trace.span_id),
            within=_context(call.trace.trace_id, parent, is_remote=True) if parent else Context(),
        )
        if call.status >= 500:
            span.set_status(Status(StatusCode.ERROR))
        for asked in call.asked:
            self._asked(call, asked)
        span.end(_nanoseconds(call.ended))

    def _asked(self, call: TracedCall, asked: AskedImplementation) -> None:
        span = self._begin(
            "shadow.implementation",
            SpanKind.CLIENT,
            asked.started,
            asked_attributes(asked),
            (call.trace.trace_id, call.trace.span_of(asked.side)),
            within=_context(call.trace.trace_id, call.trace.span_id),
        )
        if asked.failure is not None:
            span.set_status(Status(StatusCode.ERROR, asked.failure))
        span.end(_nanoseconds(asked.started + asked.seconds))

    def compare(self, call: TracedCall, comparison: Comparison, ended: float) -> None:
        """`shadow.compare`, linked to the call and in its trace; it ends long after the call did."""
        context = _span_context(call.trace.trace_id, call.trace.span_id)
        span = self._begin(
            "shadow.compare",
            SpanKind.INTERNAL,
            ended - comparison.cpu_seconds,
            compare_attributes(call, comparison),
            (call.trace.trace_id, self._randomness(8).hex()),
            within=set_span_in_context(NonRecordingSpan(context), Context()),
            links=(Link(context),),
        )
        # By group: one cause in many objects is told once.
        groups = {difference.group: difference for difference in reversed(comparison.differences)}
        for difference in islice(sorted(groups.values(), key=_harm), MAX_EVENTS):
            span.add_event("shadow.difference", difference_attributes(difference), _nanoseconds(ended))
        span.end(_nanoseconds(ended))

    def _begin(
        self,
        name: str,
        kind: SpanKind,
        started: float,
        attributes: Attributes,
        ids: tuple[str, str],
        *,
        within: Context,
        links: tuple[Link, ...] = (),
    ) -> Span:
        self._ids.trace_id, self._ids.span_id = (int(each, 16) for each in ids)
        return self._tracer.start_span(name, within, kind, attributes, links, _nanoseconds(started))


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


def _span_context(trace_id: str, span_id: str, *, is_remote: bool = False) -> SpanContext:
    return SpanContext(int(trace_id, 16), int(span_id, 16), is_remote, TraceFlags(TraceFlags.SAMPLED))


def _context(trace_id: str, span_id: str, *, is_remote: bool = False) -> Context:
    """In which a new span has that one as its parent; nothing of the surrounding context comes in."""
    return set_span_in_context(NonRecordingSpan(_span_context(trace_id, span_id, is_remote=is_remote)), Context())
