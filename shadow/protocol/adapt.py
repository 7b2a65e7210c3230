"""Brings a request into an implementation's dialect and its answer into the front's, with what the proxy alters.

Same dialect and nothing to alter: the very bytes. Else only the envelope is written anew; objects keep their bytes.
When in doubt an answer is refused: a non-200 applies nothing, a wrong 200 deletes people's objects. What was made of
the very same request and answer is not made again.
"""

from typing import Any

import msgspec

from shadow.protocol.answers import Answer, Refusal, identities, read_answer, refuse
from shadow.protocol.controller import Controller, read_controller
from shadow.protocol.convert import converted
from shadow.protocol.customize import RelatedRules, rules_fault, select_related
from shadow.protocol.dialect import Alterations, Dialect
from shadow.protocol.draft import Draft, Inexpressible, Note
from shadow.protocol.fitting import not_declared
from shadow.protocol.keys import Groups, join_groups, rekey
from shadow.protocol.messages import Request, root_key
from shadow.protocol.names import OBSERVED_KEY
from shadow.protocol.objects import Identity
from shadow.protocol.ownership import mark_items, marker
from shadow.protocol.status import add_observed_generation, leave_status_alone
from shadow.protocol.strict import rejection
from shadow.protocol.translate import translate
from shadow.protocol.usual import is_usual_answer
from shadow.protocol.wire import Fields, UnreadableError, is_null, join_object, repeats_a_key, split_object
from shadow.terms import Hook, HookVersion, Protocol


class AdaptedRequest(msgspec.Struct, frozen=True):
    """A request as one implementation is sent it; `body` is the front's very bytes when nothing had to change."""

    body: bytes
    notes: tuple[Note, ...] = ()


class Adapted(msgspec.Struct, frozen=True):
    """An answer as the front would be given it.

    With a `refusal` it must not be served. `body` is then the implementation's own, save for the refusal
    `inexpressible`, where it is the translated answer without what could not be said.
    `rejected` is the reason Metacontroller would log for not taking it: it is no valid answer, and may be served only
    because Metacontroller stops it by itself.
    """

    body: bytes
    altered: bool = False  # `body` is not what the implementation sent
    refusal: Refusal | None = None
    rejected: str | None = None
    inexpressible: tuple[Inexpressible, ...] = ()
    notes: tuple[Note, ...] = ()
    list_key: str | None = None  # of what is desired in `body`; None: nothing is
    namespace: str = ""  # the parent's
    has_list: bool = False  # known already that there is one in `body`; else `listed` tells

    def listed(self) -> msgspec.Raw | None:
        """The list of what the answer wants, if an empty one; None: it has none. Read when asked for."""
        listed = None if self.list_key is None else split_object(self.body).get(self.list_key)
        return None if is_null(listed) else listed

    def identities(self) -> list[Identity]:
        """What the answer wants, in its order, repetitions included; read when asked for."""
        listed = self.listed()
        return [] if listed is None else identities(listed, self.namespace)


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
    _keep(request.shown, (dialect, front_version, controller, adapted))
    return adapted


def _keep(kept: list[Any], latest: object) -> None:
    """The latest two: there are two implementations."""
    del kept[:-1]
    kept.append(latest)


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


def adapt_answer(
    request: Request, body: bytes, dialect: Dialect, front_version: HookVersion, alterations: Alterations
) -> Adapted:
    """The answer of a 200, said as the front has to hear it, or the reason why it must not.

    Args:
        dialect: the implementation's, for this hook.
        front_version: the front's version of this hook.
    """
    for known in request.judged:
        if known[0] is dialect and known[1] is front_version and known[2] is alterations and known[3] == body:
            kept: Adapted = known[4]
            return kept
    adapted = _adapted_answer(request, body, dialect, front_version, alterations)
    if len(body) <= len(request.body):
        _keep(request.judged, (dialect, front_version, alterations, body, adapted))
    return adapted


def _adapted_answer(
    request: Request, body: bytes, dialect: Dialect, front_version: HookVersion, alterations: Alterations
) -> Adapted:
    try:
        if request.hook is Hook.CUSTOMIZE or not is_usual_answer(body, dialect.protocol):
            return _adapt_closely(request, body, dialect, front_version, alterations)
        controller = read_controller(request.controller)
        strict = controller.strict(request.hook, alterations.strict)
        if not (strict or controller.rolling or alterations.altering) and dialect.protocol is request.front:
            return Adapted(
                body, list_key=OBSERVED_KEY[request.front], namespace=request.parent.namespace, has_list=True
            )
        answer = Answer(dialect.protocol, request.hook, split_object(body))
        rejected = rejection(answer, body, strict=True) if strict else None
        if rejected is not None:
            return _rejected(answer, request, body, alterations, controller, rejected)
        return _adapt(answer, request, body, front_version, alterations, controller)
    except UnreadableError as exc:
        return Adapted(body, refusal=Refusal("unreadable", f"the call or its answer cannot be read: {exc}"))


def _adapt_closely(
    request: Request, body: bytes, dialect: Dialect, front_version: HookVersion, alterations: Alterations
) -> Adapted:
    """For whatever is not as usual.

    Raises:
        UnreadableError: the call or its answer cannot be read.
    """
    answer = read_answer(body, dialect.protocol, request.hook)
    if isinstance(answer, Refusal):
        return Adapted(body, refusal=answer)
    refusal = refuse(answer, request, missing_list_passes=alterations.missing_list == "pass")
    if refusal is not None:
        return Adapted(body, refusal=refusal)
    controller = read_controller(request.controller)
    rejected = rejection(answer, body, strict=controller.strict(request.hook, alterations.strict))
    if rejected is None and request.hook is Hook.CUSTOMIZE:
        rejected = rules_fault(body, front_version, request.parent.namespace)
    if rejected is not None:
        return _rejected(answer, request, body, alterations, controller, rejected)
    if request.hook is Hook.CUSTOMIZE:
        return Adapted(body)
    return _adapt(answer, request, body, front_version, alterations, controller)


def _adapt(
    answer: Answer,
    request: Request,
    body: bytes,
    front_version: HookVersion,
    alterations: Alterations,
    controller: Controller,
) -> Adapted:
    draft = Draft(answer.fields)
    translate(draft, answer, request)
    completed = any(note.code == "finalize-completed" for note in draft.notes)
    _settle_status(draft, answer, request, alterations, controller)
    if alterations.ownership is not None and not completed:
        mark_items(
            draft, OBSERVED_KEY[request.front], marker(request, alterations.ownership, controller, front_version)
        )
    refusal = _refuse_draft(draft, answer, body, alterations, controller)
    return Adapted(
        body=body if refusal is not None and refusal.code != "inexpressible" else draft.body(body),
        altered=draft.changed,
        refusal=refusal,
        inexpressible=tuple(draft.inexpressible),
        notes=tuple(draft.notes),
        list_key=OBSERVED_KEY[request.front],
        namespace=request.parent.namespace,
    )


def _settle_status(
    draft: Draft, answer: Answer, request: Request, alterations: Alterations, controller: Controller
) -> None:
    if alterations.status == "drop":
        leave_status_alone(draft, request, rolling=controller.rolling)
        return
    translated = answer.protocol is not request.front
    if request.front is Protocol.DECORATOR and (translated or alterations.ownership is not None):
        setting = alterations.ownership.observed_generation if alterations.ownership is not None else "auto"
        add_observed_generation(draft, request, setting, null_is_empty=translated)


def _refuse_draft(
    draft: Draft, answer: Answer, body: bytes, alterations: Alterations, controller: Controller
) -> Refusal | None:
    """What can only be said of the answer as it would go out."""
    if (crash := _crash(draft.fields, controller)) is not None:
        return crash
    if draft.changed and repeats_a_key(body, answer.fields):
        return Refusal("repeated-field", "a field is there twice, so its meaning cannot be carried over for certain")
    if draft.inexpressible and alterations.inexpressible == "refuse":
        keys = ", ".join(f"{entry.field}[{entry.key}]" for entry in draft.inexpressible)
        return Refusal("inexpressible", f"a composite answer cannot say {keys}")
    return None


def _crash(fields: Fields, controller: Controller) -> Refusal | None:
    """What Metacontroller would not survive."""
    if controller.rolling and is_null(fields.get("status")):
        return Refusal("rolling-null-status", "no status, with a `Rolling*` update method, crashes Metacontroller")
    return None


def _rejected(
    answer: Answer, request: Request, body: bytes, alterations: Alterations, controller: Controller, reason: str
) -> Adapted:
    """Served untouched only where nothing would have to be written: what is malformed cannot be altered safely.

    Nor where it crashes a Metacontroller that takes it after all: `strict` may be set though the front is loose.
    """
    crash = None if request.hook is Hook.CUSTOMIZE else _crash(answer.fields, controller)
    if crash is not None:
        return Adapted(body, refusal=crash, rejected=reason)
    altering = request.hook is not Hook.CUSTOMIZE and alterations.altering
    if answer.protocol is request.front and not altering:
        return Adapted(body, rejected=reason)
    return Adapted(body, refusal=Refusal("rejected", reason), rejected=reason)


def _shown_controller(request: Request, protocol: Protocol, configured: bytes | None, notes: list[Note]) -> msgspec.Raw:
    if configured is not None:
        notes.extend(
            Note("front-lacks-kind", f"the controller in front does not declare {kind}, which this one is told to read")
            for kind in not_declared(configured, read_controller(request.controller))
        )
        return msgspec.Raw(configured)
    shown, caveats = converted(bytes(request.controller), protocol)
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
