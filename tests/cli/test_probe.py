import socket
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from shadow.cli.main import main
from shadow.cli.probe import probe
from shadow.config.implementation import Implementation


class Hook(BaseHTTPRequestHandler):
    """Knows only POST, as Kubeflow's hook does; a POST here would be a hook call."""

    calls = 0

    def do_POST(self):
        Hook.calls += 1

    def log_message(self, *args):
        pass


@pytest.fixture
def hook():
    server = HTTPServer(("127.0.0.1", 0), Hook)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def closed():
    """An address where nobody listens, kept so that nobody else gets it."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield f"127.0.0.1:{held.getsockname()[1]}"


@pytest.fixture
def speaking(request):
    """Accepts one connection, says what the test gives, and ends it."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve():
            connection, _ = server.accept()
            with connection:
                if request.param is None:
                    connection.recv(65536)
                    done.wait(10)
                else:
                    connection.recv(65536)
                    connection.sendall(request.param)

        done = threading.Event()
        thread = threading.Thread(target=serve)
        thread.start()
        yield f"127.0.0.1:{server.getsockname()[1]}"
        done.set()
        thread.join()


def probed(url):
    settings = Implementation.model_validate({"protocol": "composite", "url": url, "sync": "/sync"})
    return probe("migrations.kfp.old", settings, 0.5)


def test_a_hook_that_knows_only_post_is_open_and_is_not_called(hook):
    assert str(probed(hook)) == (
        f"migrations.kfp.old: {hook} can be reached: it speaks HTTP (501 to HEAD /sync; no hook was called)"
    )
    assert Hook.calls == 0


def test_a_name_that_nobody_has_is_the_hop_that_is_blocked():
    assert probed("http://nobody.invalid").blocked == "name"


def test_where_nobody_listens_tcp_is_blocked(closed):
    found = probed(f"http://{closed}")
    assert (found.blocked, found.what) == ("tcp", "Connection refused")


def test_plain_http_where_tls_is_expected_is_blocked_at_tls(hook):
    assert probed(hook.replace("http:", "https:")).blocked == "tls"


@pytest.mark.parametrize("speaking", [b"", b"220 mail ready\r\n", None], indirect=True, ids=["end", "mail", "silence"])
def test_what_is_not_http_is_blocked_at_http(speaking):
    assert probed(f"http://{speaking}").blocked == "http"


def test_the_command_names_each_and_fails_if_one_is_blocked(hook, closed, tmp_path, capsys):
    file = tmp_path / "shadow.yaml"
    file.write_text(f"""\
migrations:
  kfp:
    old: {{protocol: composite, url: "{hook}", sync: /sync}}
    new: {{protocol: decorator, url: "http://{closed}", sync: /sync}}
""")
    assert main(["check", "--config", str(file), "--probe"]) == 1
    captured = capsys.readouterr()
    assert f"migrations.kfp.old: {hook} can be reached" in captured.out
    assert f"migrations.kfp.new: http://{closed} is blocked at tcp" in captured.out
    assert "1 of 2 implementations cannot be asked" in captured.err
