"""Says what cannot work between a front, an implementation and the controller object that it is shown. Pure.

What only loses something is no matter of this module but noted with each call (`shadow.protocol.draft.Note`).
"""

from collections.abc import Iterable, Iterator, Mapping

import msgspec

from shadow.protocol.controller import Controller, read_controller
from shadow.protocol.draft import Note
from shadow.protocol.messages import Request
from shadow.protocol.names import CONTROLLER_KIND
from shadow.protocol.wire import UnreadableError, parse_as
from shadow.terms import Hook, HookVersion, Protocol


class _Hook(msgspec.Struct):
    version: str | None = None


class _Spec(msgspec.Struct):
    hooks: dict[str, _Hook | None] | None = None


class _Object(msgspec.Struct):
    kind: str | None = None
    spec: _Spec | None = None


def misfits(controller: bytes, protocol: Protocol, versions: Mapping[Hook, HookVersion]) -> Iterator[str]:
    """Why this controller object is not one that such an implementation can be shown.

    Args:
        versions: those that the implementation speaks, by the hooks it has.
    """
    try:
        wire = parse_as(controller, _Object)
    except UnreadableError as exc:
        yield f"is no controller object: {exc}"
        return
    if wire.kind != CONTROLLER_KIND[protocol]:
        what = f"is a {wire.kind}" if wire.kind else "has no kind"
        yield f"{what}, and a {protocol} hook is shown a {CONTROLLER_KIND[protocol]}"
    hooks = (wire.spec.hooks if wire.spec else None) or {}
    for hook, version in versions.items():
        declared = hooks.get(hook)
        if declared is not None and declared.version not in (None, version):
            yield f"declares version {declared.version} of the {hook} hook, and the implementation speaks {version}"


def out_of_sight(request: Request, version: HookVersion, front_version: HookVersion) -> str | None:
    """Why an implementation of this version cannot see what it is made for; None if it can.

    A v1 front leaves out what is not in the namespace of a namespaced parent; nothing can bring that back.
    """
    if version is HookVersion.V1 or front_version is HookVersion.V2:
        return None
    if not request.namespaced or request.hook is Hook.CUSTOMIZE:
        return None
    return (
        f"it speaks v2 and the controller v1 of the {request.hook} hook: objects beyond the parent's namespace are "
        "never shown; declare version v2 in the controller, or set the hook's version to v1"
    )


def not_declared(shown: bytes, front: Controller) -> list[str]:
    """The kinds, `secrets.v1`, of the controller object shown to an implementation that the front does not observe."""
    there = {(rule.api_version, rule.resource) for rule in front.children}
    rules = read_controller(shown).children
    return [f"{rule.resource}.{rule.api_version}" for rule in rules if (rule.api_version, rule.resource) not in there]


def hooks_not_called(spoken: Iterable[Hook], front: Controller) -> tuple[Note, ...]:
    """Of the hooks that an implementation has, those that the front never calls, because it does not declare them."""
    return tuple(
        Note(
            "front-lacks-hook",
            f"the controller in front declares no {hook} hook, so this one's is never called: declare it, or take "
            f"`{hook}` out of the configuration",
        )
        for hook in spoken
        if hook not in front.hooks
    )
