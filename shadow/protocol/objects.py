"""Identity of Kubernetes objects and of parents as they travel in hook messages. Pure; decides nothing."""

from typing import Any

import msgspec

Json = dict[str, Any]
"""A JSON object off the wire: unknown fields are kept, nothing is validated away."""


def object_of(holder: Json, name: str) -> Json:
    """What a field holds if that is an object, else an empty one: as Go's accessors read it."""
    value = holder.get(name)
    return value if isinstance(value, dict) else {}


def parsable(api_version: str | None) -> bool:
    """Whether Go finds a group and a version in an apiVersion; with a second slash it finds no kind either."""
    return api_version is None or api_version.count("/") < 2


class Identity(msgspec.Struct, frozen=True, order=True, cache_hash=True):
    """What makes two desired objects the same one. `namespace` is empty for a cluster-scoped object."""

    apiVersion: str
    kind: str
    namespace: str
    name: str

    @property
    def group(self) -> str:
        """`apps` of `apps/v1`; empty for the core group."""
        return self.apiVersion.rpartition("/")[0]

    @property
    def group_key(self) -> str:
        """The key of the object's group in an observed map: `Deployment.apps/v1`, `Secret.v1`."""
        return f"{self.kind}.{self.apiVersion}"

    @property
    def shown_kind(self) -> str:
        """`Deployment.apps`, `Secret`."""
        return f"{self.kind}.{self.group}" if self.group else self.kind

    def __str__(self) -> str:
        """As rules and reports write it: `Deployment.apps/ns/name`, `Secret/ns/name`."""
        return "/".join(part for part in (self.shown_kind, self.namespace, self.name) if part)


class ParentRef(msgspec.Struct, frozen=True):
    """The parent a call is about."""

    apiVersion: str
    kind: str
    namespace: str
    name: str
    uid: str

    def __str__(self) -> str:
        """`ns/name`, or `name` for a cluster-scoped parent: what globs over parents are matched with."""
        return f"{self.namespace}/{self.name}" if self.namespace else self.name


class _Named(msgspec.Struct):
    name: str | None = None
    namespace: str | None = None


class Head(msgspec.Struct):
    """As much of an object as says which one it is. What is missing is empty."""

    apiVersion: str | None = None
    kind: str | None = None
    metadata: _Named | None = None

    def identity(self, default_namespace: str = "") -> Identity:
        """`default_namespace`: the parent's; Metacontroller gives it to every item that has none."""
        named = self.metadata or _Named()
        return Identity(self.apiVersion or "", self.kind or "", named.namespace or default_namespace, named.name or "")
