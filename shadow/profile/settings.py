"""What the profile hook is told by its environment, under the names that Kubeflow's own hook uses.

A deployment of that hook can be pointed at this one without touching its ConfigMaps. What is missing is said all at
once: a hook that starts with half its settings would rewrite every namespace.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import urlsplit

from shadow.errors import ConfigurationError, Problem

VISUALIZATION_SERVER_IMAGE = "ghcr.io/kubeflow/kfp-visualization-server"
FRONTEND_IMAGE = "ghcr.io/kubeflow/kfp-frontend"
OBJECT_STORE_HOST = "seaweedfs"
CLUSTER_DOMAIN = ".svc.cluster.local"


class Generation(StrEnum):
    """Which of Kubeflow's hooks is meant."""

    MIGRATION = "migration"  # the last composite and the first decorator one, which want the same
    CURRENT = "current"


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything besides the namespace that decides the desired objects.

    `visualization_server` and `frontend` are whole image references, tag included. The keys are the object store's,
    in clear, and stay out of the record's own text. Without `default_pipeline_root` there is no `kfp-launcher` in the
    generation of the move. `report_status` off answers no status: a Namespace does not keep it, and Metacontroller
    would write it in vain at every sync.
    """

    visualization_server: str
    frontend: str
    minio_access_key: str = field(repr=False)
    minio_secret_key: str = field(repr=False)
    disable_istio_sidecar: bool = False
    default_pipeline_root: str | None = None
    generation: Generation = Generation.MIGRATION
    report_status: bool = False
    object_store_host: str = OBJECT_STORE_HOST
    cluster_domain: str = CLUSTER_DOMAIN
    iam_endpoint: str = "http://seaweedfs.kubeflow:8111"
    s3_endpoint: str = "http://seaweedfs.kubeflow:8333"
    artifact_retention_days: int = -1


def from_environment(environment: Mapping[str, str]) -> Settings:
    """Reads the settings; an empty variable counts as absent.

    | variable | default |
    |---|---|
    | `VISUALIZATION_SERVER_IMAGE`, `FRONTEND_IMAGE` | Kubeflow's images |
    | `VISUALIZATION_SERVER_TAG`, `FRONTEND_TAG` | `KFP_VERSION` |
    | `MINIO_ACCESS_KEY`, `MINIO_SECRET_KEY` | none: required |
    | `DISABLE_ISTIO_SIDECAR` | not disabled; only the word `true` disables it |
    | `KFP_DEFAULT_PIPELINE_ROOT` | none: no launcher configuration |
    | `OBJECT_STORE_HOST`, `CLUSTER_DOMAIN` | `seaweedfs`, `.svc.cluster.local` |
    | `IAM_ENDPOINT`, `S3_ENDPOINT` | ports 8111 and 8333 of the object store |
    | `ARTIFACT_RETENTION_DAYS` | -1: for ever |
    | `PROFILE_GENERATION`, `PROFILE_STATUS` | `migration`; no status unless the latter is `true` |

    Raises:
        ConfigurationError: With one problem for each variable that is required and absent.
    """
    problems: list[Problem] = []

    def required(name: str, *, unless: str | None = None) -> str:
        value = (unless and environment.get(unless)) or environment.get(name)
        if not value:
            remedy = f"must be set, or {unless} instead" if unless else "must be set"
            problems.append(Problem(name, remedy))
        return value or ""

    def image(default: str, prefix: str) -> str:
        name = environment.get(f"{prefix}_IMAGE") or default
        return f"{name}:{required('KFP_VERSION', unless=f'{prefix}_TAG')}"

    host = environment.get("OBJECT_STORE_HOST") or OBJECT_STORE_HOST
    settings = Settings(
        visualization_server=image(VISUALIZATION_SERVER_IMAGE, "VISUALIZATION_SERVER"),
        frontend=image(FRONTEND_IMAGE, "FRONTEND"),
        minio_access_key=required("MINIO_ACCESS_KEY"),
        minio_secret_key=required("MINIO_SECRET_KEY"),
        disable_istio_sidecar=environment.get("DISABLE_ISTIO_SIDECAR") == "true",
        default_pipeline_root=environment.get("KFP_DEFAULT_PIPELINE_ROOT") or None,
        generation=_generation(environment, problems),
        report_status=environment.get("PROFILE_STATUS") == "true",
        object_store_host=host,
        cluster_domain=environment.get("CLUSTER_DOMAIN") or CLUSTER_DOMAIN,
        iam_endpoint=_endpoint(environment, "IAM_ENDPOINT", f"http://{host}.kubeflow:8111", problems),
        s3_endpoint=_endpoint(environment, "S3_ENDPOINT", f"http://{host}.kubeflow:8333", problems),
        artifact_retention_days=_days(environment, problems),
    )
    if problems:
        raise ConfigurationError(problems)
    return settings


def _generation(environment: Mapping[str, str], problems: list[Problem]) -> Generation:
    said = environment.get("PROFILE_GENERATION") or Generation.MIGRATION
    if said not in list(Generation):
        problems.append(Problem("PROFILE_GENERATION", f"must be {' or '.join(Generation)}, not {said!r}"))
        return Generation.MIGRATION
    return Generation(said)


def _endpoint(environment: Mapping[str, str], name: str, default: str, problems: list[Problem]) -> str:
    said = environment.get(name) or default
    try:
        parts = urlsplit(said)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        problems.append(Problem(name, f"must be a URL such as {default}"))
    return said


def _days(environment: Mapping[str, str], problems: list[Problem]) -> int:
    """Whole days; below zero means for ever."""
    said = environment.get("ARTIFACT_RETENTION_DAYS") or "-1"
    try:
        days = int(said)
    except ValueError:
        days = 0
    if days == 0:
        problems.append(Problem("ARTIFACT_RETENTION_DAYS", f"must be days, or -1 for ever, not {said!r}"))
    return days
