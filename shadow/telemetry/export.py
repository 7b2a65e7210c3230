"""Brings spans to a collector without ever waiting for it: what it does not take in time is lost, and told once."""

import logging
import threading
from collections.abc import Sequence

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult

_log = logging.getLogger(__name__)

QUEUE_SPANS = 4096
"""Spans waiting; beyond it the oldest are lost."""

DELAY_SECONDS = 1.0
"""How long a span waits for company."""

EXPORT_SECONDS = 5.0
"""For one batch, the exporter's own retries included."""


class Reluctant(SpanExporter):
    """Says in the log when a collector stops taking spans and when it does again, and nothing in between."""

    def __init__(self, inner: SpanExporter) -> None:
        self._inner = inner
        self._failing = False
        self.lost = 0

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        result = self._inner.export(spans)
        failed = result is not SpanExportResult.SUCCESS
        self.lost += len(spans) if failed else 0
        if failed and not self._failing:
            _log.warning("the collector does not take spans; they are lost until it does")
        elif self._failing and not failed:
            _log.info("the collector takes spans again; %d were lost", self.lost)
        self._failing = failed
        return result

    def shutdown(self) -> None:
        self._inner.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        return self._inner.force_flush(timeout_millis)


def traces_url(endpoint: str) -> str:
    """Where spans go: `/v1/traces` below the endpoint, unless it already says so."""
    return endpoint if endpoint.endswith("/v1/traces") else f"{endpoint}/v1/traces"


def batches(endpoint: str) -> SpanProcessor:
    """Sends spans in batches from a thread of its own, over OTLP and HTTP."""
    # Every failed batch would be a line or more, some with headers; `Reluctant` says what matters.
    logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)
    exporter = OTLPSpanExporter(endpoint=traces_url(endpoint), timeout=EXPORT_SECONDS)
    return BatchSpanProcessor(
        Reluctant(exporter),
        max_queue_size=QUEUE_SPANS,
        schedule_delay_millis=DELAY_SECONDS * 1000,
        max_export_batch_size=QUEUE_SPANS // 8,
    )


def shut_down(processor: SpanProcessor, timeout_seconds: float) -> bool:
    """Send what waits, within the time given. Returns whether it was enough."""
    # The processor's own shutdown waits up to 30 s for a dead collector; a daemon thread can be left behind.
    thread = threading.Thread(target=processor.shutdown, name="telemetry-shutdown", daemon=True)
    thread.start()
    thread.join(timeout_seconds)
    return not thread.is_alive()
