"""One process at a time for what takes longer than a transaction, and may not keep others from writing.

The lock is SQLite's own, on an empty file beside the store: it works wherever the store does, and the system lets go of
it when the process ends, even by `kill -9`. The file stays: who removed it would take the lock from under another.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from service.errors import StoreLockedError
from service.store.sqlite.connection import connect
from service.store.sqlite.faults import translating


@contextmanager
def alone(path: Path) -> Iterator[Callable[[], None]]:
    """Hold the lock of a store for the block; see `service.store.base.Store.alone`.

    Raises:
        StoreLockedError: another process holds it, or another thread of this one.
        StoreError: the file cannot be made.
    """
    whole = path.resolve()  # the same file for everybody, whichever link they came by
    place = whole.with_name(f"{whole.name}.reindex")
    with translating(place):
        db = connect(place, "rwc")
    with closing(db):
        with translating(place):
            _take(db, path)
        yield lambda: None


def _take(db: sqlite3.Connection, path: Path) -> None:
    db.execute("PRAGMA busy_timeout = 0")
    try:
        db.execute("BEGIN EXCLUSIVE")
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
            raise
        raise StoreLockedError(
            f"Another `rejoinder reindex` is at work on the store {path}; nothing was done. Wait until it has ended."
        ) from error
