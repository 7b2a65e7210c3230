"""How a configuration comes into force for all replicas at once: what to write next, from what is written. Pure.

Nobody is in charge. Each replica looks at the agreement and at what the live ones tell of themselves, and writes the
next step when it is due; of several that do so, one succeeds and the others look again.
"""

from collections.abc import Sequence

from msgspec.structs import replace

from shadow.store.shared import Agreement, Replica, Version

_REMEMBERED = 20  # superseded versions


def offered(agreement: Agreement, digest: str, text: str) -> Agreement | None:
    """The agreement with this configuration on its way; None if there is nothing to do, or not yet.

    What is only offered gives way to what is offered later; who is leaving for one version cannot turn round.
    """
    following, in_force = agreement.following, agreement.in_force
    if agreement.phase == "leaving" or (following is not None and following.digest == digest):
        return None
    if following is None and in_force is not None and in_force.digest == digest:
        return None
    number = agreement.last + 1
    return replace(
        agreement,
        change=agreement.change + 1,
        last=number,
        following=Version(number, digest, text),
        phase="offered",
        refused="",
        refused_by="",
        why="",
    )


def advanced(agreement: Agreement, live: Sequence[Replica]) -> Agreement | None:
    """The next step, once every live replica has done its part of the present one; None: not yet.

    Args:
        live: all of them, the one that asks included.
    """
    following = agreement.following
    if following is None:
        return None
    step = replace(agreement, change=agreement.change + 1)
    standings = [replica.standing for replica in live]
    if agreement.phase == "offered":
        refusing = next((replica for replica in live if replica.standing.refuses == following.number), None)
        if refusing is not None:
            refused = {"refused": following.digest, "refused_by": refusing.name, "why": refusing.standing.why}
            return replace(step, following=None, phase="", **refused)
        return replace(step, phase="leaving") if all(each.ready >= following.number for each in standings) else None
    if not all(each.left >= following.number for each in standings):
        return None
    before = (agreement.in_force.digest,) if agreement.in_force is not None else ()
    superseded = tuple(dict.fromkeys((*before, *agreement.superseded)))[:_REMEMBERED]
    return replace(step, in_force=following, following=None, phase="", superseded=superseded)


def should_offer(agreement: Agreement, me: Replica, others: Sequence[Replica]) -> bool:
    """Whether a replica whose file says something else than what is in force is to offer it, without being told to.

    1. Nothing is in force yet, or nobody else serves: the file decides, as it does for a process of its own.
    2. Another replica refused it: only once that one is gone.
    3. The file is one that all had left behind, and somebody's file still is the one in force: a replica that comes
       back with an old file changes nothing.
    4. The same, but nobody's file is the one in force any more: all were given the old one again, and who came last
       offers it.
    5. It is new.
    """
    in_force, mine = agreement.in_force, me.standing.offers
    if not mine or agreement.following is not None:
        return False
    if in_force is None or not others:
        return in_force is None or in_force.digest != mine
    if in_force.digest == mine:
        return False
    if agreement.refused == mine:
        return all(other.name != agreement.refused_by for other in others)
    if mine not in agreement.superseded:
        return True
    if any(other.standing.offers == in_force.digest for other in others):
        return False
    return all(other.standing.joined_at <= me.standing.joined_at for other in others)
