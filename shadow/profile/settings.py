"""What the profile hook is told by its environment, under the names that Kubeflow's own hook uses.

A deployment of that hook can be pointed at this one without touching its ConfigMaps. What is missing is said all at
once: a hook that starts with half its settings would rewrite every namespace.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from shadow.errors import ConfigurationError, Problem

VISUALIZATION_SERVER_IMAGE = "ghcr.io/kubeflow/kfp-visualization-server"
FRONTEND_IMAGE = "ghcr.io/kubeflow/kfp-frontend"


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything besides the namespace that decides the desired objects.

    `visualization_server` and `frontend` are whole image references, tag included. The keys are the object store's,
    in clear, and stay out of the record's own text. Without `default_pipeline_root` there is no `kfp-launcher`.
    """

    visualization_server: str
    frontend: str
    minio_access_key: str = field(repr=False)
    minio_secret_key: str = field(repr=False)
    disable_istio_sidecar: bool = False
    default_pipeline_root: str | None = None


def from_environment(environment: Mapping[str, str]) -> Settings:
    """Reads the settings; an empty variable counts as absent.

    | variable | default |
    |---|---|
    | `VISUALIZATION_SERVER_IMAGE`, `FRONTEND_IMAGE` | Kubeflow's images |
    | `VISUALIZATION_SERVER_TAG`, `FRONTEND_TAG` | `KFP_VERSION` |
    | `MINIO_ACCESS_KEY`, `MINIO_SECRET_KEY` | none: required |
    | `DISABLE_ISTIO_SIDECAR` | not disabled; only the word `true` disables it |
    | `KFP_DEFAULT_PIPELINE_ROOT` | none: no launcher configuration |

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

    settings = Settings(
        visualization_server=image(VISUALIZATION_SERVER_IMAGE, "VISUALIZATION_SERVER"),
        frontend=image(FRONTEND_IMAGE, "FRONTEND"),
        minio_access_key=required("MINIO_ACCESS_KEY"),
        minio_secret_key=required("MINIO_SECRET_KEY"),
        disable_istio_sidecar=environment.get("DISABLE_ISTIO_SIDECAR") == "true",
        default_pipeline_root=environment.get("KFP_DEFAULT_PIPELINE_ROOT") or None,
    )
    if problems:
        raise ConfigurationError(problems)
    return settings
