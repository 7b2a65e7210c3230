"""One sync of one parent, step by step as Metacontroller takes them; what differs between the two controllers is below.

The order of the steps is the behaviour: a decorator writes the parent before the objects, a composite after them.
"""

from dataclasses import dataclass

from shadow.protocol.names import CONTROLLER_UID_LABEL, DECORATOR_ANNOTATION, OBSERVED_KEY, ROOT_KEY
from shadow.protocol.objects import Json
from shadow.simulate.children import Key, Manager, desired_by_key
from shadow.simulate.client import Client
from shadow.simulate.controller import Controller, Webhook
from shadow.simulate.decode import Answer, decode
from shadow.simulate.errors import ApiError, CrashError, HookError, SyncError, TooManyRequestsError
from shadow.simulate.kinds import Kind
from shadow.simulate.objects import (
    annotations_of,
    described,
    finalizers_of,
    is_being_deleted,
    name_of,
    namespace_of,
    selects,
    strings,
    uid_of,
    with_member,
)
from shadow.simulate.observed import Groups, child_selector, keyed, observe
from shadow.simulate.parent import (
    GoneError,
    children_are_managed,
    set_finalizer,
    with_right_finalizer,
    write_composite_status,
    write_decorator_parent,
)
from shadow.simulate.record import Ending, SyncRecord
from shadow.simulate.related import Customize
from shadow.simulate.release import Release
from shadow.simulate.rolling import rolls, with_updated_condition
from shadow.simulate.webhook import WebhookClient
from shadow.terms import Hook, Protocol


class _NotOursError(Exception):
    """The parent is none of this controller's."""


@dataclass(slots=True)
class Sync:
    """One sync under way; fields fill up as it goes on, so that a failed one can still be told."""

    api: Client
    webhooks: WebhookClient
    customize: Customize
    controller: Controller
    release: Release
    hook: Hook | None = None
    request: Json | None = None
    raw_answer: bytes | None = None
    answer: Answer | None = None
    writes_before_call: int | None = None

    async def run(self, parent: Json) -> SyncRecord:
        """Never raises for what a hook or the API server does."""
        ending = Ending.DONE
        events: tuple[str, ...] = ()
        again: float | None = None
        try:
            await self._sync(parent)
            again = self._resync_after()
        except (_NotOursError, GoneError):
            ending = Ending.IGNORED if self.hook is None else Ending.DONE
        except TooManyRequestsError as exc:
            ending, again = Ending.RETRY_LATER, float(exc.after_seconds)
        except CrashError as exc:
            ending, events = Ending.CRASHED, (f"panic: {exc}",)
        except (HookError, SyncError, ApiError) as exc:
            ending, events = Ending.FAILED, (f"Sync error: {exc}",)
        return self._record(parent, ending, events, again)

    def _resync_after(self) -> float | None:
        after = self.answer.resync_after_seconds if self.answer else 0.0
        return after if after > 0 else None

    def _record(self, parent: Json, ending: Ending, events: tuple[str, ...], again: float | None) -> SyncRecord:
        writes = tuple(self.api.writes)
        return SyncRecord(
            controller=self.controller.reference,
            parent="/".join(part for part in (namespace_of(parent), name_of(parent)) if part),
            ending=ending,
            hook=self.hook,
            request=self.request,
            raw_answer=self.raw_answer,
            answer=self.answer,
            writes=writes,
            writes_before_call=len(writes) if self.writes_before_call is None else self.writes_before_call,
            events=events,
            again_after_seconds=again,
        )

    # --- the steps -----------------------------------------------------------------------------------------------
    async def _sync(self, parent: Json) -> None:
        kind = self._kind_of(parent)
        parent = with_right_finalizer(self.api, self.controller, parent)
        self._kind_of(parent)  # the finalizer may be what made it ours
        observed = observe(self.api, self.controller, parent)
        related = await self.customize.related(self.api, self.controller, parent, kind)
        answer = await self._call(parent, kind, observed, related)
        if self.controller.protocol is Protocol.DECORATOR:
            self._decorate(parent, observed, answer)
        else:
            self._compose(parent, kind, observed, answer)

    def _kind_of(self, parent: Json) -> Kind:
        rule = self.controller.rule_of(parent)
        if rule is None or not (self.controller.selects(parent) or self.controller.finalizer in finalizers_of(parent)):
            raise _NotOursError
        return rule.kind

    async def _call(self, parent: Json, kind: Kind, observed: Groups, related: Groups) -> Answer:
        finalizing = self.controller.finalizes and (is_being_deleted(parent) or not self.controller.selects(parent))
        webhook = self._webhook(Hook.FINALIZE if finalizing else Hook.SYNC)
        protocol = self.controller.protocol
        self.request = {
            "controller": self.controller.body,
            ROOT_KEY[protocol]: parent,
            OBSERVED_KEY[protocol]: keyed(observed, parent, kind, webhook.version),
            "related": keyed(related, parent, kind, webhook.version),
            "finalizing": finalizing,
        }
        self.hook, self.writes_before_call = webhook.hook, len(self.api.writes)
        self.raw_answer = await self.webhooks.call(webhook, self.request, f"{webhook.hook}/{uid_of(parent)}")
        self.answer = decode(self.raw_answer, protocol, strict=webhook.strict)
        if self.answer.status is None and rolls(self.controller):
            raise CrashError("assignment to entry in nil map: status is null under a rolling strategy")
        return self.answer

    def _webhook(self, hook: Hook) -> Webhook:
        found = self.controller.hooks.get(hook)
        if found is None:
            raise SyncError(f"{hook} hook not defined")
        return found

    def _decorate(self, parent: Json, observed: Groups, answer: Answer) -> None:
        desired = desired_by_key(answer.desired, parent, written=self.release.writes_namespaces)
        write_decorator_parent(self.api, self.controller, parent, answer)
        marked = {key: _marked(body, self.controller.name) for key, body in desired.items()}
        if children_are_managed(self.controller, parent):
            self._manage(parent, observed, marked)

    def _compose(self, parent: Json, kind: Kind, observed: Groups, answer: Answer) -> None:
        desired = desired_by_key(answer.desired, parent, written=self.release.writes_namespaces)
        if answer.finalized:
            parent = set_finalizer(self.api, self.controller, parent, present=False)
        labelled = self._labelled(parent, desired)
        fault: SyncError | None = None
        if children_are_managed(self.controller, parent):
            try:
                self._manage(parent, observed, labelled)
            except SyncError as exc:
                fault = exc
        status = answer.status
        if status is not None and rolls(self.controller):
            status = with_updated_condition(status, self.controller, parent, kind)
        write_composite_status(self.api, parent, status)
        if fault:
            raise fault

    def _labelled(self, parent: Json, desired: dict[Key, Json]) -> dict[Key, Json]:
        """With the generated label. Raises SyncError if one item does not match: then none is applied."""
        selector = child_selector(self.controller, parent)
        labelled = {}
        for key, body in desired.items():
            labels = _labels(body)
            if self.controller.generate_selector:
                labels = {CONTROLLER_UID_LABEL: uid_of(parent), **labels}
            if not selects(selector, labels):
                raise SyncError(f"labels on desired child {described(body)} don't match parent selector")
            labelled[key] = with_member(body, "metadata", "labels", value=labels) if labels else body
        return labelled

    def _manage(self, parent: Json, observed: Groups, desired: dict[Key, Json]) -> None:
        Manager(self.api, parent, self.controller.method_of).manage(observed, desired)


def _labels(body: Json) -> dict[str, str]:
    """The labels of an item; raises SyncError where they are no map of strings, null included."""
    metadata = body.get("metadata")
    if not isinstance(metadata, dict) or "labels" not in metadata:
        return {}
    labels = strings(metadata["labels"])
    if labels or metadata["labels"] == {}:
        return labels
    raise SyncError(f"invalid labels on desired child {described(body)}")


def _marked(body: Json, controller: str) -> Json:
    """With the annotation by which a decorator knows its own."""
    annotations = annotations_of(body)
    return with_member(body, "metadata", "annotations", value={**annotations, DECORATOR_ANNOTATION: controller})
