"""The writer of a file: one connection, and a transaction for each piece of work."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from service.store.sql import writer
from service.store.sqlite.faults import translating

T = TypeVar("T")


class Writer(writer.Writer):
    """See `service.store.sql.writer`; owns its connection."""

    def __init__(self, db: sqlite3.Connection, path: Path) -> None:
        def transact(work: writer.Work) -> object:
            with translating(path):
                return in_transaction(db, work)

        def close() -> None:
            with translating(path):
                db.close()

        super().__init__(transact, place=f"{path}", on_close=close)


def in_transaction(db: sqlite3.Connection, work: Callable[[sqlite3.Connection], T]) -> T:
    """Run the work between BEGIN IMMEDIATE and COMMIT, or leave no trace of it.

    IMMEDIATE, because a transaction that reads first and then writes fails at once under WAL
    (SQLITE_BUSY_SNAPSHOT) if another process has written in between, whatever the timeout.
    """
    db.execute("BEGIN IMMEDIATE")
    try:
        result = work(db)
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:  # SQLite undoes it by itself after some errors, a full disk among them
            db.execute("ROLLBACK")
        raise
    return result
