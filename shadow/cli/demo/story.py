"""The story itself: the ladder from off to complete, a bug on the way, and what each step did to the cluster.

Every sentence that could turn out wrong is a claim; if one does, the demo says so and ends with status 1.
"""

import asyncio
import time
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from shadow.cli.demo.scenery import (
    CANARY_PERCENT,
    FORGOTTEN,
    FORGOTTEN_IN,
    MIGRATION,
    MOVED_FIRST,
    NAMESPACES,
    NEW_TAG,
    OBJECTS_PER_NAMESPACE,
    OLD_TAG,
)
from shadow.cli.demo.screen import Screen
from shadow.cli.demo.stagehand import Stagehand, stage_set
from shadow.terms import Stage

Chapter = Callable[[Stagehand], Coroutine[Any, Any, None]]


async def tell(screen: Screen, *, once: bool, port: int | None, chapters: Sequence[Chapter]) -> bool:
    """Tell these chapters; whether every claim was met. Ends what it started, whatever happens."""
    started = time.monotonic()
    async with stage_set(screen, port) as hand:
        for chapter in chapters:
            await chapter(hand)
        _epilogue(hand, time.monotonic() - started)
        if not once:
            await _leave_open(hand)
        return not screen.broken


async def off(hand: Stagehand) -> None:
    hand.screen.chapter(
        "Off: the proxy is in the path, and that is all",
        f"{len(NAMESPACES)} Kubeflow namespaces. Metacontroller's DecoratorController calls the proxy, which "
        "translates for the [bold]old[/] hook, a CompositeController's. The [bold]new[/] hook is not called at all.",
    )
    scene = await hand.resync()
    created = len(NAMESPACES) * OBJECTS_PER_NAMESPACE
    hand.screen.claim(
        len(scene.writes) == created and {write.verb for write in scene.writes} == {"create"},
        f"the {created} objects of the old hook were created through the proxy",
    )
    hand.screen.claim(hand.new.calls == 0, "the new hook was not called")


async def shadowing(hand: Stagehand) -> None:
    hand.screen.chapter(
        "Shadow: ask both, serve old, compare",
        f"One difference is there on purpose: new runs visualization server {NEW_TAG} instead of {OLD_TAG}. "
        f"And new has a bug that nobody knows of yet: in {FORGOTTEN_IN} it forgets a Service.",
    )
    await hand.move(Stage.SHADOW)
    scene = await hand.resync()
    hand.screen.claim(not scene.writes, "asking new cost the cluster nothing")
    hand.screen.claim(
        scene.outcomes["mismatched"] == len(NAMESPACES) and hand.new.calls >= len(NAMESPACES),
        f"all {len(NAMESPACES)} namespaces differ by the image, an update in place",
    )
    hand.screen.claim(
        scene.harmful() == [FORGOTTEN_IN],
        f"and in {FORGOTTEN_IN} new's answer would delete Service {FORGOTTEN}: one namespace of {len(NAMESPACES)}",
    )


async def canary(hand: Stagehand) -> None:
    hand.screen.chapter(
        f"Canary {CANARY_PERCENT}%: new answers for {' and '.join(sorted(MOVED_FIRST))}",
        "Suppose nobody read that. Which namespaces move is decided by a hash of their uid, so a higher "
        "weight only ever adds some.",
    )
    await hand.move(Stage.CANARY)
    scene = await hand.resync()
    moved = sorted(MOVED_FIRST - {FORGOTTEN_IN})
    hand.screen.claim(scene.updated() == moved and len(scene.writes) == 1, f"{moved[0]} got the new image; one update")
    hand.screen.claim(
        scene.held >= 1, f"new's answer for {FORGOTTEN_IN} was held back: old had left that Service alone"
    )
    hand.screen.claim(
        scene.deletes == 0 and hand.has_forgotten_service(),
        "old's answer was served there instead; nothing was deleted",
    )


async def brake(hand: Stagehand) -> None:
    hand.screen.chapter(
        "Rollback: the brake",
        f"Somebody sees the held answer and pulls the brake: [bold]shadow rollback {MIGRATION} --because ...[/] "
        "From the next call on old answers for everybody, whatever the configuration says.",
    )
    said = await hand.proxy.rollback(f"new forgets Service {FORGOTTEN} in {FORGOTTEN_IN}")
    hand.screen.claim(
        said["on"] is True and said["stored"] is True, "the brake is on and stored: a restart cannot lose it"
    )
    scene = await hand.resync()
    hand.screen.claim(scene.served["new"] == 0, "not one answer of new was served")
    hand.screen.claim(
        scene.updated() == sorted(MOVED_FIRST - {FORGOTTEN_IN}) and len(scene.writes) == 1,
        "the one update of the canary was taken back, and that is all it cost",
    )


async def mended(hand: Stagehand) -> None:
    hand.screen.chapter(
        "The hook is fixed, and shows it while the brake is still on",
        "A new revision of the new hook: what was compared before does not count for it any more. Both are asked, old "
        "is served.",
    )
    hand.new.mended = True
    await hand.proxy.change(revision="2")
    hand.screen.aside('shadow.yaml: new: {revision: "2"}; older evidence is stale')
    scene = await hand.resync()
    hand.screen.claim(not scene.writes and scene.served["new"] == 0, "nothing was written; old is still served")
    hand.screen.claim(not scene.harmful(), "no answer of new would delete anything any more")
    hand.screen.claim(
        [line.told["parents"] for line in scene.differences] == [len(NAMESPACES)],
        "what is left is the one difference on purpose",
    )


async def released(hand: Stagehand) -> None:
    hand.screen.chapter(
        "Release: back to the canary",
        "Only a person lets the brake go, and since the configuration changed meanwhile says which one is meant: "
        f"[bold]shadow release {MIGRATION} --because ... --accept-digest ...[/]",
    )
    digest = (await hand.proxy.status())["configuration_digest"]
    said = await hand.proxy.release("new is fixed: no deletes in any namespace", digest)
    hand.screen.claim(said["on"] is False, "the brake is off")
    scene = await hand.resync()
    hand.screen.claim(
        scene.updated() == sorted(MOVED_FIRST) and len(scene.writes) == len(MOVED_FIRST) and scene.held == 0,
        f"{' and '.join(sorted(MOVED_FIRST))} have the new image; nothing was held",
    )


async def live(hand: Stagehand) -> None:
    hand.screen.chapter("Live: new answers for everybody", "Old is still asked, and one rollback away.")
    await hand.move(Stage.LIVE)
    scene = await hand.resync()
    rest = sorted(set(NAMESPACES) - MOVED_FIRST)
    hand.screen.claim(
        scene.updated() == rest and len(scene.writes) == len(rest),
        f"the other {len(rest)} namespaces got the new image, each with one update",
    )
    hand.screen.claim(scene.served["old"] == 0, "every answer that was served is new's")


async def complete(hand: Stagehand) -> None:
    hand.screen.chapter(
        "Complete: old is not needed any more", "The old hook's process is ended. Nothing may depend on it now."
    )
    await hand.move(Stage.COMPLETE)
    await hand.old.end()
    scene = await hand.resync()
    hand.screen.claim(
        not scene.writes and scene.served["old"] == 0, "with the old hook gone nothing is written and nothing fails"
    )


CHAPTERS: tuple[Chapter, ...] = (
    off,
    shadowing,
    canary,
    brake,
    mended,
    released,
    live,
    complete,
)


def _epilogue(hand: Stagehand, seconds: float) -> None:
    screen, writes = hand.screen, [write for write in hand.cluster.api.audit if write.changes]
    deletes = sum(write.verb == "delete" for write in writes)
    screen.chapter("What it came to", f"{len(writes)} writes in the whole migration, from the API server's audit log:")
    screen.happened(writes)
    screen.claim(
        deletes == 0 and hand.has_forgotten_service(),
        f"not one object was deleted; Service {FORGOTTEN} of {FORGOTTEN_IN} never went away",
    )
    told = "Everything came out as told" if not screen.broken else f"{len(screen.broken)} claims were not met"
    screen.say(f"\n[bold]{told}[/], in {seconds:.0f} s.")


async def _leave_open(hand: Stagehand) -> None:
    """The report, and the page until Ctrl-C."""
    url = hand.proxy.addresses.control_url
    hand.screen.verbatim(f"\n{await hand.proxy.report_table()}")
    hand.screen.say(
        f"Look at all of it in a browser: [bold]{url}/[/]. From another terminal:\n"
        f"  shadow status --control {url}\n"
        f"  shadow report {MIGRATION} --control {url}\n"
        "Ctrl-C ends the demo and everything it started."
    )
    await asyncio.Event().wait()
