"""The desired state depends on namespace and settings alone."""

import copy

import pytest

from shadow.profile.desired import desired
from tests.profile.captures import settings


def by_name(objects, kind, name):
    (found,) = [item for item in objects if (item["kind"], item["metadata"]["name"]) == (kind, name)]
    return found


def test_every_object_lies_in_the_namespace():
    assert {item["metadata"]["namespace"] for item in desired("team-a", settings())} == {"team-a"}


def test_identities_are_unique():
    identities = [(item["apiVersion"], item["kind"], item["metadata"]["name"]) for item in desired("a", settings())]
    assert len(set(identities)) == len(identities) == 8


def test_objects_share_nothing_that_a_caller_could_change():
    objects = desired("team-a", settings())
    untouched = copy.deepcopy(objects[2:])
    deployment = by_name(objects, "Deployment", "ml-pipeline-visualizationserver")
    deployment["spec"]["template"]["metadata"]["labels"]["app"] = "changed"
    assert deployment["metadata"]["labels"] == {"app": "ml-pipeline-visualizationserver"}
    assert objects[2:] == untouched


@pytest.mark.parametrize(
    ("changed", "name", "image"),
    [
        ({"visualization_server": "mirror/vis:1"}, "ml-pipeline-visualizationserver", "mirror/vis:1"),
        ({"frontend": "mirror/ui:2"}, "ml-pipeline-ui-artifact", "mirror/ui:2"),
    ],
    ids=["visualization server", "front end"],
)
def test_an_image_is_the_one_of_its_setting(changed, name, image):
    container = by_name(desired("a", settings(**changed)), "Deployment", name)["spec"]["template"]["spec"]["containers"]
    assert [each["image"] for each in container] == [image]


@pytest.mark.parametrize(("disabled", "annotations"), [(True, {"sidecar.istio.io/inject": "false"}), (False, {})])
def test_the_sidecar_is_switched_off_for_both_deployments(disabled, annotations):
    objects = desired("a", settings(disable_istio_sidecar=disabled))
    templates = [item["spec"]["template"] for item in objects if item["kind"] == "Deployment"]
    assert [template["metadata"]["annotations"] for template in templates] == [annotations] * 2


def test_credentials_are_base64_of_their_utf8():
    secret = by_name(desired("a", settings(minio_access_key="fäke")), "Secret", "mlpipeline-minio-artifact")
    assert secret["data"] == {"accesskey": "ZsOka2U=", "secretkey": "ZmFrZS1taW5pby1zZWNyZXQ="}
