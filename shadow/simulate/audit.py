"""The API server's audit log, reduced to writes: who asked for what, the answer, whether it changed a thing."""

from dataclasses import dataclass
from typing import Any, Self

from shadow.protocol.objects import Json
from shadow.simulate.errors import ApiError
from shadow.simulate.kinds import Kind
from shadow.simulate.objects import api_version_of, name_of, namespace_of


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


class Audited:
    """Writes one line of the audit log, whatever comes of the request."""

    def __init__(self, log: list[Write], verb: str, kind: Kind, body: Json, by: str, subresource: str = "") -> None:
        self._log, self._verb, self._kind, self._body, self._by = log, verb, kind, body, by
        self._subresource = subresource
        self.code = 200
        self.noop = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _type: object, error: object, _trace: object) -> None:
        if error is not None and not isinstance(error, ApiError):
            return
        body = self._body
        self._log.append(
            Write(
                verb=self._verb,
                apiVersion=api_version_of(body),
                kind=self._kind.kind,
                namespace=name_of(body) if self._kind.kind == "Namespace" else namespace_of(body),
                name=name_of(body),
                code=error.code if isinstance(error, ApiError) else self.code,
                by=self._by,
                subresource=self._subresource,
                noop=self.noop,
                message=str(error) if error else "",
            )
        )
