"""One of the two implementations of a migration: what it is asked, with which headers, and when a call may start.

Whatever the other end does is an observation; nothing but cancellation is raised to the caller.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter

from shadow.terms import Hook, Role
from shadow.upstream.address import Address, parse_address
from shadow.upstream.base import Headers, Observation, Transport
from shadow.upstream.credentials import AuthorizationFile
from shadow.upstream.gate import Gate, Room
from shadow.upstream.tls import TlsFiles

_REFUSED_SECONDS = 0.1
"""How long no shadow call knocks again where nobody listened: each attempt costs as much as a call."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where an implementation is and how it wants to be asked.

    Attributes:
        url: `http(s)://host[:port][/prefix]`.
        paths: by hook; a hook that is not in here does not exist at this implementation.
        timeout_seconds: of a whole exchange.
        headers: sent with each call, instead of an incoming header of the same name; nothing secret in here.
        authorization_file: its content becomes the Authorization header; read again when it changes.
        shadow_in_flight: shadow calls at once.
    """

    url: str
    paths: Mapping[Hook, str]
    timeout_seconds: float = 8.0
    headers: Mapping[str, str] = field(default_factory=dict)
    authorization_file: Path | None = None
    tls: TlsFiles | None = None
    shadow_in_flight: int = 2

    @property
    def address(self) -> Address:
        """Raises ConfigurationError if the URL is none."""
        return parse_address(self.url)


class Implementation:
    """Asks one implementation through a transport that leads to its origin."""

    def __init__(self, endpoint: Endpoint, transport: Transport, room: Room | None = None) -> None:
        """Raises ConfigurationError for an unusable URL or authorization file."""
        self._transport = transport
        self._timeout_seconds = endpoint.timeout_seconds
        address = endpoint.address
        self._targets = {hook: address.target(path) for hook, path in endpoint.paths.items()}
        self._static = [(name.lower().encode(), value.encode()) for name, value in endpoint.headers.items()]
        self._static.append((b"accept-encoding", b"identity"))
        self._static_names = frozenset(name for name, _ in self._static)
        self._latest: tuple[Headers, Headers] = (), tuple(self._static)  # what was given, and what is sent of it
        self._authorization = AuthorizationFile(endpoint.authorization_file) if endpoint.authorization_file else None
        self._gate = Gate(endpoint.shadow_in_flight, room)
        self._refused: Observation | None = None  # how the latest call ended, if nobody listened
        self._refused_until = 0.0

    def has(self, hook: Hook) -> bool:
        return hook in self._targets

    async def ask(
        self,
        hook: Hook,
        headers: Headers,
        body: bytes,
        role: Role,
        timeout_seconds: float | None = None,
        *,
        urgent: bool = False,
        own: Headers = (),
    ) -> Observation:
        """Post the body to the hook's path.

        Args:
            headers: what `forwardable` left of the incoming ones; names in lower case.
            own: those of this call alone: `x-shadow-role`, `x-shadow-call`, `traceparent`.
            role: a primary call goes at once, a shadow call when there is room.
            timeout_seconds: what is left of the front's time, if that is less than the implementation's own.
            urgent: a shadow call whose answer decides what may be served; it does not wait.

        Returns:
            The observation; with `error` `busy` if it is a shadow call and there was no room for it, and with
            `refused` also if a connection was refused a moment ago. `seconds` does not count the wait for room.
        """
        limit = self._timeout_seconds if timeout_seconds is None else min(timeout_seconds, self._timeout_seconds)
        first = urgent or role is Role.PRIMARY
        if not first and self._refused is not None and perf_counter() < self._refused_until:
            return self._refused
        among = self._gate.enter_primary() if first else await self._gate.enter_shadow(len(body))
        if among is None:
            return Observation(None, (), b"", 0.0, "busy", "no room for a shadow call beside the primary ones")
        seconds = None
        try:
            sent, own = self._sent(headers), self._own(own)
            observation = await self._transport.post(self._targets[hook], sent, body, limit, own)
            seconds = _pace(observation)
            self._refused = observation if observation.error == "refused" else None
            self._refused_until = perf_counter() + _REFUSED_SECONDS
            return observation
        finally:
            leave = self._gate.leave_primary if first else self._gate.leave_shadow
            leave(among, seconds)

    async def close(self) -> None:
        await self._transport.close()

    def _sent(self, incoming: Headers) -> Headers:
        """Callers repeat their headers: for the very same tuple the very same one is sent."""
        if self._latest[0] is incoming:
            return self._latest[1]
        names = self._static_names
        sent = (*(header for header in incoming if header[0] not in names), *self._static)
        if isinstance(incoming, tuple):
            self._latest = incoming, sent
        return sent

    def _own(self, own: Headers) -> Headers:
        if len(self._static) > 1:  # a configured header goes instead of any other of its name
            own = [header for header in own if header[0] not in self._static_names]
        if self._authorization is not None:
            own = (*own, (b"authorization", self._authorization.value()))
        return own


def _pace(observation: Observation) -> float | None:
    """How long serving the call took, as far as the observation tells: a refusal is quick and says nothing."""
    return observation.seconds if observation.status is not None or observation.timed_out else None
