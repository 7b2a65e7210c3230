"""The front door: every command is found, every fault is one line and an exit status."""

import importlib
import subprocess
import sys
from collections.abc import Callable
from types import SimpleNamespace

import pytest

from shadow import __version__
from shadow.cli import main as reexported
from shadow.cli.common import CommandError, Exit
from shadow.cli.main import COMMANDS, main
from shadow.errors import ConfigurationError, Problem, ShadowError, StoreError


def test_the_entry_point_is_main():
    assert reexported is main


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_a_module_with_its_arguments(name: str, capsys: pytest.CaptureFixture[str]):
    assert main([name, "--help"]) == 0
    usage, description, *_ = capsys.readouterr().out.split("\n\n")
    assert usage.startswith(f"usage: shadow {name}")
    assert description.rstrip().endswith(".")
    assert callable(importlib.import_module(f"shadow.cli.{name}").run)


def test_help_lists_every_command(capsys: pytest.CaptureFixture[str]):
    assert main(["--help"]) == 0
    shown = capsys.readouterr().out
    assert all(f"  {name} " in shown for name in COMMANDS)


def test_version(capsys: pytest.CaptureFixture[str]):
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"shadow {__version__}\n"


@pytest.mark.parametrize(
    "argv",
    [[], ["nonsense"], ["--nonsense"], ["status", "--nonsense"], ["rollback", "kfp"], ["--ver"], ["report"]],
    ids=["nothing", "unknown command", "unknown option", "of a command", "no reason", "abbreviated", "no migration"],
)
def test_wrong_usage_is_2(argv: list[str], capsys: pytest.CaptureFixture[str]):
    assert main(argv) == 2
    assert "usage: shadow" in capsys.readouterr().err


def run_with(monkeypatch: pytest.MonkeyPatch, run: Callable[[object], int]) -> int:
    def register(subparsers):
        subparsers.add_parser("status").set_defaults(run=run)

    monkeypatch.setitem(sys.modules, "shadow.cli.status", SimpleNamespace(register=register))
    return main(["status"])


@pytest.mark.parametrize(
    ("error", "status", "line"),
    [
        (ShadowError("it broke"), 1, "shadow: it broke\n"),
        (CommandError("not yet", Exit.INCONCLUSIVE), 4, "shadow: not yet\n"),
        (StoreError("/x/shadow.db", "no permission"), 1, "shadow: store /x/shadow.db: no permission\n"),
        (ConfigurationError([Problem("a.b", "one"), Problem("a.c", "two")]), 2, "a.b: one\na.c: two\n"),
        (
            FileNotFoundError(2, "No such file or directory", "/x"),
            1,
            "shadow: /x: No such file or directory; check the path, or run this where the file is\n",
        ),
        (OSError("odd"), 1, "shadow: odd\n"),
        (ExceptionGroup("tasks", [ShadowError("in a task")]), 1, "shadow: in a task\n"),
        (ValueError("two\nlines"), 1, "shadow: unexpected ValueError: two lines (SHADOW_DEBUG=1 shows where)\n"),
        (KeyboardInterrupt(), 130, ""),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else "",
)
def test_a_fault_is_told_in_a_line_without_a_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], error: BaseException, status: int, line: str
):
    def run(args):
        raise error

    assert run_with(monkeypatch, run) == status
    assert capsys.readouterr().err == line


def test_a_developer_can_have_the_traceback(monkeypatch: pytest.MonkeyPatch):
    def run(args):
        raise ValueError("here")

    monkeypatch.setenv("SHADOW_DEBUG", "1")
    with pytest.raises(ValueError, match="here"):
        run_with(monkeypatch, run)


@pytest.mark.parametrize("module", ["httpx", "pydantic", "rich", "starlette", "shadow.config", "shadow.report"])
def test_help_imports_nothing_slow(module: str):
    code = f"import sys; from shadow.cli import main; main(['--help']); sys.exit({module!r} in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], stdout=subprocess.DEVNULL, check=False).returncode == 0


def test_it_runs_as_a_module():
    done = subprocess.run([sys.executable, "-m", "shadow", "--version"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, f"shadow {__version__}\n")


def test_a_reader_that_has_seen_enough_gets_no_traceback():
    code = (
        "import sys; from shadow.cli import main, common;"
        "from types import SimpleNamespace as N;"
        "run = lambda args: common.write('x' * 1000 for _ in range(1000)) or 0;"
        "sys.modules['shadow.cli.status'] = N(register=lambda s: s.add_parser('status').set_defaults(run=run));"
        "sys.exit(main(['status']))"
    )
    writer = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert writer.stdout is not None
    assert writer.stderr is not None
    writer.stdout.read(10)
    writer.stdout.close()
    assert writer.stderr.read() == b""
    assert writer.wait() == 1
    writer.stderr.close()
