"""Whether a guard can ever come to judge: a controller that syncs once an hour calls seldom."""

import math
from collections.abc import Iterator
from pathlib import Path

from shadow.config.document import read
from shadow.config.judging import Guard
from shadow.config.model import Configuration
from shadow.config.scalars import spell_seconds


def unreachable(
    settings: Guard, parents: int | None, resync_seconds: float | None, counted: int | None = None
) -> str | None:
    """Why `min_calls` within the window is out of reach, with the remedy; None if it is not, or nobody knows.

    Args:
        parents: that still call; None: not known.
        resync_seconds: the controller's own; without it syncs come by events alone, and nothing can be said.
        counted: calls that the guard counted within its window, whatever they came from; None: not known.
    """
    if not resync_seconds or (counted is not None and counted >= settings.min_calls):
        return None
    needed = math.ceil(settings.min_calls * resync_seconds / settings.window)
    if needed <= 1 or (parents is not None and parents >= needed):
        return None
    there = "" if parents is None else f", there {'is' if parents == 1 else 'are'} {parents}"
    seen = "" if counted is None else f", and {counted} calls were counted in it"
    return (
        f"the controller syncs each parent every {spell_seconds(resync_seconds)}, so the guard's min_calls of "
        f"{settings.min_calls} within {spell_seconds(settings.window)} takes {needed} parents{there}{seen}; with fewer "
        f"it judges effects only: lower guard.min_calls or lengthen guard.window"
    )


def out_of_reach(configuration: Configuration) -> Iterator[tuple[str, str]]:
    """`(migration, why)` of each guard of which its own controller files say so; they have to be there."""
    for name, migration in configuration.migrations.items():
        files = [side.controller_file for side in (migration.old, migration.new) if side.controller_file is not None]
        declared = [resync for file in files if (resync := _resync(Path(file))) is not None]
        why = unreachable(migration.guard, None, max(declared, default=None))
        if why is not None:
            yield name, why


def _resync(controller: Path) -> float | None:
    document = read(controller.read_text(encoding="utf-8"), str(controller)).value
    spec = document.get("spec") if isinstance(document, dict) else None
    resync = spec.get("resyncPeriodSeconds") if isinstance(spec, dict) else None
    return float(resync) if isinstance(resync, int) and not isinstance(resync, bool) else None
