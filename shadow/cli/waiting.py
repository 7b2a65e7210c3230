"""Asking again until something has come about, or time is up."""

import argparse
import time
from collections.abc import Callable
from typing import TypeVar

from shadow.config.scalars import seconds

T = TypeVar("T")

_POLL_SECONDS = 0.25


def duration(text: str) -> float:
    """An argument such as `10m`, in seconds.

    Raises:
        argparse.ArgumentTypeError: it is none.
    """
    try:
        return seconds(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def wait_until(met: Callable[[T], bool], ask: Callable[[], T], timeout_seconds: float) -> T:
    """What was found last; asked at least once, and not after time is up."""
    deadline = time.monotonic() + timeout_seconds
    while not met(found := ask()) and time.monotonic() < deadline:
        time.sleep(_POLL_SECONDS)
    return found
