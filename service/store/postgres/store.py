"""Opening a database as a store."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, closing, nullcontext
from typing import Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from service.store.base import Write, Written
from service.store.postgres.address import hosts, place
from service.store.postgres.alone import alone
from service.store.postgres.beside import Beside
from service.store.postgres.connection import Readers, Session, connect
from service.store.postgres.faults import translating
from service.store.postgres.migrations import prepare, version
from service.store.postgres.replicas import Replicas, Server
from service.store.postgres.routed import Routed
from service.store.postgres.searching import Searching
from service.store.postgres.writer import Writer
from service.store.searching import Scale, Searcher
from service.store.sql.connection import Connection, Writes
from service.store.sql.store import Clock, SqlStore
from service.store.sql.times import now

T = TypeVar("T")


class PostgresStore(SqlStore):
    """The store in a schema of a PostgreSQL database. Any number of processes, on any machines, may have it open.

    Attributes:
        place: what errors call it.
        searching: what is needed to search inside the database.
    """

    def __init__(self, address: str, readers: Readers, writer: Writes, clock: Clock = now) -> None:
        self.place = place(address)
        self._address = address
        super().__init__(readers, writer, clock, beside=Beside())
        self.searching = Searching(address, readers, writer)
        self._replicas: Replicas | None = None

    def read_from(self, addresses: Sequence[str], *, behind_s: float, alone_s: float = math.inf) -> None:
        """From now on let replicas answer `read` and searches, where they are not too far behind.

        Args:
            addresses: of the replicas; one may name several hosts.
            behind_s: how many seconds a replica may be behind.
            alone_s: how many seconds replicas may answer after the primary was last heard of.

        Raises:
            StoreError: one of them is no address. A replica that does not answer is no error: it may come.
        """

        def opened(readers: Readers) -> PostgresStore:
            return PostgresStore(self._address, readers, self._writer, self._clock)

        servers = [Server(one, opened) for address in addresses for one in hosts(address)]
        self._replicas = Replicas(self, self._address, servers, behind_s=behind_s, alone_s=alone_s)

    def searcher(self, *, model: str, dim: int, scale: Scale) -> Searcher:
        """What searches this store for one encoder, on a replica where one may be asked."""

        def direct(store: SqlStore) -> Searcher:
            if not isinstance(store, PostgresStore):
                raise TypeError(f"{store!r} cannot search")
            return store.searching.searcher(model=model, dim=dim, scale=scale)

        return direct(self) if self._replicas is None else Routed(self._replicas, direct)

    def read(self, work: Callable[[SqlStore], T], *, at_least: int = 0) -> T:
        """See `SqlStore`; on a replica, where one may be asked."""
        return work(self) if self._replicas is None else self._replicas.read(work, at_least=at_least)

    def saw(self, version: int) -> None:
        """See `SqlStore`."""
        if self._replicas is not None:
            self._replicas.saw(version)

    def write(self, writes: Sequence[Write], *, actor: str) -> list[Written]:
        """See `SqlStore`."""
        try:
            return super().write(writes, actor=actor)
        finally:
            self._wrote()

    def put_vectors(self, model: str, vectors: Sequence[tuple[str, int, NDArray[np.float32]]]) -> None:
        """See `SqlStore`."""
        try:
            super().put_vectors(model, vectors)
        finally:
            self._wrote()

    def close(self) -> None:
        """See `SqlStore`."""
        if self._replicas is not None:
            self._replicas.close()
        super().close()

    def _wrote(self) -> None:
        if self._replicas is not None:
            self._replicas.wrote()

    def alone(self) -> AbstractContextManager[Callable[[], None]]:
        """See `SqlStore`; by a lock of the server, held by a connection."""
        return alone(self._address)

    def unhurried(self, db: Connection) -> AbstractContextManager[None]:
        """See `SqlStore`; PostgreSQL bounds statements."""
        return db.unhurried() if isinstance(db, Session) else nullcontext()

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
