"""Every error this package raises on purpose. A remote fault is no error but an observation (`shadow.upstream`).

ShadowError
├── ConfigurationError    the configuration cannot be used; carries every problem with its path
├── RequestError          a hook call that cannot be taken; carries the HTTP status and a code
├── TranslationError      a message that cannot be said in the other dialect
└── StoreError            the store cannot be opened, read or written
    ├── BeingReadError    what is asked for takes long to read; it is there later
    └── UnreachableError  a database cannot be reached now; it may be later
"""

from dataclasses import dataclass


class ShadowError(Exception):
    """Root of the tree; its text is one line fit for a person."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One fault of a configuration: where (`migrations.kfp.canary.weight`) and what, with the remedy."""

    path: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}: {self.message}" if self.path else self.message


class ConfigurationError(ShadowError):
    """The configuration cannot be used."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("; ".join(map(str, problems)))
        self.problems = problems


class RequestError(ShadowError):
    """A hook call that cannot be taken: answered with `status` and `{"error", "code", "call"}`."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


class TranslationError(ShadowError):
    """A message that cannot be said in the other dialect."""


class StoreError(ShadowError):
    """The store cannot be opened, read or written."""

    def __init__(self, where: str, reason: str) -> None:
        super().__init__(f"store {where}: {reason}")
        self.where = where
        self.reason = reason


class BeingReadError(StoreError):
    """What is asked for takes long to read; it is being read, and will be there later."""

    def __init__(self, what: str) -> None:
        super().__init__("is busy", f"{what} is being read; look again in a moment")


class UnreachableError(StoreError):
    """There is no connection to the database to be had now; there may be one later."""
