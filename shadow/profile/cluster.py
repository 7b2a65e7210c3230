"""Looks a namespace's Secret up in the cluster the hook runs in, with the token of its own ServiceAccount.

Needs `get` on Secrets. Anything but a Secret or a clear 404 is no answer.
"""

import os
import ssl
from collections.abc import Mapping
from pathlib import Path

import httpx
import msgspec

from shadow.profile.credentials import Data, LookUpError
from shadow.profile.desired import CREDENTIALS

ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
TIMEOUT_SECONDS = 3.0


class _Status(msgspec.Struct):
    reason: str = ""


class _Keys(msgspec.Struct):
    accesskey: str
    secretkey: str


class _Secret(msgspec.Struct):
    """A Secret without a key in it is no answer: somebody is at work there."""

    data: _Keys


class Cluster:
    """The API server; `account` is the directory of token and authority."""

    def __init__(self, url: str, account: Path = ACCOUNT) -> None:
        self._account = account
        authority = account / "ca.crt"
        verify = (
            ssl.create_default_context(cafile=authority) if url.startswith("https:") and authority.exists() else True
        )
        self._client = httpx.Client(base_url=url, verify=verify, trust_env=False, timeout=TIMEOUT_SECONDS)

    def look_up(self, namespace: str) -> Data | None:
        """The data of the namespace's Secret; None for a 404. Raises LookUpError."""
        try:
            token = (self._account / "token").read_text().strip()  # read anew: it is rotated
            path = f"/api/v1/namespaces/{namespace}/secrets/{CREDENTIALS}"
            answer = self._client.get(path, headers={"Authorization": f"Bearer {token}"})
            if answer.status_code == 404 and msgspec.json.decode(answer.content, type=_Status).reason == "NotFound":
                return None
            found = msgspec.json.decode(answer.raise_for_status().content, type=_Secret).data
        except (OSError, msgspec.DecodeError, httpx.HTTPError) as exc:
            raise LookUpError(f"the API server gave no answer ({type(exc).__name__})") from exc
        return {"accesskey": found.accesskey, "secretkey": found.secretkey}


def in_cluster(environment: Mapping[str, str] = os.environ) -> Cluster | None:
    """The cluster this process runs in; None outside of one."""
    host = environment.get("KUBERNETES_SERVICE_HOST")
    if not host:
        return None
    shown = f"[{host}]" if ":" in host else host
    return Cluster(f"https://{shown}:{environment.get('KUBERNETES_SERVICE_PORT') or 443}")
