"""TLS towards an implementation: who is believed, and files that are replaced."""

import ssl
from pathlib import Path

import pytest

from shadow.upstream.tls import ClientTls, TlsFiles
from tests.upstream.certificates import Certificate, make_certificate
from tests.upstream.conftest import Connect
from tests.upstream.servers import Wire, answering, ok, serving


@pytest.fixture(scope="session")
def hook_certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return make_certificate(tmp_path_factory.mktemp("hook"), "hook")


@pytest.fixture(scope="session")
def client_certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return make_certificate(tmp_path_factory.mktemp("client"), "client")


def server_context(own: Certificate, client: Certificate | None = None) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(own.cert_file, own.key_file)
    if client is not None:
        context.load_verify_locations(client.cert_file)
        context.verify_mode = ssl.CERT_REQUIRED
    return context


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
async def test_a_trusted_hook_is_asked(connect: Connect, hook_certificate: Certificate, host: str) -> None:
    script = answering(ok(b"1"), ok(b"x" * 300_000))
    files = TlsFiles(ca_file=hook_certificate.cert_file)
    async with (
        serving(script, host=host, tls=server_context(hook_certificate)) as server,
        connect(server.address, files) as transport,
    ):
        assert (await transport.post("/sync", [], b"{}", 5)).body == b"1"
        assert (await transport.post("/sync", [], b"x" * 300_000, 5)).body == b"x" * 300_000
    assert server.connections == 1


async def test_an_unknown_authority_is_refused_and_nothing_is_sent(
    connect: Connect, hook_certificate: Certificate
) -> None:
    async with (
        serving(answering(ok(b"1")), tls=server_context(hook_certificate)) as server,
        connect(server.address) as transport,
    ):
        observation = await transport.post("/sync", [], b"{}", 5)
    assert (observation.status, observation.error) == (None, "tls")
    assert server.requests == []


async def test_an_expired_certificate_is_refused(connect: Connect, tmp_path: Path) -> None:
    expired = make_certificate(tmp_path, "expired", valid=False)
    async with (
        serving(answering(ok(b"1")), tls=server_context(expired)) as server,
        connect(server.address, TlsFiles(ca_file=expired.cert_file)) as transport,
    ):
        observation = await transport.post("/sync", [], b"{}", 5)
    assert (observation.status, observation.error) == (None, "tls")


async def test_a_hook_that_speaks_no_tls(connect: Connect) -> None:
    async def script(wire: Wire) -> None:
        await wire.reader.read(1)
        await wire.say(b"HTTP/1.1 400 plain HTTP here\r\n\r\n")

    async with serving(script) as server:
        address = server.address
        secure = type(address)(address.host, address.port, True, address.authority)
        async with connect(secure) as transport:
            observation = await transport.post("/sync", [], b"{}", 5)
    assert (observation.status, observation.error) == (None, "tls")


async def test_a_client_certificate_is_shown(
    connect: Connect, hook_certificate: Certificate, client_certificate: Certificate
) -> None:
    files = TlsFiles(hook_certificate.cert_file, client_certificate.cert_file, client_certificate.key_file)
    context = server_context(hook_certificate, client_certificate)
    async with serving(answering(ok(b"1")), tls=context) as server, connect(server.address, files) as transport:
        assert (await transport.post("/sync", [], b"{}", 5)).status == 200


async def test_a_missing_file_is_an_observation(connect_ours: Connect, tmp_path: Path) -> None:
    async with (
        serving(answering(ok(b"1"))) as server,
        connect_ours(
            type(server.address)(server.address.host, server.address.port, True, ""), TlsFiles(tmp_path / "none")
        ) as transport,
    ):
        observation = await transport.post("/sync", [], b"{}", 5)
    assert (observation.status, observation.error) == (None, "tls")


async def test_a_replaced_authority_counts_for_new_connections(
    connect_ours: Connect, tmp_path: Path, hook_certificate: Certificate, client_certificate: Certificate
) -> None:
    authority = tmp_path / "ca.crt"
    authority.write_bytes(client_certificate.cert_file.read_bytes())
    async with (
        serving(answering(ok(b"1")), tls=server_context(hook_certificate)) as server,
        connect_ours(server.address, TlsFiles(authority)) as transport,
    ):
        assert (await transport.post("/sync", [], b"{}", 5)).error == "tls"
        replacement = tmp_path / "next.crt"
        replacement.write_bytes(hook_certificate.cert_file.read_bytes())
        replacement.replace(authority)
        assert (await transport.post("/sync", [], b"{}", 5)).status == 200


def test_the_context_is_made_once_while_the_files_stay(hook_certificate: Certificate) -> None:
    tls = ClientTls(TlsFiles(hook_certificate.cert_file))
    assert tls.context() is tls.context()
    assert tls.context().verify_mode is ssl.CERT_REQUIRED
    assert tls.context().check_hostname
