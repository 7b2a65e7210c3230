"""How long the hook's answers take, and which calls failed, as Prometheus reads it."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram, generate_latest

from shadow.errors import RequestError
from shadow.terms import Protocol

_BUCKETS = (0.001, 0.005, 0.02, 0.1, 0.5, 2.0, 8.0)


@dataclass(slots=True)
class Call:
    """One call under way; the protocol may be told by its body only."""

    protocol: Protocol | None = None


class Metrics:
    """`profile_sync_duration_seconds{protocol}` and `profile_sync_errors_total{protocol,code}`."""

    media_type = CONTENT_TYPE_LATEST

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._seconds = Histogram(
            "profile_sync_duration_seconds", "Of a sync call.", ["protocol"], registry=self._registry, buckets=_BUCKETS
        )
        self._errors = Counter(
            "profile_sync_errors", "Calls that were not answered 200.", ["protocol", "code"], registry=self._registry
        )

    @contextmanager
    def call(self) -> Iterator[Call]:
        """Measure a call; a fault is counted with its code and goes on."""
        call, started = Call(), time.perf_counter()
        try:
            yield call
        except Exception as exc:
            code = exc.code if isinstance(exc, RequestError) else "internal"
            self._errors.labels(call.protocol or "unknown", code).inc()
            raise
        finally:
            self._seconds.labels(call.protocol or "unknown").observe(time.perf_counter() - started)

    def text(self) -> bytes:
        return generate_latest(self._registry)
