"""The same metrics to a collector, over OTLP and HTTP. Told to export from a thread; never raises."""

import logging
import math
import time
from collections.abc import Iterable, Sequence

from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.sdk.metrics.export import (
    AggregationTemporality,
    Gauge,
    Histogram,
    HistogramDataPoint,
    Metric,
    MetricExporter,
    MetricExportResult,
    MetricsData,
    NumberDataPoint,
    ResourceMetrics,
    ScopeMetrics,
    Sum,
)
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.util.instrumentation import InstrumentationScope

from shadow.telemetry.families import Distribution, Family, Kind, Labels

_log = logging.getLogger(__name__)
_EXPORT_SECONDS = 5.0
_CUMULATIVE = AggregationTemporality.CUMULATIVE


def metrics_url(endpoint: str) -> str:
    """Where metrics go, given where spans go or what both are below."""
    return f"{endpoint.removesuffix('/v1/traces')}/v1/metrics"


class MetricsExport:
    """Sends families to a collector; what it does not take is sent with the next, since counters are absolute."""

    def __init__(self, endpoint: str, service_name: str, exporter: MetricExporter | None = None) -> None:
        """
        Args:
            exporter: takes the metrics instead of a collector.
        """
        self._exporter = exporter or OTLPMetricExporter(endpoint=metrics_url(endpoint), timeout=_EXPORT_SECONDS)
        self._resource = Resource.create({"service.name": service_name})
        self._scope = InstrumentationScope("shadow")
        self._started = time.time_ns()
        self._failing = False

    def export(self, families: Iterable[Family]) -> bool:
        """Whether the collector took them. Blocks for some seconds at most."""
        now = time.time_ns()
        metrics = [_metric(family, self._started, now) for family in families]
        scope = ScopeMetrics(self._scope, metrics, "")
        data = MetricsData([ResourceMetrics(self._resource, [scope], "")])
        try:
            taken = self._exporter.export(data) is MetricExportResult.SUCCESS
        except Exception:  # noqa: BLE001 - a fault in here must not end the task that exports
            _log.exception("metrics could not be exported")
            taken = False
        if not taken and not self._failing:
            _log.warning("the collector does not take metrics; the next ones hold what is missing")
        self._failing = not taken
        return taken

    def shutdown(self) -> None:
        self._exporter.shutdown()


def _metric(family: Family, started: int, now: int) -> Metric:
    """Named as OpenTelemetry names things: the unit apart, no `_total`."""
    name = family.name.removesuffix("_total")
    unit = next((unit for suffix, unit in _UNITS.items() if name.endswith(suffix)), "1")
    return Metric(name, family.about, unit, _data(family, started, now))


_UNITS = {"_seconds": "s", "_bytes": "By", "_percent": "%"}


def _data(family: Family, started: int, now: int) -> Sum | Gauge | Histogram:
    match family.kind:
        case Kind.HISTOGRAM:
            points = [
                _distribution(family.labels, labels, each, started, now)
                for labels, each in family.distributions.items()
            ]
            return Histogram(points, _CUMULATIVE)
        case Kind.COUNTER:
            return Sum(_numbers(family, started, now), _CUMULATIVE, is_monotonic=True)
        case Kind.GAUGE:
            return Gauge(_numbers(family, started, now))


def _numbers(family: Family, started: int, now: int) -> Sequence[NumberDataPoint]:
    return [
        NumberDataPoint(_attributes(family.labels, labels), started, now, value)
        for labels, value in family.samples.items()
        if not math.isnan(value)
    ]


def _distribution(
    names: tuple[str, ...], labels: Labels, each: Distribution, started: int, now: int
) -> HistogramDataPoint:
    return HistogramDataPoint(
        attributes=_attributes(names, labels),
        start_time_unix_nano=started,
        time_unix_nano=now,
        count=sum(each.counts),
        sum=each.total,
        bucket_counts=list(each.counts),
        explicit_bounds=list(each.bounds),
        min=0.0,
        max=0.0,
    )


def _attributes(names: tuple[str, ...], labels: Labels) -> dict[str, str]:
    return dict(zip(names, labels, strict=True))
