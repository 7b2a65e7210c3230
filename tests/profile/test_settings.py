"""The environment variables of Kubeflow's hook, under their own names."""

import pytest

from shadow.errors import ConfigurationError
from shadow.profile.settings import Generation, from_environment
from tests.profile.captures import settings

RECORDED = {"KFP_VERSION": "2.5.0", "MINIO_ACCESS_KEY": "fake-minio", "MINIO_SECRET_KEY": "fake-minio-secret"}


@pytest.mark.parametrize(
    ("variables", "changed"),
    [
        pytest.param({}, {}, id="the recorded ones"),
        pytest.param({"DISABLE_ISTIO_SIDECAR": "true"}, {"disable_istio_sidecar": True}, id="no sidecar"),
        pytest.param({"DISABLE_ISTIO_SIDECAR": "false"}, {}, id="sidecar"),
        pytest.param({"DISABLE_ISTIO_SIDECAR": "yes"}, {}, id="only true disables"),
        pytest.param({"FRONTEND_IMAGE": "m/ui"}, {"frontend": "m/ui:2.5.0"}, id="image"),
        pytest.param({"FRONTEND_TAG": "9"}, {"frontend": "ghcr.io/kubeflow/kfp-frontend:9"}, id="tag"),
        pytest.param(
            {"VISUALIZATION_SERVER_IMAGE": "m/v", "VISUALIZATION_SERVER_TAG": "8"},
            {"visualization_server": "m/v:8"},
            id="image and tag",
        ),
        pytest.param({"FRONTEND_IMAGE": "", "FRONTEND_TAG": ""}, {}, id="empty is absent"),
        pytest.param({"KFP_DEFAULT_PIPELINE_ROOT": "s3://b"}, {"default_pipeline_root": "s3://b"}, id="root"),
        pytest.param({"KFP_DEFAULT_PIPELINE_ROOT": ""}, {}, id="no root"),
        pytest.param({"PROFILE_GENERATION": "current"}, {"generation": Generation.CURRENT}, id="generation"),
        pytest.param({"ARTIFACT_RETENTION_DAYS": "30"}, {"artifact_retention_days": 30}, id="retention"),
        pytest.param({"CLUSTER_DOMAIN": ".svc.example"}, {"cluster_domain": ".svc.example"}, id="domain"),
        pytest.param({"IAM_ENDPOINT": "http://i"}, {"iam_endpoint": "http://i"}, id="IAM"),
        pytest.param(
            {"OBJECT_STORE_HOST": "minio"},
            {
                "object_store_host": "minio",
                "iam_endpoint": "http://minio.kubeflow:8111",
                "s3_endpoint": "http://minio.kubeflow:8333",
            },
            id="object store",
        ),
    ],
)
def test_variables_decide_the_settings(variables, changed):
    assert from_environment(RECORDED | variables) == settings(report_status=False, **changed)


def test_everything_that_is_missing_is_said_at_once():
    with pytest.raises(ConfigurationError) as error:
        from_environment({"FRONTEND_TAG": "9", "MINIO_SECRET_KEY": ""})
    assert [str(problem) for problem in error.value.problems] == [
        "KFP_VERSION: must be set, or VISUALIZATION_SERVER_TAG instead",
        "MINIO_ACCESS_KEY: must be set",
        "MINIO_SECRET_KEY: must be set",
    ]


def test_the_status_is_answered_only_if_asked_for():
    assert from_environment(RECORDED | {"PROFILE_STATUS": "true"}) == settings()


@pytest.mark.parametrize(
    "variables",
    [
        {"IAM_ENDPOINT": "seaweedfs:8111"},
        {"S3_ENDPOINT": "http://"},
        {"PROFILE_GENERATION": "old"},
        {"ARTIFACT_RETENTION_DAYS": "soon"},
        {"ARTIFACT_RETENTION_DAYS": "0"},
    ],
)
def test_nonsense_is_told_by_its_name(variables):
    with pytest.raises(ConfigurationError) as error:
        from_environment(RECORDED | variables)
    assert [problem.path for problem in error.value.problems] == list(variables)


def test_no_version_is_needed_where_both_tags_are_given():
    variables = {name: value for name, value in RECORDED.items() if name != "KFP_VERSION"}
    assert from_environment(variables | {"FRONTEND_TAG": "2.5.0", "VISUALIZATION_SERVER_TAG": "2.5.0"}) == settings(
        report_status=False
    )


def test_the_keys_are_not_in_the_text_of_the_settings():
    assert "fake" not in repr(settings())
