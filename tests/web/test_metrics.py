"""Metrics on a whole proxy: every name of the contract, and sums that agree with the API and with what was sent."""

import math
from collections.abc import Callable
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from tests.hook_server import HookServer, answer_json, in_turn
from tests.hook_server import answer as answering
from tests.proxy.bodies import answer, config_map, observed, request
from tests.proxy.running import Running, running

Start = Callable[..., HookServer]
ONE, TWO = config_map("one"), config_map("two")
SEES_ONE, SEES_BOTH = request(observed(ONE)), request(observed(ONE), observed(TWO))

NAMES = {
    "shadow_hook_duration_seconds": {"migration", "hook", "front", "code"},
    "shadow_implementation_duration_seconds": {"migration", "hook", "implementation", "role", "result"},
    "shadow_served": {"migration", "hook", "implementation", "reason"},
    "shadow_comparisons": {"migration", "hook", "outcome"},
    "shadow_differences": {"migration", "side", "effect"},
    "shadow_dropped": {"migration", "reason"},
    "shadow_refused": {"migration", "implementation", "reason"},
    "shadow_held": {"migration", "effect"},
    "shadow_predictions": {"migration", "result"},
    "shadow_config_reloads": {"result"},
    "shadow_brake": {"migration"},
    "shadow_stage": {"migration", "stage"},
    "shadow_weight_percent": {"migration"},
    "shadow_parents": {"migration", "readiness"},
    "shadow_outstanding_parents": {"migration"},
    "shadow_fronts": {"migration"},
    "shadow_compare_queue_bytes": set(),
}


class Scraped:
    """What `/metrics` said; counters are named without `_total`, as the parser has them."""

    def __init__(self, text: str) -> None:
        self.families = {family.name: family for family in text_string_to_metric_families(text)}

    def total(self, name: str, **labels: str) -> float:
        """Of the samples with these labels; of a histogram how many."""
        family = self.families[name]
        wanted = {"counter": f"{name}_total", "histogram": f"{name}_count"}.get(family.type, name)
        return sum(
            sample.value
            for sample in family.samples
            if sample.name == wanted and labels.items() <= sample.labels.items()
        )


async def scrape(proxy: Running) -> Scraped:
    response = await proxy.client.get(f"{proxy.control}/metrics")
    assert response.status_code == 200
    assert response.headers["content-type"].startswith("text/plain; version=")
    return Scraped(response.text)


async def test_every_metric_of_the_contract_is_there_with_its_labels(tmp_path: Path, hook_server: Start):
    sides = hook_server(answer_json(answer(ONE, TWO))), hook_server(in_turn(answer_json(answer(ONE)), answering(b"{}")))
    async with running(tmp_path, *sides, stage="live", unknown_brake="off", fallback="off") as proxy:
        await proxy.call(SEES_BOTH)  # held
        await proxy.call(SEES_BOTH)  # refused
        await proxy.settled()
        proxy.configure(stage="shadow")
        await proxy.taken_over(stage="shadow")
        found = await scrape(proxy)
    assert set(NAMES) <= set(found.families)
    for name, labels in NAMES.items():
        for sample in found.families[name].samples:
            assert set(sample.labels) - {"le"} == labels, sample
    assert found.total("shadow_held", effect="delete") == 1
    assert found.total("shadow_refused", implementation="new") == 1
    assert found.total("shadow_config_reloads", result="accepted") == 1
    assert math.isnan(found.total("shadow_brake"))


async def test_sums_agree_with_the_api_and_with_the_calls_sent(tmp_path: Path, hook_server: Start):
    old = hook_server(answer_json(answer(ONE)))
    new = hook_server(in_turn(answer_json(answer(ONE)), answer_json(answer(ONE, TWO)), answering(b"no", 500)))
    async with running(tmp_path, old, new) as proxy:
        for number in range(7):
            await proxy.call(request(observed(ONE), uid=f"uid-{number}", name=f"team-{number}"))
        api = await proxy.settled()
        found = await scrape(proxy)
        await proxy.post("rollback", because="x")
        braked = await scrape(proxy)
    comparisons = {outcome: found.total("shadow_comparisons", outcome=outcome) for outcome in api["comparisons"]}
    assert comparisons == api["comparisons"]
    assert found.total("shadow_comparisons") + found.total("shadow_dropped") == api["calls"] == 7
    assert found.total("shadow_served", implementation="old", reason="stage") == api["served"]["old"] == 7
    assert found.total("shadow_hook_duration_seconds", code="200", front="decorator") == 7
    assert found.total("shadow_implementation_duration_seconds", role="shadow") == 7
    assert found.total("shadow_implementation_duration_seconds", implementation="new", result="failed") == 5
    assert found.total("shadow_differences", side="new", effect="create") == 1
    assert found.total("shadow_parents") == api["parents"] == 7
    assert found.total("shadow_fronts") == len(api["fronts"]) == 1
    assert found.total("shadow_stage", stage="shadow") == found.total("shadow_stage") == 1
    assert (found.total("shadow_brake"), braked.total("shadow_brake")) == (0, 1)


async def test_metrics_need_no_token_and_say_openmetrics_to_who_asks(tmp_path: Path, hook_server: Start):
    sides = hook_server(answer_json(answer(ONE))), hook_server(answer_json(answer(ONE)))
    (tmp_path / "token").write_text("fake-token")
    async with running(tmp_path, *sides, top={"server": {"token_file": str(tmp_path / "token")}}) as proxy:
        accept = {"accept": "application/openmetrics-text; version=1.0.0"}
        response = await proxy.client.get(f"{proxy.control}/metrics", headers=accept)
    assert response.status_code == 200
    assert response.headers["content-type"].startswith("application/openmetrics-text")
    assert response.text.endswith("# EOF\n")
