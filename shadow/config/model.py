"""The configuration as the process uses it: one immutable snapshot, swapped by reference, never changed.

Field docstrings say unit, meaning of null and the reason for the default; `shadow.config.reference` prints them. Keys
of the file are the fields' names. Every default is the safe one.
"""

from typing import Annotated, Literal

from pydantic import Field

from shadow.config import storeurl
from shadow.config.base import Section, Spelled, fault
from shadow.config.migration import Migration
from shadow.config.process import CompareBounds, Recording, Redaction, Retention, Server, Telemetry


def store_url(value: object) -> str:
    """A URL of a kind of store that there is."""
    if not isinstance(value, str) or not storeurl.is_store_url(value):
        raise fault(f"must be {storeurl.FORMS}")
    return value


StoreUrl = Annotated[str, Spelled(store_url, storeurl.shown, {"type": "string", "pattern": storeurl.PATTERN})]


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
