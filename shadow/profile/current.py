"""The objects that today's Kubeflow Pipelines wants in a namespace: three ConfigMaps and the namespace's own key.

Pure, like `shadow.profile.desired`, but for one thing that it asks for: the credentials where no Secret is observed.
"""

import json
from collections.abc import Callable

import msgspec

from shadow.errors import RequestError
from shadow.profile.desired import CREDENTIALS, config_map, metadata_service
from shadow.profile.settings import Settings
from shadow.protocol.objects import Json

BUCKET = "mlpipeline"
PORT = 9000

Credentials = Callable[[str], dict[str, str]]
"""The Secret's data (base64) for a namespace in which none is observed; raises RequestError rather than guess."""


def desired_now(
    namespace: str, settings: Settings, secrets: dict[str, msgspec.Raw], credentials: Credentials
) -> list[Json]:
    """Returns the objects, the Secret last.

    Args:
        secrets: the observed ones, by their key in the request.
        credentials: asked only if none of them is the namespace's.
    """
    return [
        launcher(namespace, settings),
        metadata_service(namespace),
        artifact_repositories(namespace, settings),
        secret(namespace, secrets, credentials),
    ]


def launcher(namespace: str, settings: Settings) -> Json:
    """Where pipelines keep what they make."""
    root = settings.default_pipeline_root or f"minio://{BUCKET}/private-artifacts/{namespace}/v2/artifacts"
    return config_map(
        namespace, "kfp-launcher", {"defaultPipelineRoot": root, "clusterDomain": settings.cluster_domain}
    )


def artifact_repositories(namespace: str, settings: Settings) -> Json:
    """The same for Argo Workflows, as JSON in a ConfigMap."""
    day = "{{workflow.creationTimestamp.Y}}/{{workflow.creationTimestamp.m}}/{{workflow.creationTimestamp.d}}"
    repository = {
        "archiveLogs": True,
        "s3": {
            "endpoint": f"{settings.object_store_host}.kubeflow{settings.cluster_domain}:{PORT}",
            "bucket": BUCKET,
            "keyFormat": f"private-artifacts/{namespace}/{{{{workflow.name}}}}/{day}/{{{{pod.name}}}}",
            "insecure": True,
            "accessKeySecret": {"name": CREDENTIALS, "key": "accesskey"},
            "secretKeySecret": {"name": CREDENTIALS, "key": "secretkey"},
        },
    }
    made = config_map(namespace, "artifact-repositories", {"default-namespaced": json.dumps(repository)})
    made["metadata"]["annotations"] = {"workflows.argoproj.io/default-artifact-repository": "default-namespaced"}
    return made


def secret(namespace: str, secrets: dict[str, msgspec.Raw], credentials: Credentials) -> Json:
    """The observed Secret as it is, else a new one.

    Returned whole, system fields included, as Kubeflow's hook does it. That costs nothing under `OnDelete`, which
    Kubeflow declares for Secrets; under any other method it would be a write at every sync.
    """
    observed = observed_secret(namespace, secrets)
    if observed is not None:
        return observed
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": CREDENTIALS, "namespace": namespace},
        "data": credentials(namespace),
    }


def observed_secret(namespace: str, secrets: dict[str, msgspec.Raw]) -> Json | None:
    """The namespace's own Secret of a call; raises RequestError (400) where something else stands in its place."""
    observed = secrets.get(f"{namespace}/{CREDENTIALS}")
    if observed is None:
        return None
    whole = msgspec.json.decode(observed)
    if not isinstance(whole, dict) or (whole.get("kind"), whole.get("apiVersion")) != ("Secret", "v1"):
        raise RequestError(400, "bad-request", f"what is observed as {namespace}/{CREDENTIALS} is no Secret")
    return whole
