"""Says an implementation's answer as the front has to hear it, or why it must not be served.

Same dialect and nothing to alter: the very bytes. Else only the envelope is written anew; objects keep their bytes.
When in doubt an answer is refused: a non-200 applies nothing, a wrong 200 deletes people's objects. What was made of
the very same request and answer is not made again.
"""

from dataclasses import dataclass

import msgspec

from shadow.protocol.answers import Answer, Refusal, identities, read_answer, refuse
from shadow.protocol.controller import Controller
from shadow.protocol.customize import rules_fault
from shadow.protocol.dialect import Alterations, Dialect
from shadow.protocol.draft import Draft, Inexpressible, Note
from shadow.protocol.messages import Request
from shadow.protocol.names import OBSERVED_KEY
from shadow.protocol.objects import Identity
from shadow.protocol.ownership import mark_items, marker
from shadow.protocol.status import add_observed_generation, leave_status_alone
from shadow.protocol.strict import rejection
from shadow.protocol.translate import translate
from shadow.protocol.usual import is_usual_answer
from shadow.protocol.wire import Fields, UnreadableError, is_null, repeats_a_key, split_object
from shadow.terms import Hook, HookVersion, Protocol

_LONGEST_KEPT = 2 * 1024 * 1024  # bytes of an answer that is remembered with its request


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
    adapted = _adapted_answer(_Case(request, body, dialect, front_version, alterations))
    if len(body) <= _LONGEST_KEPT:
        altered = adapted.body if adapted.body is not body else b""
        request.judged.keep((dialect, front_version, alterations, body, adapted, altered))
    return adapted


@dataclass(frozen=True, slots=True)
class _Case:
    """One answer to one request, and what decides how it is said."""

    request: Request
    body: bytes
    dialect: Dialect
    front_version: HookVersion
    alterations: Alterations

    @property
    def controller(self) -> Controller:
        """Raises UnreadableError."""
        return self.request.caller

    @property
    def is_translated(self) -> bool:
        return self.dialect.protocol is not self.request.front

    @property
    def is_as_spoken(self) -> bool:
        """Whether the implementation speaks what the front does, and nothing is to be written into its answer."""
        altering = self.request.hook is not Hook.CUSTOMIZE and self.alterations.altering
        return not self.is_translated and self.dialect.version is self.front_version and not altering


def _adapted_answer(case: _Case) -> Adapted:
    request, body, dialect = case.request, case.body, case.dialect
    try:
        if request.hook is Hook.CUSTOMIZE or not is_usual_answer(body, dialect.protocol):
            return _adapt_closely(case)
        controller = case.controller
        strict = controller.strict(request.hook, case.alterations.strict)
        if not (strict or controller.rolling or case.alterations.altering or case.is_translated):
            return Adapted(
                body, list_key=OBSERVED_KEY[request.front], namespace=request.parent.namespace, has_list=True
            )
        answer = Answer(dialect.protocol, request.hook, split_object(body))
        rejected = rejection(answer, body, strict=True) if strict else None
        return _adapt(case, answer) if rejected is None else _rejected(case, answer, rejected)
    except UnreadableError as exc:
        return Adapted(body, refusal=Refusal("unreadable", f"the call or its answer cannot be read: {exc}"))


def _adapt_closely(case: _Case) -> Adapted:
    """For whatever is not as usual.

    Raises:
        UnreadableError: the call or its answer cannot be read.
    """
    request, body = case.request, case.body
    answer = read_answer(body, case.dialect.protocol, request.hook)
    if isinstance(answer, Refusal):
        return Adapted(body, refusal=answer)
    refusal = refuse(answer, request, missing_list_passes=case.alterations.missing_list == "pass")
    if refusal is not None:
        return Adapted(body, refusal=refusal)
    strict = case.controller.strict(request.hook, case.alterations.strict)
    rejected = rejection(answer, body, strict=strict)
    if rejected is None and request.hook is Hook.CUSTOMIZE:
        version = min(case.front_version, case.dialect.version)  # it is shown no more than either would be
        rejected = rules_fault(body, version, request.parent.namespace)
    if rejected is not None:
        return _rejected(case, answer, rejected)
    return Adapted(body) if request.hook is Hook.CUSTOMIZE else _adapt(case, answer)


def _adapt(case: _Case, answer: Answer) -> Adapted:
    request = case.request
    draft = Draft(answer.fields)
    translate(draft, answer, request)
    _settle_status(case, draft)
    if case.alterations.ownership is not None and not draft.completed:
        mark = marker(request, case.alterations.ownership, case.controller, case.front_version)
        mark_items(draft, OBSERVED_KEY[request.front], mark)
    refusal = _refuse_draft(case, draft, answer)
    return Adapted(
        body=case.body if refusal is not None and refusal.code != "inexpressible" else draft.body(case.body),
        altered=draft.changed,
        refusal=refusal,
        inexpressible=tuple(draft.inexpressible),
        notes=tuple(draft.notes),
        list_key=OBSERVED_KEY[request.front],
        namespace=request.parent.namespace,
    )


def _settle_status(case: _Case, draft: Draft) -> None:
    request, ownership = case.request, case.alterations.ownership
    if case.alterations.status == "drop":
        leave_status_alone(draft, request, rolling=case.controller.rolling)
    elif request.front is Protocol.DECORATOR and (case.is_translated or ownership is not None):
        setting = ownership.observed_generation if ownership is not None else "auto"
        add_observed_generation(draft, request, setting, null_is_empty=case.is_translated)


def _refuse_draft(case: _Case, draft: Draft, answer: Answer) -> Refusal | None:
    """What can only be said of the answer as it would go out."""
    if (crash := _crash(case, draft.fields)) is not None:
        return crash
    if draft.changed and repeats_a_key(case.body, answer.fields):
        return Refusal("repeated-field", "a field is there twice, so its meaning cannot be carried over for certain")
    if draft.inexpressible and case.alterations.inexpressible == "refuse":
        keys = ", ".join(f"{entry.field}[{entry.key}]" for entry in draft.inexpressible)
        remedy = "set `inexpressible: drop` to serve the rest"
        return Refusal("inexpressible", f"a composite answer cannot say {keys}; {remedy}")
    return None


def _crash(case: _Case, fields: Fields) -> Refusal | None:
    """What Metacontroller would not survive."""
    if case.request.hook is not Hook.CUSTOMIZE and case.controller.rolling and is_null(fields.get("status")):
        return Refusal("rolling-null-status", "no status, with a `Rolling*` update method, crashes Metacontroller")
    return None


def _rejected(case: _Case, answer: Answer, reason: str) -> Adapted:
    """Served untouched only where nothing would have to be written: what is malformed cannot be altered safely.

    Nor where it crashes a Metacontroller that takes it after all: `strict` may be set though the front is loose.
    """
    untouched = None if case.is_as_spoken else Refusal("rejected", reason)
    return Adapted(case.body, refusal=_crash(case, answer.fields) or untouched, rejected=reason)
