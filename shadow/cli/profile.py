"""`shadow profile`: serves the bundled Kubeflow Pipelines profile hook, in both protocols at once."""

import argparse
import logging
import os
import sys
from collections.abc import Mapping
from functools import partial

from pydantic_core import PydanticCustomError

from shadow.config.scalars import Address, address
from shadow.errors import ConfigurationError, Problem
from shadow.profile.hook import answer
from shadow.profile.server import listen, serve
from shadow.profile.settings import from_environment


def register(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = subparsers.add_parser(
        "profile",
        help="serve the Kubeflow Pipelines profile hook at /composite/sync and /decorator/sync",
        description="Serves the Kubeflow Pipelines profile hook in both protocols. "
        "Its settings come from the environment variables of Kubeflow's own hook.",
    )
    parser.add_argument("--listen", metavar="HOST:PORT", help="default: all addresses, CONTROLLER_PORT or 8080")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Serves until a signal. Returns 1 where the address cannot be had, 2 for wrong settings, else 0."""
    try:
        where = place(args.listen, os.environ)
        settings = from_environment(os.environ)
    except ConfigurationError as exc:
        sys.stderr.writelines(f"shadow profile: {problem}\n" for problem in exc.problems)
        return 2
    try:
        listener = listen(where.host, where.port)
    except OSError as exc:
        sys.stderr.write(f"shadow profile: cannot listen on {where}: {exc.strerror}\n")
        return 1
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    host, port = listener.getsockname()[:2]
    logging.getLogger(__name__).info("profile hook at http://%s", Address(host, port))
    serve(partial(answer, settings=settings), listener)
    return 0


def place(option: str | None, environment: Mapping[str, str]) -> Address:
    """Where to listen: the option, else CONTROLLER_PORT on all addresses; raises ConfigurationError."""
    spelled = option or f"0.0.0.0:{environment.get('CONTROLLER_PORT') or 8080}"
    try:
        return address(spelled)
    except PydanticCustomError as exc:
        raise ConfigurationError([Problem("--listen" if option else "CONTROLLER_PORT", exc.message())]) from None
