"""The bundled hook against the recorded ones: object for object, status included."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shadow.errors import RequestError
from shadow.profile.hook import ENABLED, answer, decode
from shadow.terms import Protocol
from tests.profile.captures import OBSERVED, PARENT, Capture, captures, settings

KINDS = [
    "AuthorizationPolicy.security.istio.io/v1beta1",
    "ConfigMap.v1",
    "Deployment.apps/v1",
    "DestinationRule.networking.istio.io/v1alpha3",
    "Secret.v1",
    "Service.v1",
]
READY = {"ConfigMap.v1": 1, "Deployment.apps/v1": 2, "Service.v1": 2} | dict.fromkeys(
    [kind for kind in KINDS if kind.split(".")[0] in ("AuthorizationPolicy", "DestinationRule", "Secret")], 1
)

each_capture = pytest.mark.parametrize("capture", captures(), ids=lambda capture: capture.name)
each_protocol = pytest.mark.parametrize("protocol", list(Protocol))


def request(counts: dict[str, int], labels: Any = None, name: Any = "team-a") -> dict[str, Any]:
    """A composite call; `counts` says how many objects of each kind are observed."""
    observed: Any = {kind: {f"{name}/{n}": {} for n in range(count)} for kind, count in counts.items()}
    labels = {ENABLED: "true"} if labels is None else labels
    return {"parent": {"metadata": {"name": name, "labels": labels}}, "children": observed}


def in_protocol(protocol: Protocol, call: dict[str, Any]) -> bytes:
    return json.dumps({PARENT[protocol]: call["parent"], OBSERVED[protocol]: call["children"]}).encode()


def ask(call: dict[str, Any], protocol: Protocol = Protocol.COMPOSITE, **changed: Any) -> Any:
    return json.loads(answer(protocol, decode(protocol, in_protocol(protocol, call)), settings(**changed)))


def test_captures_cover_both_implementations_and_the_opt_out():
    names = [capture.name for capture in captures()]
    assert len(names) >= 18
    assert "kfp-old-composite-2.6.1-unlabelled-namespace" in names
    assert {capture.protocol for capture in captures()} == set(Protocol)


@each_capture
def test_a_recorded_call_is_answered_as_it_was(capture: Capture):
    said = json.loads(
        answer(capture.protocol, decode(capture.protocol, capture.call(capture.protocol)), capture.settings)
    )
    assert list(said) == ["status", OBSERVED[capture.protocol]]
    assert {"status": said["status"], "objects": said[OBSERVED[capture.protocol]]} == capture.hooks_answer()


@each_capture
def test_both_protocols_say_the_same(capture: Capture):
    composite, decorator = (
        json.loads(answer(each, decode(each, capture.call(each)), capture.settings)) for each in Protocol
    )
    assert composite["children"] == decorator["attachments"]
    assert composite["status"] == decorator["status"]


label_sets = st.dictionaries(st.sampled_from([ENABLED, "team"]), st.sampled_from(["true", "True", "false", ""]))
observations = st.fixed_dictionaries({kind: st.integers(0, 3) for kind in KINDS})


@given(
    name=st.text(min_size=1, max_size=63),
    labels=st.none() | label_sets,
    counts=observations,
    sidecar=st.booleans(),
    root=st.none() | st.text(min_size=1),
)
def test_both_protocols_say_the_same_of_any_namespace(name, labels, counts, sidecar, root):
    call = request(counts, labels, name)
    changed = {"disable_istio_sidecar": sidecar, "default_pipeline_root": root}
    composite, decorator = (ask(call, protocol, **changed) for protocol in Protocol)
    assert composite["children"] == decorator["attachments"]
    assert composite["status"] == decorator["status"]


@given(counts=observations)
def test_a_namespace_is_ready_with_exactly_what_it_wants(counts):
    ready = ask(request(counts))["status"]["kubeflow-pipelines-ready"]
    assert ready == str(counts == READY)


def test_a_pipeline_root_adds_the_launcher_and_is_waited_for():
    said = ask(request(READY), default_pipeline_root="minio://elsewhere")
    assert said["children"][0] == {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "kfp-launcher", "namespace": "team-a"},
        "data": {"defaultPipelineRoot": "minio://elsewhere"},
    }
    assert said["status"] == {"kubeflow-pipelines-ready": "False"}
    complete = ask(request(READY | {"ConfigMap.v1": 2}), default_pipeline_root="minio://elsewhere")
    assert complete["status"] == {"kubeflow-pipelines-ready": "True"}


@pytest.mark.parametrize("labels", [{}, {ENABLED: "false"}, {ENABLED: "True"}, {"other": "true"}])
@each_protocol
def test_a_namespace_without_the_label_wants_nothing(protocol, labels):
    assert ask(request(READY, labels), protocol) == {"status": {}, OBSERVED[protocol]: []}


def without(*path: str) -> Callable[[dict[str, Any]], Any]:
    """Takes one field away from a call."""

    def change(call: dict[str, Any]) -> Any:
        where = call
        for step in path[:-1]:
            where = where[step]
        del where[path[-1]]
        return call

    return change


def respond(protocol: Protocol, body: bytes) -> bytes:
    return answer(protocol, decode(protocol, body), settings())


@pytest.mark.parametrize(
    ("change", "says"),
    [
        pytest.param(without("parent"), "missing required field `parent`", id="no parent"),
        pytest.param(without("children"), "missing required field `children`", id="nothing observed at all"),
        pytest.param(without("parent", "metadata"), "missing required field `metadata`", id="no metadata"),
        pytest.param(without("parent", "metadata", "name"), "missing required field `name`", id="no name"),
        pytest.param(lambda call: call | {"parent": None}, "got `null`", id="null parent"),
        pytest.param(lambda call: call | {"children": []}, "got `array`", id="a list of children"),
        pytest.param(lambda call: call | {"children": {"Secret.v1": None}}, "got `null`", id="a null group"),
        pytest.param(lambda call: request(READY, {ENABLED: True}), "got `bool`", id="a label of the wrong type"),
        pytest.param(lambda call: request(READY, name=7), "got `int`", id="a name of the wrong type"),
        pytest.param(lambda call: [call], "got `array`", id="an array"),
        pytest.param(lambda call: None, "got `null`", id="null"),
        pytest.param(without("children", "Service.v1"), "does not declare Service.v1", id="an undeclared kind"),
    ],
)
def test_a_call_that_is_not_understood_is_an_error_and_no_empty_list(change, says):
    with pytest.raises(RequestError, match=says) as refusal:
        respond(Protocol.COMPOSITE, json.dumps(change(request(READY))).encode())
    assert refusal.value.status == 400


@pytest.mark.parametrize("body", [b"", b"{", b"nonsense", b"\xff", b'{"parent": NaN}', b"[" * 100_000], ids=repr)
def test_what_is_not_json_is_an_error(body):
    with pytest.raises(RequestError, match="not a composite sync call"):
        decode(Protocol.COMPOSITE, body)


@each_protocol
def test_a_call_of_the_other_protocol_is_an_error(protocol):
    (other,) = set(Protocol) - {protocol}
    with pytest.raises(RequestError, match=f"not a {protocol} sync call"):
        decode(protocol, in_protocol(other, request(READY)))


@each_protocol
@pytest.mark.parametrize("labels", [{ENABLED: "true"}, {}], ids=["in", "out"])
def test_the_status_is_left_alone_unless_it_is_asked_for(protocol, labels):
    assert ask(request(READY, labels), protocol, report_status=False)["status"] is None
