"""What the parent was in the middle of when two answers were compared: evidence counts per situation."""

from collections.abc import Iterable

from shadow.compare.view import RequestView
from shadow.protocol.objects import Identity

NOTHING_OBSERVED = "nothing observed"
PARTIAL = "partial"
STEADY = "steady"
FINALIZING = "finalizing"
UNSELECTED = "unselected"


def situation_of(view: RequestView, desired: Iterable[Identity]) -> str:
    """One of the five words.

    Args:
        desired: what either answer wants.

    1. `finalizing`: the parent is being deleted. 2. `unselected`: it is finalized because it is not selected any more.
    3. `nothing observed`. 4. `partial`: something desired is not observed yet. 5. `steady`: all of it is.
    """
    if view.request.deleting:
        return FINALIZING
    if view.request.is_finalize:
        return UNSELECTED
    if not len(view):
        return NOTHING_OBSERVED
    return STEADY if all(identity in view for identity in desired if view.declared(identity)) else PARTIAL
