from shadow.proxy.record.latency import Latency
from shadow.terms import Side


def test_the_sides_are_told_apart_and_nothing_is_made_up():
    latency = Latency()
    for milliseconds in range(1, 101):
        latency.note(Side.NEW, milliseconds / 1000)
    found = latency.quantiles(Side.NEW)
    assert found is not None
    assert (found.answers, found.median, found.p95, found.longest) == (100, 0.051, 0.096, 0.1)
    assert latency.quantiles(Side.OLD) is None


def test_only_the_latest_thousand_count():
    latency = Latency()
    for seconds in (*[9.0] * 50, *[0.1] * 1000):
        latency.note(Side.OLD, seconds)
    found = latency.quantiles(Side.OLD)
    assert found is not None
    assert (found.answers, found.longest) == (1000, 0.1)
