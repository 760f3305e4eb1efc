"""Reads from replicas: which of them may answer, and the primary where none may.

A replica answers only if it is not behind what this process has promised: its own writes, the versions that it has
answered with, those that its clients have seen; and not behind what the primary held some seconds ago. A thread for
each server asks again and again how far it has come, so that choosing one costs no round trip, and one that says
nothing holds up nobody. What fails on a replica is done again on the primary.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from typing import Final, NamedTuple, TypeVar

import psycopg

from service.errors import StoreError, StoreUnreachableError
from service.store.postgres.address import place
from service.store.postgres.connection import Readers, connect
from service.store.postgres.faults import translating
from service.store.postgres.patience import GRACE_S, Db
from service.store.sql.store import SqlStore

T = TypeVar("T")
LOOK_EVERY_S: Final = 0.1
PATIENCE_S: Final = 1.0
_READ_S: Final = 5.0
"""A read on a replica may take so long; then the primary is asked."""
_SILENCE_S: Final = 3.0
"""A replica that has said nothing for so long is not asked for anything else."""
_LOG: Final = logging.getLogger(__name__)
_WHERE: Final = (
    "SELECT coalesce((SELECT max(number) FROM event), 0), pg_is_in_recovery(), "
    "CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_insert_lsn() END "
    "- CAST('0/0' AS pg_lsn), "
    "(SELECT value FROM meta WHERE name = 'store_id')"
)


class Reach(NamedTuple):
    """How far a server has come.

    Attributes:
        version: number of the last event.
        standby: whether it follows another server.
        written: bytes of the write-ahead log.
        store: the store's id.
    """

    version: int
    standby: bool
    written: int
    store: str


class _Look(NamedTuple):
    """What one thread does again and again, and at the end."""

    look: Callable[[], None]
    hang_up: Callable[[], None]


class Line:
    """A connection of its own to one server, on which it is asked how far it has come. In the hands of one thread.

    Not of a pool: that would try again by itself, and complain each time, while a server is gone.
    """

    def __init__(self, address: str) -> None:
        self._address = address
        self._place = place(address)
        self._db: Db | None = None

    def reach(self) -> Reach:
        """How far the server has come. Raises `StoreError` where it cannot be asked."""
        with translating(self._place):
            if self._db is None:
                self._db = connect(self._address, write=False, seconds=_SILENCE_S)
                # Whatever an operator allows statements: how long replicas answer alone counts from what is found here.
                self._db.silence_s = _SILENCE_S + GRACE_S
            try:
                version, standby, written, store = self._db.execute(_WHERE).fetchone() or (0, False, 0, "")
            except psycopg.Error:
                self.close()
                raise
        return Reach(int(version), bool(standby), int(written or 0), str(store))

    def close(self) -> None:
        """Hang up."""
        if self._db is not None:
            self._db.close()
            self._db = None


class Server:
    """A replica that may be asked.

    Args:
        address: of one host.
        open_store: makes the store that reads from these connections alone; asked when the server first answers.

    Attributes:
        reach: how far it had come when it was last asked; None while it cannot be used.
        heard: when that was, by the monotonic clock.
    """

    def __init__(self, address: str, open_store: Callable[[Readers], SqlStore]) -> None:
        self.reach: Reach | None = None
        self.heard = 0.0
        self._place = place(address)
        self._line = Line(address)
        self._readers = Readers(address, patience_s=PATIENCE_S, seconds=_READ_S)
        self._open_store = open_store
        self._store: SqlStore | None = None
        self._missed = False

    @property
    def store(self) -> SqlStore:
        """For reads from it alone."""
        if self._store is None:
            self._store = self._open_store(self._readers)
        return self._store

    def look(self, store_id: str) -> None:
        """Ask how far it has come. What keeps it from being used is warned of once."""
        found, trouble = None, ""
        try:
            found = self._line.reach()
        except StoreError as error:
            trouble = error.detail
        if found and found.store != store_id:
            found, trouble = None, "It holds another store."
        if trouble and not self._missed:
            _LOG.warning("The replica %s is not used: %s", self._place, trouble)
        if self._missed and not trouble:
            _LOG.warning("The replica %s is used again.", self._place)
        self.reach, self.heard, self._missed = found, time.monotonic(), bool(trouble)

    def hang_up(self) -> None:
        """It is not looked at any more; from the thread that looked."""
        self._line.close()

    def close(self) -> None:
        """Let go of what reads are done on."""
        self._readers.close()


class Replicas:
    """The servers that answer for one store, the primary included.

    Args:
        primary: the store, for reads from the primary.
        address: of the primary.
        others: the replicas, at least one.
        behind_s: how many seconds a replica may be behind.
        alone_s: how many seconds replicas may answer after the primary was last heard of.
    """

    def __init__(
        self, primary: SqlStore, address: str, others: Sequence[Server], *, behind_s: float, alone_s: float
    ) -> None:
        self._primary = primary
        self._line = Line(address)
        self._others = others
        self._behind_s = behind_s
        self._alone_s = alone_s
        self._lock = threading.Lock()
        self._version = 0
        self._written = 0
        self._writes = self._settled = 0
        self._next = 0
        self._seen: deque[tuple[float, Reach]] = deque()
        self._away = False
        self._enough = threading.Event()
        looks: list[_Look] = [_Look(self._look, self._line.close)]
        looks += [_Look(partial(one.look, primary.id), one.hang_up) for one in others]
        for one in looks:
            one.look()
        self._threads = [
            threading.Thread(target=self._follow, args=(one,), name="replicas", daemon=True) for one in looks
        ]
        for thread in self._threads:
            thread.start()

    def read(self, work: Callable[[SqlStore], T], *, at_least: int = 0) -> T:
        """Do work that only reads, all of it on one server that knows at least a version.

        Raises:
            StoreError: whatever the work raises on the primary.
        """
        server = self._choose(at_least)
        if server is not None:
            try:
                return work(server.store)
            except StoreError:
                # It may be gone, or replay may have taken a row that this read needed.
                server.reach = None
        return work(self._primary)

    def saw(self, version: int) -> None:
        """Answer nothing from before a version of the store any more. One that the store never had is no promise."""
        with self._lock:
            if version <= self._version:
                return
        self.answered(min(version, self.head()))

    def answered(self, version: int) -> None:
        """An answer was of this version: none is of an earlier one from now on."""
        with self._lock:
            self._version = max(self._version, version)

    def wrote(self) -> None:
        """This process has written: what it reads from now on has it."""
        with self._lock:
            self._writes += 1

    def head(self) -> int:
        """Number of the last event, of the primary; while that is gone, of the replica that is ahead."""
        # Of a primary that is known to be gone every question would wait for a connection, one after the other.
        if self._away and (known := self._known()):
            return max(known)
        try:
            return self._primary.head()
        except StoreUnreachableError:
            if not (known := self._known()):
                raise
            return max(known)

    def close(self) -> None:
        """Stop asking, and let go of the replicas."""
        self._enough.set()
        for thread in self._threads:
            thread.join(PATIENCE_S)  # one whose server says nothing is left to itself
        for server in self._others:
            server.close()

    def _known(self) -> list[int]:
        return [] if self._too_long() else [reach.version for server in self._others if (reach := server.reach)]

    def _too_long(self) -> bool:
        """Whether the primary has been away for so long that nobody can say any more what it holds by now."""
        return self._away and not (self._seen and time.monotonic() - self._seen[-1][0] <= self._alone_s)

    def _look(self) -> None:
        """Ask the primary how far it has come."""
        with self._lock:
            writes = self._writes
        try:
            now = self._line.reach()
        except StoreError:
            self._away = True  # whoever needs it is told; what is known of it still binds the replicas
            return
        with self._lock:
            self._away = False
            self._seen.append((time.monotonic(), now))
            if self._settled < writes:
                self._settled, self._written = writes, max(self._written, now.written)

    def _follow(self, one: _Look) -> None:
        while not self._enough.wait(LOOK_EVERY_S):
            try:
                one.look()
            except Exception:  # noqa: BLE001 - without this thread nobody would know how far the server has come
                _LOG.warning("A server could not be asked how far it has come.", exc_info=True)
        one.hang_up()

    def _choose(self, at_least: int) -> Server | None:
        with self._lock:
            version, written = max(self._version, at_least), self._written
            if due := self._due():
                version = max(version, due.version)
                # Vectors that are made after the fact are no event. What a primary that is gone had not yet sent of
                # its log will never be anywhere, and need not be of any event.
                written = written if self._away else max(written, due.written)
            self._next += 1
            if self._settled < self._writes or self._too_long():
                return None  # it has written since anybody was asked, or others may have
            turned = [self._others[(self._next + at) % len(self._others)] for at in range(len(self._others))]
        since = time.monotonic() - _SILENCE_S
        for server in turned:
            reach = server.reach if server.heard >= since else None
            if reach and reach.standby and reach.version >= version and reach.written >= written:
                return server
        return None

    def _due(self) -> Reach | None:
        """What the primary held so long ago that every replica must have it; at first, what it held at the start."""
        late = time.monotonic() - self._behind_s
        while len(self._seen) > 1 and self._seen[1][0] <= late:
            self._seen.popleft()
        return self._seen[0][1] if self._seen else None
