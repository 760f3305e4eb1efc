"""The writer of a process: one connection, and a transaction for each piece of work, one at a time in the whole store.

Writers of all processes take turns by an advisory lock that they hold until their commit is seen by everybody. Hence
the numbers of events and the positions of the feed have no gaps and are seen in their order, as with the one writer of
SQLite: whoever follows the feed can miss nothing. A row that is locked FOR UPDATE would do the same but leave a dead
row behind for each write; SERIALIZABLE would let writers collide on the last number, and repeat their work, whenever
two meet.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final, TypeVar

import psycopg

from service.errors import StoreUnreachableError
from service.store.postgres.address import place
from service.store.postgres.connection import BUSY_SECONDS, Session, check_whole, connect
from service.store.postgres.faults import translating
from service.store.postgres.patience import GRACE_S, Db, SilentError
from service.store.sql import writer

T = TypeVar("T")

LOCK: Final = 0x524A4E44
"""`RJND`: the lock's number. Advisory locks are of one database."""
_PAUSE_S: Final = 1.0
"""So long after a server could not be reached the writes that wait are refused, rather than let each try it in turn."""


class Writer(writer.Writer):
    """See `service.store.sql.writer`. Makes its connection again when the server has closed it."""

    def __init__(self, address: str, db: Db) -> None:
        self._address = address
        self._db = db
        self._not_before = 0.0
        super().__init__(self._do, place=place(address), on_close=self._let_go)

    def _do(self, work: writer.Work) -> object:
        with translating(self._place):
            db = self._whole()
            try:
                return in_transaction(db, work)
            except (psycopg.OperationalError, psycopg.errors.ReadOnlySqlTransaction):
                # Whatever it was, a new connection, to another host perhaps, is better than one that may be broken.
                db.close()
                raise

    def _whole(self) -> Db:
        try:
            check_whole(self._db)
        except psycopg.OperationalError:
            self._db = self._connected()
        return self._db

    def _connected(self) -> Db:
        if time.monotonic() < self._not_before:
            raise SilentError("it could not be reached a moment ago")
        try:
            return connect(self._address, write=True)
        except psycopg.OperationalError:
            self._not_before = time.monotonic() + _PAUSE_S
            raise

    def _let_go(self) -> None:
        self._db.close()


def in_transaction(db: Db, work: Callable[[Session], T]) -> T:
    """Run the work between BEGIN and COMMIT, alone among all writers of the store, or leave no trace of it.

    Each statement sees what was committed before it (READ COMMITTED), and no other writer commits while this one works.

    Raises:
        StoreUnreachableError: the connection broke while the server was asked to commit.
    """
    with db.silent_for(BUSY_SECONDS + GRACE_S):  # a server that lives refuses a lock before that
        db.execute("BEGIN")
    try:
        with db.silent_for(BUSY_SECONDS + GRACE_S):
            db.execute("SELECT pg_advisory_xact_lock(%s)", (LOCK,))
        result = work(Session(db))
    except BaseException:
        if not db.closed:
            db.execute("ROLLBACK")
        raise
    _commit(db)
    return result


def _commit(db: Db) -> None:
    try:
        db.execute("COMMIT")
    except psycopg.OperationalError as error:
        if not db.closed:
            raise
        raise StoreUnreachableError(
            "The server went away while it was asked to keep a write: it may or may not have been kept. Look before "
            "you write it again."
        ) from error
