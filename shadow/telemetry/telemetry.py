"""The one path on which a call becomes spans, sampled or not. It never raises into its caller and never waits."""

import logging
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from shadow.compare.model import Comparison
from shadow.config.process import Telemetry as Settings
from shadow.telemetry.record import TracedCall
from shadow.telemetry.trace import TraceContext
from shadow.terms import Outcome

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import SpanProcessor

_log = logging.getLogger(__name__)


class Telemetry:
    """Tells a collector of calls.

    Args:
        settings: Without `otlp_endpoint` nothing is exported, and OpenTelemetry is not even imported.
        clock: Unix seconds.
        processor: Takes the spans instead of a collector.
    """

    def __init__(
        self,
        settings: Settings,
        clock: Callable[[], float] = time.time,
        processor: "SpanProcessor | None" = None,
    ) -> None:
        self._clock = clock
        self._spans = None
        if processor is None and settings.otlp_endpoint is not None:
            from shadow.telemetry.export import batches  # noqa: PLC0415 - start-up time and memory

            processor = batches(settings.otlp_endpoint)
        self._processor = processor
        if processor is not None:
            from shadow.telemetry.spans import Spans  # noqa: PLC0415 - start-up time and memory

            self._spans = Spans(processor, settings.service_name)

    def wants(self, trace: TraceContext, outcome: Outcome) -> bool:
        """Whether `ended` would tell anything: spares the making of a record."""
        return self._spans is not None and (trace.sampled or outcome is Outcome.MISMATCHED)

    def ended(self, call: TracedCall, comparison: Comparison | None) -> str | None:
        """Tell of a call once its outcome is known.

        A call that nobody sampled gets its spans here all the same if its answers differ: with its own times and the
        ids that the implementations were sent.

        Returns:
            The trace's id, None when nothing is exported.
        """
        if self._spans is None or not self.wants(call.trace, call.outcome):
            return None
        try:
            self._spans.call(call)
            if comparison is not None:
                self._spans.compare(call, comparison, self._clock())
        except Exception:  # noqa: BLE001 - a fault in here must not cost a call its record
            _log.exception("a trace is lost", extra={"call": call.id, "migration": call.migration})
            return None
        return call.trace.trace_id

    def shutdown(self, timeout_seconds: float) -> None:
        """Send what waits; after the time given the rest is lost."""
        if self._processor is None:
            return
        from shadow.telemetry.export import shut_down  # noqa: PLC0415 - start-up time and memory

        if not shut_down(self._processor, timeout_seconds):
            _log.warning("the last spans are lost: the collector did not take them within %g s", timeout_seconds)
