"""The configuration as the process uses it: one immutable snapshot, swapped by reference, never changed.

Field docstrings say unit, meaning of null and the reason for the default; `shadow.config.reference` prints them. Keys
of the file are the fields' names. Every default is the safe one.
"""

from typing import Annotated, Literal

from pydantic import Field

from shadow.config import storeurl
from shadow.config.base import Section, Spelled, fault, shown
from shadow.config.implementation import Implementation
from shadow.config.judging import Guard, Noise, Resync, Verdict
from shadow.config.pins import Pins
from shadow.config.places import CollectorUrl, FieldPath, File
from shadow.config.rules import Compare
from shadow.config.scalars import (
    Address,
    AutoFlag,
    Bytes,
    Flag,
    Listen,
    Seconds,
    Share,
    Text,
    Weight,
    whole,
)
from shadow.terms import Effect, Side, Stage


def store_url(value: object) -> str:
    """A URL of a kind of store that there is."""
    if not isinstance(value, str) or not storeurl.is_store_url(value):
        raise fault(f"must be {storeurl.FORMS}")
    return value


def holds(value: object) -> tuple[Effect, ...]:
    """A list out of delete and recreate; its order does not count."""
    if not isinstance(value, list | tuple) or not all(effect in ("delete", "recreate") for effect in value):
        raise fault(f"must be a list out of delete and recreate, not {shown(value)}")
    return tuple(Effect(effect) for effect in sorted(set(value)))


Holds = Annotated[
    tuple[Effect, ...],
    Spelled(holds, list, {"type": "array", "items": {"enum": ["delete", "recreate"]}, "uniqueItems": True}),
]
Count = Annotated[
    int, Spelled(lambda value: whole(value, 1, 10**9), int, {"type": "integer", "minimum": 1, "maximum": 10**9})
]
StoreUrl = Annotated[str, Spelled(store_url, storeurl.shown, {"type": "string", "pattern": storeurl.PATTERN})]


class ServerTls(Section):
    """TLS of a listener; `control_tls` takes the same keys. Files are PEM."""

    cert_file: File
    """The certificate chain that is shown."""

    key_file: File
    """Its key."""

    client_ca_file: File | None = None
    """If set, clients must show a certificate of this authority."""


class Server(Section):
    """Where the process listens. Taken over by a restart only."""

    hooks: Listen = Address("0.0.0.0", 8080)  # noqa: S104 - Metacontroller calls from another pod
    """`POST /<migration>/sync`, `/finalize`, `/customize`."""

    control: Listen = Address("127.0.0.1", 9090)
    """Page, API, metrics, probes. Anything but loopback needs token_file or tokens_file."""

    token_file: File | None = None
    """Holds one token with all rights on control, called `token` in the change log; read again when it changes."""

    tokens_file: File | None = None
    """Named tokens with rights, as digests; read again when it changes. Without either file no token is asked for."""

    hooks_token_file: File | None = None
    """If set, Metacontroller must send its content as `Authorization: Bearer ...`; it is never forwarded."""

    tls: ServerTls | None = None
    """For hooks. Null: plain HTTP."""

    control_tls: ServerTls | None = None
    """For control. Null: plain HTTP."""

    max_body: Bytes = 16 * 2**20
    """Bytes of a hook call's body; a longer one is answered 413."""

    in_flight: Bytes = 256 * 2**20
    """Bytes of the bodies of all calls that are under way or wait to be compared. Above half of it no shadow is asked
    (dropped, `memory`); what does not fit at all is answered 503. The process needs two to four times as much."""

    replica_grace: Seconds = 30.0
    """Cut off from a database that other replicas serve from: how long to go on with the last known brake and
    configuration. After it canary, live and complete answer 503."""

    http: Literal["asyncio", "uvicorn"] = "asyncio"
    """What reads hook calls: our own reader, which costs less for each call, or uvicorn's."""


class Retention(Section):
    """How long bodies are kept. Counters, groups, parents and the change log are kept apart and stay."""

    age: Seconds = 30 * 86400.0
    """Older bodies go."""

    comparisons: Count = 100_000
    """At most so many; the oldest go first."""

    size: Bytes = 2 * 2**30
    """At most so many bytes; the oldest go first."""

    matched: Share = 0.01
    """Share of the matched and ignored comparisons that are kept at all. Of what mismatched or failed all are, but of
    the very same pair only ten a minute."""


class Redaction(Section):
    """What is secret beside Secrets, credentials in URLs and headers, and env values under secret-looking names."""

    key_file: File | None = None
    """Key that stand-ins are derived with. Null: a file readable by its owner alone, beside the database."""

    paths: tuple[FieldPath, ...] = ()
    """Field paths whose values are secret too."""


class Telemetry(Section):
    """Traces, by OTLP over HTTP."""

    otlp_endpoint: CollectorUrl | None = None
    """The collector, such as `http://otel-collector:4318`; `/v1/traces` is appended. Null: nothing is exported."""

    service_name: Text = "shadow"
    """`service.name` of the spans."""

    sample: Share = 0.1
    """Share of calls that are traced; a mismatch always is, and a call that comes with a sampled trace."""


class CompareBounds(Section):
    """What comparing may cost; beyond it comparisons are dropped and counted, never calls."""

    queue: Bytes = 64 * 2**20
    """Bytes waiting to be compared."""

    budget: Seconds = 2.0
    """CPU seconds per comparison."""


class Recording(Section):
    """Calls kept in files for `shadow replay`, with look-alikes for secrets. Taken over by a restart only."""

    directory: File
    """Where: one file an hour, `calls-2026-11-23T16Z.jsonl.gz`. Made if it is not there."""

    sample: Share = 1.0
    """Share of the parents that are recorded: all calls of a parent or none, so that its history is whole."""

    max_size: Bytes = 2**30
    """Bytes of all files together; the oldest go first. This hour's file stops where it alone is so large."""


class Canary(Section):
    """Which parents have `new` as primary in stage canary."""

    weight: Weight = 0.0
    """Percent of parents, in steps of 0.01; sticky by the parent's uid, and raising it only adds parents."""

    pin: Pins = Pins()
    """Parents that are tied to one implementation whatever the weight."""

    @property
    def buckets(self) -> int:
        """How many of the 10,000 buckets belong to `new`: exact where weight x 100 in floats is not."""
        return round(self.weight * 100)


class PulledBrake(Section):
    """A brake that the configuration pulls. Taking it out again releases nothing: only a person does."""

    because: Text
    """Why; shown wherever the brake is."""


class Ownership(Section):
    """The marks written into every object of an answer, so that either kind of controller sees it as its own."""

    decorator: Text
    """Name of the DecoratorController."""

    generate_selector: Flag = False
    """Whether the CompositeController uses generateSelector; then objects carry the label `controller-uid` too."""

    observed_generation: AutoFlag = "auto"
    """Whether a decorator front gets status.observedGeneration. auto: if the parent has a status subresource."""


class Migration(Section):
    """One hook being moved, served at `/<name>/sync`."""

    stage: Stage = Stage.SHADOW
    """The place on the ladder. In shadow `old` answers and `new` is only compared."""

    canary: Canary = Canary()
    """Who moves in stage canary; without meaning in the others."""

    brake: PulledBrake | None = None
    """Pulls the brake. Null: leaves it as it is."""

    unknown_brake: Literal["hold", "off"] = "hold"
    """What an empty store means in canary, live, complete. hold: 503 until a person decides; off: it is off."""

    front_timeout: Seconds = 10.0
    """Metacontroller's own time-out for this hook: the proxy answers before it ends."""

    old: Implementation
    """The implementation moved away from."""

    new: Implementation
    """The implementation moved to."""

    ownership: Ownership | None = None
    """Null: answers get no ownership marks."""

    status: Literal["pass", "drop"] = "pass"
    """drop: the parent's status is left alone, because somebody else owns it."""

    apply: Literal["dynamic", "server-side"] = "dynamic"
    """How Metacontroller applies; decides the predicted effects."""

    strict: AutoFlag = "auto"
    """Whether the front unmarshals strictly. auto: as its controller object says."""

    inexpressible: Literal["refuse", "drop"] = "refuse"
    """Labels and annotations of the parent in an answer that a composite front cannot express."""

    missing_list: Literal["refuse", "pass"] = "refuse"
    """A sync answer without a list while objects are observed: Metacontroller would delete them all."""

    fallback: Literal["off", "safe", "always"] = "safe"
    """A failed `new` primary. safe: `old`'s answer goes out if it would change nothing."""

    hold: Holds = (Effect.DELETE, Effect.RECREATE)
    """Effects that an answer of `new` may not have in canary and live unless a rule expects them. Empty: no hold."""

    sample: Share = 1.0
    """Share of calls whose shadow is asked at all. Where `old` is not, each effect of `new`'s sync answer counts
    with the guard that no rule expects."""

    resync: Resync | None = None
    """Null: the time of the next sync is left to the hooks and the controller."""

    noise: Noise = Noise()
    """Whether implementations are asked the same twice."""

    compare: Compare = Compare()
    """What is known to differ."""

    guard: Guard = Guard()
    """When `new` goes too far."""

    verdict: Verdict = Verdict()
    """When evidence is enough."""

    def implementation(self, side: Side) -> Implementation:
        """The settings of one side."""
        return self.old if side is Side.OLD else self.new


class Configuration(Section):
    """The whole file."""

    server: Server = Server()
    """Where the process listens."""

    upstream: Literal["asyncio", "httpx"] = "asyncio"
    """How implementations are called: the own transport, or httpx's stock one."""

    store: StoreUrl = "sqlite:///shadow.db"
    """Where state is kept: a file for one process, or `postgresql://user@host/database` for several replicas. Its
    password belongs where PostgreSQL's tools look for it (`PGPASSFILE`). Taken over by a restart only."""

    retention: Retention = Retention()
    """How long bodies are kept."""

    redaction: Redaction = Redaction()
    """What is secret."""

    telemetry: Telemetry = Telemetry()
    """Traces."""

    compare: CompareBounds = CompareBounds()
    """What comparing may cost."""

    recording: Recording | None = None
    """Null: no call is recorded."""

    migrations: Annotated[dict[str, Migration], Field(min_length=1)]
    """By name; the name is part of the URL that Metacontroller calls."""
