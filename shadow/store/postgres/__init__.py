"""The store in a PostgreSQL database, for several replicas that serve together."""

from shadow.store.postgres.store import PostgresStore

__all__ = ["PostgresStore"]
