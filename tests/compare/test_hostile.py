"""Whatever JSON stands in any field that is read, only the documented errors come out; nothing crashes a call."""

import copy
import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shadow.compare.answer import NotAnAnswerError
from shadow.compare.comparison import compare
from shadow.compare.effects import RequestView, harmless, predict, removals
from shadow.compare.model import Candidate, Foresight, Pair, Predicted
from shadow.compare.rules import Rules
from shadow.errors import RequestError
from shadow.protocol.adapt import adapt_answer
from shadow.protocol.dialect import Alterations, Dialect, Ownership
from shadow.protocol.messages import read_request
from shadow.protocol.shown import adapt_request
from shadow.protocol.wire import UnreadableError
from shadow.redact import Redactor
from shadow.terms import Effect, Hook, HookVersion, Outcome, Protocol, Side
from tests.compare.calls import CM, config_map, observed, request

SCALARS: list[Any] = [None, True, 0, -1, 1.5, 2**70, 1e300, "", "x", "\ud800", "a/b", "null", "{}", "1"]
VALUES = st.recursive(
    st.sampled_from(SCALARS),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["a", "name", "metadata", "\udc00", "", "f:a", "k:x"]), inner, max_size=3)
    ),
    max_leaves=5,
)
DEEP = "@deep@"
"""Stands for something nested deeper than any decoder of ours goes."""

ITEM = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {
        "name": "web",
        "namespace": "ns",
        "labels": {"app": "x"},
        "annotations": {"n": "1"},
        "ownerReferences": [{"controller": True, "name": "o"}],
        "finalizers": ["f"],
    },
    "spec": {
        "replicas": 1,
        "ports": [{"port": 80, "name": "http"}],
        "template": {"spec": {"containers": [{"name": "c", "args": ["--token", "x"], "resources": {"limits": {}}}]}},
    },
}
SECRET = {
    "apiVersion": "v1",
    "kind": "Secret",
    "metadata": {"name": "s"},
    "data": {"k": "eA=="},
    "stringData": {"t": "x"},
}
FIELDS_V1 = {
    "f:spec": {"f:replicas": {}, "f:ports": {'k:{"port":80}': {".": {}, "f:port": {}}}},
    "f:metadata": {"f:labels": {}},
}
MANAGERS = [{"manager": "metacontroller", "operation": "Apply", "fieldsV1": FIELDS_V1, "subresource": ""}]


def _requests() -> Iterator[dict[str, Any]]:
    for front in Protocol:
        for hook in ("sync", "finalize"):
            message = request(
                observed(config_map(), managedFields=MANAGERS, generation=1),
                observed(ITEM, managedFields=MANAGERS, generation=2, deletionTimestamp=None),
                observed(SECRET),
                front=front,
                hook=hook,
                method="Recreate",
                kinds=["Secret.v1"],
                parent={
                    "generation": 3,
                    "finalizers": ["metacontroller.io/decoratorcontroller-dc"],
                    "managedFields": [{"manager": "x", "fieldsV1": {"f:status": {}}, "subresource": "status"}],
                    "annotations": {"a": "b"},
                    **({"deletionTimestamp": "2026-01-01T00:00:00Z"} if hook == "finalize" else {}),
                },
                own_spec={
                    "selector": {
                        "matchLabels": {"app": "x"},
                        "matchExpressions": [{"key": "app", "operator": "In", "values": ["x"]}],
                    }
                },
                spec={
                    "generateSelector": False,
                    "hooks": {
                        "sync": {"version": "v1", "webhook": {"responseUnMarshallMode": "loose"}},
                        "finalize": {"version": "v1"},
                    },
                },
                status={"phase": "Active", "observedGeneration": 1},
            )
            yield message


REQUESTS = tuple(_requests())
DECORATED = 2 * list(Protocol).index(Protocol.DECORATOR)


def _answer(front: Protocol) -> dict[str, Any]:
    items = [config_map(data={"a": "2"}), copy.deepcopy(ITEM), copy.deepcopy(SECRET)]
    rest: dict[str, Any] = {"status": {"phase": "ok"}, "resyncAfterSeconds": 5, "finalized": False}
    if front is Protocol.DECORATOR:
        return {"attachments": items, "labels": {"tier": "x"}, "annotations": {"a": None}, **rest}
    return {"children": items, **rest}


def _places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in inner:
        yield from _places(item, (*path, key))


def _put(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    if not path:
        return new
    changed = copy.copy(value)
    changed[path[0]] = _put(value[path[0]], path[1:], new)
    return changed


def _text(value: Any) -> bytes:
    return json.dumps(value).replace(f'"{DEEP}"', "[" * 3000 + "]" * 3000).encode()


@st.composite
def _changed(draw: Callable[[Any], Any], value: Any, most: int = 2) -> bytes:
    """The message with something else in a few places, in the observed objects' last-applied texts too."""
    for _ in range(draw(st.integers(0, most))):
        places = list(_places(value))
        new = draw(st.just(DEEP) | VALUES)
        value = _put(value, draw(st.sampled_from(places)), new)
    return _text(value)


@st.composite
def _calls(draw: Callable[[Any], Any]) -> tuple[Hook, bytes, bytes, bytes]:
    number = draw(st.sampled_from(range(len(REQUESTS))))
    front = list(Protocol)[number // 2]
    hook = (Hook.SYNC, Hook.FINALIZE)[number % 2]
    message = draw(_changed(REQUESTS[number]))
    answers = (_answer(draw(st.sampled_from([front, front, *Protocol]))) for _ in Side)
    old, new = (draw(_changed(each)) for each in answers)
    return hook, message, old, new


FORESIGHT = Foresight(
    "",
    "p",
    0.0,
    Side.OLD,
    tuple(Predicted(CM, effect, "x") for effect in (Effect.CREATE, Effect.UPDATE, Effect.RECREATE)),
    (CM,),
)


def _survives(hook: Hook, message: bytes, old: bytes, new: bytes) -> None:
    try:
        read = read_request(message, hook)
    except RequestError:
        return
    for protocol in Protocol:
        with suppress(UnreadableError):
            adapt_request(read, Dialect(protocol, HookVersion.V2), HookVersion.V1)
        for alterations in (
            Alterations(),
            Alterations(Ownership("dc", generate_selector=True), status="drop", strict="true"),
        ):
            adapted = adapt_answer(read, new, Dialect(protocol), HookVersion.V1, alterations)
            msgspec.msgpack.encode((adapted.notes, adapted.inexpressible, adapted.identities()))
    for apply in ("dynamic", "server-side"):
        view = RequestView(read)
        with suppress(UnreadableError, NotAnAnswerError):
            removals(view, new, apply)
        harmless(view, new, apply)
        with suppress(UnreadableError):
            predict(view, new, apply)
        pair = Pair(
            "c", "m", hook, read.front, message, read.parent, Candidate(old, 200), Candidate(new, 200),
            apply=apply, keep_bodies=True, served=Side.NEW, previous="p", foresight=FORESIGHT,
        )  # fmt: skip
        comparison = compare(pair, Rules(), Redactor(b"fake-key"), 60)
        assert comparison.outcome in set(Outcome) - {Outcome.SKIPPED}
        msgspec.msgpack.encode((pair, comparison))


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(_calls())
def test_no_json_gets_anything_but_a_documented_error_out(call: tuple[Hook, bytes, bytes, bytes]) -> None:
    _survives(*call)


WEB = ("attachments", "Deployment.apps/v1", "web")
OWNED = (*WEB, "metadata", "managedFields")


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (WEB, None),
        (WEB, "x"),
        ((*WEB, "metadata", "name"), 5),
        ((*WEB, "metadata", "deletionTimestamp"), 5),
        ((*WEB, "metadata", "uid"), [DEEP]),
        (OWNED, 5),
        (OWNED, [None]),
        ((*OWNED, 0, "fieldsV1", "f:metadata"), [1]),
        ((*OWNED, 0, "fieldsV1", "f:spec"), 1),
        ((*OWNED, 0, "fieldsV1", "f:spec", "f:ports"), {"k:x": {}}),
        (("object", "metadata", "finalizers"), [[]]),
        (("object", "metadata", "uid"), "\ud800"),
        (("object", "spec", "selector", "matchLabels"), ["app"]),
        (("object", "status"), [1]),
        (("controller", "spec", "attachments"), 2**70),
        (("controller", "spec", "attachments", 0, "updateStrategy", "method"), {}),
    ],
    ids=str,
)
def test_a_request_of_another_shape_is_survived(path: tuple[Any, ...], value: Any) -> None:
    answer = _answer(Protocol.DECORATOR)
    other = _put(answer, ("attachments", 0, "data", "a"), "9")
    _survives(Hook.SYNC, _text(_put(REQUESTS[DECORATED], path, value)), _text(answer), _text(other))


@pytest.mark.parametrize("value", [None, 5, [], "\ud800", DEEP, {"a": DEEP}], ids=str)
@pytest.mark.parametrize(
    "path",
    [("metadata",), ("metadata", "name"), ("metadata", "labels"), ("metadata", "annotations"), ("kind",), ("data",)],
    ids=".".join,
)
def test_an_item_of_another_shape_is_survived(path: tuple[str, ...], value: Any) -> None:
    answer = _answer(Protocol.DECORATOR)
    item = answer["attachments"][0]
    full = item | {"metadata": {"labels": None, "annotations": None} | item["metadata"]}
    other = _put(answer, ("attachments", 0), _put(full, path, value))
    _survives(Hook.SYNC, _text(REQUESTS[DECORATED]), _text(answer), _text(other))
