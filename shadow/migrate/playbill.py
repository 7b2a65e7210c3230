"""What a rehearsal came to: a line for each act, the writes themselves, and what to do."""

from collections import Counter
from collections.abc import Iterable, Sequence

from shadow.migrate.scenes import Act, Scene
from shadow.simulate import Write

_SHOWN = 12
"""Writes of one sort that are listed by name; the rest is a number. JSON has all of them."""


def tally(act: Act) -> dict[str, int]:
    """`{create, update, recreate, delete, conflicts, failed}`: what changed, and what could not."""
    changed = Counter(write.verb for write in act.changes())
    deleted = {_identity(write) for write in act.changes() if write.verb == "delete"}
    recreated = sum(_identity(write) in deleted for write in act.changes() if write.verb == "create")
    return {
        "create": changed["create"] - recreated,
        "update": changed["update"],
        "recreate": recreated,
        "delete": changed["delete"] - recreated,
        "conflicts": len({_identity(write) for write in act.writes if write.code == 409 and write.verb == "create"}),
        "failed": len(act.failed),
    }


def table(acts: Sequence[Act]) -> str:
    """One line an act."""
    rows = [_row(act) for act in acts]
    width = max(len(act.about) for act in acts)
    head = f"{'':{width}}  create  update  recreate  delete  409s  no effect"
    return "\n".join((head, *rows_of(rows, width)))


def rows_of(rows: Iterable[tuple[str, list[int], str]], width: int) -> Iterable[str]:
    """The table's lines, numbers under their heads, a remark behind."""
    for about, numbers, remark in rows:
        create, update, recreate, delete, conflicts, idle = numbers
        cells = f"{create:>6}  {update:>6}  {recreate:>8}  {delete:>6}  {conflicts:>4}  {idle:>9}"
        yield f"{about:{width}}  {cells}  {remark}".rstrip()


def _row(act: Act) -> tuple[str, list[int], str]:
    counted = tally(act)
    idle = sum(write.noop for write in act.every_sync)
    remarks = []
    if act.failed:
        remarks.append(f"{len(act.failed)} parents fail")
    if not act.quiet and not act.failed:
        remarks.append("does not come to rest")
    if act.patched:
        remarks.append(f"after {act.patched} objects patched by hand")
    keys = ("create", "update", "recreate", "delete", "conflicts")
    return act.about, [*(counted[key] for key in keys), idle], "; ".join(remarks)


def listing(act: Act) -> Iterable[str]:
    """The writes of an act: verb and kind, how many, and the first by name."""
    groups: dict[str, dict[str, None]] = {}
    for write in act.writes:
        sort = f"{write.verb} {write.kind}{'/status' if write.subresource else ''}"
        groups.setdefault(f"{sort} refused ({write.code})" if write.refused else sort, {})[_name(write)] = None
    for sort, names in sorted(groups.items()):
        shown = ", ".join(list(names)[:_SHOWN])
        more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
        yield f"  {sort}: {len(names)} ({shown}{more})"
    for parent, reason in act.failed[:_SHOWN]:
        yield f"  {parent} fails: {reason}"


def recommendation(acts: Sequence[Act]) -> list[str]:
    """What to do, in sentences; the most harmful thing first."""
    by_scene = {act.scene: act for act in acts}
    if not was_played(acts):
        return [_NOBODY, *_about_failures(acts)]
    known = {scene: act for scene, act in by_scene.items() if _is_known(act, by_scene)}
    return [
        *_about_failures(acts),
        *_about_the_left_out(by_scene),
        *_about_switching(known),
        *_about_moving(known),
        *_about_the_way_back(known),
    ]


_STARTS_FROM = {
    Scene.MARKED_SWITCH: Scene.MARKS_ON,
    Scene.BOTH_MARKED: Scene.MARKS_ON,
    Scene.BACK_BLIND: Scene.HANDED_OVER,
    Scene.BACK_HANDED: Scene.HANDED_OVER,
    Scene.UPGRADE: Scene.HANDED_OVER,
    Scene.ROLLBACK: Scene.MOVE,
    Scene.AGAIN: Scene.ROLLBACK,
    Scene.OUT: Scene.MOVE,
}


def _is_known(act: Act, acts: dict[Scene, Act]) -> bool:
    """Whether it was played, and what it starts from as well: a rollback of a move that failed shows nothing."""
    before = _STARTS_FROM.get(act.scene)
    return bool(act.played) and not act.failed and (before not in acts or _is_known(acts[before], acts))


_NOBODY = (
    "No parent was played: the DecoratorController's selector matches none of the export but what is being deleted, so "
    "nothing is known and nothing is recommended. Export the parents that it selects, labels included, or widen its "
    "selector."
)


def was_played(acts: Iterable[Act]) -> bool:
    """Whether the move has met a parent. Without one it would seem to cost nothing."""
    return all(act.played for act in acts if act.scene is Scene.MOVE)


def _about_the_left_out(acts: dict[Scene, Act]) -> Iterable[str]:
    if Scene.STEADY in acts and Scene.MOVE in acts:
        today, then = acts[Scene.STEADY].played, acts[Scene.MOVE].played
        if then < today:
            yield (
                f"{today - then} of {today} parents are not selected by the DecoratorController: what they have stays "
                "as it is, and nothing below is about them."
            )


def _about_failures(acts: Iterable[Act]) -> Iterable[str]:
    failing = [act for act in acts if act.failed]
    if failing:
        parent, reason = failing[0].failed[0]
        yield f"In {len(failing)} acts a hook gave no usable answer, so their writes are unknown ({parent}: {reason})."


def _about_switching(acts: dict[Scene, Act]) -> Iterable[str]:
    handed, on, marked = (acts.get(s) for s in (Scene.HANDED_OVER, Scene.MARKS_ON, Scene.MARKED_SWITCH))
    if marked and on and not on.changes() and not marked.changes():
        yield (
            "Switch controllers with ownership marks: they cost nothing to switch on here, and then neither the "
            "switch nor the way back needs Metacontroller to be stopped."
        )
    elif handed and not handed.changes():
        yield (
            f"Switch controllers with Metacontroller stopped and {handed.patched} objects handed over "
            "(`shadow handover --direction forward`): no object is written by the switch."
        )
    elif handed:
        yield f"Even handed over, the switch writes {len(handed.changes())} times: read the list before you go."
    if marked and tally(marked)["conflicts"]:
        yield (
            f"Ownership marks do not reach {tally(marked)['conflicts']} objects of OnDelete or Recreate kinds: patch "
            "those first (`shadow handover --direction marks`), with Metacontroller stopped."
        )
    blind = tally(acts[Scene.BLIND]) if Scene.BLIND in acts else None
    if blind and blind["conflicts"]:
        yield (
            f"Do not switch without a hand-over: {blind['conflicts']} objects would be seen by nobody, frozen, and "
            "a hook that acts on what it does not see would act."
        )


def _about_moving(acts: dict[Scene, Act]) -> Iterable[str]:
    move = acts.get(Scene.MOVE)
    if move is None:
        return
    counted = tally(move)
    if not move.changes():
        yield "Moving from old to new writes nothing."
        return
    what = ", ".join(f"{number} {verb}s" for verb, number in counted.items() if number and verb in _VERBS)
    yield f"Moving from old to new means {what}."
    if counted["delete"] or counted["recreate"]:
        yield "The proxy's `hold` keeps these deletes back until `compare.expect` names them."


_VERBS = ("create", "update", "recreate", "delete")


def _about_the_way_back(acts: dict[Scene, Act]) -> Iterable[str]:
    rollback, out, back = (acts.get(scene) for scene in (Scene.ROLLBACK, Scene.OUT, Scene.BACK_BLIND))
    if rollback:
        writes = len(rollback.changes())
        yield f"A rollback at the proxy writes {writes} times." if writes else "A rollback at the proxy writes nothing."
    released = [write for write in back.changes() if write.verb == "update"] if back else []
    if released:
        yield (
            f"Do not go back to the CompositeController without handing back: {len(released)} writes, most of "
            "them objects released."
        )
    if out:
        idle = sum(write.noop for write in out.every_sync)
        costs = f"{len(out.changes())} writes" if out.changes() else "no write"
        then = f", and {idle} writes without effect at every sync from then on" if idle else ""
        yield f"Taking the proxy out costs {costs}{then}."


def _identity(write: Write) -> tuple[str, str, str]:
    return write.kind, write.namespace, write.name


def _name(write: Write) -> str:
    return "/".join(part for part in (write.namespace, write.name) if part)
