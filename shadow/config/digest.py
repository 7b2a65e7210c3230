"""Two digests: of all that is configured, and of all that can change an answer or how it is altered.

Comparisons are evidence only at the evidence digest they were made at. Both are taken over meaning, not over spelling:
the order of keys, comments, and defaults that are written out do not change them.
"""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from shadow.config.implementation import Implementation
from shadow.config.migration import Migration
from shadow.config.model import Configuration
from shadow.terms import Hook, Side

_ALTERATIONS = ("status", "apply", "strict", "inexpressible", "missing_list")


def configuration_digest(configuration: Configuration) -> str:
    """Of the whole configuration: `sha256:` and 64 hex digits."""
    # Without the defaults, so that a version with one more key gives an unchanged file the same digest.
    return _digest(configuration.model_dump(mode="json", exclude_defaults=True))


def migrations_digest(configuration: Configuration) -> str:
    """Of the migrations alone: what replicas agree on, whatever each listens on."""
    return _digest(configuration.model_dump(mode="json", include={"migrations"}, exclude_defaults=True))


def evidence_digest(
    migration: Migration, controllers: Mapping[Side, bytes] | None = None, revisions: Mapping[Side, str] | None = None
) -> str:
    """Of what can change an answer of either implementation, or what is served of it.

    Args:
        migration: Stage, weight, pins, brake, rules, sample, time-outs and `shadow_*` do not count.
        controllers: Content of each `controller_file`; without it only its path counts.
        revisions: What a `revision_header` told last.
    """
    sides = {side.value: _implementation(migration.implementation(side)) for side in Side}
    for side, content in (controllers or {}).items():
        sides[side.value]["controller"] = hashlib.sha256(content).hexdigest()
    for side, revision in (revisions or {}).items():
        sides[side.value]["revision"] = revision
    ownership = migration.ownership.model_dump(mode="json", exclude_defaults=True) if migration.ownership else None
    alterations = {key: getattr(migration, key) for key in _ALTERATIONS}
    return _digest({"implementations": sides, "ownership": ownership, **alterations})


def implementation_digest(implementation: Implementation) -> str:
    """Of one implementation: where it is, what it speaks, and which revision of it is configured."""
    return _digest(_implementation(implementation))


def short(digest: str) -> str:
    """`sha256:` and the first 12 hex digits, for people."""
    return digest[: len("sha256:") + 12]


def _implementation(implementation: Implementation) -> dict[str, Any]:
    return {
        "protocol": implementation.protocol,
        "versions": {hook: implementation.version(hook) for hook in Hook},
        "url": implementation.url,
        "paths": {hook: implementation.path(hook) for hook in Hook},
        "headers": {name.lower(): value for name, value in implementation.headers.items()},
        "revision": implementation.revision,
        "revision_header": implementation.revision_header,
        "controller_file": str(implementation.controller_file) if implementation.controller_file else None,
    }


def _digest(value: Any) -> str:
    canonical = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return f"sha256:{hashlib.sha256(canonical.encode()).hexdigest()}"
