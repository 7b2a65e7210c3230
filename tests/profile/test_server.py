"""The profile hook over real HTTP."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest
import uvicorn
from starlette.applications import Starlette

from shadow.profile.hook import answer
from shadow.profile.server import Respond, create_app, listen
from shadow.terms import Protocol
from tests.profile.captures import captures, settings


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


def as_recorded(protocol: Protocol, body: bytes, role: str) -> bytes:
    return answer(protocol, body, settings())


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

    def note(protocol: Protocol, body: bytes, role: str) -> bytes:
        roles.append(role)
        return body

    with calling(note) as hook:
        hook.post("/decorator/sync", content=b"{}")
        hook.post("/decorator/sync", content=b"{}", headers={"X-Shadow-Role": "shadow"})
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
    def fail(protocol: Protocol, body: bytes, role: str) -> bytes:
        raise ValueError("fake-secret")

    with calling(fail) as hook:
        response = hook.post("/composite/sync", content=b"{}")
    assert (response.status_code, response.json()["code"]) == (500, "internal")
    assert "fake-secret" not in response.text


def test_a_slow_namespace_does_not_hold_up_the_others():
    entered, released = threading.Event(), threading.Event()

    def slow_for_one(protocol: Protocol, body: bytes, role: str) -> bytes:
        if body == b"slow":
            entered.set()
            released.wait(30)
        return body

    answers: list[str] = []
    with calling(slow_for_one) as hook:
        slow = threading.Thread(target=lambda: answers.append(hook.post("/decorator/sync", content=b"slow").text))
        slow.start()
        try:
            assert entered.wait(10)
            answers.append(hook.post("/decorator/sync", content=b"quick").text)
        finally:
            released.set()
            slow.join()
    assert answers == ["quick", "slow"]


def test_a_caller_that_hangs_up_within_its_body_is_no_fault_of_the_hook(hook, caplog):
    with socket.create_connection((hook.base_url.host, hook.base_url.port)) as caller:
        caller.sendall(b"POST /composite/sync HTTP/1.1\r\nHost: hook\r\nContent-Length: 100\r\n\r\n{")
    while "hung up" not in caplog.text:
        assert hook.get("/livez").status_code == 200
    assert not [record for record in caplog.records if record.levelname == "ERROR"]
