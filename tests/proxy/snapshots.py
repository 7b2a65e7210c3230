"""A migration's snapshot as a configuration makes it, without anybody who could be asked."""

from dataclasses import replace
from typing import Any, cast

from shadow.config.load import parse
from shadow.proxy.migrations.migration import Asked, Migration
from shadow.proxy.migrations.snapshot import build

_LEAST = """
migrations:
  m:
    old: {protocol: decorator, url: http://old, sync: /sync}
    new: {protocol: decorator, url: http://new, sync: /sync}
"""


def migration(**changed: Any) -> Migration:
    """The least migration there is, with these fields of the snapshot changed."""
    snapshot = build(parse(_LEAST, "a test"), _LEAST, lambda *_: cast("Asked", None))
    return replace(snapshot.migrations["m"], **changed)
