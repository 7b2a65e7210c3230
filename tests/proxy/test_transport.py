"""TLS, client certificates, static credentials and IPv6, on both sides of a whole proxy at once."""

import json
import ssl
from pathlib import Path

import httpx

from tests.proxy.bodies import answer, config_map, observed, request
from tests.proxy.running import Json, free_port, running
from tests.upstream.certificates import Certificate, make_certificate
from tests.upstream.servers import answering, ok, serving

BODY = json.dumps(answer(config_map("one"))).encode()


def demanding(own: Certificate, caller: Certificate) -> ssl.SSLContext:
    """Of a server that wants to see this caller's certificate."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(own.cert_file, own.key_file)
    context.load_verify_locations(caller.cert_file)
    context.verify_mode = ssl.CERT_REQUIRED
    return context


def presenting(own: Certificate, server: Certificate) -> ssl.SSLContext:
    """Of a caller that shows its certificate."""
    context = ssl.create_default_context(cafile=str(server.cert_file))
    context.load_cert_chain(own.cert_file, own.key_file)
    return context


async def test_each_hop_has_its_own_credentials(tmp_path: Path):
    proxy_, hook, caller = (make_certificate(tmp_path, name) for name in ("proxy", "hook", "caller"))
    (tmp_path / "hooks-token").write_text("fake-hooks-token\n")
    (tmp_path / "to-old").write_text("Basic fake-basic\n")
    address = f"[::1]:{free_port()}"
    files = {"ca_file": str(hook.cert_file), "cert_file": str(proxy_.cert_file), "key_file": str(proxy_.key_file)}
    server: Json = {
        "hooks": address,
        "hooks_token_file": str(tmp_path / "hooks-token"),
        "tls": {
            "cert_file": str(proxy_.cert_file),
            "key_file": str(proxy_.key_file),
            "client_ca_file": str(caller.cert_file),
        },
    }
    settings: Json = {
        "old__tls": files,
        "old__authorization_file": str(tmp_path / "to-old"),
        "old__headers": {"x-a": "b"},
    }
    async with (
        serving(answering(ok(BODY)), host="::1", tls=demanding(hook, proxy_)) as old,
        serving(answering(ok(BODY)), host="::1") as new,
        running(tmp_path, old.url, new.url, {"server": server}, **settings) as proxy,
        httpx.AsyncClient(verify=presenting(caller, proxy_)) as metacontroller,
        httpx.AsyncClient(verify=ssl.create_default_context(cafile=str(proxy_.cert_file))) as nobody,
    ):
        call: Json = {"url": f"https://{address}/m/sync", "content": request(observed(config_map("one")))}
        answered = await metacontroller.post(**call, headers={"authorization": "Bearer fake-hooks-token"})
        without_token = await metacontroller.post(**call)
        refused: Exception | None = None
        try:
            await nobody.post(**call)
        except httpx.TransportError as exc:
            refused = exc
        counts = await proxy.settled()
    assert (answered.status_code, answered.content) == (200, BODY)
    assert without_token.status_code == 401
    assert refused is not None
    assert counts["comparisons"]["matched"] == 1
    to_old, to_new = old.requests[0].lower(), new.requests[0].lower()
    assert b"authorization: basic fake-basic" in to_old
    assert b"x-a: b" in to_old
    assert b"fake-hooks-token" not in to_old + to_new
    assert b"authorization" not in to_new
