"""One recorded call, sent to each implementation as the proxy would say it: `shadow check --probe --request FILE`.

A file holds a recording, of which the first call is sent, or `{"request": {...}, "hook": "sync", ...}`, as captured
between Metacontroller and a hook, or the request alone. Nothing is served or compared; whether the answer counts is
told, not what is in it.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path

from shadow.cli.common import CommandError, Exit
from shadow.cli.probe import PATIENCE_SECONDS, BlockedError, Probe, connected, head, probe
from shadow.config.document import read
from shadow.config.implementation import Implementation
from shadow.config.model import Configuration
from shadow.config.watch import SecretFile
from shadow.errors import RequestError
from shadow.protocol.adapt import adapt_answer
from shadow.protocol.dialect import Alterations, Dialect
from shadow.protocol.fitting import out_of_sight
from shadow.protocol.messages import Request, read_request
from shadow.protocol.shown import adapt_request
from shadow.protocol.wire import UnreadableError
from shadow.proxy.migrations.snapshot import alterations_of
from shadow.recordings.reader import Reader
from shadow.terms import Hook, HookVersion, Side
from shadow.upstream.address import Address


@dataclass(frozen=True, slots=True)
class Trial:
    """A call that can be sent again, in the hook version of the front it came from."""

    request: Request
    version: HookVersion


def load_trial(path: Path) -> Trial:
    """The first call of a recording, or of what was captured elsewhere; else the request that the file holds alone.

    Raises:
        CommandError: the file holds no call.
    """
    told: list[str] = []
    try:
        recorded = next(iter(Reader([path], told.append)), None)
        if recorded is None:
            request = read_request(path.read_bytes(), Hook.SYNC)
        else:
            request = read_request(bytes(recorded.request), recorded.hook)
        return Trial(request, request.caller.version(request.hook))
    except OSError as exc:
        raise CommandError(f"--request: {path} cannot be read: {exc.strerror}", Exit.USAGE) from exc
    except (RequestError, UnreadableError) as exc:
        raise CommandError(f"--request: {path} holds no recorded call: {exc}", Exit.USAGE) from exc


def trials(configuration: Configuration, trial: Trial, patience_seconds: float = PATIENCE_SECONDS) -> Iterator[Probe]:
    """Both implementations of each migration, one after the other; the call itself may take their own `timeout`."""
    for name, migration in configuration.migrations.items():
        for side in Side:
            where, settings = f"migrations.{name}.{side.value}", migration.implementation(side)
            reason = why_not(trial.request, settings)
            blind = out_of_sight(trial.request, settings.version(trial.request.hook), trial.version)
            if blind is not None:
                yield Probe(where, settings.url, "version", blind)
                continue
            # What must not be asked beside a primary is not asked here either: it may act on the world outside.
            ask = _Sending(trial, alterations_of(migration)) if reason is None else _Withholding(reason)
            yield probe(where, settings, patience_seconds, ask)


def why_not(request: Request, settings: Implementation) -> str | None:
    """The setting that forbids asking this implementation in the shadow."""
    if settings.path(request.hook) is None:
        return f"it has no {request.hook} hook"
    if request.hook is Hook.FINALIZE and not settings.shadow_finalize:
        return "shadow_finalize is false"
    observed = frozenset(key for key, objects in request.observed_groups.items() if objects)
    return None if settings.shadow_when.allows(observed) else "shadow_when forbids it for this call"


@dataclass(frozen=True, slots=True)
class _Withholding:
    """The way is tried without the call."""

    reason: str

    def __call__(self, connection: HTTPConnection, address: Address, settings: Implementation) -> str:
        return f"{head(connection, address, settings)}; the call was not sent: {self.reason}"


@dataclass(frozen=True, slots=True)
class _Sending:
    """The last two hops: `hook`, which has to answer 200, and `answer`, which has to be one that may be served."""

    trial: Trial
    alterations: Alterations

    def __call__(self, connection: HTTPConnection, address: Address, settings: Implementation) -> str:
        request = self.trial.request
        path = settings.path(request.hook) or ""
        dialect = Dialect(settings.protocol, settings.version(request.hook))
        body = adapt_request(request, dialect, self.trial.version, _controller(settings)).body
        connected(connection).settimeout(settings.timeout)
        connection.request("POST", address.target(path), body, _headers(address, settings))
        response = connection.getresponse()
        answer = response.read()
        if response.status != 200:
            raise BlockedError("hook", f"HTTP {response.status} to POST {path}, 200 is needed")
        adapted = adapt_answer(request, answer, dialect, self.trial.version, self.alterations)
        if adapted.refusal is not None:
            raise BlockedError("answer", f"it would not be served: {adapted.refusal.message}")
        if adapted.rejected is not None:
            raise BlockedError("answer", f"Metacontroller would not take it: {adapted.rejected}")
        return f"HTTP 200 and an answer of {len(answer)} bytes to POST {path}"


def _controller(settings: Implementation) -> bytes | None:
    path = settings.controller_file
    return None if path is None else json.dumps(read(path.read_text(encoding="utf-8"), str(path)).value).encode()


def _headers(address: Address, settings: Implementation) -> dict[str, str]:
    headers = {
        "Host": address.authority,
        "Connection": "close",
        "Content-Type": "application/json",
        "X-Shadow-Role": "replay",
        **settings.headers,
    }
    if settings.authorization_file is not None:
        headers["Authorization"] = SecretFile(settings.authorization_file).read()
    return headers
