"""What the process itself needs: where it listens, what it keeps, hides and tells, and what that may cost.

None of it changes an answer.
"""

from typing import Annotated, Literal

from shadow.config.base import Section, Spelled
from shadow.config.places import CollectorUrl, FieldPath, File
from shadow.config.scalars import Address, Bytes, Listen, Seconds, Share, Text, whole

Count = Annotated[
    int, Spelled(lambda value: whole(value, 1, 10**9), int, {"type": "integer", "minimum": 1, "maximum": 10**9})
]


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
