"""The description of the API against the running server: generated calls find no fault and nothing undocumented."""

import asyncio
import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    ignored_auth,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from shadow.web.control import OPERATIONS
from shadow.web.openapi import document
from shadow.web.probes import PROBES
from tests.hook_server import HookServer, answer_json
from tests.proxy.bodies import answer, config_map, observed, request
from tests.proxy.running import Json, running

Start = Callable[..., HookServer]
TOKEN = "fake-token-of-alice"
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    unsupported_method,
    ignored_auth,
]
ONE, TWO = config_map("one"), config_map("two")


def tokens(directory: Path) -> Path:
    path = directory / "tokens.yaml"
    digest = hashlib.sha256(TOKEN.encode()).hexdigest()
    path.write_text(json.dumps({"alice": {"sha256": digest, "rights": ["read", "rollback", "release"]}}))
    return path


def test_every_address_is_described():
    described = document(OPERATIONS)
    assert described["openapi"] == "3.1.0"
    assert sum(len(methods) for methods in described["paths"].values()) == len(OPERATIONS)
    identifiers = [one["operationId"] for methods in described["paths"].values() for one in methods.values()]
    assert len(set(identifiers)) == len(identifiers)


def test_probes_are_described_and_ask_for_no_token():
    described = document(OPERATIONS, PROBES)["paths"]
    assert [(path, described[path]["get"]["security"]) for path in ("/livez", "/readyz", "/metrics")] == [
        ("/livez", []),
        ("/readyz", []),
        ("/metrics", []),
    ]


def test_every_reference_leads_somewhere():
    described = document(OPERATIONS, PROBES)
    text = json.dumps(described)
    named = {part.partition('"')[0] for part in text.split('"#/components/schemas/')[1:]}
    assert named == set(described["components"]["schemas"])


def test_what_takes_a_body_says_how_long_it_may_be():
    described = [
        (bool(operation.get("requestBody")), "413" in operation["responses"])
        for methods in document(OPERATIONS)["paths"].values()
        for operation in methods.values()
    ]
    assert {(True, True), (False, False)} == set(described)


async def test_a_webhook_that_posts_nothing_is_told_the_verdict(tmp_path: Path, hook_server: Start):
    hook = hook_server(answer_json(answer(ONE)))
    async with running(tmp_path, hook, hook) as proxy:
        described = (await proxy.client.get(f"{proxy.control}/openapi.json")).json()
        told = await proxy.client.post(f"{proxy.control}/api/v1/migrations/m/verdict?as=status")
    taken = described["paths"]["/api/v1/migrations/{name}/verdict"]["post"]["requestBody"]
    assert (told.status_code, told.json()["verdict"], taken.get("required", False)) == (425, "inconclusive", False)


async def test_generated_calls_find_the_server_as_described(tmp_path: Path, hook_server: Start):
    old, new = hook_server(answer_json(answer(ONE, TWO))), hook_server(answer_json(answer(ONE)))
    server = {"server": {"tokens_file": str(tokens(tmp_path))}}
    async with running(tmp_path, old, new, server) as proxy:
        proxy.client.headers["authorization"] = f"Bearer {TOKEN}"
        await proxy.call(request(observed(ONE), observed(TWO)))
        await proxy.settled()
        described = (await proxy.client.get(f"{proxy.control}/openapi.json")).json()
        known = {
            "difference": (await proxy.get("/differences"))["items"][0]["id"],
            "comparison": (await proxy.get("/comparisons"))["items"][0]["id"],
        }
        await asyncio.to_thread(_call_everything, described, proxy.control, known)


def _call_everything(described: Json, url: str, known: dict[str, str]) -> None:
    schema = schemathesis.openapi.from_dict(described)
    for result in schema.get_all_operations():
        assert isinstance(result, Ok)
        operation = result.ok()
        for mode in GenerationMode:
            if mode is GenerationMode.POSITIVE or operation.path not in TAKES_NOTHING:
                _call(operation, mode, url, known)


TAKES_NOTHING = {probe.path for probe in PROBES}
"""So there is nothing that could be given wrong."""


def present(operation: Any, mode: GenerationMode, known: dict[str, str]) -> dict[str, str]:
    """What there is, in the place of random names: else every call would end as a 404."""
    parameters = {"name": "m"} if "{name}" in operation.path else {}
    if "{id}" in operation.path and mode is GenerationMode.POSITIVE:
        parameters["id"] = known["difference" if "/differences/" in operation.path else "comparison"]
    return parameters


def _call(operation: Any, mode: GenerationMode, url: str, known: dict[str, str]) -> None:
    @settings(
        max_examples=6,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def call(case: Any) -> None:
        if mode is GenerationMode.POSITIVE:
            case.path_parameters = {
                key: "m"
                if key == "name"
                else known["difference" if "/differences/" in operation.path else "comparison"]
                for key in case.path_parameters
            }
        case.call_and_validate(base_url=url, headers={"Authorization": f"Bearer {TOKEN}"}, checks=CHECKS, timeout=60)

    call()
