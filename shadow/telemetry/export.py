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
        self._over = False
        self.lost = 0

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        result = self._inner.export(spans)
        failed = result is not SpanExportResult.SUCCESS
        self.lost += len(spans) if failed else 0
        if self._over:
            return result  # whoever ended it says what is lost
        if failed and not self._failing:
            _log.warning("the collector does not take spans; they are lost until it does")
        elif self._failing and not failed:
            _log.info("the collector takes spans again; %d were lost", self.lost)
        self._failing = failed
        return result

    def shutdown(self) -> None:
        if not self._over:
            self._over = True
            self._inner.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        return self._inner.force_flush(timeout_millis)


def traces_url(endpoint: str) -> str:
    """Where spans go: `/v1/traces` below the endpoint, unless it already says so."""
    return endpoint if endpoint.endswith("/v1/traces") else f"{endpoint}/v1/traces"


class Batches(BatchSpanProcessor):
    """Sends spans in batches from a thread of its own."""

    def __init__(self, exporter: SpanExporter) -> None:
        self._reluctant = Reluctant(exporter)
        super().__init__(
            self._reluctant,
            max_queue_size=QUEUE_SPANS,
            schedule_delay_millis=DELAY_SECONDS * 1000,
            max_export_batch_size=QUEUE_SPANS // 8,
        )

    def give_up(self) -> None:
        """What waits is lost: the thread ends its retries and tries nothing more."""
        self._reluctant.shutdown()


def batches(endpoint: str) -> Batches:
    """To a collector, over OTLP and HTTP."""
    # Every failed batch would be a line or more, some with headers; `Reluctant` says what matters.
    logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)
    return Batches(OTLPSpanExporter(endpoint=traces_url(endpoint), timeout=EXPORT_SECONDS))


def shut_down(processor: SpanProcessor, timeout_seconds: float) -> bool:
    """Send what waits, within the time given. Returns whether it was enough; if not, nothing more is tried."""
    # The processor's own shutdown waits up to 30 s for a dead collector, and retries meanwhile.
    thread = threading.Thread(target=processor.shutdown, name="telemetry-shutdown", daemon=True)
    thread.start()
    thread.join(timeout_seconds)
    if not thread.is_alive():
        return True
    if isinstance(processor, Batches):
        processor.give_up()
    return False
