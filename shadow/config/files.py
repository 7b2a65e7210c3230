"""The files that a configuration names: whether each can be read now and holds what it should. Asked before anything
listens, so that a wrong path is told under its key and not by the first call that needs the file.
"""

import os
import ssl
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from pydantic import BaseModel

from shadow.config.document import Location, read, spelled
from shadow.config.implementation import ClientTls
from shadow.config.model import Configuration
from shadow.config.process import ServerTls
from shadow.config.tokens import parse as parse_tokens
from shadow.config.watch import SecretFile
from shadow.errors import ConfigurationError, Problem

_REMEDY = "create it or correct the path"


def require_files(configuration: Configuration) -> None:
    """
    Raises:
        ConfigurationError: naming every file that cannot be used, under its key.
    """
    if problems := list(faulty_files(configuration)):
        raise ConfigurationError(problems)


def faulty_files(configuration: Configuration) -> Iterator[Problem]:
    """`server.tls.cert_file: /etc/tls.crt cannot be read: No such file or directory; create it or correct the path`."""
    return _of(configuration, ())


def _of(value: object, location: Location) -> Iterator[Problem]:
    if isinstance(value, Mapping):
        for name, item in value.items():
            yield from _of(item, (*location, str(name)))
    elif isinstance(value, BaseModel):
        found = [each for name in type(value).model_fields for each in _of(getattr(value, name), (*location, name))]
        yield from found
        if not found and isinstance(value, ServerTls | ClientTls):
            yield from _certificates(value, location)
    elif isinstance(value, Path) and str(location[-1]).endswith("_file"):
        yield from _file(value, location)
    elif isinstance(value, Path) and location[-1] == "directory":
        yield from _directory(value, location)


def _directory(path: Path, location: Location) -> Iterator[Problem]:
    """One that is not there is made when something is to be written."""
    if path.exists() and not path.is_dir():
        yield Problem(spelled(location), f"{path} is no directory; {_REMEDY}")
    elif path.exists() and not os.access(path, os.W_OK | os.X_OK):
        yield Problem(spelled(location), f"{path} cannot be written to; {_REMEDY}")


def _file(path: Path, location: Location) -> Iterator[Problem]:
    where, key = spelled(location), str(location[-1])
    try:
        path.read_bytes()
        if key in _CONTENT:
            _CONTENT[key](path)
    except OSError as exc:
        yield Problem(where, f"{path} cannot be read: {exc.strerror}; {_REMEDY}")
    except UnicodeDecodeError:
        yield Problem(where, f"{path} is not UTF-8")
    except ConfigurationError as exc:
        for problem in exc.problems:
            # The path comes first anyway: `FILE must hold one line`, `FILE: alice.rights: ...`.
            named = str(problem) if problem.path.startswith(str(path)) else f"{path}: {problem}"
            yield Problem(where, named)


def _tokens(path: Path) -> None:
    parse_tokens(path.read_text(encoding="utf-8"), str(path))


def _document(path: Path) -> None:
    read(path.read_text(encoding="utf-8"), str(path))


def _secret(path: Path) -> None:
    SecretFile(path).read()


_CONTENT: Mapping[str, Callable[[Path], None]] = {
    "token_file": _secret,
    "hooks_token_file": _secret,
    "authorization_file": _secret,
    "tokens_file": _tokens,
    "controller_file": _document,
}
"""What a file must hold, by its key; raises ConfigurationError. The others are read where they are used."""


def _certificates(tls: ServerTls | ClientTls, location: Location) -> Iterator[Problem]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority = "client_ca_file" if isinstance(tls, ServerTls) else "ca_file"
    try:
        if tls.cert_file is not None:
            context.load_cert_chain(tls.cert_file, tls.key_file, _no_password)
    except (ssl.SSLError, ValueError) as exc:
        what = f"{tls.cert_file} is no certificate for the key in {tls.key_file}"
        yield Problem(spelled((*location, "cert_file")), f"{what}: {_reason(exc)}")
    try:
        if (trusted := getattr(tls, authority)) is not None:
            context.load_verify_locations(trusted)
    except ssl.SSLError as exc:
        yield Problem(spelled((*location, authority)), f"{trusted} holds no certificate: {_reason(exc)}")


def _no_password() -> str:
    raise ValueError("the key is encrypted; there is nobody to ask for its password")


def _reason(exc: Exception) -> str:
    return getattr(exc, "reason", None) or str(exc)
