"""The objects that Kubeflow Pipelines wants in a namespace: the one desired state behind both protocols.

Pure, and blind to what is observed: the same namespace and settings always give the same objects in the same order.
"""

from base64 import b64encode

from shadow.profile.settings import Settings
from shadow.protocol.objects import Json

CREDENTIALS = "mlpipeline-minio-artifact"
VISUALIZATION_SERVER = "ml-pipeline-visualizationserver"
ARTIFACT_FETCHER = "ml-pipeline-ui-artifact"

PIPELINE_API_SERVER = "cluster.local/ns/kubeflow/sa/ml-pipeline"
"""The mesh identity that alone may call a namespace's visualization server."""


def desired(namespace: str, settings: Settings) -> list[Json]:
    """Returns the objects in the order in which Kubeflow's hook lists them, credentials last."""
    root = settings.default_pipeline_root
    return [
        *([config_map(namespace, "kfp-launcher", {"defaultPipelineRoot": root})] if root else []),
        metadata_service(namespace),
        *visualization_server(namespace, settings),
        *artifact_fetcher(namespace, settings),
        credentials(namespace, settings),
    ]


def metadata_service(namespace: str) -> Json:
    """Where the steps of a pipeline find the metadata store."""
    address = {"METADATA_GRPC_SERVICE_HOST": "metadata-grpc-service.kubeflow", "METADATA_GRPC_SERVICE_PORT": "8080"}
    return config_map(namespace, "metadata-grpc-configmap", address)


def visualization_server(namespace: str, settings: Settings) -> list[Json]:
    """Renders artifacts; reached over mutual TLS, and by the pipeline API server alone."""
    name = VISUALIZATION_SERVER
    container = {
        "name": name,
        "image": settings.visualization_server,
        "imagePullPolicy": "IfNotPresent",
        "ports": [{"containerPort": 8888}],
        "resources": {"requests": {"cpu": "50m", "memory": "200Mi"}, "limits": {"cpu": "500m", "memory": "1Gi"}},
    }
    return [
        deployment(namespace, name, container, settings),
        {
            "apiVersion": "networking.istio.io/v1alpha3",
            "kind": "DestinationRule",
            "metadata": {"name": name, "namespace": namespace},
            "spec": {"host": name, "trafficPolicy": {"tls": {"mode": "ISTIO_MUTUAL"}}},
        },
        {
            "apiVersion": "security.istio.io/v1beta1",
            "kind": "AuthorizationPolicy",
            "metadata": {"name": name, "namespace": namespace},
            "spec": {
                "selector": {"matchLabels": {"app": name}},
                "rules": [{"from": [{"source": {"principals": [PIPELINE_API_SERVER]}}]}],
            },
        },
        service(namespace, name, port=8888, target_port=8888),
    ]


def artifact_fetcher(namespace: str, settings: Settings) -> list[Json]:
    """The pipeline front end, run inside the namespace to read its artifacts with its own credentials."""
    name = ARTIFACT_FETCHER
    container = {
        "name": name,
        "image": settings.frontend,
        "imagePullPolicy": "IfNotPresent",
        "ports": [{"containerPort": 3000}],
        "env": [from_credentials("MINIO_ACCESS_KEY", "accesskey"), from_credentials("MINIO_SECRET_KEY", "secretkey")],
        "resources": {"requests": {"cpu": "10m", "memory": "70Mi"}, "limits": {"cpu": "100m", "memory": "500Mi"}},
    }
    exposed = service(namespace, name, port=80, target_port=3000)
    exposed["metadata"]["labels"] = {"app": name}
    return [deployment(namespace, name, container, settings), exposed]


def credentials(namespace: str, settings: Settings) -> Json:
    """The object store's keys, the same for every namespace."""
    keys = {"accesskey": settings.minio_access_key, "secretkey": settings.minio_secret_key}
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": CREDENTIALS, "namespace": namespace},
        "data": {name: b64encode(value.encode()).decode() for name, value in keys.items()},
    }


def from_credentials(variable: str, key: str) -> Json:
    return {"name": variable, "valueFrom": {"secretKeyRef": {"name": CREDENTIALS, "key": key}}}


def config_map(namespace: str, name: str, data: Json) -> Json:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name, "namespace": namespace},
        "data": data,
    }


def deployment(namespace: str, name: str, container: Json, settings: Settings) -> Json:
    """One replica of one container, under the namespace's own service account.

    With the sidecar left on, the pod's annotations are an empty map. The API server drops it, so that Metacontroller
    writes the Deployment at every sync, without effect. Kubeflow's hook says it like that, and this one is to say the
    same.
    """
    annotations = {"sidecar.istio.io/inject": "false"} if settings.disable_istio_sidecar else {}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": namespace, "labels": {"app": name}},
        "spec": {
            "selector": {"matchLabels": {"app": name}},
            "template": {
                "metadata": {"labels": {"app": name}, "annotations": annotations},
                "spec": {"containers": [container], "serviceAccountName": "default-editor"},
            },
        },
    }


def service(namespace: str, name: str, *, port: int, target_port: int) -> Json:
    """The port's name tells the mesh which protocol it carries."""
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {
            "ports": [{"name": "http", "port": port, "protocol": "TCP", "targetPort": target_port}],
            "selector": {"app": name},
        },
    }
