"""Finds the command, runs it, and turns what went wrong into one line and an exit status. Never shows a traceback.

Only the module of the command that was asked for is imported: `shadow --help` and `shadow profile` start fast.
"""

import argparse
import importlib
import os
import sys
from collections.abc import Mapping, Sequence
from io import TextIOWrapper

from shadow import __version__
from shadow.cli.common import CommandError, Exit, complain
from shadow.errors import ConfigurationError, ShadowError

COMMANDS: Mapping[str, str] = {
    "demo": "watch a whole migration on this machine",
    "serve": "run the proxy",
    "check": "check a configuration and tell every error at once",
    "status": "where migrations stand: stage, weight, brake, counts",
    "plan": "what a move would write to the cluster, before anybody moves",
    "report": "what differs between old and new, and what it would do to the cluster",
    "verdict": "whether a migration is ready for its next step, and why not",
    "rollback": "pull the brake: old answers for every parent, at once",
    "release": "let the brake go",
    "history": "who changed what, when and why; who governed a parent at a time",
    "convert": "turn a CompositeController into a DecoratorController, and back",
    "handover": "the script that hands live objects over, or takes the proxy out of the path",
    "replay": "recorded calls once more, with today's implementations or with the recorded answers",
    "redact": "a cluster export or a recording without its secrets",
    "rehearse": "play the whole move in a copy of the cluster and list every write",
    "profile": "run the bundled Kubeflow Pipelines profile hook",
}
"""Every command and its line of help; its module has the same name."""

DEBUG = "SHADOW_DEBUG"


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        argv: without the program's name; None: the process's own arguments.

    Returns:
        The exit status (`shadow.cli.common.Exit`; 130 when interrupted).
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a terminal that knows only ASCII still gets its report
    try:
        args = parser(arguments[0] if arguments else None).parse_args(arguments)
        return int(args.run(args))
    except SystemExit as end:  # argparse: help and version end with 0, wrong usage with 2
        return end.code if isinstance(end.code, int) else Exit.USAGE
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # The reader has seen enough (`shadow report | head`); the interpreter must not flush into the closed pipe.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit.FAILED
    except Exception as error:
        if os.environ.get(DEBUG):
            raise
        return _told(error)


def parser(command: str | None) -> argparse.ArgumentParser:
    """The parser of everything, of which only `command` knows its own arguments."""
    top = argparse.ArgumentParser(prog="shadow", description=_ABOUT, allow_abbrev=False)
    top.add_argument("--version", action="version", version=f"shadow {__version__}")
    subparsers = top.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for name, text in COMMANDS.items():
        if name == command:
            module = importlib.import_module(f"shadow.cli.{name}")
            module.register(subparsers)
            added = subparsers.choices[name]
            added.description = added.description or _told_by(module.__doc__)
        else:
            subparsers.add_parser(name, help=text)
    return top


def _told_by(text: str | None) -> str:
    """What the module of a command says of it, without the command's name."""
    said = " ".join((text or "").split()).partition("`: ")[2]
    return said[:1].upper() + said[1:]


_ABOUT = (
    "A proxy between Metacontroller and two implementations of one hook, that makes moving from one to the other safe."
)


def _told(error: Exception) -> int:
    match error:
        case ExceptionGroup():
            return _told(error.exceptions[0])
        case ConfigurationError():
            # No prefix: a line is `path: message`, as editors and pipelines read it.
            sys.stderr.writelines(f"{problem}\n" for problem in error.problems)
            return Exit.USAGE
        case CommandError():
            complain(str(error))
            return error.status
        case ShadowError():
            complain(str(error))
        case FileNotFoundError() if error.filename:
            complain(f"{error.filename}: No such file or directory; check the path, or run this where the file is")
        case IsADirectoryError() if error.filename:
            complain(f"{error.filename}: Is a directory; name a file in it")
        case OSError():
            complain(f"{error.filename}: {error.strerror}" if error.filename else str(error))
        case _:
            complain(f"unexpected {type(error).__name__}: {' '.join(str(error).split())} ({DEBUG}=1 shows where)")
    return Exit.FAILED
