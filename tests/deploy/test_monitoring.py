"""Alerts and the dashboard name only metrics that there are, with labels that they have."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from ruamel.yaml import YAML

from shadow.memory import Memory
from shadow.proxy.record.instruments import Instruments
from shadow.proxy.record.metering import Meter
from shadow.telemetry.families import Kind
from tests.deploy.test_manifests import ROOT, with_component

MONITORING = ROOT / "kustomize/components/monitoring"
SERIES = re.compile(r"\b(shadow_[a-z_]+)(?:\{([^}]*)\})?")
LABEL = re.compile(r'([a-z_]+)\s*(?:=~|!~|!=|=)\s*"')
GROUPED = re.compile(r"\bby \(([^)]*)\)")
SHOWN = re.compile(r"\{\{\s*(?:\$labels\.)?([a-z_]+)\s*\}\}")
OF_THE_SCRAPE = {"pod", "instance", "job", "le"}


class NoBrakes:
    """Of nothing."""


def served() -> dict[str, set[str]]:
    """Every series that `/metrics` serves, with its labels."""
    meter = Meter(Instruments(), dict, NoBrakes(), NoBrakes(), lambda: 0, Memory(), len)  # type: ignore[arg-type]
    series: dict[str, set[str]] = {}
    for family in meter.families({}):
        suffixes = ("_bucket", "_count", "_sum") if family.kind is Kind.HISTOGRAM else ("",)
        series |= {family.name + suffix: set(family.labels) for suffix in suffixes}
    return series


def rules() -> list[dict[str, Any]]:
    document = YAML(typ="safe").load(MONITORING / "prometheusrule.yaml")
    return [rule for group in document["spec"]["groups"] for rule in group["rules"]]


def expressions() -> Iterator[tuple[str, str, str]]:
    """(where, expression, text that shows labels)"""
    for rule in rules():
        yield rule["alert"], rule["expr"], json.dumps(rule["annotations"])
    for panel in json.loads((MONITORING / "dashboard.json").read_text())["panels"]:
        for target in panel["targets"]:
            yield panel["title"], target["expr"], target["legendFormat"]


ALL = list(expressions())


@pytest.mark.parametrize(("where", "expression", "shown"), ALL, ids=[f"{each[0]}-{n}" for n, each in enumerate(ALL)])
def test_every_series_and_label_exists(where: str, expression: str, shown: str):
    known, labels = served(), set[str]()
    named = SERIES.findall(expression)
    assert named
    for name, matchers in named:
        assert name in known
        assert set(LABEL.findall(matchers)) <= known[name]
        labels |= known[name]
    grouped = {label.strip() for group in GROUPED.findall(expression) for label in group.split(",")}
    assert grouped <= labels | OF_THE_SCRAPE
    assert set(SHOWN.findall(shown)) <= labels | OF_THE_SCRAPE


def test_no_metric_is_forgotten():
    told = {name for _, expression, _ in ALL for name, _ in SERIES.findall(expression)}
    stems = {name.removesuffix("_bucket").removesuffix("_count").removesuffix("_sum") for name in served()}
    assert {re.sub("_(bucket|count|sum)$", "", name) for name in told} == stems


def test_every_alert_says_what_and_what_to_do():
    names = [rule["alert"] for rule in rules()]
    assert len(set(names)) == len(names)
    assert all({"summary", "description"} == set(rule["annotations"]) for rule in rules())
    assert {rule["labels"]["severity"] for rule in rules()} == {"critical", "warning"}


def found_with(component: str) -> dict[tuple[str, str], dict[str, Any]]:
    """The base with it, by kind and name."""
    return {(item["kind"], item["metadata"]["name"]): item for item in with_component(component)}


def test_the_component_joins_the_base():
    found = found_with("monitoring")
    monitor = found["ServiceMonitor", "metacontroller-shadow"]
    service = found["Service", "metacontroller-shadow"]
    assert monitor["spec"]["selector"]["matchLabels"].items() <= service["metadata"]["labels"].items()
    assert {port["name"] for port in service["spec"]["ports"]} >= {
        endpoint["port"] for endpoint in monitor["spec"]["endpoints"]
    }
    [dashboard] = [item for (kind, name), item in found.items() if name.startswith("metacontroller-shadow-dashboard")]
    assert dashboard["metadata"]["labels"]["grafana_dashboard"] == "1"
    json.loads(dashboard["data"]["dashboard.json"])
    assert ("PrometheusRule", "metacontroller-shadow") in found


def test_without_the_operator_pods_are_annotated_and_the_rules_are_the_same():
    found = found_with("monitoring-plain")
    assert not [kind for kind, _ in found if kind in ("ServiceMonitor", "PrometheusRule")]
    template = found["Deployment", "metacontroller-shadow"]["spec"]["template"]
    annotations = template["metadata"]["annotations"]
    (container,) = template["spec"]["containers"]
    ports = {str(port["containerPort"]): port["name"] for port in container["ports"]}
    assert (annotations["prometheus.io/scrape"], annotations["prometheus.io/path"]) == ("true", "/metrics")
    assert ports[annotations["prometheus.io/port"]] == "http-control"
    plain = YAML(typ="safe").load(found["ConfigMap", "metacontroller-shadow-rules"]["data"]["rules.yaml"])
    assert plain == YAML(typ="safe").load(MONITORING / "prometheusrule.yaml")["spec"]
    assert ("NetworkPolicy", "metacontroller-shadow-metrics") in found
