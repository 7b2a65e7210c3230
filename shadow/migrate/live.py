"""Reads on the cluster, with kubectl, what an export would hold: both controllers, their parents, their objects.

Reads only. What it reads is held against marks and never shown: a Secret's data stays in this process.
"""

import json
import subprocess
from collections.abc import Sequence

from shadow.errors import ShadowError
from shadow.migrate.controllers import declared_rules, resource_name
from shadow.migrate.export import Export, read_export

TIMEOUT_SECONDS = 120
_CONTROLLERS = ("compositecontroller", "decoratorcontroller")


class KubectlError(ShadowError):
    """It is not there, or could not do what it was asked to; with its own last line."""


def read_cluster(name: str, kubectl: str = "kubectl") -> Export:
    """The controllers of this name, everything that they declare, and the definitions of custom kinds.

    Raises:
        KubectlError: kubectl is missing, or it failed.
    """
    texts = [text for kind in _CONTROLLERS if (text := _get(kubectl, kind, name, "--ignore-not-found"))]
    resources = sorted({resource_name(rule) for text in texts for rule in declared_rules(json.loads(text))})
    if custom := [resource for resource in resources if "." in resource]:
        texts.append(_get(kubectl, "customresourcedefinitions", *custom, "--ignore-not-found"))
    texts += [_get(kubectl, resource, "--all-namespaces") for resource in resources]
    return read_export((text, "kubectl") for text in texts if text)


def _get(kubectl: str, *words: str) -> str:
    command: Sequence[str] = [kubectl, "get", *words, "--output", "json"]
    try:
        done = subprocess.run(  # noqa: S603 - names come from controllers, and no shell reads them
            command, capture_output=True, text=True, check=True, timeout=TIMEOUT_SECONDS
        )
    except FileNotFoundError as exc:
        raise KubectlError(f"{kubectl} is not there: give an export with --from, or name it in $KUBECTL") from exc
    except subprocess.TimeoutExpired as exc:
        raise KubectlError(f"kubectl get {words[0]}: no answer within {TIMEOUT_SECONDS} s") from exc
    except subprocess.CalledProcessError as exc:
        said = str(exc.stderr).strip().splitlines() or ["it said nothing"]
        raise KubectlError(f"kubectl get {words[0]}: {said[-1]}") from exc
    return done.stdout
