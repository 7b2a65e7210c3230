"""What a proxy does beside serving: here, that a collector gets the last counts, and that one that hangs is left."""

from pathlib import Path
from typing import Any

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest

from shadow.config.process import Telemetry
from shadow.telemetry.families import Family
from shadow.upkeep import Metrics
from tests.hook_server import Exchange, HookServer, answer_json
from tests.hook_server import answer as answering
from tests.proxy.bodies import answer, request
from tests.proxy.running import running


async def test_what_was_counted_last_is_exported_when_the_proxy_ends(tmp_path: Path):
    with HookServer(answering(b"")) as collector, HookServer(answer_json(answer())) as hook:
        top: dict[str, Any] = {"telemetry": {"otlp_endpoint": collector.url, "sample": "0%"}}
        async with running(tmp_path, hook, hook, top) as proxy:
            for _ in range(3):
                await proxy.call(request())
    bodies = [call.body for call in collector.calls if call.path == "/v1/metrics"]
    (told,) = [ExportMetricsServiceRequest.FromString(body).resource_metrics[0] for body in bodies]
    metrics = {metric.name: metric for metric in told.scope_metrics[0].metrics}
    assert sum(point.as_int for point in metrics["shadow_comparisons"].sum.data_points) == 3


async def nothing() -> list[Family]:
    return []


async def test_a_collector_that_hangs_holds_nobody_up():
    def hang(exchange: Exchange) -> None:
        exchange.sleep(30)

    with HookServer(hang) as collector:
        assert not await Metrics(Telemetry(otlp_endpoint=collector.url), nothing).last(0.2)


async def test_without_a_collector_there_is_nothing_to_send():
    metrics = Metrics(Telemetry(), nothing)
    await metrics.run()
    assert await metrics.last(0.0)
