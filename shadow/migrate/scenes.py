"""What a rehearsal plays: its scenes in their order, who plays them, and what an act came to."""

from dataclasses import dataclass, field
from enum import StrEnum

from shadow.migrate.export import Export
from shadow.migrate.marks import Names
from shadow.protocol.objects import Json
from shadow.simulate import Release, Write
from shadow.terms import HookVersion


class Way(StrEnum):
    """How a hook is reached."""

    DIRECT = "direct"
    PROXY = "proxy"
    MARKED = "marked"  # through the proxy, which writes both ownership marks


class Scene(StrEnum):
    """The acts, in the order in which they are told."""

    STEADY = "steady"
    BLIND = "switch-blind"
    ANNOTATED = "switch-annotated"
    HANDED_OVER = "switch-handed-over"
    MARKS_ON = "marks-on"
    MARKS_PATCHED = "marks-on-patched"
    MARKED_SWITCH = "switch-marked"
    BOTH = "both-running"
    BOTH_MARKED = "both-running-marked"
    UPGRADE = "upgrade"
    MOVE = "move"
    ROLLBACK = "rollback"
    AGAIN = "move-again"
    BACK_BLIND = "back-blind"
    BACK_HANDED = "back-handed-over"
    OUT = "out"


ABOUT = {
    Scene.STEADY: "today: a resync with nothing changed",
    Scene.BLIND: "CompositeController off, DecoratorController on, nothing else done",
    Scene.ANNOTATED: "the same, objects annotated while Metacontroller runs",
    Scene.HANDED_OVER: "the same, marks and last-applied patched while Metacontroller is stopped",
    Scene.MARKS_ON: "ownership marks switched on while the CompositeController is in front",
    Scene.MARKS_PATCHED: "the same, marks and last-applied patched while Metacontroller is stopped",
    Scene.MARKED_SWITCH: "marks switched on, then CompositeController off, DecoratorController on",
    Scene.BOTH: "both controllers at once, without ownership marks",
    Scene.BOTH_MARKED: "both controllers at once, with ownership marks",
    Scene.UPGRADE: "Metacontroller itself upgraded after the switch",
    Scene.MOVE: "the DecoratorController in front, primary from old to new",
    Scene.ROLLBACK: "the brake: primary back to old",
    Scene.AGAIN: "released: primary to new again",
    Scene.BACK_BLIND: "back to the CompositeController, nothing else done",
    Scene.BACK_HANDED: "back to the CompositeController, objects handed back",
    Scene.OUT: "the proxy taken out: the DecoratorController calls new directly",
}


@dataclass(frozen=True, slots=True)
class Act:
    """What one scene came to.

    `played` is how many parents were synced that are not being deleted; `writes` what changed or was refused;
    `every_sync` what the last round still wrote; `failed` are parents whose last sync failed, with the reason;
    `patched` is how many objects a hand-over wrote beforehand.
    """

    scene: Scene
    played: int
    writes: tuple[Write, ...]
    every_sync: tuple[Write, ...]
    failed: tuple[tuple[str, str], ...]
    quiet: bool
    patched: int = 0

    @property
    def about(self) -> str:
        return ABOUT[self.scene]

    def changes(self) -> list[Write]:
        """The writes to objects and parents that changed something."""
        return [write for write in self.writes if write.changes]


@dataclass(frozen=True, slots=True)
class Cast:
    """Who plays. Without `composite` the DecoratorController is in front today already.

    `skips` are scenes that make no sense here. `steady_side` answers today. `new_version` is the sync hook version
    that `new` speaks once it is called directly.
    """

    export: Export
    composite: Json | None
    decorator: Json
    names: Names
    release: Release = field(default_factory=Release)
    new_version: HookVersion = HookVersion.V1
    steady_way: Way = Way.DIRECT
    skips: frozenset[Scene] = frozenset()
