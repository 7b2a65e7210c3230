"""Recorded syncs played again: the request's objects in a simulated cluster, the recorded answer from a hook."""

import gzip
import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from shadow.simulate import Cluster, Kinds, Release, SyncRecord, WebhookClient, Write
from shadow.simulate.controller import reference_of
from shadow.simulate.kinds import custom_kind

DATA = Path(__file__).parent.parent / "data"
LAB = "lab.example.com/v1"

Case = dict[str, Any]
Line = tuple[str, str, str, str, str, int, bool]
"""(verb, kind, namespace, name, subresource, code, noop): what two writes are compared by."""


def cases() -> Iterator[Case]:
    """Every recorded case under dynamic apply."""
    with gzip.open(DATA / "captures" / "effects.jsonl.gz", "rt") as lines:
        for case in map(json.loads, lines):
            if case["apply_strategy"] == "dynamic-apply":
                yield case


def lab_kinds() -> Kinds:
    """The custom resources of the recordings."""
    kinds = Kinds()
    for kind in (
        custom_kind("Widget", LAB),
        custom_kind("Gadget", LAB, status_subresource=False),
        custom_kind("Tenant", LAB, namespaced=False),
        custom_kind("Bauble", LAB),
        custom_kind("Nosub", LAB, status_subresource=False),
        custom_kind("Pruned", LAB, plural="pruneds", status_fields=["phase"]),
    ):
        kinds.register(kind)
    return kinds


def body_of(case: Case) -> bytes:
    """The exact bytes of the recorded answer."""
    if case["answer_raw"] is not None:
        return str(case["answer_raw"]).encode()
    return json.dumps(case["answer"]).encode()


@dataclass
class Replay:
    """One case in a cluster of its own. `calls` are the places in the audit log at which the hook was asked."""

    case: Case
    cluster: Cluster = field(init=False)
    calls: list[int] = field(default_factory=list)
    parent: dict[str, Any] = field(init=False)

    def __post_init__(self) -> None:
        request = self.case["request"]
        client = httpx.AsyncClient(transport=httpx.MockTransport(self._answer), follow_redirects=True)
        self.cluster = Cluster(WebhookClient(client), release=Release(self.case["metacontroller"]))
        self.cluster.api.kinds = lab_kinds()
        self.parent = request.get("parent") or request["object"]
        self.cluster.load(request["controller"])
        self.cluster.api.load(self.parent)
        for group in (request.get("children") or request.get("attachments") or {}).values():
            for body in group.values():
                self.cluster.api.load(body)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        if request.url.path.startswith("/redirected"):
            return httpx.Response(200, content=b"{}")  # what the recordings had at the end of every redirect
        self.calls.append(self.cluster.mark())
        headers = dict(self.case["answer_headers"] or {})
        return httpx.Response(self.case["status"], content=body_of(self.case), headers=headers)

    async def sync(self) -> SyncRecord:
        return await self.cluster.sync(reference_of(self.case["request"]["controller"]), self.parent)

    async def windows(self, count: int) -> list[list[Write]]:
        """The writes of `count` syncs as they were recorded: from one call to the next one.

        What a sync writes before it asks its hook belongs to the window of the call before.
        """
        for _ in range(count + 1):
            await self.sync()
        marks = [*self.calls, *[self.cluster.mark()] * (count + 1 - len(self.calls))]
        return [self.cluster.api.audit[start:end] for start, end in itertools.pairwise(marks)]


def recorded(writes: list[dict[str, Any]]) -> list[Line]:
    """Recorded writes, in an order of our own: Metacontroller goes through maps, so objects come in any order."""
    return sorted(
        (
            write["verb"],
            write["kind"],
            write.get("namespace") or "",
            write.get("name") or "",
            write.get("subresource") or "",
            write["code"],
            write.get("noop", False),
        )
        for write in writes
    )


def simulated(writes: list[Write]) -> list[Line]:
    return recorded([write.as_json() for write in writes])
