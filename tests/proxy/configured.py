"""A migration as a call sees it, from keys of its configuration, without a running proxy."""

import json
from typing import Any

from shadow.config.implementation import Implementation
from shadow.config.load import parse
from shadow.proxy.migrations.migration import Asked, Migration
from shadow.proxy.migrations.snapshot import build
from shadow.terms import Side


def migration(**settings: Any) -> Migration:
    """Both implementations decorators unless `old__protocol` and so on say otherwise."""
    written: dict[str, Any] = {
        side.value: {"protocol": "decorator", "url": f"http://{side}", "sync": "/sync"} for side in Side
    }
    for key, value in settings.items():
        section, _, inner = key.rpartition("__")
        (written[section] if section else written)[inner] = value
    text = json.dumps({"migrations": {"m": written}})
    return build(parse(text, "a test"), text, _nobody).migrations["m"]


def _nobody(migration: str, side: Side, settings: Implementation) -> Asked:
    return _Silent()


class _Silent:
    """Nobody is asked in these tests."""

    async def ask(self, *args: Any, **options: Any) -> Any:
        raise AssertionError("asked")
