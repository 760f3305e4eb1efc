"""What keys may still ask, kept in the database: several services on one store count together.

A bucket is the moment at which it is full again (the virtual scheduling of the generic cell rate algorithm, ITU-T
I.371), so one statement fills it, looks and takes. The table is unlogged: nothing waits for a disk or a replica, and
after a crash or a failover all buckets are full. It is no part of the store's layout and is made where it is missing.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final, NamedTuple

import psycopg

from service.errors import StoreError
from service.store.postgres.address import parameters, place
from service.store.postgres.connection import SCHEMA

PATIENCE_S: Final = 0.25
"""Longer than this no request waits for its turn, nor then for the database, before it is counted here."""
PAUSE_S: Final = 5.0
"""Nobody asks a database again so soon after it has not answered."""
_LOGGER: Final = logging.getLogger("rejoinder.limits")
_WINDOW_S: Final = 60
_ROUNDING_S: Final = 1e-4
_TABLE: Final = f"{SCHEMA}.bucket"
# Room is left in each page for new versions of its rows: they stay there, and are cleared away in passing.
_MAKE: Final = (
    f"CREATE UNLOGGED TABLE IF NOT EXISTS {_TABLE} (name text PRIMARY KEY, full_at timestamptz NOT NULL) "
    "WITH (fillfactor = 50)"
)
_NOW: Final = "clock_timestamp()"
_FILLED: Final = f"greatest(kept.full_at, {_NOW}) + %(cost)s * interval '1 second'"
_TAKE: Final = (
    f"WITH taken AS (INSERT INTO {_TABLE} AS kept VALUES (%(name)s, {_NOW} + %(cost)s * interval '1 second') "  # noqa: S608 - our own names
    f"ON CONFLICT (name) DO UPDATE SET full_at = {_FILLED} "
    f"WHERE {_FILLED} <= {_NOW} + %(window)s * interval '1 second' RETURNING full_at) "
    f"SELECT true, extract(epoch FROM full_at - {_NOW})::float8 FROM taken UNION ALL "
    f"SELECT false, extract(epoch FROM full_at - {_NOW})::float8 FROM {_TABLE} "
    "WHERE name = %(name)s AND NOT EXISTS (SELECT FROM taken)"
)
_Db = psycopg.AsyncConnection[tuple[Any, ...]]


class Taken(NamedTuple):
    """What became of one request.

    Attributes:
        granted: whether there was something left for it.
        full: seconds until the bucket is full again.
    """

    granted: bool
    full: float


class SharedBuckets:
    """The buckets of a database, over one connection that is opened when it is first needed.

    Args:
        address: of the database, as an operator gives it.
        clock: seconds; counts the pause after a failure.
    """

    def __init__(self, address: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._address = address
        self._clock = clock
        self._db: _Db | None = None
        self._turn = asyncio.Lock()
        self._running: set[asyncio.Future[Taken | None]] = set()
        self._not_before = 0.0

    async def take(self, name: str, most: int) -> Taken | None:
        """Take one from a bucket that holds ``most``, at least 1, a minute.

        Returns:
            None where the database does not answer in time, or has not answered a moment ago; and where too many ask.
        """
        try:
            async with asyncio.timeout(PATIENCE_S):
                await self._turn.acquire()
        except TimeoutError:
            return None  # many ask here: that says nothing of the database, which goes on counting
        try:
            return await self._taken(name, most)
        finally:
            self._turn.release()

    async def _taken(self, name: str, most: int) -> Taken | None:
        if self._clock() < self._not_before:
            return None
        asking = asyncio.ensure_future(self._ask(name, most))
        self._running.add(asking)
        asking.add_done_callback(self._running.discard)
        # Not `wait_for`: that also waits until the driver has told a server to stop that does not listen.
        done, _ = await asyncio.wait({asking}, timeout=PATIENCE_S)
        if not done:
            asking.cancel()
            self._pause("it takes too long")
        return asking.result() if done else None

    async def close(self) -> None:
        """Let go of the connection."""
        for asking in self._running:
            asking.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
        await _hang_up(self._db)
        self._db = None

    async def _ask(self, name: str, most: int) -> Taken | None:
        asked = {"name": name, "cost": _WINDOW_S / most, "window": _WINDOW_S + _ROUNDING_S}
        # Nobody else has it until there is an answer: whoever is given up on may still hang in it.
        db, self._db = self._db, None
        try:
            db = db or await self._connected()
            row = await (await db.execute(_TAKE, asked, prepare=True)).fetchone()
        except (psycopg.Error, StoreError, OSError) as error:
            self._pause(type(error).__name__)
            await _hang_up(db)
            return None
        except asyncio.CancelledError:
            await _hang_up(db)
            raise
        # Another may have connected meanwhile, where somebody went away in the middle of asking.
        spare, self._db = self._db, db
        await _hang_up(spare)
        # Where another's first request is not seen yet, there is no row at all: as if there was nothing left.
        return Taken(*row) if row else Taken(granted=False, full=float(_WINDOW_S))

    async def _connected(self) -> _Db:
        told = {"target_session_attrs": "read-write", **parameters(self._address)}
        db = await psycopg.AsyncConnection.connect(**told, autocommit=True)
        try:
            # Takings need not be on a disk, nor on a replica, before they are told.
            await db.execute("SET synchronous_commit = off")
            await db.execute(_MAKE)
        except BaseException:
            await _hang_up(db)
            raise
        return db

    def _pause(self, why: str) -> None:
        if self._clock() >= self._not_before:
            where = place(self._address)
            _LOGGER.warning("%s does not count the limits of keys (%s): this process counts alone for now.", where, why)
        self._not_before = self._clock() + PAUSE_S


async def _hang_up(db: _Db | None) -> None:
    if db is not None:
        with suppress(psycopg.Error, OSError):
            await db.close()
