"""An export is read as it comes; what it does not tell is guessed, and the guess is told."""

import json

import pytest

from shadow.migrate.export import ExportError, read_export
from tests.migrate.lab import LAB, widgets_export

CRD = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": "network-attachment-definitions.k8s.cni.cncf.io"},
    "spec": {
        "group": "k8s.cni.cncf.io",
        "scope": "Namespaced",
        "names": {"kind": "NetworkAttachmentDefinition", "plural": "network-attachment-definitions"},
        "versions": [{"name": "v1", "subresources": {"status": {}}}],
    },
}


def _read(*bodies):
    return read_export([(json.dumps({"kind": "List", "items": list(bodies)}), "e.json")])


def _controller(api_version, resource):
    controller = json.loads(json.dumps(widgets_export()["items"][0]))
    controller["spec"]["childResources"] = [{"apiVersion": api_version, "resource": resource}]
    return controller


def test_a_kind_is_what_its_definition_says():
    kinds = _read(CRD).kinds
    found = kinds.of_resource("k8s.cni.cncf.io/v1", "network-attachment-definitions")
    assert (found.kind, found.namespaced, found.status_subresource) == ("NetworkAttachmentDefinition", True, True)


def test_without_one_the_controller_and_the_objects_tell():
    export = _read(*widgets_export()["items"])
    found = export.kinds.of_resource(LAB, "widgets")
    assert (found.kind, found.namespaced, export.guessed) == ("Widget", True, [])


def test_a_resource_of_which_nothing_is_there_is_guessed_and_told():
    export = _read(_controller("k8s.cni.cncf.io/v1", "network-attachment-definitions"))
    assert "network-attachment-definitions (k8s.cni.cncf.io/v1)" in export.guessed
    assert export.kinds.of("k8s.cni.cncf.io/v1", "NetworkAttachmentDefinition")


def test_managed_fields_tell_whether_the_status_is_a_subresource():
    widget = widgets_export()["items"][1]
    plain = {**widget, "metadata": {**widget["metadata"], "managedFields": [{"manager": "kubectl"}]}}
    assert _read(plain).kinds.of(LAB, "Widget").status_subresource is False
    assert _read(widget).kinds.of(LAB, "Widget").status_subresource is True


def test_a_tidied_object_gets_an_identity():
    (body,) = _read({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "namespace": "b"}}).objects
    assert body["metadata"]["uid"]
    assert body["metadata"]["resourceVersion"]


def test_yaml_of_several_documents_is_fine():
    export = read_export([("apiVersion: v1\nkind: Namespace\nmetadata: {name: a}\n---\n", "a.yaml")])
    assert [body["metadata"]["name"] for body in export.objects] == ["a"]


def _spoiled(body, part, **changed):
    return {**body, part: {**body[part], **changed}}


@pytest.mark.parametrize(
    ("body", "told"),
    [
        pytest.param(_spoiled(CRD, "metadata", name=None), "without a name: metadata.name", id="no name"),
        pytest.param(_spoiled(CRD, "metadata", annotations=5), "metadata.annotations", id="annotations"),
        pytest.param({**CRD, "spec": {}}, "network-attachment-definitions.k8s.cni.cncf.io has no whole spec", id="CRD"),
        pytest.param(_spoiled(CRD, "spec", versions=["v1"]), "has no whole spec", id="a version that is text"),
        pytest.param(_spoiled(_controller("v1", "pods"), "spec", hooks=None), "no sync hook", id="hooks"),
        pytest.param(_spoiled(_controller("v1", "pods"), "spec", hooks={"sync": 1}), "spec.hooks.sync", id="sync"),
        pytest.param(_controller("", "pods"), "spec.childResources", id="a kind of no version"),
    ],
)
def test_what_the_api_server_would_not_have_given_is_told_with_its_file(body, told):
    with pytest.raises(ExportError, match=r"^e\.json: ") as error:
        _read(body)
    assert told in str(error.value)


@pytest.mark.parametrize(
    "text", ["[]", "1", '{"items": [{}], "kind": "List"}', '{"a": 1}', '{"kind": "A", "metadata": 1}']
)
def test_what_is_no_object_is_refused(text):
    with pytest.raises(ExportError):
        read_export([(text, "e.json")])
