"""The API server's audit log, reduced to writes: who asked for what, the answer, whether it changed a thing."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Write:
    """One write request.

    `namespace` is empty where the request had none; of a Namespace it is its own name, as audit logs have it. `noop`
    means that the object's resourceVersion stayed what it was, which is also so for the PUT that takes the last
    finalizer off an object being deleted.
    """

    verb: str  # create | update | delete
    apiVersion: str
    kind: str
    namespace: str
    name: str
    code: int
    by: str
    subresource: str = ""
    noop: bool = False
    message: str = ""

    @property
    def refused(self) -> bool:
        return self.code >= 400

    @property
    def changes(self) -> bool:
        """Whether the cluster is another one after it."""
        return not self.noop and not self.refused

    def as_json(self) -> dict[str, Any]:
        """`{verb, apiVersion, kind, namespace, name, subresource, code, noop, message}`, empty members left out."""
        every = {
            "verb": self.verb,
            "apiVersion": self.apiVersion,
            "kind": self.kind,
            "namespace": self.namespace,
            "name": self.name,
            "subresource": self.subresource,
            "code": self.code,
            "noop": self.noop,
            "message": self.message,
        }
        return {key: value for key, value in every.items() if value}

    def __str__(self) -> str:
        """`update Deployment team-a/dep 200`, for people."""
        where = "/".join(part for part in (self.namespace, self.name, self.subresource) if part)
        return f"{self.verb} {self.kind} {where} {self.code}{' (no effect)' if self.noop else ''}"
