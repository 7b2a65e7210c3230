"""The tests' own hook server does what it says: else tests built on it would prove nothing."""

import threading

import httpx
import pytest

from tests.hook_server import (
    answer,
    answer_json,
    chunked,
    close,
    computed,
    drip,
    half,
    hang,
    http10,
    huge,
    in_turn,
    raw,
    redirect,
    reset,
)


def post(url: str, body: bytes = b"{}", timeout_seconds: float = 30) -> httpx.Response:
    return httpx.post(url, content=body, timeout=timeout_seconds, trust_env=False)


@pytest.mark.parametrize(
    ("behaviour", "status", "body"),
    [
        pytest.param(answer(b"[]", 500), 500, b"[]", id="answer"),
        pytest.param(answer_json({"children": []}), 200, b'{"children": []}', id="json"),
        pytest.param(computed(lambda call: call.json()["n"] + 1), 200, b"2", id="computed"),
        pytest.param(http10(b"{}"), 200, b"{}", id="http10"),
        pytest.param(chunked(b"{", b"}"), 200, b"{}", id="chunked"),
        pytest.param(drip(b"{}", every_seconds=0), 200, b"{}", id="drip"),
        pytest.param(redirect("http://127.0.0.1/"), 307, b"", id="redirect"),
        pytest.param(huge(100_000, announced=False), 200, b'"' + b"x" * 99_998 + b'"', id="huge"),
    ],
)
def test_answers_arrive_as_the_behaviour_says(hook_server, behaviour, status, body):
    response = post(hook_server(behaviour).url, b'{"n": 1}')
    assert (response.status_code, response.content) == (status, body)


@pytest.mark.parametrize(
    ("behaviour", "error"),
    [
        pytest.param(hang, httpx.ReadTimeout, id="hang"),
        pytest.param(close, httpx.RemoteProtocolError, id="close"),
        pytest.param(reset, httpx.ReadError, id="reset"),
        pytest.param(raw(b"\x00\xff nonsense\r\n\r\n"), httpx.RemoteProtocolError, id="garbage"),
        pytest.param(half(b"x" * 1000), httpx.RemoteProtocolError, id="half"),
        pytest.param(half(b"x" * 1000, then=reset), httpx.ReadError, id="half-reset"),
        pytest.param(half(b"x" * 1000, then=hang), httpx.ReadTimeout, id="half-hang"),
    ],
)
def test_faults_are_seen_as_faults(hook_server, behaviour, error):
    with pytest.raises(error):
        post(hook_server(behaviour).url, timeout_seconds=0.3 if error is httpx.ReadTimeout else 30)


def test_nobody_listens_at_a_refused_url(refused_url):
    with pytest.raises(httpx.ConnectError):
        post(refused_url)


def test_calls_are_kept_and_behaviour_may_change_between_them(hook_server):
    hook = hook_server(in_turn(answer(b"1"), answer(b"2")))
    assert [post(f"{hook.url}/sync", b"x").text for _ in range(3)] == ["1", "2", "2"]
    hook.behaviour = answer(b"3")
    assert post(hook.url).text == "3"
    assert [call.path for call in hook.wait_for_calls(4)] == ["/sync", "/sync", "/sync", "/"]
    assert hook.calls[0].body == b"x"


def test_a_connection_is_kept_after_a_complete_answer(hook_server):
    hook = hook_server(answer(b"{}"))
    with httpx.Client(trust_env=False) as client:
        client.post(hook.url, content=b"{}")
        client.post(hook.url, content=b"{}")
    assert [call.connection for call in hook.calls] == [0, 0]


def test_a_body_without_length_is_a_fault(hook_server):
    hook = hook_server(answer(b"{}"))
    with pytest.raises(httpx.RemoteProtocolError):
        httpx.post(hook.url, content=iter([b"{", b"}"]), trust_env=False)
    assert hook.faults == ["POST / HTTP/1.1: no Content-Length"]
    assert hook.calls == []


@pytest.mark.parametrize("one_at_a_time", [True, False])
def test_calls_run_side_by_side_unless_told_otherwise(hook_server, one_at_a_time):
    both = threading.Barrier(2)

    def meet(exchange):
        try:
            both.wait(0.3)
        except threading.BrokenBarrierError:
            both.reset()
        answer(b"{}")(exchange)

    hook = hook_server(meet, one_at_a_time=one_at_a_time)
    callers = [threading.Thread(target=post, args=(hook.url,)) for _ in range(2)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    assert hook.most_in_flight == (1 if one_at_a_time else 2)
