"""One process at a time, by an advisory lock of a connection of its own: the server lets go of both together."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from typing import Final

import psycopg

from service.errors import StoreLockedError
from service.store.postgres.address import place
from service.store.postgres.connection import connect
from service.store.postgres.faults import translating

_REINDEX: Final = 0x524A4E52
"""Number of the advisory lock under which encoders are changed. Beside those of `writer` and `graph`."""


@contextmanager
def alone(address: str) -> Iterator[Callable[[], None]]:
    """Hold the lock of a store for the block; see `service.store.base.Store.alone`.

    Raises:
        StoreLockedError: another process holds it.
        StoreError: the server cannot be asked.
    """
    where = place(address)
    with translating(where):
        db = connect(address, write=True)

    def held() -> None:
        with translating(where):
            db.execute("SELECT 1")

    with closing(db):
        with translating(where):
            taken = db.execute("SELECT pg_try_advisory_lock(%s)", (_REINDEX,)).fetchone()
        if taken != (True,):
            detail = f"Another `rejoinder reindex` is at work on the store {where}; nothing was done."
            raise StoreLockedError(f"{detail} Wait until it has ended.")
        try:
            yield held
        finally:
            # Closing lets go of it too, but a moment later: the next command would be refused.
            with suppress(psycopg.Error):
                db.execute("SELECT pg_advisory_unlock(%s)", (_REINDEX,))
