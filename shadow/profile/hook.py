"""A sync call of either protocol in, its answer out. Pure; the two protocols differ in the names of the envelope only.

A call that cannot be understood is an error, never an empty list: an empty list deletes what a namespace holds.
"""

from collections import Counter
from typing import Protocol as Interface

import msgspec

from shadow.errors import RequestError
from shadow.profile.current import Credentials, desired_now
from shadow.profile.desired import desired
from shadow.profile.settings import Generation, Settings
from shadow.protocol.objects import Json
from shadow.terms import Protocol

ENABLED = "pipelines.kubeflow.org/enabled"
"""The namespace's label; `true` opts in. Anything else is answered with no objects, which removes those there are."""

READY = "kubeflow-pipelines-ready"
"""The key of the answered status: `True` once as many objects of each kind are observed as are desired."""

Groups = dict[str, dict[str, msgspec.Raw]]
"""`{"Deployment.apps/v1": {"<key>": object}}`: every declared kind, also where nothing of it is observed."""


class Metadata(msgspec.Struct):
    name: str
    labels: dict[str, str] | None = None


class Namespace(msgspec.Struct):
    metadata: Metadata


class Sync(Interface):
    """What of a sync call decides its answer."""

    parent: Namespace
    observed: Groups


class CompositeSync(msgspec.Struct, rename={"observed": "children"}):
    """`{"parent": Namespace, "children": {...}, ...}`."""

    parent: Namespace
    observed: Groups


class DecoratorSync(msgspec.Struct, rename={"parent": "object", "observed": "attachments"}):
    """`{"object": Namespace, "attachments": {...}, ...}`."""

    parent: Namespace
    observed: Groups


CALLS: dict[Protocol, type[Sync]] = {Protocol.COMPOSITE: CompositeSync, Protocol.DECORATOR: DecoratorSync}
LISTS = {Protocol.COMPOSITE: "children", Protocol.DECORATOR: "attachments"}


def no_credentials(namespace: str) -> dict[str, str]:
    """Where nobody makes access keys, a namespace of today's generation has to have one."""
    raise RequestError(503, "no-key", f"{namespace} has no access key, and this hook makes none")


def answer(protocol: Protocol, call: Sync, settings: Settings, credentials: Credentials = no_credentials) -> bytes:
    """Returns `{"status": {...}, "children" or "attachments": [...]}` as JSON.

    Raises:
        RequestError: 400, where the controller does not declare what is desired, or an observed Secret is none; 503,
            where today's generation needs credentials and there are none.
    """
    status, objects = sync(call, settings, credentials)
    return msgspec.json.encode({"status": status, LISTS[protocol]: objects})


def sync(call: Sync, settings: Settings, credentials: Credentials) -> tuple[Json | None, list[Json]]:
    """Returns the namespace's status (None: left alone) and its desired objects."""
    metadata = call.parent.metadata
    if (metadata.labels or {}).get(ENABLED) != "true":
        return ({} if settings.report_status else None), []
    if settings.generation is Generation.CURRENT:
        objects = desired_now(metadata.name, settings, call.observed.get("Secret.v1", {}), credentials)
    else:
        objects = desired(metadata.name, settings)
    ready = is_complete(objects, call.observed)
    return ({READY: str(ready)} if settings.report_status else None), objects


def told_protocol(body: bytes) -> Protocol:
    """Which protocol a call speaks, for a hook at one path: Metacontroller says it in the body alone.

    Raises:
        RequestError: 400, if it is a sync call of neither.
    """
    try:
        keys = msgspec.json.decode(body, type=dict[str, msgspec.Raw]).keys()
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as exc:
        raise RequestError(400, "bad-request", f"not a sync call: {exc}") from exc
    for protocol, own in (
        (Protocol.DECORATOR, {"object", "attachments"}),
        (Protocol.COMPOSITE, {"parent", "children"}),
    ):
        if own <= keys:
            return protocol
    raise RequestError(400, "bad-request", "neither a composite nor a decorator sync call")


def is_complete(objects: list[Json], observed: Groups) -> bool:
    """Whether as many objects of each desired kind are observed as are desired.

    Raises:
        RequestError: 400, where the controller does not declare a desired kind: Metacontroller would create such an
            object and then never see, update or delete it.
    """
    wanted = Counter(f"{item['kind']}.{item['apiVersion']}" for item in objects)
    if undeclared := sorted(wanted.keys() - observed.keys()):
        raise RequestError(400, "undeclared-kind", f"the controller does not declare {', '.join(undeclared)}")
    return all(len(observed[group]) == count for group, count in wanted.items())


def decode(protocol: Protocol, body: bytes) -> Sync:
    """Returns the call; raises RequestError (400) with the place of the fault, also of a call of the other protocol."""
    try:
        return msgspec.json.decode(body, type=CALLS[protocol])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as exc:
        raise RequestError(400, "bad-request", f"not a {protocol} sync call: {exc}") from exc
