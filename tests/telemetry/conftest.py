"""A call and a comparison to be told, and a collector on loopback that decodes what it is sent."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from shadow.compare.model import Comparison, Difference, EffectPair
from shadow.protocol.objects import Identity, ParentRef
from shadow.telemetry import AskedImplementation, TracedCall, begin
from shadow.terms import Change, Effect, Hook, Outcome, Protocol, Role, Side

TRACE = "0af7651916cd43dd8448eb211c80319c"
CALLER = "b7ad6b7169203331"
FROM_CALLER = [(b"traceparent", f"00-{TRACE}-{CALLER}-01".encode())]


def count_up(size: int) -> bytes:
    """Bytes that are the same every time, and no two ids alike."""
    return bytes(range(1, size + 1))


@pytest.fixture
def call() -> Callable[..., TracedCall]:
    def make(*, sampled: bool = True, headers: Any = (), **more: Any) -> TracedCall:
        facts: dict[str, Any] = {
            "id": "call-1",
            "trace": begin(headers, 1.0 if sampled else 0.0, lambda: 0.5, count_up),
            "migration": "kfp",
            "hook": Hook.SYNC,
            "front": Protocol.DECORATOR,
            "parent": ParentRef("v1", "Namespace", "", "team-a", "uid-1"),
            "primary": Side.OLD,
            "served": Side.OLD,
            "status": 200,
            "started": 1000.0,
            "ended": 1000.25,
            "asked": (
                AskedImplementation(Side.OLD, Role.PRIMARY, 1000.01, 0.2, 200, None),
                AskedImplementation(Side.NEW, Role.SHADOW, 1000.02, 0.5, None, "timeout"),
            ),
            "outcome": Outcome.MATCHED,
        }
        return TracedCall(**facts | more)

    return make


@pytest.fixture
def difference() -> Callable[..., Difference]:
    def make(group: str = "g1", *, name: str = "a", new: Effect = Effect.UPDATE, path: str = "spec.x") -> Difference:
        return Difference(
            group=group,
            object=Identity("v1", "Service", "team-a", name),
            path=path,
            change=Change.CHANGED,
            effects=EffectPair(Effect.NONE, new),
            repeats=False,
            old="fake-old-value",
            new="fake-new-value",
            has_old=True,
            has_new=True,
            shown_object=None,
            shown_path=path,
        )

    return make


@pytest.fixture
def comparison() -> Callable[..., Comparison]:
    def make(*differences: Difference, outcome: Outcome = Outcome.MISMATCHED) -> Comparison:
        return Comparison(
            id="call-1",
            outcome=outcome,
            reason=None,
            situation="steady",
            differences=differences,
            effects_old=(),
            effects_new=(),
            advice=(),
            cpu_seconds=0.5,
        )

    return make


@dataclass
class Collector:
    """Speaks OTLP over HTTP; `status` is what it answers, `hold` makes it wait before."""

    url: str = ""
    status: int = 200
    hold: threading.Event = field(default_factory=threading.Event)
    requests: list[tuple[str, ExportTraceServiceRequest]] = field(default_factory=list)

    @property
    def spans(self) -> list[Any]:
        return [
            span
            for _, request in self.requests
            for resource in request.resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]


@pytest.fixture
def collector() -> Iterator[Collector]:
    collector = Collector()
    collector.hold.set()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            collector.hold.wait(20)
            collector.requests.append((self.path, ExportTraceServiceRequest.FromString(body)))
            self.send_response(collector.status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.block_on_close = False
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    collector.url = f"http://127.0.0.1:{server.server_address[1]}"
    yield collector
    collector.hold.set()
    server.shutdown()
    server.server_close()
    thread.join()
