"""Which configuration a process starts with: the file's, or, if that is not valid, the last one the store accepted."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from shadow.config.document import read
from shadow.config.files import require_files
from shadow.config.load import parse, read_text
from shadow.config.model import Configuration
from shadow.errors import ConfigurationError

_DEFAULT_STORE = "sqlite:///shadow.db"


@dataclass(frozen=True, slots=True)
class Offered:
    """What the file offers. `configuration` is None if it is not valid, and `problem` says why."""

    text: str
    configuration: Configuration | None
    problem: ConfigurationError | None
    store_url: str


def offered(path: Path, environ: Mapping[str, str]) -> Offered:
    """Read the configuration file, and where the store is even if the rest of the file is not valid.

    Raises:
        ConfigurationError: the file is not valid, and neither it nor `SHADOW_STORE` says where the store is; or the
            file is valid and names another one that cannot be read.
    """
    text = ""
    try:
        text = read_text(path)
        configuration = parse(text, str(path))
    except ConfigurationError as problem:
        url = _store_of(text, path) or environ.get("SHADOW_STORE")
        if url is None:
            raise
        return Offered(text, None, problem, url)
    require_files(configuration)
    return Offered(text, configuration, None, configuration.store)


def _store_of(text: str, path: Path) -> str | None:
    """The `store` of a file that can be parsed but is not valid."""
    try:
        document = read(text, str(path)).value
    except ConfigurationError:
        return None
    if not isinstance(document, dict) or "migrations" not in document:
        return None
    url = document.get("store", _DEFAULT_STORE)
    return url if isinstance(url, str) else None


def served_before(accepted: tuple[str, str] | None) -> Configuration | None:
    """The configuration that the process before this one served with, as far as this version can read it."""
    try:
        return None if accepted is None else parse(accepted[0], "the configuration in the store")
    except ConfigurationError:
        return None


def last_accepted(accepted: tuple[str, str] | None, problem: ConfigurationError) -> tuple[str, Configuration]:
    """The text and configuration that the store holds.

    Raises:
        ConfigurationError: it holds none; then the file's own problem is the answer.
    """
    if accepted is None:
        raise problem
    return accepted[0], parse(accepted[0], "the configuration in the store")
