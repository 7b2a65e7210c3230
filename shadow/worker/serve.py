"""The compare process's loop: read a frame, do what it says, answer; until the pipe ends. No store, no network.

Imports nothing that waits, so that the process starts quickly and stays small.
"""

import os
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, Protocol

import msgspec

from shadow.compare.model import Comparison, Pair
from shadow.worker.frames import PREFIX_BYTES, Failed, Kind, RulesFrame, Setup, frame, read_prefix
from shadow.worker.limits import cap_cpu, step_back

_BUFFER_BYTES = 256 * 1024


class Comparer(Protocol):
    """What is done with the frames."""

    def set_rules(self, digest: str, rules: bytes) -> None: ...

    def forget_rules(self, digest: str) -> None: ...

    def compare(self, pair: Pair) -> Comparison: ...


def serve(build: Callable[[Setup], Comparer]) -> None:
    """Serve on standard input and output until the input ends; what is printed meanwhile goes to standard error."""
    requests, answers = claim_pipes()
    first = read_frame(requests)
    if first is None:
        return
    setup = msgspec.msgpack.decode(first[1], type=Setup)
    step_back(setup.memory_bytes)
    comparer = build(setup)
    while (received := read_frame(requests)) is not None:
        kind, payload = received
        if kind is Kind.RULES:
            rules = msgspec.msgpack.decode(payload, type=RulesFrame)
            comparer.set_rules(rules.digest, rules.rules)
        elif kind is Kind.FORGET:
            comparer.forget_rules(msgspec.msgpack.decode(payload, type=str))
        else:
            answers.write(_answer(comparer, payload, setup.kill_after_seconds))
            answers.flush()


def _answer(comparer: Comparer, payload: bytes, kill_after_seconds: float) -> bytes:
    cap_cpu(kill_after_seconds)
    try:
        pair = msgspec.msgpack.decode(payload, type=Pair)
        try:
            return frame(Kind.COMPARISON, msgspec.msgpack.encode(comparer.compare(pair)))
        except Exception as exc:  # noqa: BLE001 - one pair must not end the process; MemoryError is among these
            return frame(Kind.FAILED, msgspec.msgpack.encode(Failed(pair.id, _where(exc))))
    finally:
        cap_cpu(0)


def _where(exc: BaseException) -> str:
    frames = traceback.extract_tb(exc.__traceback__)
    place = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return f"{type(exc).__name__}{place}"


def read_frame(pipe: BinaryIO) -> tuple[Kind, bytes] | None:
    """The next frame, or None when the pipe has ended (also amid a frame: the proxy is gone)."""
    prefix = pipe.read(PREFIX_BYTES)
    if len(prefix) < PREFIX_BYTES:
        return None
    length, kind = read_prefix(prefix)
    payload = pipe.read(length)
    return (kind, payload) if len(payload) == length else None


def claim_pipes() -> tuple[BinaryIO, BinaryIO]:
    """Take standard input and output for frames alone: a stray print must not become part of one."""
    requests = os.fdopen(os.dup(0), "rb", buffering=_BUFFER_BYTES)
    answers = os.fdopen(os.dup(1), "wb", buffering=_BUFFER_BYTES)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    return requests, answers
