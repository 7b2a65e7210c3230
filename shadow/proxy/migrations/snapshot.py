"""From a configuration to what a call sees of it. Everything is built before anything is taken over."""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

from shadow.compare.rules import compile_rules
from shadow.config.digest import configuration_digest, evidence_digest, implementation_digest
from shadow.config.implementation import Implementation
from shadow.config.migration import Migration as Settings
from shadow.config.model import Configuration
from shadow.protocol.dialect import Alterations, Dialect, Ownership
from shadow.proxy.migrations.controllers import controllers
from shadow.proxy.migrations.migration import Asked, Migration, Party
from shadow.terms import Hook, Side

MakeAsked = Callable[[str, Side, Implementation], Asked]
"""(migration, side, settings) -> who is asked; the composition root keeps connections where settings are equal."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One configuration, ready to serve."""

    configuration: Configuration
    text: str
    digest: str
    migrations: Mapping[str, Migration]

    def having(self, migration: Migration) -> "Snapshot":
        """The same with this one in the place of the one of its name."""
        return replace(self, migrations={**self.migrations, migration.name: migration})

    @property
    def rules(self) -> dict[str, list[dict[str, object]]]:
        """The rules of each digest in use, as the compare process gets them."""
        return {
            migration.rules_digest: self.configuration.migrations[name].compare.records()
            for name, migration in self.migrations.items()
        }


def build(configuration: Configuration, text: str, make_asked: MakeAsked) -> Snapshot:
    """
    Raises:
        ConfigurationError: a file that it names cannot be used.
    """
    migrations = {name: _migration(name, settings, make_asked) for name, settings in configuration.migrations.items()}
    return Snapshot(configuration, text, configuration_digest(configuration), migrations)


def _migration(name: str, settings: Settings, make_asked: MakeAsked) -> Migration:
    shown = controllers(name, settings)
    evidence = evidence_digest(settings, shown)
    rules = settings.compare.records()
    governed = [settings.stage, settings.canary.buckets, settings.canary.pin.model_dump(mode="json"), evidence]
    return Migration(
        name=name,
        stage=settings.stage,
        weight_buckets=settings.canary.buckets,
        pins=settings.canary.pin,
        parties={
            side: _party(
                settings.implementation(side),
                shown.get(side),
                make_asked(name, side, settings.implementation(side)),
            )
            for side in Side
        },
        alterations=alterations_of(settings),
        fallback=settings.fallback,
        hold=frozenset(settings.hold),
        rules=compile_rules(rules),
        rules_digest=_digest(rules),
        sample=settings.sample,
        ask_twice=settings.noise.ask_twice,
        apply=settings.apply,
        hold_unknown_brake=settings.unknown_brake == "hold",
        front_timeout_seconds=settings.front_timeout,
        evidence_digest=evidence,
        evidence_tag=evidence.rpartition(":")[2][:12].encode(),
        evidence_at=lru_cache(maxsize=64)(lambda told: evidence_digest(settings, shown, dict(told))),
        guard=settings.guard,
        resync_after_seconds=settings.resync.after if settings.resync is not None else None,
        governed_digest=_digest(governed),
    )


def _party(settings: Implementation, controller: bytes | None, asked: Asked) -> Party:
    dialects = {
        hook: Dialect(settings.protocol, settings.version(hook)) for hook in Hook if settings.path(hook) is not None
    }
    header = settings.revision_header
    return Party(
        asked=asked,
        digest=implementation_digest(settings),
        dialects=dialects,
        controller=controller,
        shadow_when=settings.shadow_when,
        shadow_finalize=settings.shadow_finalize,
        timeout_seconds=settings.timeout,
        revision=settings.revision,
        revision_header=header.lower().encode() if header else None,
    )


def alterations_of(settings: Settings) -> Alterations:
    """What is done to the answers of both implementations."""
    own = settings.ownership
    ownership = Ownership(own.decorator, own.generate_selector, own.observed_generation) if own else None
    return Alterations(
        ownership=ownership,
        status=settings.status,
        inexpressible=settings.inexpressible,
        missing_list=settings.missing_list,
        strict=settings.strict,
    )


def _digest(value: object) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=str).encode()).hexdigest()[:16]
