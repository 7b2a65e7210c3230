"""From a file to a configuration. Either the whole of it is good, or every problem is told."""

from collections.abc import Mapping
from pathlib import Path

from shadow.config.document import read
from shadow.config.model import Configuration
from shadow.config.problems import validate
from shadow.errors import ConfigurationError, Problem


def parse(text: str, source: str) -> Configuration:
    """A configuration from YAML or JSON text.

    Args:
        text: YAML 1.2; only `true` and `false` are booleans.
        source: What an error calls the text where no key can be named.

    Raises:
        ConfigurationError: with every problem, each with its path and line.
    """
    configuration, problems = validate(read(text, source))
    if configuration is None:
        raise ConfigurationError(problems)
    return configuration


def load(path: Path) -> Configuration:
    """The configuration in a file.

    Raises:
        ConfigurationError: also when the file cannot be read.
    """
    return parse(read_text(path), str(path))


def locate(option: str | None, environment: Mapping[str, str]) -> Path:
    """The file to read: the option, else `SHADOW_CONFIG`, else `shadow.yaml`."""
    return Path(option or environment.get("SHADOW_CONFIG") or "shadow.yaml")


def read_text(path: Path) -> str:
    """The text of a configuration file.

    Raises:
        ConfigurationError: when it cannot be read or is not UTF-8.
    """
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        remedy = "name the file with --config or SHADOW_CONFIG"
        raise ConfigurationError([Problem(str(path), f"cannot be read: {error.strerror}; {remedy}")]) from error
    except OSError as error:
        raise ConfigurationError([Problem(str(path), f"cannot be read: {error.strerror}")]) from error
    except UnicodeDecodeError as error:
        raise ConfigurationError([Problem(str(path), f"is not UTF-8 (byte {error.start})")]) from error
