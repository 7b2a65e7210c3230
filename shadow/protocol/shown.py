"""Brings a request into an implementation's dialect: what it is shown, and what it is not.

Same dialect and all to be shown: the very bytes. Else only the envelope is written anew; objects keep their bytes.
What was made of the very same request is not made again.
"""

import msgspec

from shadow.protocol.convert import converted
from shadow.protocol.customize import RelatedRules, select_related
from shadow.protocol.dialect import Dialect
from shadow.protocol.draft import Note
from shadow.protocol.fitting import not_declared
from shadow.protocol.keys import Groups, join_groups, rekey
from shadow.protocol.messages import Request, root_key
from shadow.protocol.names import OBSERVED_KEY
from shadow.protocol.wire import Fields, join_object
from shadow.terms import Hook, HookVersion, Protocol


class AdaptedRequest(msgspec.Struct, frozen=True):
    """A request as one implementation is sent it; `body` is the front's very bytes when nothing had to change."""

    body: bytes
    notes: tuple[Note, ...] = ()


def adapt_request(
    request: Request,
    dialect: Dialect,
    front_version: HookVersion,
    controller: bytes | None = None,
    related: RelatedRules | None = None,
) -> AdaptedRequest:
    """The request in an implementation's dialect.

    Args:
        front_version: the front's version of this hook, by its controller object.
        controller: what an implementation of the other protocol is shown; None: the front's, converted.
        related: the implementation's own rules, where the front was told those of both; None: show all there is.

    Raises:
        UnreadableError: the front's controller or an object cannot be read.
    """
    if dialect.protocol is request.front and dialect.version is front_version and related is None:
        return AdaptedRequest(request.body)
    if related is not None:
        return _adapted_request(request, dialect, front_version, controller, related)
    for known in request.shown:
        if known[0] is dialect and known[1] is front_version and known[2] is controller:
            kept: AdaptedRequest = known[3]
            return kept
    adapted = _adapted_request(request, dialect, front_version, controller, None)
    request.shown.keep((dialect, front_version, controller, adapted, adapted.body))
    return adapted


def _adapted_request(
    request: Request,
    dialect: Dialect,
    front_version: HookVersion,
    controller: bytes | None,
    related: RelatedRules | None,
) -> AdaptedRequest:
    fields, notes = dict(request.fields), list[Note]()
    if request.hook is not Hook.CUSTOMIZE:
        fields |= _maps(request, dialect, front_version, related, notes)
    if dialect.protocol is not request.front:
        fields["controller"] = _shown_controller(request, dialect.protocol, controller, notes)
        fields = _renamed(fields, request, dialect.protocol)
    body = request.body if fields == request.fields else bytes(join_object(fields))
    return AdaptedRequest(body, tuple(notes))


def _shown_controller(request: Request, protocol: Protocol, configured: bytes | None, notes: list[Note]) -> msgspec.Raw:
    if configured is not None:
        notes.extend(
            Note("front-lacks-kind", f"the controller in front does not declare {kind}, which this one is told to read")
            for kind in not_declared(configured, request.caller)
        )
        return msgspec.Raw(configured)
    kind = f"{request.parent.kind}.{request.parent.apiVersion}"
    shown, caveats = converted(bytes(request.controller), protocol, kind)
    notes.extend(Note(f"controller-{caveat.level}", f"{caveat.path}: {caveat.message}") for caveat in caveats)
    return msgspec.Raw(shown)


def _maps(
    request: Request, dialect: Dialect, front_version: HookVersion, related: RelatedRules | None, notes: list[Note]
) -> Fields:
    """Those object maps that this implementation is not shown as they are."""
    changed: dict[str, Groups] = {}
    if related is not None and request.related is not None:
        own = select_related(request.related_groups, related, request.parent.namespace)
        if own != request.related_groups:
            changed["related"] = own
    if request.namespaced and dialect.version is not front_version:
        maps = {OBSERVED_KEY[request.front]: request.observed_groups, "related": request.related_groups} | changed
        changed = {name: _rekeyed(name, groups, request, dialect.version, notes) for name, groups in maps.items()}
    return {name: join_groups(groups) for name, groups in changed.items()}


def _rekeyed(name: str, groups: Groups, request: Request, version: HookVersion, notes: list[Note]) -> Groups:
    renamed, lost = rekey(groups, version, request.parent.namespace)
    if lost:
        message = f"`{name}`: v1 shows no objects beyond the parent's namespace, which the front sees"
        notes.append(Note("objects-not-shown", message))
    if version is HookVersion.V2:
        message = f"`{name}`: v1 leaves out objects beyond the parent's namespace, which v2 would show"
        notes.append(Note("objects-not-known", message))
    return renamed


def _renamed(fields: Fields, request: Request, protocol: Protocol) -> Fields:
    names = {
        root_key(request.front, request.hook): root_key(protocol, request.hook),
        OBSERVED_KEY[request.front]: OBSERVED_KEY[protocol],
    }
    return {names.get(key, key): value for key, value in fields.items()}
