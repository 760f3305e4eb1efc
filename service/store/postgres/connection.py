"""Connections: how the database is opened, and the pool of read-only readers."""

from __future__ import annotations

import select
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, Final

import psycopg
from psycopg.pq import TransactionStatus
from psycopg_pool import ConnectionPool

from service.store.postgres.address import parameters, place
from service.store.postgres.faults import translating
from service.store.postgres.patience import GRACE_S, READ_S, WRITE_S, Db, Turnstile
from service.store.postgres.spelling import bound, spelled

SCHEMA: Final = "rejoinder"
BUSY_SECONDS: Final = 5.0
_MOST: Final = 16
"""Readers at one time; a query that finds none waits for one."""
_PATIENCE_SECONDS: Final = 10.0
_RECONNECT_SECONDS: Final = 4.0
# One round trip: our schema first, and locks that are not waited for longer than SQLite would. A commit that is told
# is on the disk, whatever the server's default; an operator who also asks for replicas keeps what was asked for, and
# so does one who bounds statements: a write, which many wait for, may take some time even so. What comes back is that
# bound, in seconds.
_SETTINGS: Final = (
    "SELECT set_config('search_path', %s || ', ' || current_setting('search_path'), false), "
    "set_config('lock_timeout', %s, false), set_config('default_transaction_read_only', %s, false), "
    "set_config('synchronous_commit', CASE current_setting('synchronous_commit') WHEN 'off' THEN 'on' "
    "ELSE current_setting('synchronous_commit') END, false), "
    "extract(epoch FROM CAST(set_config('statement_timeout', CASE "
    "WHEN CAST(current_setting('statement_timeout') AS interval) <= CAST(%s AS interval) "
    "THEN %s ELSE current_setting('statement_timeout') END, false) AS interval))::float8"
)


class Session:
    """A connection that takes the shared statements."""

    def __init__(self, db: Db) -> None:
        self._db = db

    def execute(self, sql: str, parameters: Sequence[Any] | Mapping[str, Any] = (), /) -> psycopg.Cursor[Any]:
        """Run one statement."""
        query = spelled(sql)
        return self._db.execute(query, bound(query, parameters))

    def executemany(self, sql: str, parameters: Iterable[Sequence[Any]], /) -> psycopg.Cursor[Any]:
        """Run one statement for each set of values, all in one exchange."""
        query = spelled(sql)
        cursor = self._db.cursor()
        cursor.executemany(query, [bound(query, values) for values in parameters])
        return cursor

    def unhurried(self) -> AbstractContextManager[None]:
        """No bounds on the statements in the block; see `Db.unhurried`."""
        return self._db.unhurried()


def connect(address: str, *, write: bool, seconds: float = READ_S) -> Db:
    """Open a connection. Transactions are begun by whoever uses it.

    Args:
        address: of the server, or of several of which one takes writes.
        write: whether it is for writes: the server then lets a statement take `WRITE_S`, or more where it or the
            address says so.
        seconds: how long a statement that reads may take, unless the server or the address says otherwise.
    """
    db = Db.connect(**parameters(address), autocommit=True)
    try:
        _set_up(db, write=write, seconds=seconds)
    except BaseException:
        db.close()
        raise
    return db


def _set_up(db: Db, *, write: bool, seconds: float) -> None:
    ours = f"{int((WRITE_S if write else seconds) * 1000)} ms"
    told = ("off", ours) if write else ("on", "0")
    *_, bound_s = db.execute(_SETTINGS, (SCHEMA, f"{int(BUSY_SECONDS * 1000)}", *told, ours)).fetchone() or (0.0,)
    db.silence_s = bound_s + GRACE_S


def check_whole(db: psycopg.Connection[tuple[Any, ...]]) -> None:
    """Raise `psycopg.OperationalError` for a connection that the server has closed meanwhile.

    A server that goes says so or hangs up, and either can be read; nothing else can while no query is running. That
    costs no round trip, unlike asking the server.
    """
    if db.closed or select.select([db.fileno()], [], [], 0)[0]:
        db.close()
        raise psycopg.OperationalError("the server has closed the connection")


class Readers:
    """Read-only connections, lent for one query at a time.

    Args:
        address: of the server, or of several of which one takes writes.
        patience_s: how long a connection is waited for.
        seconds: how long a statement may take.
    """

    def __init__(self, address: str, *, patience_s: float = _PATIENCE_SECONDS, seconds: float = READ_S) -> None:
        self._place = place(address)
        self._seconds = seconds
        self._turnstile = Turnstile()
        self._pool = ConnectionPool(
            connection_class=Db,
            kwargs={**parameters(address), "autocommit": True},
            min_size=0,
            max_size=_MOST,
            open=False,
            configure=self._configure,
            check=check_whole,
            name="rejoinder-store-readers",
            timeout=patience_s,
            reconnect_timeout=_RECONNECT_SECONDS,
            num_workers=1,
        )
        self._pool.open()

    def _configure(self, db: Db) -> None:
        db.came = self._turnstile.answered
        _set_up(db, write=False, seconds=self._seconds)

    @contextmanager
    def lend(self) -> Iterator[Session]:
        """A connection for the block; PostgreSQL's trouble comes out as ours.

        Raises:
            StoreError: or its subclass that fits; also after `close`.
        """
        with self.bare() as db:
            yield Session(db)

    @contextmanager
    def bare(self) -> Iterator[Db]:
        """As `lend`, for statements that are PostgreSQL's own."""
        with translating(self._place), self._turnstile.passing():
            db = self._pool.getconn()
            try:
                yield db
            finally:
                if db.info.transaction_status not in (TransactionStatus.IDLE, TransactionStatus.UNKNOWN):
                    db.close()  # it is in the middle of something
                self._pool.putconn(db)

    @contextmanager
    def snapshot(self, *, unhurried: bool = False) -> Iterator[Session]:
        """As `lend`, and every statement in the block sees one state of the store.

        Args:
            unhurried: let statements take any time: no request may wait for it.
        """
        with self.lend() as db:
            db.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
            with db.unhurried() if unhurried else nullcontext():
                yield db
            db.execute("COMMIT")

    @contextmanager
    def unhurried(self) -> Iterator[Db]:
        """As `bare`, in one transaction whose statements may take any time: no request may wait for it."""
        with self.bare() as db:
            db.execute("BEGIN")
            with db.unhurried():
                yield db
            db.execute("COMMIT")

    def close(self) -> None:
        """Close what is idle now, and what is lent as soon as it comes back."""
        self._pool.close()
