"""Readers of messages, configurations, recordings and patterns: only what is documented comes out, and soon."""

import gzip
import json
import random
import tempfile
from contextlib import suppress
from pathlib import Path

from shadow.config.load import parse
from shadow.config.pins import Pins
from shadow.errors import ConfigurationError
from shadow.fieldpath import Pattern, glob
from shadow.recordings.reader import Reader
from shadow.redact import Redactor
from shadow.terms import Hook, Protocol
from tests.compare.test_hostile import REQUESTS, _answer, _survives
from tests.proxy.bodies import answer, config_map, observed, request

MESSAGES = tuple(json.dumps(message).encode() for message in REQUESTS)
BODIES = tuple(json.dumps(_answer(front)).encode() for front in Protocol)
_SIDES = {
    side: {"protocol": protocol, "url": f"http://{side}", "sync": "/sync"}
    for side, protocol in (("old", "composite"), ("new", "decorator"))
}
CONFIGURATIONS = (
    (Path(__file__).parents[1] / "config" / "whole.yaml").read_bytes(),
    json.dumps({"migrations": {"m": _SIDES}}).encode(),
)
PATTERNS = (b"prod-*", b"*/*-a", b"tier=dev,env in (a,b),!x", b'spec.containers[name=main].env["a/b"].**', b"***a*b*c*")
TEXTS = (
    b"postgresql://user:fake-password@host/db --token fake-token",
    b'{"kind": "Secret", "data": {"a": "ZmFrZQ=="}}',
    b"Authorization: Bearer fake-token\npassword='fake word' api_key=fake",
)
_EXCHANGE = {"request": json.loads(request(observed(config_map("one")))), "response": answer(config_map("one"))}
RECORDINGS = (
    json.dumps(_EXCHANGE).encode(),
    b'{"schema": "shadow.recording/v1"}\n' + json.dumps(_EXCHANGE).encode() + b"\n",
    gzip.compress(json.dumps(_EXCHANGE).encode()),
)
_REDACTOR = Redactor(b"fake-key", ["spec.**.x"])


def message(data: bytes, luck: random.Random) -> None:
    """The envelope decoder, translation both ways, and the comparison."""
    _survives(luck.choice((Hook.SYNC, Hook.FINALIZE)), data, luck.choice(BODIES), luck.choice(BODIES))


def answers(data: bytes, luck: random.Random) -> None:
    _survives(Hook.SYNC, luck.choice(MESSAGES), data, luck.choice(BODIES))


def configuration(data: bytes, luck: random.Random) -> None:
    with suppress(ConfigurationError):
        parse(data.decode("utf-8", "replace"), "fuzz")


def pattern(data: bytes, luck: random.Random) -> None:
    text = data.decode("utf-8", "replace")
    glob(text, "a" * 500)
    with suppress(ValueError):
        Pattern(text)
    with suppress(ValueError):
        Pins.model_validate({"new": [text, {"selector": text}]})


def redaction(data: bytes, luck: random.Random) -> None:
    text = data.decode("utf-8", "surrogateescape")
    _REDACTOR.text(text)
    with suppress(ValueError, RecursionError):
        _REDACTOR.answer(json.loads(text))


def recording(data: bytes, luck: random.Random) -> None:
    with tempfile.NamedTemporaryFile(suffix=".jsonl") as file:
        file.write(data)
        file.flush()
        list(Reader([Path(file.name)], lambda line: None))
