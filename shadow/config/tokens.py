"""Who may do what on the control address: named tokens with rights, kept as digests.

The file is YAML, `{name: {sha256: HEX, rights: [read, rollback, release]}}`. It holds no token, only what a token's
SHA-256 is, so whoever can read it still cannot use the API.
"""

import logging
import re
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter, ValidationError

from shadow.config.document import read
from shadow.config.watch import Stamp, stamp_of
from shadow.errors import ConfigurationError, Problem

_log = logging.getLogger(__name__)
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,62}")
_TAKEN = frozenset({"configuration", "file", "guard", "local", "loopback", "process", "token"})
"""Who else the change log names: nobody may pass for them."""


class Right(StrEnum):
    """What a token is good for. Each of the others brings `read` along: who moves a brake has to see it."""

    READ = "read"
    ROLLBACK = "rollback"
    RELEASE = "release"


class NamedToken(BaseModel):
    """One line of the file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
    """Of the token's bytes, in lower-case hex: `printf %s "$TOKEN" | sha256sum`."""

    rights: Annotated[tuple[Right, ...], Field(min_length=1)]
    """At least one."""


_FILE = TypeAdapter(dict[str, NamedToken])


def parse(text: str, where: str) -> Mapping[str, NamedToken]:
    """
    Raises:
        ConfigurationError: naming every fault with its path; digests are not repeated.
    """
    try:
        tokens = _FILE.validate_python(read(text, where).value)
    except ValidationError as exc:
        raise ConfigurationError([_problem(where, error) for error in exc.errors(include_input=False)]) from None
    if bad := [name for name in tokens if name in _TAKEN or not _NAME.fullmatch(name)]:
        raise ConfigurationError([Problem(where, f"{name!r} cannot be the name of a token") for name in bad])
    if not tokens:
        raise ConfigurationError([Problem(where, "holds no token: nobody could use the API")])
    return tokens


def _problem(where: str, error: Any) -> Problem:
    path = ".".join(map(str, error["loc"]))
    return Problem(f"{where}: {path}" if path else where, error["msg"])


class TokensFile:
    """The file, read again when it changes. A faulty or absent one leaves those in force that were read last."""

    def __init__(self, path: Path) -> None:
        """
        Raises:
            ConfigurationError: it cannot be used as it is now.
        """
        self.path = path
        self._stamp: Stamp | None = stamp_of(path)
        self._tokens = self._load()
        self._faulty = False

    def tokens(self) -> Mapping[str, NamedToken]:
        """By name, as the file is now."""
        self.usable()
        return self._tokens

    def usable(self) -> bool:
        """Whether the file as it is now holds tokens; if it does, they are in force."""
        stamp = stamp_of(self.path)
        if stamp is not None and stamp != self._stamp:
            self._stamp = stamp
            try:
                self._tokens = self._load()
            except ConfigurationError as exc:
                _log.error("the tokens stay as they were: %s", exc)
                self._faulty = True
            else:
                self._faulty = False
        return stamp is not None and not self._faulty

    def _load(self) -> Mapping[str, NamedToken]:
        try:
            text = self.path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as exc:
            raise ConfigurationError([Problem(str(self.path), f"cannot be read: {exc}")]) from exc
        return parse(text, str(self.path))
