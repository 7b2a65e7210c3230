"""The controller objects that implementations are shown because the configuration names a file."""

import json
from pathlib import Path

from shadow.config.document import read
from shadow.config.migration import Migration as Settings
from shadow.config.model import Configuration
from shadow.errors import ConfigurationError, Problem
from shadow.protocol.fitting import misfits
from shadow.terms import Hook, Side


def controllers(name: str, settings: Settings) -> dict[Side, bytes]:
    """Of one migration, as JSON.

    Raises:
        ConfigurationError: a file cannot be read, or its object is none that the implementation can be shown.
    """
    found, problems = {}, list[Problem]()
    for side in Side:
        implementation = settings.implementation(side)
        if implementation.controller_file is None:
            continue
        where = f"migrations.{name}.{side}.controller_file"
        found[side] = _read(where, Path(implementation.controller_file))
        versions = {hook: implementation.version(hook) for hook in Hook if implementation.path(hook) is not None}
        problems += [Problem(where, what) for what in misfits(found[side], implementation.protocol, versions)]
    if problems:
        raise ConfigurationError(problems)
    return found


def require_controllers(configuration: Configuration) -> None:
    """
    Raises:
        ConfigurationError: with the problems of all migrations.
    """
    problems = []
    for name, settings in configuration.migrations.items():
        try:
            controllers(name, settings)
        except ConfigurationError as exc:
            problems += exc.problems
    if problems:
        raise ConfigurationError(problems)


def _read(where: str, path: Path) -> bytes:
    try:
        document = read(path.read_text(encoding="utf-8"), str(path)).value
    except (OSError, UnicodeDecodeError) as exc:
        raise ConfigurationError([Problem(where, f"{path} cannot be read: {exc}")]) from exc
    return json.dumps(document).encode()
