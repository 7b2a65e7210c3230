"""The profile hook over real HTTP."""

import json
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial

import httpx
import pytest
import uvicorn
from starlette.applications import Starlette

from shadow.cli.profile import respond_with_keys
from shadow.profile.credentials import Keeper
from shadow.profile.hook import Sync, answer
from shadow.profile.server import PRIMARY, Respond, create_app, listen
from shadow.profile.settings import Generation
from shadow.terms import Protocol
from tests.profile.captures import Maker, captures, settings


@contextmanager
def running(app: Starlette) -> Iterator[str]:
    """Serves the application on a free port; yields its URL."""
    with listen("127.0.0.1", 0) as listener:
        runner = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="off"))
        thread = threading.Thread(target=runner.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            runner.should_exit = True
            thread.join()


def as_recorded(protocol: Protocol, call: Sync, role: str) -> bytes:
    return answer(protocol, call, settings())


def body(namespace: str) -> bytes:
    """A decorator sync call."""
    return json.dumps({"object": {"metadata": {"name": namespace}}, "attachments": {}}).encode()


def named(call: Sync) -> bytes:
    return call.parent.metadata.name.encode()


@contextmanager
def calling(respond: Respond) -> Iterator[httpx.Client]:
    with (
        running(create_app(respond, max_body_bytes=100_000)) as url,
        httpx.Client(base_url=url, trust_env=False) as client,
    ):
        yield client


@pytest.fixture
def hook() -> Iterator[httpx.Client]:
    with calling(as_recorded) as client:
        yield client


@pytest.mark.parametrize("protocol", list(Protocol))
def test_each_protocol_has_its_path(hook, protocol):
    (capture,) = [
        one for one in captures() if one.protocol is protocol and one.name.endswith(("2.6.1-steady", "17.2-steady"))
    ]
    response = hook.post(f"/{protocol}/sync", content=capture.call(protocol))
    assert response.status_code == 200
    assert response.headers["content-type"] == "application/json"
    assert response.json() == capture.answer


@pytest.mark.parametrize("protocol", list(Protocol))
def test_at_one_path_the_body_tells_the_protocol(hook, protocol):
    (capture,) = [
        one for one in captures() if one.protocol is protocol and one.name.endswith(("2.6.1-steady", "17.2-steady"))
    ]
    assert hook.post("/sync", content=capture.call(protocol)).json() == capture.answer


def test_the_role_is_that_of_the_header_and_primary_without_one():
    roles: list[str] = []

    def note(protocol: Protocol, call: Sync, role: str) -> bytes:
        roles.append(role)
        return b"{}"

    with calling(note) as hook:
        hook.post("/decorator/sync", content=body("a"))
        hook.post("/decorator/sync", content=body("a"), headers={"X-Shadow-Role": "shadow"})
    assert roles == ["primary", "shadow"]


def test_durations_and_errors_are_counted(hook):
    hook.post("/decorator/sync", content=b"nonsense")
    shown = hook.get("/metrics").text
    assert 'profile_sync_errors_total{code="bad-request",protocol="decorator"} 1.0' in shown
    assert 'profile_sync_duration_seconds_count{protocol="decorator"} 1.0' in shown


def test_it_is_alive(hook):
    assert hook.get("/livez").status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code"),
    [
        pytest.param("POST", "/composite/sync", b"nonsense", 400, "bad-request", id="not JSON"),
        pytest.param("POST", "/composite/sync", b'{"object": {}}', 400, "bad-request", id="the other protocol"),
        pytest.param("POST", "/composite/sync", b"", 400, "bad-request", id="empty"),
        pytest.param("POST", "/sync", b"{}", 400, "bad-request", id="of neither protocol"),
        pytest.param("POST", "/decorator", b"{}", 404, "not-found", id="unknown path"),
        pytest.param("POST", "/composite/finalize", b"{}", 404, "not-found", id="no finalize hook"),
        pytest.param("GET", "/decorator/sync", b"", 405, "not-found", id="wrong method"),
        pytest.param("POST", "/decorator/sync", b"x" * 100_001, 413, "too-large", id="too large"),
    ],
)
def test_a_bad_call_is_answered_with_a_json_error(hook, method, path, body, status, code):
    response = hook.request(method, path, content=body)
    assert response.status_code == status
    assert set(response.json()) == {"error", "code"}
    assert response.json()["code"] == code


def test_a_body_without_announced_length_is_limited_too(hook):
    response = hook.post("/decorator/sync", content=iter([b"x" * 60_000] * 2))
    assert response.status_code == 413


def test_a_fault_of_its_own_is_a_500_that_tells_nothing():
    def fail(protocol: Protocol, call: Sync, role: str) -> bytes:
        raise ValueError("fake-secret")

    with calling(fail) as hook:
        response = hook.post("/decorator/sync", content=body("a"))
    assert (response.status_code, response.json()["code"]) == (500, "internal")
    assert "fake-secret" not in response.text


def test_a_backlog_of_a_slow_namespace_does_not_hold_up_the_others():
    entered, released, threads = threading.Event(), threading.Event(), 40  # as many as there are

    def slow_for_one(protocol: Protocol, call: Sync, role: str) -> bytes:
        if named(call) == b"slow":
            entered.set()
            released.wait(30)
        return named(call)

    def ask(namespace: str) -> str:
        return httpx.post(f"{url}/sync", content=body(namespace), trust_env=False, timeout=30).text

    with running(create_app(slow_for_one)) as url, ThreadPoolExecutor(threads + 1) as pool:
        backlog = [pool.submit(ask, "slow") for _ in range(threads + 1)]
        try:
            assert entered.wait(10)
            assert ask("quick") == "quick"
            assert not any(call.done() for call in backlog)
        finally:
            released.set()
        assert {call.result(30) for call in backlog} == {"slow"}


def test_calls_of_one_namespace_at_the_same_time_make_one_key():
    store = Maker()
    current = settings(generation=Generation.CURRENT)
    respond = partial(respond_with_keys, current, Keeper(lambda _: None, store))
    labels = {"pipelines.kubeflow.org/enabled": "true"}
    groups: dict[str, object] = {"ConfigMap.v1": {}, "Secret.v1": {}}
    call = {"object": {"metadata": {"name": "a", "labels": labels}}, "attachments": groups}
    with calling(respond) as hook, ThreadPoolExecutor(4) as pool:
        said = list(pool.map(lambda _: httpx.post(f"{hook.base_url}/sync", json=call, trust_env=False), range(4)))
        assert {each.status_code for each in said} == {200}
        assert store.made == ["a"]
        secret = said[0].json()["attachments"][-1]
        groups["Secret.v1"] = {"a/mlpipeline-minio-artifact": secret}
        for role in ("rehearse", PRIMARY):  # what another cluster shows has not arrived in this one
            assert hook.post("/sync", json=call, headers={"X-Shadow-Role": role}).status_code == 200
            again = hook.post("/sync", json={**call, "attachments": {**groups, "Secret.v1": {}}}).json()
            assert (again["attachments"][-1]["data"] == secret["data"]) is (role == "rehearse")
    assert store.made == ["a", "a"]


@pytest.mark.parametrize("secret", [None, 5, [], {}, {"kind": "ConfigMap", "apiVersion": "v1"}])
def test_an_observed_secret_that_is_none_is_a_bad_request(secret):
    respond = partial(respond_with_keys, settings(generation=Generation.CURRENT), Keeper(lambda _: None, Maker()))
    metadata = {"name": "a", "labels": {"pipelines.kubeflow.org/enabled": "true"}}
    groups = {"Secret.v1": {"a/mlpipeline-minio-artifact": secret}, "ConfigMap.v1": {}}
    with calling(respond) as hook:
        response = hook.post("/sync", json={"object": {"metadata": metadata}, "attachments": groups})
    assert (response.status_code, response.json()["code"]) == (400, "bad-request")


def test_a_caller_that_hangs_up_within_its_body_is_no_fault_of_the_hook(hook, caplog):
    with socket.create_connection((hook.base_url.host, hook.base_url.port)) as caller:
        caller.sendall(b"POST /composite/sync HTTP/1.1\r\nHost: hook\r\nContent-Length: 100\r\n\r\n{")
    while "hung up" not in caplog.text:
        assert hook.get("/livez").status_code == 200
    assert not [record for record in caplog.records if record.levelname == "ERROR"]
