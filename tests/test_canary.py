"""One value in each place where a secret can be, searched for in everything that a proxy says, stores and sends.

Everything is switched on: recording, spans and metrics to a collector, bodies of all calls, asking twice.
"""

import base64
import gzip
import json
import sqlite3
import zlib
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from tests.canary import is_in, leaks, stored, unpacked
from tests.faults.collector import Collector
from tests.hook_server import Exchange, HookServer, head
from tests.proxy.bodies import LA, answer, config_map, observed, request
from tests.proxy.running import Running, running

Json = dict[str, Any]
PLACES = (
    "data", "stringData", "last-applied", "env", "argument", "related", "error-body", "nonsense", "hooks-token",
    "authorization-file", "request-cookie", "answer-cookie", "url-in-text", "control-token", "json-file", "yaml-file",
    "ini-file", "dotenv-file", "command-line", "log-in", "slashed-url", "status", "held",
)  # fmt: skip
CANARIES = {place: f"fake-canary-of-{place}-{number:04d}" for number, place in enumerate(PLACES)}
VISIBLE = b"no-secret-at-all"
"""In a place that holds no secret: what is searched has to show it."""


def encoded(place: str) -> str:
    return base64.b64encode(CANARIES[place].encode()).decode()


def secret(name: str, **more: Any) -> Json:
    return {**config_map(name), "kind": "Secret", "data": {"key": encoded("data")}, **more}


def files(side: str) -> Json:
    """What programs read their settings from, each with a secret in it."""
    secrets = CANARIES
    return {
        "a.json": json.dumps({"side": side, "credentials": {"pass": secrets["json-file"]}}),
        "b.yaml": f"side: {side}\ndatabase:\n  password: |\n    {secrets['yaml-file']}\n  port: 1\n",
        "c.ini": f"[{side}]\nuser = me\npassword = {secrets['ini-file']} with blanks\n",
        "d.env": f"SIDE={side}\nexport PGPASS={secrets['dotenv-file']}\n",
        "e.sh": f"echo {side}\nmysql -h db -p{secrets['command-line']}\ncurl -u me:{secrets['log-in']} http://h\n",
        "f.txt": f"{side} postgres://me:ab/{secrets['slashed-url']}@db/x",
    }


def deployment(args: str) -> Json:
    container = {
        "name": "main",
        "args": ["--token", CANARIES["argument"], args],
        "env": [{"name": "DB_PASSWORD", "value": CANARIES["env"]}],
    }
    return {**config_map("web"), "kind": "Service", "spec": {"template": {"spec": {"containers": [container]}}}}


def call(number: int) -> bytes:
    """With a Secret observed, one related, and one in an annotation."""
    copied = secret("copied", stringData={"key": CANARIES["stringData"]}, data={"key": encoded("last-applied")})
    other = config_map("other", annotations={LA: json.dumps(copied), "example.com/copy": json.dumps(copied)})
    message = json.loads(request(observed(secret("one")), observed(deployment("1")), other, uid=f"uid-{number}"))
    message["related"] = {"Secret.v1": {"team-a/shared": secret("shared", data={"key": encoded("related")})}}
    return json.dumps(message).encode()


def hook(side: str) -> Callable[[Exchange], None]:
    """Answers with secrets in it, with an error that tells them, or with nonsense: by the parent's uid."""

    def behave(exchange: Exchange) -> None:
        number = int(exchange.call.json()["object"]["metadata"]["uid"].removeprefix("uid-"))
        text = f"could not log in at http://user:{CANARIES['url-in-text']}@host, tried {CANARIES['error-body']}"
        said = answer(
            secret("one", stringData={"key": CANARIES["stringData"] + side}),
            deployment(side),
            config_map(f"{VISIBLE.decode()}-{side}"),
            config_map("files", files(side)),
            config_map("held") | {"spec": {"passwords": {side: CANARIES["held"]}}},
            config_map("note", {"text": f"see postgresql://user:{CANARIES['url-in-text']}@host/db?{side}"}),
            status={"side": side, "message": f"password: {CANARIES['status']}"},
        )
        status, body = {
            3: (500, json.dumps({"error": text}).encode()),
            4: (200, f"<html>{CANARIES['nonsense']}".encode()),
            5: (500, text.encode()),
        }.get(number if side == "new" or number == 5 else 0, (200, json.dumps(said).encode()))
        headers = [("Content-Length", str(len(body))), ("Set-Cookie", f"session={CANARIES['answer-cookie']}")]
        exchange.send(head(status, headers) + body)
        exchange.keep_alive = True

    return behave


async def made_to_talk(proxy: Running, headers: dict[str, str]) -> list[bytes]:
    """Every address of the API and of the page, and every report."""
    api = f"{proxy.control}/api/v1/migrations/m"
    said = []

    async def get(url: str) -> Any:
        answered = await proxy.client.get(url, headers=headers)
        said.append(str(answered.headers).encode() + answered.content)
        return answered

    listed = {
        name: (await get(f"{api}/{name}?limit=200")).json()["items"]
        for name in ("comparisons", "differences", "parents")
    }
    assert len(listed["comparisons"]) >= 5
    for item in listed["comparisons"]:
        await get(f"{api}/comparisons/{item['id']}")
        await get(f"{proxy.control}/migrations/m/comparisons/{item['id']}")
    for item in listed["differences"]:
        await get(f"{proxy.control}/migrations/m/differences/{item['id']}")
    for form in ("table", "json", "csv", "markdown", "html", "junit"):
        assert (await get(f"{api}/report?format={form}")).status_code == 200
    for path in ("", "/verdict", "/plan?weight=50", "/history"):
        assert (await get(api + path)).status_code == 200
    for path in ("", "/differences", "/comparisons", "/parents", "/history"):
        await get(f"{proxy.control}/migrations/m{path}")
    for path in ("/", "/metrics", "/readyz", "/openapi.json", "/api/v1/migrations"):
        await get(proxy.control + path)
    wrong = await proxy.client.post(
        f"{proxy.hooks}/m/sync", content=b'{"parent": "' + CANARIES["nonsense"].encode() + b'"}'
    )
    return [*said, wrong.content]


def found(where: str, data: bytes) -> set[tuple[str, str]]:
    """Which canaries are in there, written out or packed."""
    return {(where, place) for raw in unpacked(data) for place, value in CANARIES.items() if value.encode() in raw}


@pytest.mark.parametrize(
    "hide",
    [
        bytes,
        lambda secret: gzip.compress(b"x" + secret),
        zlib.compress,
        lambda secret: base64.b64encode(b"ab" + secret),
        lambda secret: b"x" + base64.b64encode(secret),
        lambda secret: secret.hex().encode(),
        lambda secret: zlib.compress(b'{"a":"' + base64.b64encode(b"x" + secret) + b'"}'),
        lambda secret: quote(secret).encode(),
        lambda secret: json.dumps(secret.decode()).encode(),
    ],
    ids=["plain", "gzip", "zlib", "in base64", "base64", "hexadecimal", "base64 in zlib", "in a URL", "in JSON"],
)
def test_the_search_finds_what_is_hidden(tmp_path: Path, hide: Callable[[bytes], bytes]):
    secret = "fake-canary-of-the-search"  # another one than every run's, which would find it here
    hidden = hide(secret.encode())
    assert is_in(hidden, secret)
    assert not is_in(hide(b"fake-parrot-of-the-search"), secret)
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "log").write_bytes(hidden)
    with closing(sqlite3.connect(tmp_path / "some.db")) as database, database:
        database.execute("CREATE TABLE t (n INTEGER, record BLOB)")
        database.execute("INSERT INTO t VALUES (1, ?)", (hidden,))
    assert {path.name for path in leaks(tmp_path, secret)} == {"log", "some.db"}


async def test_no_secret_is_in_anything_that_comes_out(
    tmp_path: Path,
    hook_server: Callable[..., HookServer],
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
):
    collector = Collector()
    await collector.start()
    kept, given = tmp_path / "kept", tmp_path / "given"
    kept.mkdir()
    given.mkdir()
    for place in ("hooks-token", "authorization-file", "control-token"):
        (given / place).write_text(("Bearer " if place == "authorization-file" else "") + CANARIES[place])
    top = {
        "server": {"hooks_token_file": str(given / "hooks-token"), "token_file": str(given / "control-token")},
        "telemetry": {"otlp_endpoint": collector.url, "sample": "100%"},
        "recording": {"directory": str(kept / "recordings")},
        "retention": {"matched": "100%"},
    }
    settings: Json = {
        "old__authorization_file": str(given / "authorization-file"),
        "noise": {"ask_twice": "50%"},
        "compare": {"expect": [{"object": "ConfigMap/note", "because": "the canary"}]},
    }
    bearer = {"authorization": f"Bearer {CANARIES['control-token']}"}
    headers = {"authorization": f"Bearer {CANARIES['hooks-token']}", "cookie": f"session={CANARIES['request-cookie']}"}
    old, new = hook_server(hook("old")), hook_server(hook("new"))
    async with running(kept, old, new, top, **settings) as proxy:
        proxy.client.headers.update(bearer)
        for number in range(6):
            await proxy.call(call(number), **headers)
        with monkeypatch.context() as patch:
            patch.setattr("shadow.proxy.dispatch.decide", lambda *_: 1 / 0)
            assert (await proxy.call(call(9), **headers)).status_code == 500
        counts = await proxy.settled()
        assert counts["comparisons"]["mismatched"] >= 3
        assert counts["comparisons"]["failed"] >= 2
        said = await made_to_talk(proxy, bearer)
    logged = capfd.readouterr()
    assert "ZeroDivisionError" in logged.err
    await collector.stop()
    files = [path for path in kept.rglob("*") if path.is_file()]
    outputs = {
        "log": [(logged.out + logged.err).encode()],
        "API and page": said,
        "collector": collector.taken,
        "database": list(stored(kept / "shadow.db")),
        "recording": [path.read_bytes() for path in files if "recordings" in str(path)],
        "other files": [path.read_bytes() for path in files],
    }
    leaks = [leak for where, texts in outputs.items() for text in texts for leak in found(where, text)]
    assert len(collector.taken) > 1
    assert sorted(set(leaks)) == []
    shown = {
        where for where, texts in outputs.items() if any(VISIBLE in raw for text in texts for raw in unpacked(text))
    }
    assert shown >= {"API and page", "collector", "database", "recording"}  # so the search does search there
