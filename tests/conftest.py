"""Fixtures of more than one room, and what every process that a test starts relies on."""

import os
import signal
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack

import hypothesis
import pytest

from tests import canary
from tests.hook_server import Behaviour, HookServer, refusing_url
from tests.postgres import PostgresServer, required

# No example fails for being slow: a machine under load is no fault of ours. (With CI set Hypothesis does so by itself.)
hypothesis.settings.register_profile("patient", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
if "CI" not in os.environ:
    hypothesis.settings.load_profile("patient")

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell's background job ignores Ctrl-C, and hands that on: processes under test must not.
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A test that printed or logged the secret fails."""
    report = yield
    leaking = [name for name, text in report.sections if canary.is_in(text.encode())]
    if report.passed and leaking:
        report.outcome, report.longrepr = "failed", f"a secret is in: {', '.join(leaking)}"
    return report


@pytest.fixture(scope="session", autouse=True)
def no_secret_is_left_behind(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """In any file that any test made."""
    yield
    assert list(canary.leaks(tmp_path_factory.getbasetemp())) == []


@pytest.fixture
def hook_server() -> Iterator[Callable[..., HookServer]]:
    """Starts as many hook servers as a test wants: `hook_server(answer_json({...}))`; closes them all at its end."""
    with ExitStack() as servers:

        def start(behaviour: Behaviour, *, one_at_a_time: bool = False) -> HookServer:
            return servers.enter_context(HookServer(behaviour, one_at_a_time=one_at_a_time))

        yield start


@pytest.fixture
def refused_url() -> Iterator[str]:
    """A URL where nobody listens."""
    with refusing_url() as url:
        yield url


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A PostgreSQL server; each test takes a schema of its own."""
    required()
    server = PostgresServer()
    try:
        server.start()
        yield server
        assert [name for name, rows in server.tables() if any(map(canary.is_in, canary.cells(rows)))] == []
    finally:
        server.close()
