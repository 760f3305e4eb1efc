"""Opening a database as a store."""

from __future__ import annotations

from contextlib import closing
from typing import Self

from service.store.postgres import passages
from service.store.postgres.address import place
from service.store.postgres.connection import Readers, connect
from service.store.postgres.faults import translating
from service.store.postgres.migrations import prepare, version
from service.store.postgres.writer import Writer
from service.store.sql.connection import Connection
from service.store.sql.store import Clock, SqlStore
from service.store.sql.times import now


class PostgresStore(SqlStore):
    """The store in a schema of a PostgreSQL database. Any number of processes, on any machines, may have it open."""

    def __init__(self, address: str, readers: Readers, writer: Writer, clock: Clock = now) -> None:
        self.place = place(address)
        super().__init__(readers, writer, clock, beside=passages.keep)

    def settle_numbers(self, db: Connection) -> None:
        """See `SqlStore`; PostgreSQL counts apart from the rows."""
        db.execute(
            "SELECT setval(pg_get_serial_sequence('provenance', 'number'), coalesce(max(number), 0) + 1, false) "
            "FROM provenance"
        )

    @staticmethod
    def exists(address: str) -> bool:
        """Whether there is a store. Raises `StoreError` where the server cannot be asked."""
        where = place(address)
        with translating(where), closing(connect(address, write=False)) as db:
            return version(db, where) > 0

    @classmethod
    def open(cls, address: str, *, create: bool = True, clock: Clock = now) -> Self:
        """Open a store, bringing its layout up to date; with `create` make it if it is not there.

        Args:
            address: ``postgresql://USER@HOST:PORT/DATABASE``, or anything else that libpq takes; with several hosts
                the one that takes writes is used.
            create: make it if it is not there.
            clock: tells, with a time zone, when a record is written.

        Raises:
            StoreUnreachableError: the server does not answer.
            StoreCorruptError: it holds no store.
            StoreLockedError: another process kept it for too long.
            StoreError: the server refuses, or the store is not there or was made by a newer version.
        """
        where = place(address)
        with translating(where):
            db = connect(address, write=True)
            try:
                prepare(db, where, create=create)
            except BaseException:
                db.close()
                raise
        readers, writer = Readers(address), Writer(address, db)
        try:
            return cls(address, readers, writer, clock)
        except BaseException:
            readers.close()
            writer.close()
            raise
