"""What comparing costs as answers grow: `python benchmarks/compare_growth.py`. CPU time of one core, best of a few.

Each case is a call of n Deployments, all of them observed as `old` wants them, d of which `new` wants otherwise. If
comparing grows with the bytes compared, the last column stays about the same from top to bottom.
"""

import json
import time
from typing import Any

from shadow.compare.comparison import compare
from shadow.compare.golang import compact_json
from shadow.compare.model import Candidate, Pair
from shadow.compare.rules import compile_rules
from shadow.protocol.messages import read_request
from shadow.protocol.names import DECORATOR_ANNOTATION, LAST_APPLIED
from shadow.redact import Redactor
from shadow.terms import Hook

CASES = ((7, 1), (50, 10), (100, 100), (1_000, 10), (1_000, 1_000), (10_000, 10), (10_000, 10_000))
_BUDGET_SECONDS = 600.0

Json = dict[str, Any]


def deployment(name: str, image: str) -> Json:
    """Of the size that hooks answer: about a kilobyte."""
    labels = {"app": name}
    container = {
        "name": "main",
        "image": image,
        "ports": [{"containerPort": 80}],
        "env": [{"name": f"OPTION_{number}", "value": str(number)} for number in range(8)],
        "resources": {"limits": {"cpu": "1", "memory": "1Gi"}},
    }
    template = {"metadata": {"labels": labels}, "spec": {"containers": [container]}}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": "team-a", "labels": labels},
        "spec": {"replicas": 1, "selector": {"matchLabels": labels}, "template": template},
    }


def observed(item: Json) -> Json:
    """As a decorator controller left it in the cluster."""
    mark = {DECORATOR_ANNOTATION: "profiles"}
    applied = {**item, "metadata": {**item["metadata"], "annotations": mark}}
    system = {"uid": f"uid-{item['metadata']['name']}", "resourceVersion": "7", "generation": 1}
    annotations = {**mark, LAST_APPLIED: compact_json(applied)}
    return {**item, "metadata": {**item["metadata"], **system, "annotations": annotations}}


def pair(count: int, different: int) -> Pair:
    """A steady call in which so many of the objects differ."""
    old = [deployment(f"app-{number}", "app:1") for number in range(count)]
    new = [deployment(f"app-{number}", "app:2" if number < different else "app:1") for number in range(count)]
    rule = {"apiVersion": "apps/v1", "resource": "deployments", "updateStrategy": {"method": "InPlace"}}
    controller = {
        "apiVersion": "metacontroller.k8s.io/v1alpha1",
        "kind": "DecoratorController",
        "metadata": {"name": "profiles"},
        "spec": {"attachments": [rule], "hooks": {"sync": {"version": "v1"}}},
    }
    seen = {f"team-a/{item['metadata']['name']}": observed(item) for item in old}
    body = json.dumps(
        {
            "controller": controller,
            "object": {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "team-a", "uid": "uid-team-a"}},
            "attachments": {"Deployment.apps/v1": seen},
            "related": {},
            "finalizing": False,
        }
    ).encode()
    request = read_request(body, Hook.SYNC)
    one, other = (Candidate(json.dumps({"attachments": items}).encode(), 200) for items in (old, new))
    return Pair("call", "m", Hook.SYNC, request.front, body, request.parent, one, other)


def seconds(compared: Pair, repeats: int) -> float:
    """The quickest of so many runs."""
    rules, redactor = compile_rules([]), Redactor(b"key")
    best = float("inf")
    for _ in range(repeats):
        started = time.process_time()
        compare(compared, rules, redactor, _BUDGET_SECONDS)
        best = min(best, time.process_time() - started)
    return best


def main() -> None:
    """Print the table."""
    print(f"{'objects':>8} {'different':>10} {'MB':>7} {'ms':>10} {'ms a MB':>9}")
    for count, different in CASES:
        compared = pair(count, different)
        megabytes = sum(map(len, (compared.request, compared.old.body or b"", compared.new.body or b""))) / 1e6
        took = seconds(compared, max(1, 1_000 // count)) * 1000
        print(f"{count:>8} {different:>10} {megabytes:>7.2f} {took:>10.2f} {took / megabytes:>9.1f}")


if __name__ == "__main__":
    main()
