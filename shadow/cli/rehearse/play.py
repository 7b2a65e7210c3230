"""Puts a rehearsal together: relays before the real hooks, a proxy between, the simulated cluster, and the playbill."""

import argparse
import json
import os
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, nullcontext
from pathlib import Path

from rich.console import Console

from shadow.cli.common import CommandError, Exit, write
from shadow.cli.keys import read_key
from shadow.cli.processes import free_port, shadow
from shadow.cli.rehearse.relay import Relay, relaying
from shadow.config.load import load, locate
from shadow.config.migration import Migration
from shadow.config.model import Configuration
from shadow.disguise import Disguise
from shadow.migrate.controllers import Wishes, successor
from shadow.migrate.export import Export, read_export
from shadow.migrate.marks import Names
from shadow.migrate.playbill import listing, recommendation, table, tally, was_played
from shadow.migrate.rehearsal import Route, Stage
from shadow.migrate.scenes import Act, Cast, Scene, Way
from shadow.protocol.objects import Json
from shadow.simulate import Release, WebhookClient
from shadow.terms import Hook, Protocol, Side
from shadow.terms import Stage as LadderStage


async def play(args: argparse.Namespace) -> int:
    """Rehearse and tell.

    Raises:
        CommandError: the export holds no controller of this migration, or nothing of it is clear.
    """
    settings = load(locate(args.config, os.environ))
    name, migration = _chosen(settings, args.migration)
    export = read_export((_text(path), str(path)) for path in args.export)
    cast = cast_from(export, migration, args.metacontroller)
    console = Console(stderr=True, highlight=False)
    disguise = Disguise(read_key(args.key_file), settings.redaction.paths) if args.key_file is not None else None
    async with _routes(migration, cast.names, disguise) as (route, relays), WebhookClient() as webhooks:
        with console.status(f"Rehearsing {name}") if console.is_terminal else nullcontext():
            acts = await Stage(cast, route, webhooks).play()
    if args.format == "json":
        write([as_json(name, acts, relays), "\n"])
    else:
        write(f"{line}\n" for line in as_text(name, acts, export, relays))
    return verdict(acts)


def verdict(acts: Sequence[Act]) -> Exit:
    """4 if a hook gave no usable answer or no parent was played; 3 if the best way, there, back or out, would write."""
    if any(act.failed for act in acts) or not was_played(acts):
        return Exit.INCONCLUSIVE
    told = {act.scene: act for act in acts}
    path = (Scene.HANDED_OVER, Scene.MOVE, Scene.ROLLBACK, Scene.OUT)
    return Exit.DIFFERS if any(told[scene].changes() for scene in path if scene in told) else Exit.FINE


def cast_from(export: Export, migration: Migration, version: str | None) -> Cast:
    """Who plays, from what was exported.

    Raises:
        CommandError: no controller, several, or one that cannot be converted.
    """
    composite, decorator = (_only(export.controllers_of(protocol), protocol) for protocol in Protocol)
    if composite is None and decorator is None:
        raise CommandError("the export holds neither a CompositeController nor a DecoratorController")
    if decorator is None:
        assert composite is not None
        decorator, caveats = successor(composite, Wishes(Protocol.DECORATOR))
        if impossible := [caveat.message for caveat in caveats if caveat.level == "impossible"]:
            raise CommandError(f"the CompositeController cannot be converted: {'; '.join(impossible)}")
        _declare(export, decorator)
    spec = (composite or {}).get("spec") or {}
    core = "/" not in str((spec.get("parentResource") or {}).get("apiVersion", "/"))
    return Cast(
        export=export,
        composite=composite,
        decorator=decorator,
        names=Names(decorator["metadata"]["name"], spec.get("generateSelector") is True),
        # Only releases before 3 run a CompositeController for Namespaces.
        release=Release(version or ("2.6.1" if core else Release().version)),
        new_version=migration.new.version(Hook.SYNC),
        steady_way=_today(composite, migration),
        skips=_skips(migration),
    )


def _today(composite: Json | None, migration: Migration) -> Way:
    spoken = Protocol.DECORATOR if composite is None else Protocol.COMPOSITE
    return Way.DIRECT if migration.old.protocol is spoken else Way.PROXY


def _skips(migration: Migration) -> frozenset[Scene]:
    """A DecoratorController cannot call an implementation of the other protocol directly."""
    return frozenset() if migration.new.protocol is Protocol.DECORATOR else frozenset({Scene.OUT})


def _only(controllers: Sequence[Json], protocol: Protocol) -> Json | None:
    if len(controllers) > 1:
        names = ", ".join(str(body["metadata"].get("name")) for body in controllers)
        raise CommandError(f"export one {protocol} controller only, not {names}: the migration is of one hook")
    return controllers[0] if controllers else None


def _declare(export: Export, decorator: Json) -> None:
    """Give the converted controller an identity, as the API server would."""
    decorator["metadata"] = {"name": decorator["metadata"]["name"]}
    export.guessed.append("the DecoratorController (converted from the CompositeController)")


# --- the proxy -----------------------------------------------------------------------------------------------------
@asynccontextmanager
async def _routes(
    migration: Migration, names: Names, disguise: Disguise | None
) -> AsyncIterator[tuple[Route, Mapping[Side, Relay]]]:
    """Relays and a proxy; gone afterwards. Each way through the proxy is a migration of its own at it."""
    async with AsyncExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="shadow-rehearse-")))
        relays = {side: relaying(migration.implementation(side), disguise) for side in Side}
        served = {side: await stack.enter_async_context(relay) for side, relay in relays.items()}
        hooks, control = free_port(), free_port()
        urls = {side: url for side, (_, url) in served.items()}
        file = directory / "shadow.yaml"
        file.write_text(json.dumps(configuration(migration, names, urls, (hooks, control), directory)))
        process = await stack.enter_async_context(
            shadow("the proxy", "serve", "--config", str(file), log=directory / "proxy.log", environment=os.environ)
        )
        await process.ready(f"http://127.0.0.1:{control}/readyz")

        def route(side: Side, way: Way) -> str:
            return urls[side] if way is Way.DIRECT else f"http://127.0.0.1:{hooks}/{side}-{way}"

        yield route, {side: relay for side, (relay, _) in served.items()}


def configuration(
    migration: Migration, names: Names, urls: Mapping[Side, str], ports: tuple[int, int], directory: Path
) -> Json:
    """A proxy on loopback with a migration for each side and way: the side alone answers, nothing is held back."""
    spelled = migration.model_dump(mode="json", exclude_unset=True)
    for side in Side:
        spelled[side] = _relayed(spelled[side], migration, side, urls[side])
    altering = ("front_timeout", "status", "apply", "strict", "inexpressible", "missing_list", "ownership")
    kept = {key: spelled[key] for key in (*Side, *altering) if key in spelled}
    marks = {"ownership": {"decorator": names.decorator, "generate_selector": names.generate_selector}}
    # What a move writes is what is asked: nothing may be held back, taken from the other side, or braked meanwhile.
    open_ = {"unknown_brake": "off", "hold": [], "fallback": "off", "guard": {"then": "warn"}}
    stages = {Side.OLD: LadderStage.OFF, Side.NEW: LadderStage.COMPLETE}
    migrations = {
        f"{side}-{way}": {**kept, **extra, **open_, "stage": stages[side]}
        for side in Side
        for way, extra in ((Way.PROXY, {}), (Way.MARKED, marks))
    }
    hooks, control = ports
    return {
        "server": {"hooks": f"127.0.0.1:{hooks}", "control": f"127.0.0.1:{control}"},
        "store": f"sqlite:///{directory}/shadow.db",
        "migrations": migrations,
    }


def _relayed(spelled: Json, migration: Migration, side: Side, url: str) -> Json:
    """An implementation behind its relay, which has its address and credentials."""
    paths = {str(hook): f"/{hook}" for hook in Hook if migration.implementation(side).path(hook)}
    own = ("protocol", "hook_version", "customize_version", "finalize_version", "timeout", "controller_file")
    return {key: spelled[key] for key in own if key in spelled} | {"url": url, **paths}


# --- telling -------------------------------------------------------------------------------------------------------
def as_text(name: str, acts: Sequence[Act], export: Export, relays: Mapping[Side, Relay]) -> list[str]:
    """The whole playbill."""
    lines = [f"Rehearsal of {name}, in a copy of the cluster. Nothing was written anywhere.", ""]
    lines += [f"Guessed: {guess}. Add CustomResourceDefinitions to the export to be sure." for guess in export.guessed]
    for act in acts:
        lines += [act.about, *(list(listing(act)) or ["  no write"])]
    lines += ["", table(acts), ""]
    lines += [
        f"{relay.withheld} calls were not passed on to {side}." for side, relay in relays.items() if relay.withheld
    ]
    lines += [f"{side}: {relay.fault}" for side, relay in relays.items() if relay.fault]
    return lines + [f"- {sentence}" for sentence in recommendation(acts)]


def as_json(name: str, acts: Sequence[Act], relays: Mapping[Side, Relay]) -> str:
    """`{schema: "shadow.rehearsal/v1", migration, acts: [{scene, about, counts, writes, every_sync, ...}], ...}`."""
    told = {
        "schema": "shadow.rehearsal/v1",
        "migration": name,
        "acts": [_act_as_json(act) for act in acts],
        "calls": {
            side: {"asked": relay.asked, "withheld": relay.withheld, "fault": relay.fault}
            for side, relay in relays.items()
        },
        "recommendation": recommendation(acts),
    }
    return json.dumps(told, indent=2)


def _act_as_json(act: Act) -> Json:
    return {
        "scene": act.scene,
        "about": act.about,
        "counts": tally(act),
        "quiet": act.quiet,
        "played": act.played,
        "patched": act.patched,
        "writes": [each.as_json() for each in act.writes],
        "every_sync": [each.as_json() for each in act.every_sync],
        "failed": [{"parent": parent, "reason": reason} for parent, reason in act.failed],
    }


def _chosen(configuration: Configuration, wanted: str | None) -> tuple[str, Migration]:
    names = list(configuration.migrations)
    if wanted is None and len(names) > 1:
        raise CommandError(f"--migration must name one of {', '.join(names)}", Exit.USAGE)
    name = wanted or names[0]
    if name not in configuration.migrations:
        raise CommandError(f"there is no migration {name}; there are {', '.join(names)}", Exit.USAGE)
    return name, configuration.migrations[name]


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise CommandError(f"{path}: is not UTF-8") from None
