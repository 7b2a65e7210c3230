"""The demo as a user runs it: the story comes out as told, and nothing is left behind."""

import io
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from rich.console import Console

from shadow.cli.demo.screen import Screen
from shadow.cli.demo.stagehand import Stagehand
from shadow.cli.demo.story import CHAPTERS, off, tell
from shadow.cli.processes import free_port

DEMO = (sys.executable, "-m", "shadow", "demo")


def descendants(pid: int) -> list[int]:
    """Processes that a process started and that are still there."""
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


@pytest.fixture(scope="module")
def once(tmp_path_factory: pytest.TempPathFactory) -> subprocess.CompletedProcess[str]:
    """`shadow demo --once`, told to the end, in a directory of its own for temporary files."""
    environment = {**os.environ, "COLUMNS": "100", "TMPDIR": str(tmp_path_factory.mktemp("demo"))}
    return subprocess.run([*DEMO, "--once"], capture_output=True, text=True, timeout=100, env=environment, check=False)


def test_everything_comes_out_as_told(once: subprocess.CompletedProcess[str]) -> None:
    assert once.returncode == 0, once.stdout + once.stderr
    assert "Everything came out as told" in once.stdout
    assert "✗" not in once.stdout
    assert once.stderr == ""


def test_every_chapter_tells_what_was_compared_and_what_happened(once: subprocess.CompletedProcess[str]) -> None:
    chapters = re.split(r"^\d+\. ", once.stdout, flags=re.MULTILINE)[1:]
    assert len(chapters) == len(CHAPTERS) + 1
    for chapter in chapters[: len(CHAPTERS)]:
        assert "Compared" in chapter
        assert "Happened" in chapter
        assert "✓" in chapter


def test_nothing_but_text_is_printed_where_there_is_no_terminal(once: subprocess.CompletedProcess[str]) -> None:
    assert "\x1b" not in once.stdout


@contextmanager
def told_until(words: str, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """A running demo that has just printed these words."""
    with subprocess.Popen([*DEMO, *arguments], stdout=subprocess.PIPE, text=True) as demo:
        assert demo.stdout is not None
        try:
            assert any(words in line for line in demo.stdout)
            yield demo
        finally:
            demo.kill()


def ended_by(demo: subprocess.Popen[str], number: signal.Signals) -> tuple[int, list[int]]:
    """The exit status after a signal, and what it started that is still there."""
    started = descendants(demo.pid)
    assert started
    demo.send_signal(number)
    return demo.wait(timeout=30), [pid for pid in started if Path(f"/proc/{pid}").exists()]


def test_the_api_stays_open_until_ctrl_c_and_then_nothing_is_left() -> None:
    port = free_port()
    with told_until("Ctrl-C ends the demo", "--port", str(port)) as demo:
        said = httpx.get(f"http://127.0.0.1:{port}/api/v1/migrations/kubeflow-profile").json()
        assert said["stage"] == "complete"
        assert ended_by(demo, signal.SIGINT) == (130, [])


def test_it_can_be_ended_amid_the_story_and_nothing_is_left() -> None:
    with told_until("2. Shadow") as demo:
        assert ended_by(demo, signal.SIGTERM) == (143, [])


async def test_a_claim_that_is_not_met_fails_the_story() -> None:
    async def lying(hand: Stagehand) -> None:
        hand.screen.chapter("A lie", "")
        hand.screen.claim(hand.cluster.api.audit == [], "nothing was written yet")

    screen = Screen(Console(file=io.StringIO()))
    assert not await tell(screen, once=True, port=None, chapters=(off, lying))
    assert screen.broken == ["nothing was written yet"]


def test_a_port_that_is_taken_is_told_in_one_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        command = [*DEMO, "--once", "--port", str(taken.getsockname()[1])]
        demo = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert demo.returncode == 1
    assert "the proxy did not start" in demo.stderr
    assert len(demo.stderr.strip().splitlines()) == 1
