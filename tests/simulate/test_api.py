"""The API server's rules of a write, one by one."""

from typing import Any

import pytest

from shadow.simulate.api import Api
from shadow.simulate.errors import ApiError
from tests.simulate.replay import LAB, lab_kinds
from tests.simulate.scenes import CONFIG_MAP, Json, told, widget


def api() -> Api:
    return Api(kinds=lab_kinds())


def placed(body: Json, **metadata: Any) -> Json:
    return {**body, "metadata": {**body["metadata"], "namespace": "ns", **metadata}}


def deployment(**spec: Any) -> Json:
    template = {
        "metadata": {"labels": {"app": "x"}},
        "spec": {"containers": [{"name": "main", "image": "example.invalid/a:1"}]},
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "d", "namespace": "ns"},
        "spec": {"selector": {"matchLabels": {"app": "x"}}, "template": template, **spec},
    }


def test_a_created_object_gets_what_only_the_server_gives() -> None:
    metadata = api().create(placed(CONFIG_MAP, uid="mine", generation=7), by="me")["metadata"]
    assert metadata["uid"] not in ("", "mine")
    assert "generation" not in metadata  # ConfigMaps have none
    assert metadata["resourceVersion"]
    assert metadata["creationTimestamp"]


def test_a_second_create_is_refused_whatever_its_version() -> None:
    server = api()
    autoscaler = {"kind": "HorizontalPodAutoscaler", "metadata": {"name": "h", "namespace": "ns"}, "spec": {}}
    server.create({"apiVersion": "autoscaling/v2", **autoscaler}, by="me")
    with pytest.raises(ApiError) as refused:
        server.create({"apiVersion": "autoscaling/v1", **autoscaler}, by="me")
    assert refused.value.already_exists
    assert not refused.value.conflict


@pytest.mark.parametrize(
    ("body", "code", "message"),
    [
        pytest.param({"apiVersion": "v9", "kind": "Nothing", "metadata": {}}, 404, "no matches", id="unknown kind"),
        pytest.param(placed(CONFIG_MAP, name=""), 422, "name or generateName is required", id="no name"),
        pytest.param(placed(CONFIG_MAP, name="No_Such"), 422, "RFC 1123", id="bad name"),
        pytest.param(CONFIG_MAP, 405, "empty namespace", id="no namespace"),
        pytest.param(placed(CONFIG_MAP, resourceVersion="1"), 500, "should not be set", id="resourceVersion"),
        pytest.param(placed({**CONFIG_MAP, "data": {"k": 1}}), 400, "ConfigMap.data of type string", id="wrong type"),
        pytest.param(placed({**CONFIG_MAP, "data": ["k"]}), 400, "cannot unmarshal array", id="list for a map"),
        pytest.param(placed(CONFIG_MAP, labels={"a": "b c"}), 422, "a valid label", id="bad label"),
        pytest.param(
            placed({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "data": {"k": "%"}}),
            400, "illegal base64", id="no base64",
        ),
        pytest.param(deployment(selector={"matchLabels": {"app": "y"}}), 422, "does not match", id="selector"),
    ],
)  # fmt: skip
def test_a_create_is_refused_as_a_real_server_does(body: Json, code: int, message: str) -> None:
    with pytest.raises(ApiError, match=message) as refused:
        api().create(body, by="me")
    assert refused.value.code == code


def test_a_put_that_changes_nothing_keeps_the_version_and_is_told_as_such() -> None:
    server = api()
    stored = server.create(deployment(), by="me")
    again = server.update({**deployment(), "metadata": stored["metadata"]}, by="me")
    assert again["metadata"]["resourceVersion"] == stored["metadata"]["resourceVersion"]
    assert told(server.audit)[-1] == "update Deployment d 200 noop"


def test_a_null_that_an_older_server_spelled_is_nothing_to_a_write() -> None:
    """Kubernetes 1.28: the pod template of every Deployment has a creationTimestamp null."""
    stored = api().create(deployment(), by="me")
    stored["spec"]["template"]["metadata"]["creationTimestamp"] = None
    server = api()
    server.load(stored)
    server.update(stored, by="me")
    assert told(server.audit) == ["update Deployment d 200 noop"]


@pytest.mark.parametrize(
    ("change", "generation"),
    [
        pytest.param({"spec": {"v": 2}}, 2, id="spec"),
        pytest.param({"status": {"phase": "x"}}, 1, id="status by the main resource is ignored"),
        pytest.param({"metadata": {"labels": {"a": "b"}}}, 1, id="labels"),
    ],
)
def test_the_generation_rises_with_the_spec_alone(change: Json, generation: int) -> None:
    server = api()
    stored = server.create(widget(), by="me")
    metadata = {**stored["metadata"], **change.get("metadata", {})}
    assert server.update({**stored, **change, "metadata": metadata}, by="me")["metadata"]["generation"] == generation


def test_without_a_status_subresource_a_status_raises_the_generation() -> None:
    server = api()
    stored = server.create({**widget(), "kind": "Nosub"}, by="me")
    assert server.update({**stored, "status": {"a": 1}}, by="me")["metadata"]["generation"] == 2
    with pytest.raises(ApiError) as refused:
        server.update({**stored, "status": {"a": 2}}, by="me", subresource="status")
    assert refused.value.code == 404


def test_a_new_annotation_raises_the_generation_of_a_deployment() -> None:
    server = api()
    stored = server.create(deployment(), by="me")
    metadata = {**stored["metadata"], "annotations": {"a": "b"}}
    assert server.update({**stored, "metadata": metadata}, by="me")["metadata"]["generation"] == 2


def test_the_status_subresource_takes_nothing_but_the_status() -> None:
    server = api()
    stored = server.create(widget(), by="me")
    after = server.update({**stored, "spec": {"v": 9}, "status": {"phase": "on"}}, by="me", subresource="status")
    assert (after["spec"], after["status"]) == ({"v": 1}, {"phase": "on"})
    assert [entry["subresource"] for entry in after["metadata"]["managedFields"] if "subresource" in entry] == [
        "status"
    ]


def test_a_stale_version_and_a_foreign_uid_are_conflicts() -> None:
    server = api()
    stored = server.create(widget(), by="me")
    for metadata in ({"resourceVersion": "1"}, {"uid": "other"}):
        with pytest.raises(ApiError) as refused:
            server.update({**stored, "metadata": {**stored["metadata"], **metadata}}, by="me")
        assert refused.value.conflict
    with pytest.raises(ApiError):
        server.delete({**stored, "metadata": {**stored["metadata"], "uid": "other"}}, by="me")
    assert [write.code for write in server.audit] == [201, 409, 409, 409]


def test_a_finalizer_keeps_an_object_until_it_is_taken_off() -> None:
    server = api()
    stored = server.create(widget(finalizers=["x/y"]), by="me")
    server.delete(stored, by="me")
    dying = server.get(LAB, "Widget", "ns", "p")
    assert dying["metadata"]["deletionTimestamp"]
    assert dying["metadata"]["generation"] == 2
    server.update({**dying, "metadata": {**dying["metadata"], "finalizers": []}}, by="me")
    with pytest.raises(ApiError):
        server.get(LAB, "Widget", "ns", "p")
    assert told(server.audit)[-1] == "update Widget p 200 noop"


def test_what_has_lost_all_its_owners_is_collected_and_nobody_wrote_it() -> None:
    server = api()
    owner = server.create(widget(), by="me")
    other = server.create(widget("q"), by="me")

    def owned(name: str, *owners: Json) -> Json:
        refs = [
            {"apiVersion": LAB, "kind": "Widget", "name": o["metadata"]["name"], "uid": o["metadata"]["uid"]}
            for o in owners
        ]
        return placed(CONFIG_MAP, name=name, ownerReferences=refs)

    server.create(owned("one", owner), by="me")
    server.create(owned("two", owner, other), by="me")
    server.create(placed(CONFIG_MAP, name="free"), by="me")
    server.delete(owner, by="me")
    writes = len(server.audit)
    assert server.collect_garbage() == 1
    assert [body["metadata"]["name"] for body in server.list_all("v1", "ConfigMap")] == ["free", "two"]
    assert len(server.audit) == writes


@pytest.mark.parametrize(
    ("written", "stored"),
    [
        pytest.param({"annotations": {}}, {}, id="an empty map is dropped"),
        pytest.param({"annotations": {"a": "b"}}, {"annotations": {"a": "b"}}, id="a full one stays"),
    ],
)
def test_an_empty_map_in_a_pod_template_is_not_stored(written: Json, stored: Json) -> None:
    body = deployment()
    body["spec"]["template"]["metadata"] |= written
    template = api().create(body, by="me")["spec"]["template"]
    assert template["metadata"] == {"labels": {"app": "x"}, **stored}


def test_a_secret_keeps_its_clear_text_as_data() -> None:
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "s", "namespace": "ns"},
        "stringData": {"k": "fake-value"},
    }
    stored = api().create(secret, by="me")
    assert stored["data"] == {"k": "ZmFrZS12YWx1ZQ=="}
    assert stored["type"] == "Opaque"
    assert "stringData" not in stored


def test_a_namespace_keeps_nothing_of_a_foreign_status() -> None:
    server = api()
    stored = server.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "n"}}, by="me")
    server.update({**stored, "status": {"ready": "True"}}, by="me", subresource="status")
    assert server.get("v1", "Namespace", "", "n")["status"] == {"phase": "Active"}
    assert told(server.audit)[-1] == "update Namespace n/status 200 noop"
    assert server.audit[-1].namespace == "n"


def test_an_unknown_field_of_a_built_in_kind_is_dropped_and_of_a_custom_one_kept() -> None:
    server = api()
    service = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "s", "namespace": "ns"},
        "spec": {"nonsense": 1, "ports": [{"port": 80}]},
    }
    stored = server.create(service, by="me")["spec"]
    assert "nonsense" not in stored
    assert stored["ports"] == [{"port": 80, "protocol": "TCP", "targetPort": 80}]
    assert server.create({**widget(), "spec": {"nonsense": None}}, by="me")["spec"] == {"nonsense": None}


def test_the_address_of_a_service_may_not_change() -> None:
    server = api()
    service = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "s", "namespace": "ns"},
        "spec": {"ports": [{"port": 80}]},
    }
    stored = server.create(service, by="me")
    moved = {**stored, "spec": {**stored["spec"], "clusterIP": "10.0.0.9"}}
    with pytest.raises(ApiError, match="may not change once set"):
        server.update(moved, by="me")


def test_readers_get_copies() -> None:
    server = api()
    server.create(placed(CONFIG_MAP), by="me")
    server.get("v1", "ConfigMap", "ns", "a")["data"]["k"] = "spoilt"
    server.list_all("v1", "ConfigMap")[0]["data"]["k"] = "spoilt"
    assert server.get("v1", "ConfigMap", "ns", "a")["data"] == {"k": "1"}
