"""`GET /metrics`: every metric in Prometheus' text format, or OpenMetrics where the caller asks for it. No token."""

from collections.abc import Iterable, Iterator
from itertools import accumulate

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector
from starlette.requests import Request
from starlette.responses import Response

from shadow.proxy.record.metering import Readiness
from shadow.report.readiness import ParentLife
from shadow.telemetry.families import Distribution, Family, Kind
from shadow.web.desk import Desk, desk_of
from shadow.web.reports import known


async def metrics(request: Request) -> Response:
    """As of now; how parents stand may be a moment old where it takes long to tell."""
    desk = desk_of(request)
    families = desk.meter.families(await readiness_of(desk))
    encode, media_type = choose_encoder(request.headers.get("accept", ""))
    return Response(encode(_Families(families)), headers={"content-type": media_type})


async def readiness_of(desk: Desk) -> Readiness:
    """How many parents of each migration are ready, and how many are gone; of those whose store can be read."""
    counted = {}
    for name in desk.runtime.migrations():
        findings = await known(desk, name)
        if findings.unread is not None:
            continue
        parents = findings.assessment.parents
        words = {word.value: count for word, count in parents.readiness.items()}
        counted[name] = words | {ParentLife.GONE.value: parents.gone}
    return counted


class _Families(Collector):
    """Prometheus' way of asking."""

    def __init__(self, families: Iterable[Family]) -> None:
        self._families = families

    def collect(self) -> Iterator[Metric]:
        for family in self._families:
            yield _metric(family)


def _metric(family: Family) -> Metric:
    match family.kind:
        case Kind.HISTOGRAM:
            histogram = HistogramMetricFamily(family.name, family.about, labels=family.labels)
            for labels, each in family.distributions.items():
                histogram.add_metric(labels, _buckets(each), each.total)
            return histogram
        case Kind.COUNTER:
            metric: Metric = CounterMetricFamily(family.name, family.about, labels=family.labels)
        case Kind.GAUGE:
            metric = GaugeMetricFamily(family.name, family.about, labels=family.labels)
    for labels, value in family.samples.items():
        metric.add_metric(labels, value)  # type: ignore[attr-defined]  # both families have it, their base has not
    return metric


def _buckets(distribution: Distribution) -> list[tuple[str, float]]:
    """Cumulative, as Prometheus has them."""
    bounds = [*map(str, distribution.bounds), "+Inf"]
    return list(zip(bounds, map(float, accumulate(distribution.counts)), strict=True))
