"""The embedded default store: one SQLite file, written by one thread, read by many."""

from service.store.sqlite.store import SqliteStore

__all__ = ["SqliteStore"]
