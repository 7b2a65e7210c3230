"""Alerts and the dashboard name only metrics that there are, with labels that they have."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from shadow.proxy.record.instruments import Instruments
from shadow.proxy.record.metering import Meter
from shadow.telemetry.families import Kind
from tests.deploy.test_manifests import ROOT, build

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
    meter = Meter(Instruments(), dict, NoBrakes(), NoBrakes(), lambda: 0, len)  # type: ignore[arg-type]
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


def test_the_component_joins_the_base(tmp_path: Path):
    overlay = tmp_path / "kustomization.yaml"
    relative = Path("../" * len(tmp_path.parts[1:])) / ROOT.relative_to("/")
    overlay.write_text(
        "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n"
        f"resources: [{relative}/kustomize/base]\ncomponents: [{relative}/kustomize/components/monitoring]\n"
    )
    found = {(item["kind"], item["metadata"]["name"]): item for item in build(str(tmp_path))}
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
