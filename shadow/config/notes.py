"""What is allowed in a configuration and yet seldom meant. Never an error: a note changes no exit status."""

import re
from collections.abc import Iterable, Iterator
from datetime import date

from shadow.config.document import spelled
from shadow.config.migration import Migration
from shadow.config.model import Configuration
from shadow.config.oddrules import Oddity, oddities
from shadow.config.rules import Rule
from shadow.config.storeurl import shown, sqlite_path
from shadow.errors import Problem
from shadow.terms import Hook, HookVersion, Side, Stage

_GROUP_KEY = re.compile(r"[A-Z][A-Za-z0-9]*\.(?:[a-z0-9][a-z0-9.-]*/)?v[0-9][a-z0-9]*")


def notes(configuration: Configuration, today: date) -> Iterator[Problem]:
    """Each with its path.

    Args:
        today: in UTC; rules end by it.
    """
    yield from _store(configuration.store)
    for name, migration in configuration.migrations.items():
        yield from _migration(("migrations", name), migration)
        yield from _rules(("migrations", name, "compare"), migration, today)


def _store(url: str) -> Iterator[Problem]:
    path = sqlite_path(url)
    if path is not None and not path.parent.is_dir():
        yield Problem("store", f"the directory {path.parent} does not exist here; `shadow serve` needs it")
    if shown(url) != url:
        yield Problem("store", "holds a password that everybody reads who may read the file; PGPASSFILE is for it")


def _migration(where: tuple[str, ...], migration: Migration) -> Iterator[Problem]:
    old, new, canary = migration.old, migration.new, migration.canary
    same = old.url == new.url and old.protocol is new.protocol
    if same and all(old.path(hook) == new.path(hook) for hook in Hook):
        yield Problem(spelled((*where, "new")), "is the same hook as `old`: nothing can differ")
    if migration.stage is Stage.CANARY and not canary.buckets and not canary.pin.new:
        yield Problem(spelled((*where, "canary")), "has weight 0 and no pin.new: no parent moves")
    yield from _versions(where, migration)
    for side in Side:
        odd = [key for key in migration.implementation(side).shadow_when.observed if not _GROUP_KEY.fullmatch(key)]
        for key in odd:
            what = f"{key} is no kind with its version, such as Secret.v1 or Deployment.apps/v1: never observed"
            yield Problem(spelled((*where, side.value, "shadow_when")), what)


def _versions(where: tuple[str, ...], migration: Migration) -> Iterator[Problem]:
    """The controller in front has one version: an implementation of the other one sees less than it is made for."""
    for hook in Hook:
        versions = {side: migration.implementation(side).version(hook) for side in Side}
        called = all(migration.implementation(side).path(hook) is not None for side in Side)
        if called and len(set(versions.values())) > 1:
            newer = next(side for side, version in versions.items() if version is HookVersion.V2)
            what = (
                f"v1 and v2 of the {hook} hook: under a namespaced parent, objects beyond its namespace are shown to "
                f"`{newer}` only if the controller declares v2, and to `{newer.other}` never; "
                "--probe --request FILE, given a recorded call, tells whether that can work"
            )
            yield Problem(spelled(where), what)


def _rules(where: tuple[str | int, ...], migration: Migration, today: date) -> Iterator[Problem]:
    for at, rule in enumerate(migration.compare.ignore):
        yield from _rule((*where, "ignore", at), oddities("ignore", rule), rule, today)
    for at, rule in enumerate(migration.compare.expect):
        yield from _rule((*where, "expect", at), oddities("expect", rule), rule, today)


def _rule(where: tuple[str | int, ...], odd: Iterable[Oddity], rule: Rule, today: date) -> Iterator[Problem]:
    if rule.until is not None and rule.until < today:
        yield Problem(spelled((*where, "until")), f"{rule.until} is over: the rule does nothing any more")
    for key, what in odd:
        yield Problem(spelled((*where, key) if key else where), what)
