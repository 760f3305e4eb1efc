"""Connections: how the file is opened, and the pool of read-only readers."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Literal

from service.errors import StoreError
from service.store.sqlite.faults import translating

BUSY_SECONDS: Final = 5.0
_STATEMENTS: Final = 256
_WAL_KEPT: Final = 64 * 1024 * 1024

Mode = Literal["ro", "rw", "rwc"]


def connect(path: Path, mode: Mode) -> sqlite3.Connection:
    """Open the file; `rwc` makes it. Transactions are begun by whoever uses the connection, never by Python.

    The path goes in as a percent-encoded URI, so that `?`, `#` and `%` in a name are a name and not options.
    """
    return sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={mode}",
        uri=True,
        isolation_level=None,
        timeout=BUSY_SECONDS,
        check_same_thread=False,
        cached_statements=_STATEMENTS,
    )


def connect_writer(path: Path, *, create: bool) -> sqlite3.Connection:
    """The connection that writes: a commit it acknowledges is on the disk (`synchronous=FULL`)."""
    db = connect(path, "rwc" if create else "rw")
    try:
        db.execute("PRAGMA synchronous = FULL")
        db.execute("PRAGMA foreign_keys = ON")
        # Without it `INSERT OR REPLACE` would slip past the triggers that forbid deleting.
        db.execute("PRAGMA recursive_triggers = ON")
        db.execute(f"PRAGMA journal_size_limit = {_WAL_KEPT}")
    except BaseException:
        db.close()
        raise
    return db


class Readers:
    """Read-only connections, lent for one query at a time.

    A pool rather than one connection for each thread: a server's threads come and go, connections with their
    page caches and prepared statements stay, and there are never more of them than queries at one time.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._idle: list[sqlite3.Connection] = []
        self._lock = threading.Lock()
        self._closed = False

    @contextmanager
    def lend(self) -> Iterator[sqlite3.Connection]:
        """A connection for the block; SQLite's trouble comes out as ours.

        Raises:
            StoreError: or its subclass that fits; also after `close`.
        """
        with translating(self._path):
            db = self._take()
            try:
                yield db
            except BaseException:
                db.close()  # it may be in the middle of something
                raise
            self._give_back(db)

    @contextmanager
    def snapshot(self, *, unhurried: bool = False) -> Iterator[sqlite3.Connection]:  # noqa: ARG002 - none is bounded
        """As `lend`, and every statement in the block sees one state of the file."""
        with self.lend() as db:
            db.execute("BEGIN")
            yield db
            db.execute("COMMIT")

    def _take(self) -> sqlite3.Connection:
        with self._lock:
            if self._closed:
                raise StoreError(f"The store {self._path} is closed.")
            if self._idle:
                return self._idle.pop()
        db = connect(self._path, "ro")
        db.execute("PRAGMA query_only = ON")
        return db

    def _give_back(self, db: sqlite3.Connection) -> None:
        with self._lock:
            if not self._closed:
                self._idle.append(db)
                return
        db.close()

    def close(self) -> None:
        """Close what is idle now, and what is lent as soon as it comes back."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for db in idle:
            db.close()
