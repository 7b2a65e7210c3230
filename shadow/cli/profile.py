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
from shadow.profile.cluster import in_cluster
from shadow.profile.credentials import Keeper, StoreError
from shadow.profile.current import observed_secret
from shadow.profile.hook import Sync, answer
from shadow.profile.server import PRIMARY, Respond, listen, serve
from shadow.profile.settings import Generation, Settings, from_environment
from shadow.terms import Protocol

logger = logging.getLogger(__name__)


def register(subparsers: Any) -> None:
    """Add the command's arguments."""
    parser = subparsers.add_parser(
        "profile",
        help="run the bundled Kubeflow Pipelines profile hook",
        description="Serves the Kubeflow Pipelines profile hook at /composite/sync, /decorator/sync and /sync. "
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
    serve(responder(settings), listener)
    return Exit.FINE


def responder(settings: Settings) -> Respond:
    """What answers the calls. Only today's generation has to do with keys, and only inside a cluster it makes any.

    Raises:
        CommandError: keys are to be made, and boto3 is not installed.
    """
    cluster = in_cluster() if settings.generation is Generation.CURRENT else None
    if cluster is None:
        return lambda protocol, call, _role: answer(protocol, call, settings)
    try:
        from shadow.profile.objectstore import ObjectStore  # noqa: PLC0415 - an optional extra, and slow to import

        store = ObjectStore(settings)
        if settings.artifact_retention_days > 0:
            store.keep_for(settings.artifact_retention_days)
    except ImportError as error:
        raise CommandError("making access keys needs boto3: install metacontroller-shadow[s3]") from error
    except StoreError as error:
        raise CommandError(
            f"the object store at {settings.s3_endpoint} (S3_ENDPOINT) was not told how long to keep artifacts: "
            f"{error}; have it run first, or leave ARTIFACT_RETENTION_DAYS out"
        ) from error
    keeper = Keeper(cluster.look_up, store)

    return partial(respond_with_keys, settings, keeper)


def respond_with_keys(settings: Settings, keeper: Keeper, protocol: Protocol, call: Sync, role: str) -> bytes:
    """An answer of today's generation. Only a call that counts makes a key, or shows that one has arrived."""
    counts, namespace = role == PRIMARY, call.parent.metadata.name
    if counts and observed_secret(namespace, call.observed.get("Secret.v1", {})) is not None:
        keeper.arrived(namespace)
    return answer(protocol, call, settings, partial(keeper.credentials, may_make=counts))


def place(option: str | None, environment: Mapping[str, str]) -> Address:
    """Where to listen: the option, else CONTROLLER_PORT on all addresses; raises ConfigurationError."""
    spelled = option or f"0.0.0.0:{environment.get('CONTROLLER_PORT') or 8080}"
    try:
        return address(spelled)
    except PydanticCustomError as exc:
        raise ConfigurationError([Problem("--listen" if option else "CONTROLLER_PORT", exc.message())]) from None
