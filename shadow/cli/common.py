"""What commands share: exit statuses, the error that carries one, and how arguments are spelled."""

import argparse
import sys
from collections.abc import Iterable
from enum import IntEnum
from typing import TextIO

from shadow.errors import ShadowError


class Exit(IntEnum):
    """What a pipeline reads. Where several apply: 1 and 2 beat 4, 4 beats 3."""

    FINE = 0
    FAILED = 1  # the tool itself; one line on stderr
    USAGE = 2  # wrong usage, invalid configuration, a refused release
    DIFFERS = 3
    INCONCLUSIVE = 4


class CommandError(ShadowError):
    """Ends a command with one line on stderr and `status`."""

    def __init__(self, message: str, status: Exit = Exit.FAILED) -> None:
        super().__init__(message)
        self.status = status


def sentence(text: str) -> str:
    """An argument that a person will read later: not blank, one line.

    Raises:
        argparse.ArgumentTypeError: it is blank.
    """
    if not (line := " ".join(text.split())):
        raise argparse.ArgumentTypeError("must say something")
    return line


def write(pieces: Iterable[str], out: TextIO | None = None) -> None:
    """Print text that was rendered elsewhere, piece by piece; standard output unless told otherwise."""
    stream = sys.stdout if out is None else out
    for piece in pieces:
        stream.write(piece)
    stream.flush()


def complain(message: str) -> None:
    """One line on stderr."""
    sys.stderr.write(f"shadow: {message}\n")
