"""`shadow redact`: a cluster export or a recording without its secrets, for those who may not see them.

`rehearse` and `replay` take the result as they take the original, with equal results: look-alikes stand for secrets.
"""

import argparse
import gzip
import os
import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from shadow.cli.common import CommandError, Exit, complain
from shadow.cli.keys import read_key
from shadow.config.load import load
from shadow.disguise import Disguise
from shadow.jsontext import MAX_DEPTH, MalformedError, one_by_one, rewritten
from shadow.migrate.yamltext import UnreadableTextError, dump, read_documents
from shadow.recordings.foreign import disguised
from shadow.recordings.lines import ForeignError, opened
from shadow.recordings.model import Manifest
from shadow.recordings.reader import Entry, NoCallsError, Reader
from shadow.recordings.scribe import Scribe

_NEITHER = "is neither an export nor a recording"


def register(subparsers: Any) -> None:
    """Add the command's arguments."""
    parser = subparsers.add_parser("redact", help="a cluster export or a recording without its secrets")
    parser.add_argument("file", metavar="FILE", type=Path, help="`kubectl get ... -o json`, or a recording")
    parser.add_argument("-o", "--output", metavar="FILE", help="default: standard output; packed if it ends in .gz")
    parser.add_argument(
        "--config", type=Path, metavar="FILE", help="also hide its redaction.paths, and use its redaction.key_file"
    )
    parser.add_argument(
        "--key-file", type=Path, metavar="FILE", help="files redacted with one key fit together (default: a new one)"
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """0 all of it is written, 1 what of it could be read is: each line on stderr tells of something that is not."""
    if args.output is not None and Path(args.output).exists() and Path(args.output).samefile(args.file):
        raise CommandError("-o must name another file", Exit.USAGE)
    redaction = _Redaction(args.file, _disguise(args))
    pieces = redaction.pieces()
    first = next(pieces, None)  # what is wrong with the file shows before anything is written
    if first is not None:
        with _output(args.output) as out:
            out.write(first)
            for piece in pieces:
                out.write(piece)
    return Exit.FAILED if redaction.flaws else Exit.FINE


class _Redaction:
    """Of one file; `flaws` counts what of it could not be written, each told in a line."""

    def __init__(self, path: Path, disguise: Disguise) -> None:
        self.flaws = 0
        self._path = path
        self._disguise = disguise
        self._scribe = Scribe(disguise)

    def pieces(self) -> Iterator[bytes]:
        """The file's content without secrets.

        Raises:
            CommandError: it is neither an export nor a recording.
        """
        wrote = False
        try:
            for entry in Reader([self._path], self._told).entries(self._path):
                try:
                    piece = self._line(entry)
                except MalformedError:
                    self._told(f"{entry.place}: is nested deeper than {MAX_DEPTH} levels, or no JSON: not used")
                    continue
                yield piece
                wrote = True
        except NoCallsError as exc:
            if wrote:
                self._told(f"{self._path}: {exc}")
            else:
                yield self._export(exc)
        except ForeignError as exc:
            self._told(f"{self._path}: {exc}: not used")

    def _told(self, line: str) -> None:
        self.flaws += 1
        complain(line)

    def _line(self, entry: Entry) -> bytes:
        """
        Raises:
            MalformedError: nobody can tell what in it is secret.
        """
        if isinstance(entry.said, Manifest):
            return msgspec.json.encode(msgspec.structs.replace(entry.said, key=self._disguise.fingerprint)) + b"\n"
        if entry.is_captured:
            return disguised(entry.text, self._scribe) + b"\n"
        return msgspec.json.encode(self._scribe.again(entry.said)) + b"\n"

    def _export(self, why: NoCallsError) -> bytes:
        """JSON keeps its lay-out and every spelling; YAML is written anew."""
        with opened(self._path) as (content, _):
            data = content.read()
        if not data.strip():
            raise CommandError(f"{self._path}: {why}")
        try:
            text = data.decode()
        except UnicodeDecodeError as exc:
            raise CommandError(f"{self._path}: {_NEITHER}: no UTF-8; save it as that") from exc
        try:
            return "".join(rewritten(each, self._exported) for each in one_by_one(text)).encode()
        except MalformedError as exc:
            return self._as_yaml(text, exc).encode()

    def _as_yaml(self, text: str, no_json: MalformedError) -> str:
        try:
            documents = [document.value for document in read_documents(text, str(self._path))]
        except UnreadableTextError as exc:
            if text.lstrip().startswith(("{", "[")):
                raise CommandError(f"{self._path}: {no_json}, and no YAML") from exc
            raise
        return "---\n".join(dump(self._exported(value)) for value in documents)

    def _exported(self, value: Any) -> Any:
        """
        Raises:
            CommandError: the value is no object of a cluster, nor a list of them.
        """
        if isinstance(value, list) and value:
            return [self._exported(item) for item in value]
        if not isinstance(value, dict) or not isinstance(value.get("kind"), str):
            raise CommandError(f"{self._path}: {_NEITHER}: neither `kind` nor `request` is in it")
        return self._disguise.exported(value)


def _disguise(args: argparse.Namespace) -> Disguise:
    redaction = load(args.config).redaction if args.config is not None else None
    key_file = args.key_file or (redaction.key_file if redaction is not None else None)
    paths = redaction.paths if redaction is not None else ()
    return Disguise(secrets.token_bytes(32) if key_file is None else read_key(key_file), paths)


@contextmanager
def _output(name: str | None) -> Iterator[BinaryIO | gzip.GzipFile]:
    if name in (None, "-"):
        yield sys.stdout.buffer
        sys.stdout.flush()
        return
    assert name is not None
    descriptor = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as out:
        if not name.endswith(".gz"):
            yield out
            return
        with gzip.GzipFile(fileobj=out, mode="wb", mtime=0) as packed:
            yield packed
