"""Whether `old` and the proxy itself may go: nobody is answered by `old`, and the proxy alters nothing. Pure."""

from collections.abc import Iterator

import msgspec

from shadow.config.migration import Migration
from shadow.protocol.controller import Controller
from shadow.proxy.cutover.convergence import Convergence
from shadow.terms import Hook, Stage


class Removable(msgspec.Struct, frozen=True):
    """What still needs them; `removable` if nothing does."""

    removable: bool
    reasons: tuple[str, ...]


def removable(
    settings: Migration, brake_on: bool | None, convergence: Convergence, front: Controller | None
) -> Removable:
    """
    Args:
        brake_on: None while the brake is unknown.
        front: the controller that called last.
    """
    reasons = (*_needs_old(settings.stage, brake_on, convergence), *_altered(settings, front))
    return Removable(not reasons, reasons)


def _needs_old(stage: Stage, brake_on: bool | None, convergence: Convergence) -> Iterator[str]:
    if stage is not Stage.COMPLETE:
        yield f"the stage is {stage}: only in complete is old not needed"
    if brake_on is None:
        yield "the brake is unknown: roll back or release first"
    elif brake_on:
        yield "the brake is on: old answers for every parent"
    if not convergence.of:
        yield "no parent has called yet"
    elif convergence.outstanding:
        yield f"{len(convergence.outstanding)} of {convergence.of} parents have not met their primary yet"


def _altered(settings: Migration, front: Controller | None) -> Iterator[str]:
    """What requests and answers would lack without the proxy."""
    new = settings.new
    if front is None:
        yield "no controller has called yet"
    elif front.protocol is not new.protocol:
        yield f"the proxy translates: the controller in front speaks {front.protocol}, new {new.protocol}"
    else:
        for hook in Hook:
            if hook in front.hooks and front.version(hook) is not new.version(hook):
                yield f"the proxy translates {hook}: {front.version(hook)} in front, {new.version(hook)} at new"
    if settings.ownership is not None:
        yield "answers get ownership marks (`ownership`): without them objects are written once more"
    if settings.status == "drop":
        yield "the status of answers is left out (`status: drop`)"
    if settings.resync is not None:
        yield "answers ask for an earlier sync (`resync`)"
    if new.headers or new.authorization_file is not None:
        yield "new is sent headers that only the proxy knows (`headers`, `authorization_file`)"
    if new.controller_file is not None:
        yield "new is shown another controller object (`controller_file`)"
