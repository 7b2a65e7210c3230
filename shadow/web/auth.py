"""Who is at the control address and what they may do: bearer tokens, sessions of the page, and no stranger's page.

Every comparison of a secret takes the same time whatever is guessed.
"""

import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from starlette.exceptions import HTTPException
from starlette.requests import Request

from shadow.config.tokens import NamedToken, Right, TokensFile
from shadow.config.watch import Reread, SecretFile

ALL_RIGHTS = frozenset(Right)
SESSION_SECONDS = 12 * 3600.0
"""How long a log-in to the page lasts: a shift."""
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True, slots=True)
class Holder:
    """Whoever showed a token; `name` is what the change log calls them."""

    name: str
    rights: frozenset[Right]

    def may(self, right: Right) -> bool:
        return right in self.rights or right is Right.READ


LOCAL = Holder("loopback", ALL_RIGHTS)
"""Anybody on this machine, where no token is asked for."""


@dataclass(frozen=True, slots=True)
class _Key:
    """A holder with the digest that their token must have."""

    holder: Holder
    digest: str  # lower-case hex


class Keyring:
    """The tokens as their files are now. Without a file there are none, and none is asked for."""

    def __init__(self, one: SecretFile | None = None, named: TokensFile | None = None) -> None:
        self._one = one
        self._named = named

    @property
    def needed(self) -> bool:
        return self._one is not None or self._named is not None

    @property
    def files(self) -> tuple[Reread, ...]:
        """Where the tokens come from."""
        return tuple(file for file in (self._one, self._named) if file is not None)

    def holder(self, token: str) -> Holder | None:
        """Whose token this is. As long for a wrong one as for a right one."""
        digest = hashlib.sha256(token.encode()).hexdigest()
        found = [key.holder for key in self._keys() if hmac.compare_digest(key.digest, digest)]
        return found[0] if found else None

    def digest_of(self, name: str) -> tuple[Holder, str] | None:
        """A holder and the digest of their token, as they are now."""
        return next(((key.holder, key.digest) for key in self._keys() if key.holder.name == name), None)

    def _keys(self) -> list[_Key]:
        keys = [_key(name, token) for name, token in self._tokens().items()]
        if self._one is not None:
            digest = hashlib.sha256(self._one.read().encode()).hexdigest()
            keys.append(_Key(Holder("token", ALL_RIGHTS), digest))
        return keys

    def _tokens(self) -> Mapping[str, NamedToken]:
        return self._named.tokens() if self._named is not None else {}


def _key(name: str, token: NamedToken) -> _Key:
    return _Key(Holder(name, frozenset(token.rights)), token.sha256)


class Sessions:
    """Log-ins to the page, kept in the cookie alone: they outlive a restart and end with the token they came from."""

    def __init__(self, keyring: Keyring, key: bytes, clock: Callable[[], float]) -> None:
        """
        Args:
            key: known to the servers only; replicas share it.
        """
        self._keyring = keyring
        self._key = key
        self._clock = clock

    def begin(self, holder: Holder) -> str | None:
        """The cookie of a new session; None if the holder's token is gone by now."""
        return self._cookie(holder.name, int(self._clock() + SESSION_SECONDS))

    def holder(self, cookie: str) -> Holder | None:
        """Whose session it is, with the rights that their token has now; None once it is over."""
        ends, _, rest = cookie.partition(".")
        name = rest.rpartition(".")[0]
        if not (ends.isascii() and ends.isdigit() and len(ends) < 12) or int(ends) < self._clock():
            return None
        expected, known = self._cookie(name, int(ends)), self._keyring.digest_of(name)
        if expected is None or known is None or not hmac.compare_digest(expected.encode(), cookie.encode()):
            return None
        return known[0]

    def form_token(self, cookie: str) -> str:
        """What the page's forms carry, so that no other page's form is taken for one of them."""
        return self._mac("form", cookie)

    def is_form_token(self, cookie: str, given: str) -> bool:
        return hmac.compare_digest(self.form_token(cookie).encode(), given.encode())

    def _cookie(self, name: str, ends: int) -> str | None:
        known = self._keyring.digest_of(name)
        return f"{ends}.{name}.{self._mac('session', name, str(ends), known[1])}" if known else None

    def _mac(self, *parts: str) -> str:
        return hmac.new(self._key, "\0".join(parts).encode(), hashlib.sha256).hexdigest()


@dataclass(frozen=True, slots=True)
class Doorkeeper:
    """Lets requests in or refuses them."""

    keyring: Keyring
    sessions: Sessions
    loopback: bool  # whether the address is; then a name that resolves to it must not lead a stranger's page here

    def admit(self, request: Request) -> None:
        """
        Raises:
            HTTPException: 403 where a browser was led here by another site.
        """
        host = request.headers.get("host", "")
        if self.loopback and _name(host) not in _LOOPBACK:
            raise HTTPException(403, "this address answers to localhost, 127.0.0.1 and [::1] only")
        origin = request.headers.get("origin")
        if origin is not None and origin.partition("://")[2].lower() != host.lower():
            raise HTTPException(403, "requests from the pages of other sites are refused")

    def bearer(self, request: Request) -> Holder:
        """Who calls the API.

        Raises:
            HTTPException: 401.
        """
        if not self.keyring.needed:
            return LOCAL
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        holder = self.keyring.holder(given.strip()) if scheme.lower() == "bearer" else None
        if holder is None:
            raise HTTPException(401, "send the token as `Authorization: Bearer ...`")
        return holder


def demand(holder: Holder, right: Right) -> None:
    """
    Raises:
        HTTPException: 403 without the right.
    """
    if not holder.may(right):
        raise HTTPException(403, f"the token {holder.name!r} does not have the right to {right}")


def _name(host: str) -> str:
    """`[::1]:9090` -> `::1`, `localhost:9090` -> `localhost`."""
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0].lower()
