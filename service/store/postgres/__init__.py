"""The store for more than one machine: PostgreSQL with pgvector. Needs the extra ``postgres``."""

from service.store.postgres.store import PostgresStore

__all__ = ["PostgresStore"]
