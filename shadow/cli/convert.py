"""`shadow convert`: a CompositeController's YAML in, a DecoratorController's out, and back. Changes nothing itself."""

import argparse
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from shadow.cli.common import CommandError, Exit, write
from shadow.migrate.controllers import Wishes, protocol_of
from shadow.migrate.convert import NotConvertibleError, Notice, controllers_in, convert_text
from shadow.migrate.rbac import cluster_role
from shadow.migrate.selectors import SelectorError, parse_selector
from shadow.migrate.yamltext import dump
from shadow.protocol.objects import Json
from shadow.terms import Protocol


def register(subparsers: Any) -> None:
    """Add the command's arguments."""
    parser = subparsers.add_parser(
        "convert",
        help="turn a CompositeController into a DecoratorController, and back",
        description="Writes FILE with its CompositeControllers turned into DecoratorControllers; comments, order and "
        "everything else stay. Warnings go to standard error, each with its line.",
    )
    parser.add_argument("file", metavar="FILE", help="YAML or JSON; - is standard input")
    parser.add_argument("--union", metavar="FILE", action="append", default=[], help="declare the kinds of these, too")
    parser.add_argument("--proxy-url", metavar="URL", type=_url, help="point every hook at the proxy: URL/sync, ...")
    parser.add_argument("--label-selector", metavar="S", type=_selector, help="narrow the parents: key=value,...")
    parser.add_argument("--rbac", action="store_true", help="add the ClusterRole that a DecoratorController needs")
    parser.add_argument("--reverse", action="store_true", help="the other way: a CompositeController comes out")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """0 with the result on stdout; 1, and nothing on stdout, if there is no such controller."""
    if args.rbac and args.reverse:
        raise CommandError("--rbac tells what a DecoratorController needs; --reverse makes none", Exit.USAGE)
    try:
        wishes = Wishes(
            to=Protocol.COMPOSITE if args.reverse else Protocol.DECORATOR,
            proxy_url=args.proxy_url,
            label_selector=args.label_selector,
            others=tuple(_others(args.union)),
        )
        converted = convert_text(_read(args.file), args.file, wishes)
    except NotConvertibleError as error:
        _tell(error.notices)
        return Exit.FAILED
    _tell(converted.notices)
    write([converted.text])
    if args.rbac:
        roles = [cluster_role(body) for body in converted.controllers if protocol_of(body) is Protocol.DECORATOR]
        start = "" if converted.text.endswith("\n") else "\n"
        write([start, *(f"---\n{dump(role)}" for role in roles)])
    return Exit.FINE


def _others(files: Iterable[str]) -> Iterable[Json]:
    for file in files:
        found = controllers_in(_read(file), file)
        if not found:
            raise CommandError(f"{file}: there is no controller in it")
        yield from found


def _read(file: str) -> str:
    try:
        return sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise CommandError(f"{file}: is not UTF-8") from None


def _tell(notices: Iterable[Notice]) -> None:
    sys.stderr.writelines(f"{notice}\n" for notice in notices)


def _selector(text: str) -> Json:
    try:
        return parse_selector(text)
    except SelectorError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _url(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment or "@" in text:
        raise argparse.ArgumentTypeError("must be a URL such as http://metacontroller-shadow:8080/kfp-profile")
    return text
