"""The access key of a namespace: looked up before one is made, made once, and never for a call that only compares.

An object store hands out the secret half of a key once. So a key is made only if the cluster itself says that there is
no Secret, and is then kept in memory until it has arrived there, however often the hook is called meanwhile.
"""

from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol as Interface

from shadow.errors import RequestError

Data = dict[str, str]
"""`{"accesskey": ..., "secretkey": ...}`, in base64: the data of the Secret."""

LookUp = Callable[[str], Data | None]
"""The Secret's data as the cluster has it, None if there surely is none; raises LookUpError if nobody can tell."""


class LookUpError(Exception):
    """The cluster did not say whether there is a Secret."""


class Store(Interface):
    """Who makes access keys."""

    def make_key(self, namespace: str) -> tuple[str, str]:
        """A new access key, id and secret; raises StoreError."""


class StoreError(Exception):
    """The object store made no key."""


@dataclass(slots=True)
class Keeper:
    """Credentials for namespaces without an observed Secret.

    Threads may ask at the same time, for one namespace one after the other (`shadow.profile.turns`).
    """

    look_up: LookUp
    store: Store
    _made: dict[str, Data] = field(default_factory=dict)

    def arrived(self, namespace: str) -> None:
        """A Secret is observed: should it be deleted, its key is not to come back."""
        self._made.pop(namespace, None)

    def credentials(self, namespace: str, *, may_make: bool) -> Data:
        """The namespace's credentials.

        Raises:
            RequestError: 503, where none are known and none may or can be made. Metacontroller applies nothing then.
        """
        try:
            found = self.look_up(namespace)
        except LookUpError as exc:
            # Without an answer a key made earlier is still right; a new one might replace one that is in use.
            if namespace in self._made:
                return self._made[namespace]
            raise RequestError(503, "unknown-secret", f"nobody can tell whether {namespace} has a key: {exc}") from exc
        if found is not None:
            self.arrived(namespace)
            return found
        if namespace not in self._made:
            self._made[namespace] = self._make(namespace, may_make=may_make)
        return self._made[namespace]

    def _make(self, namespace: str, *, may_make: bool) -> Data:
        if not may_make:
            raise RequestError(
                503, "would-make-key", f"{namespace} needs an access key, which only a primary call makes"
            )
        try:
            key, secret = self.store.make_key(namespace)
        except StoreError as exc:
            raise RequestError(503, "no-key", f"the object store made no access key for {namespace}: {exc}") from exc
        return {"accesskey": _base64(key), "secretkey": _base64(secret)}


def _base64(text: str) -> str:
    return b64encode(text.encode()).decode()
