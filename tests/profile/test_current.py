"""Today's generation against the recorded hook: object for object, status included."""

import json
from pathlib import Path
from typing import Any

import pytest

from shadow.errors import RequestError
from shadow.profile.hook import answer, decode, no_credentials
from shadow.profile.settings import Generation
from shadow.terms import Protocol
from tests.profile.captures import DIRECTORY, OBSERVED, Capture, settings, unmarked

Json = dict[str, Any]


def recorded(path: Path) -> Capture:
    found = json.loads(path.read_text())
    front = Protocol(found["controller"])
    return Capture(path.stem, front, Protocol.DECORATOR, found["request"], found["answer"])


PATHS = sorted([*DIRECTORY.glob("kfp-head-*.json"), *DIRECTORY.glob("*-to-head-*.json")])
CAPTURES = [recorded(path) for path in PATHS]
ANSWERED = [capture for capture in CAPTURES if capture.answer]


def as_set(objects: list[Json]) -> dict[tuple[str, str], Json]:
    return {(item["kind"], item["metadata"]["name"]): item for item in objects}


def made_then(capture: Capture) -> Json:
    """The credentials that the recorded hook made in this call."""
    (secret,) = [item for item in capture.answer[OBSERVED[capture.front]] if item["kind"] == "Secret"]
    data: Json = secret["data"]
    return data


def ask(capture: Capture, protocol: Protocol, credentials: Any) -> Json:
    current = settings(generation=Generation.CURRENT)
    said: Json = json.loads(answer(protocol, decode(protocol, capture.call(protocol)), current, credentials))
    return said


def test_every_situation_was_recorded():
    assert {capture.name.partition("-4.17.2")[0] for capture in ANSWERED} >= {"kfp-head-decorator"}
    assert len(ANSWERED) >= 6


@pytest.mark.parametrize("capture", ANSWERED, ids=lambda capture: capture.name)
def test_a_recorded_call_is_answered_as_it_was(capture: Capture):
    said = ask(capture, Protocol.DECORATOR, lambda _: made_then(capture))
    expected = capture.hooks_answer()
    assert as_set(_unmarked(said["attachments"])) == as_set(_unmarked(expected["objects"]))
    assert said["status"] == expected["status"]


def _unmarked(objects: list[Json]) -> list[Json]:
    """Without the mark that the recording's proxy wrote into what is not observed."""
    return [unmarked(item) for item in objects]


def test_credentials_are_asked_for_only_where_no_secret_is_observed():
    asked: list[str] = []

    def credentials(namespace: str) -> Json:
        asked.append(namespace)
        return {"accesskey": "ZmFrZQ==", "secretkey": "ZmFrZQ=="}

    for capture in ANSWERED:
        before = len(asked)
        ask(capture, Protocol.DECORATOR, credentials)
        seen = capture.request[OBSERVED[capture.front]]["Secret.v1"]
        assert len(asked) - before == (0 if seen else 1)


@pytest.mark.parametrize("capture", ANSWERED, ids=lambda capture: capture.name)
def test_both_protocols_say_the_same(capture: Capture):
    composite, decorator = (ask(capture, each, lambda _: made_then(capture)) for each in Protocol)
    assert composite["children"] == decorator["attachments"]


def test_without_a_key_it_is_an_error_and_never_a_shorter_list():
    (first,) = [capture for capture in ANSWERED if capture.name.endswith("4.17.2-first")]
    with pytest.raises(RequestError) as error:
        ask(first, Protocol.DECORATOR, no_credentials)
    assert error.value.status == 503
