"""Metrics over OTLP: the same values, by OpenTelemetry's names, to a collector on loopback."""

import gzip
import math
from pathlib import Path

import pytest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest

from shadow.telemetry.families import Distribution, Family, Kind
from shadow.telemetry.metrics import MetricsExport, metrics_url
from tests.hook_server import HookServer
from tests.hook_server import answer as answering

FAMILIES = [
    Family("shadow_dropped_total", "x", Kind.COUNTER, ("migration", "reason"), {("m", "queue"): 3.0}),
    Family("shadow_brake", "x", Kind.GAUGE, ("migration",), {("m",): 1.0, ("unknown",): math.nan}),
    Family(
        "shadow_hook_duration_seconds",
        "x",
        Kind.HISTOGRAM,
        ("migration",),
        distributions={("m",): Distribution((0.1, 1.0), (2, 1, 0), 0.5)},
    ),
]


@pytest.mark.parametrize("endpoint", ["http://collector:4318", "http://collector:4318/v1/traces"])
def test_metrics_go_beside_traces(endpoint: str):
    assert metrics_url(endpoint) == "http://collector:4318/v1/metrics"


def test_a_collector_gets_every_value(tmp_path: Path):
    with HookServer(answering(b"")) as collector:
        export = MetricsExport(collector.url, "shadow-test")
        assert export.export(FAMILIES)
        export.shutdown()
    [call] = collector.calls
    body = gzip.decompress(call.body) if call.headers.get("content-encoding") == "gzip" else call.body
    told = ExportMetricsServiceRequest.FromString(body).resource_metrics[0]
    metrics = {metric.name: metric for metric in told.scope_metrics[0].metrics}
    dropped, brake, duration = (
        metrics[name] for name in ("shadow_dropped", "shadow_brake", "shadow_hook_duration_seconds")
    )
    assert (dropped.sum.data_points[0].as_double, dropped.sum.is_monotonic) == (3.0, True)
    assert [point.as_double for point in brake.gauge.data_points] == [1.0]
    [point] = duration.histogram.data_points
    assert (point.count, point.sum, list(point.bucket_counts), duration.unit) == (3, 0.5, [2, 1, 0], "s")
    assert "shadow-test" in {attribute.value.string_value for attribute in told.resource.attributes}


def test_a_collector_that_refuses_is_told_once(caplog: pytest.LogCaptureFixture):
    with HookServer(answering(b"", 400)) as collector:
        export = MetricsExport(collector.url, "shadow-test")
        assert not export.export(FAMILIES)
        assert not export.export(FAMILIES)
        export.shutdown()
    assert sum("does not take metrics" in record.getMessage() for record in caplog.records) == 1
