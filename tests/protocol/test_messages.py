import json

import pytest

from shadow.errors import RequestError
from shadow.protocol.messages import read_request, read_root
from shadow.protocol.objects import ParentRef
from shadow.terms import Hook, Protocol
from tests.protocol.recordings import PARENT, call, compact, config_map, envelope, recordings

COMPOSITE, DECORATOR = Protocol


@pytest.mark.parametrize("each", recordings(), ids=lambda each: each.name)
def test_recorded_calls_tell_their_front(each):
    request = read_request(each.request_body, each.hook)
    metadata = (each.request.get("parent") or each.request["object"])["metadata"]
    assert request.front is each.front
    assert request.body == each.request_body
    assert (request.parent.name, request.parent.uid) == (metadata["name"], metadata["uid"])
    assert request.parent.namespace == metadata.get("namespace", "")
    assert request.generation == metadata.get("generation", 0)
    assert request.deleting is ("deletionTimestamp" in metadata)
    observed = each.request.get("children", each.request.get("attachments", {}))
    assert {key: set(group) for key, group in request.observed_groups.items()} == {
        key: set(group) for key, group in observed.items()
    }
    assert request.observed_any is any(observed.values())
    assert read_root(request)["metadata"] == metadata


@pytest.mark.parametrize("front", Protocol)
@pytest.mark.parametrize("hook", Hook)
def test_the_parent_is_found_whatever_it_is_called(front, hook):
    request = call(front, hook)
    assert request.front is front
    assert request.parent == ParentRef("lab.example.com/v1", "Widget", "ns", "p", "p-uid")
    assert request.finalizing is (hook is Hook.FINALIZE)
    assert json.loads(bytes(request.root)) == PARENT


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "not-json"),
        (b"{", "not-json"),
        (b'{"parent": NaN}', "not-json"),
        (b"\xef\xbb\xbf{}", "not-json"),
        (b"[]", "not-an-object"),
        (b"null", "not-an-object"),
        (b"{}", "neither-protocol"),
        (b'{"object":{}}', "neither-protocol"),
        (b'{"parent":{},"attachments":{}}', "neither-protocol"),
        (b'{"parent":{},"object":{},"children":{},"attachments":{}}', "neither-protocol"),
        (b'{"parent":{},"object":{},"children":{}}', "neither-protocol"),
        (b'{"controller":{"kind":"DecoratorController"},"parent":{"metadata":{}},"children":{}}', "controller-kind"),
        (b'{"controller":{"kind":"Deployment"},"parent":{"metadata":{}},"children":{}}', "controller-kind"),
        (b'{"controller":{"kind":"CompositeController"},"parent":{}}', "wrong-hook"),
        (b'{"parent":[],"children":{}}', "bad-envelope"),
        (b'{"parent":{},"children":{}}', "bad-envelope"),
        (b'{"parent":{"metadata":{}},"children":[]}', "bad-envelope"),
        (b'{"parent":{"metadata":{}},"children":{"ConfigMap.v1":null}}', "bad-envelope"),
        (b'{"parent":{"metadata":{}},"children":{},"related":[]}', "bad-envelope"),
        (b'{"parent":{"metadata":{}},"children":{},"finalizing":"true"}', "bad-envelope"),
        (b'{"parent":{"metadata":{"uid":5}},"children":{}}', "bad-envelope"),
    ],
)
def test_what_is_no_sync_call_is_a_400(body, code):
    with pytest.raises(RequestError) as caught:
        read_request(body, Hook.SYNC)
    assert (caught.value.status, caught.value.code) == (400, code)


@pytest.mark.parametrize("front", Protocol)
@pytest.mark.parametrize(("place", "longest"), [("name", 253), ("namespace", 63), ("uid", 253)])
def test_a_parent_that_kubernetes_cannot_have_is_refused(front, place, longest):
    def body(length):
        parent = {**PARENT, "metadata": {**PARENT["metadata"], place: "x" * length}}
        keys = ("parent", "children") if front is COMPOSITE else ("object", "attachments")
        return compact(dict(zip(keys, (parent, {}), strict=True)))

    assert len(getattr(read_request(body(longest), Hook.SYNC).parent, place)) == longest
    with pytest.raises(RequestError, match=f"metadata.{place} 'x+'... has 20000 characters") as caught:
        read_request(body(20000), Hook.SYNC)
    assert (caught.value.status, caught.value.code, len(str(caught.value)) < 200) == (400, "parent-too-long", True)
    with pytest.raises(RequestError):
        read_request(body(longest + 1), Hook.SYNC)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (compact(envelope(COMPOSITE)), "wrong-hook"),
        (compact(envelope(DECORATOR)), "wrong-hook"),
        (b'{"parent":{"metadata":{}}}', "neither-protocol"),
        (b'{"controller":{"kind":"CompositeController"}}', "neither-protocol"),
    ],
    ids=["composite-sync", "decorator-sync", "no-controller", "no-parent"],
)
def test_what_is_no_customize_call_is_a_400(body, code):
    with pytest.raises(RequestError) as caught:
        read_request(body, Hook.CUSTOMIZE)
    assert caught.value.code == code


ODD = {
    "surrogate": r'"\ud800"',
    "deep": "[" * 2000 + "]" * 2000,
    "big": "36893488147419103232",
    "invalid-utf8": b'"\xff"'.decode("latin-1"),
}


@pytest.mark.parametrize("odd", ODD.values(), ids=list(ODD))
@pytest.mark.parametrize("place", ["parent", "observed", "unknown"])
def test_what_the_fast_decoder_refuses_is_still_read(odd, place):
    body = compact(
        {
            **envelope(
                COMPOSITE, observed={"ConfigMap.v1": {"a": config_map("a", namespace="ns") | {"x": "OBSERVED"}}}
            ),
            "parent": PARENT | {"x": "PARENT"},
            "unknown": "UNKNOWN",
        }
    ).replace(f'"{place.upper()}"'.encode(), odd.encode("latin-1"))
    request = read_request(body, Hook.SYNC)
    assert request.parent.uid == "p-uid"
    assert odd.encode("latin-1") in b"".join(map(bytes, request.fields.values()))
    assert request.observed_any
