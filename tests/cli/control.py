"""A control API on loopback that answers what a test says: real HTTP, no proxy behind it."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Asked:
    """One request as it came in."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Control:
    """What is answered to `(method, path)`, the last one again and again; 404 as a stranger's server to all else."""

    url: str = ""
    answers: dict[tuple[str, str], list[tuple[int, str, bytes]]] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)

    def answer(
        self, method: str, path: str, body: Any, status: int = 200, content_type: str = "application/json"
    ) -> None:
        """Bytes go out as they are, all else as JSON. Status 0 hangs up without an answer."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.answers.setdefault((method, path), []).append((status, content_type, data))

    def problem(self, method: str, path: str, status: int, detail: str) -> None:
        body = {"type": "about:blank", "title": "No", "status": status, "detail": detail}
        self.answer(method, path, body, status, "application/problem+json")


@contextmanager
def serving() -> Iterator[Control]:
    """A control API on a free port of 127.0.0.1."""
    control = Control()

    class Handler(BaseHTTPRequestHandler):
        def handle_any(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            control.asked.append(Asked(self.command, self.path, headers, body))
            left = control.answers.get((self.command, self.path.partition("?")[0]), [(404, "text/html", b"<p>no")])
            status, content_type, data = left.pop(0) if len(left) > 1 else left[0]
            if not status:
                self.close_connection = True
                return
            self.send_response(status)
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(data)))
            self.send_header("Location", f"{control.url}/elsewhere")
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = handle_any

        def log_message(self, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    control.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield control
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
