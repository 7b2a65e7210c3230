"""Says an implementation's answer as the front has to hear it, or why it must not be served.

Same dialect and nothing to alter: the very bytes. Else only the envelope is written anew; objects keep their bytes.
When in doubt an answer is refused: a non-200 applies nothing, a wrong 200 deletes people's objects. What was made of
the very same request and answer is not made again.
"""

import msgspec

from shadow.protocol.answers import Answer, Refusal, identities, read_answer, refuse
from shadow.protocol.controller import Controller, read_controller
from shadow.protocol.customize import rules_fault
from shadow.protocol.dialect import Alterations, Dialect
from shadow.protocol.draft import Draft, Inexpressible, Note
from shadow.protocol.messages import Request, keep_latest
from shadow.protocol.names import OBSERVED_KEY
from shadow.protocol.objects import Identity
from shadow.protocol.ownership import mark_items, marker
from shadow.protocol.status import add_observed_generation, leave_status_alone
from shadow.protocol.strict import rejection
from shadow.protocol.translate import translate
from shadow.protocol.usual import is_usual_answer
from shadow.protocol.wire import Fields, UnreadableError, is_null, repeats_a_key, split_object
from shadow.terms import Hook, HookVersion, Protocol


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
        keep_latest(request.judged, (dialect, front_version, alterations, body, adapted))
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
