"""`shadow profile`: serves the bundled Kubeflow Pipelines profile hook, in both protocols at once."""

import argparse
import logging
import os
from collections.abc import Mapping
from functools import partial
from typing import Any

from pydantic_core import PydanticCustomError

from shadow.cli.common import CommandError, Exit
from shadow.config.scalars import Address, address
from shadow.errors import ConfigurationError, Problem
from shadow.profile.hook import answer
from shadow.profile.server import listen, serve
from shadow.profile.settings import from_environment

logger = logging.getLogger(__name__)


def register(subparsers: Any) -> None:
    """Add the command's arguments."""
    parser = subparsers.add_parser(
        "profile",
        help="run the bundled Kubeflow Pipelines profile hook",
        description="Serves the Kubeflow Pipelines profile hook at /composite/sync and /decorator/sync. "
        "Its settings come from the environment variables of Kubeflow's own hook.",
    )
    parser.add_argument("--listen", metavar="HOST:PORT", help="default: all addresses, $CONTROLLER_PORT, else 8080")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Serve until a signal.

    Raises:
        ConfigurationError: a variable is missing or wrong; carries all of them.
        CommandError: the address cannot be had.
    """
    where = place(args.listen, os.environ)
    settings = from_environment(os.environ)
    try:
        listener = listen(where.host, where.port)
    except OSError as error:
        raise CommandError(f"cannot listen on {where}: {error.strerror}") from error
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    host, port = listener.getsockname()[:2]
    logger.info("profile hook at http://%s", Address(host, port))
    serve(partial(answer, settings=settings), listener)
    return Exit.FINE


def place(option: str | None, environment: Mapping[str, str]) -> Address:
    """Where to listen: the option, else CONTROLLER_PORT on all addresses; raises ConfigurationError."""
    spelled = option or f"0.0.0.0:{environment.get('CONTROLLER_PORT') or 8080}"
    try:
        return address(spelled)
    except PydanticCustomError as exc:
        raise ConfigurationError([Problem("--listen" if option else "CONTROLLER_PORT", exc.message())]) from None
