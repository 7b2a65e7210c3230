"""The API server as one of its users sees it: the same requests under one name, and a list of the writes made."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from shadow.protocol.objects import Json
from shadow.simulate.api import Api
from shadow.simulate.audit import Write
from shadow.simulate.kinds import Kinds


@dataclass(slots=True)
class Client:
    """Made for one sync, so that syncs side by side can tell their writes apart."""

    api: Api
    user: str
    writes: list[Write] = field(default_factory=list)

    @property
    def kinds(self) -> Kinds:
        return self.api.kinds

    def get(self, api_version: str, kind: str, namespace: str, name: str) -> Json:
        return self.api.get(api_version, kind, namespace, name)

    def list_all(self, api_version: str, kind: str, namespace: str = "") -> list[Json]:
        return self.api.list_all(api_version, kind, namespace)

    def create(self, body: Json) -> Json:
        with self._noted():
            return self.api.create(body, by=self.user)

    def update(self, body: Json, *, subresource: str = "") -> Json:
        with self._noted():
            return self.api.update(body, by=self.user, subresource=subresource)

    def delete(self, body: Json) -> None:
        with self._noted():
            self.api.delete(body, by=self.user)

    @contextmanager
    def _noted(self) -> Iterator[None]:
        """Requests do not wait, so what is new in the audit log at their end is theirs."""
        mark = len(self.api.audit)
        try:
            yield
        finally:
            self.writes.extend(self.api.audit[mark:])
