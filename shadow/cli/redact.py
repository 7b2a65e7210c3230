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
from shadow.jsontext import MalformedError, rewritten
from shadow.migrate.yamltext import dump, read_documents
from shadow.recordings.foreign import disguised
from shadow.recordings.model import Manifest, RecordedCall
from shadow.recordings.reader import ForeignError, is_manifest, opened, values
from shadow.recordings.scribe import Scribe


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
    """0 it is written."""
    if args.output is not None and Path(args.output).exists() and Path(args.output).samefile(args.file):
        raise CommandError("-o must name another file", Exit.USAGE)
    pieces = redacted(args.file, _disguise(args))
    first = next(pieces, b"")  # what is wrong with the file shows before anything is written
    with _output(args.output) as out:
        out.write(first)
        for piece in pieces:
            out.write(piece)
    return Exit.FINE


def redacted(path: Path, disguise: Disguise) -> Iterator[bytes]:
    """The file's content without secrets.

    Raises:
        CommandError: it is neither an export nor a recording.
    """
    try:
        with opened(path) as (lines, _):
            read = values(lines)
            first, _ = next(read, (b"", True))
            if _is_call(first) or is_manifest(first):
                yield _line(first, disguise)
                for number, (text, whole) in enumerate(read, start=2):
                    try:
                        yield _line(text, disguise)
                    except (MalformedError, msgspec.MsgspecError):
                        complain(f"{path}: value {number} is {'no call' if whole else 'cut short'}: left out")
                return
    except (EOFError, gzip.BadGzipFile):
        complain(f"{path}: is cut short: what comes before the cut is written")
        return
    except ForeignError as exc:
        raise CommandError(f"{path}: {exc}") from exc
    yield from _export(path, disguise)


def _is_call(text: bytes) -> bool:
    try:
        fields = msgspec.json.decode(text, type=dict[str, msgspec.Raw])
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return False
    return "request" in fields


def _line(text: bytes, disguise: Disguise) -> bytes:
    """
    Raises:
        MalformedError: nobody can tell what in it is secret.
    """
    if is_manifest(text):
        manifest = msgspec.json.decode(text, type=Manifest)
        return msgspec.json.encode(msgspec.structs.replace(manifest, key=disguise.fingerprint)) + b"\n"
    try:
        call = msgspec.json.decode(text, type=RecordedCall)
    except msgspec.MsgspecError:
        return disguised(text, Scribe(disguise)) + b"\n"
    return msgspec.json.encode(Scribe(disguise).again(call)) + b"\n"


def _export(path: Path, disguise: Disguise) -> Iterator[bytes]:
    """JSON keeps its lay-out and every spelling; YAML is written anew."""
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as exc:
        raise CommandError(f"{path}: is neither an export nor a recording: no UTF-8") from exc
    try:
        whole = rewritten(text, disguise.exported)
    except MalformedError:
        whole = _yaml(path, text, disguise)
    yield whole.encode()


def _yaml(path: Path, text: str, disguise: Disguise) -> str:
    documents = [document.value for document in read_documents(text, str(path))]
    if not documents or not all(isinstance(value, dict) and "kind" in value for value in documents):
        raise CommandError(f"{path}: is neither an export nor a recording")
    return "---\n".join(dump(disguise.exported(value)) for value in documents)


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
