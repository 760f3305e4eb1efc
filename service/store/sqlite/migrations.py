"""The shape of the file, as numbered steps that are applied once, each in a transaction."""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path
from typing import Final

from service.errors import StoreCorruptError, StoreError
from service.store.sql.layout import LAYOUT
from service.store.sql.tables import Tables
from service.store.sql.times import now_text
from service.store.sqlite.connection import BUSY_SECONDS
from service.store.sqlite.tables import SqliteTables
from service.store.sqlite.writer import in_transaction

APPLICATION_ID: Final = 0x524A4E44
"""`RJND`: stands in the file's header and tells our files from other SQLite databases."""


def prepare(db: sqlite3.Connection, path: Path, *, create: bool) -> None:
    """Make the file a store of this version, or refuse it untouched.

    Raises:
        StoreCorruptError: it is some other program's database.
        StoreError: it was made by a newer version of this program, or is empty and may not be created.
    """
    version = _version(db, path)
    if version == 0 and not create:
        raise StoreError(f"The file {path} is empty: `rejoinder init --db {path}` makes a store of it.")
    _use_wal(db)
    if version < MIGRATIONS[-1].number:
        in_transaction(db, lambda writing: _migrate(writing, path))


def _version(db: sqlite3.Connection, path: Path) -> int:
    (application,) = db.execute("PRAGMA application_id").fetchone()
    (tables,) = db.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    if tables == 0 and application in (0, APPLICATION_ID):
        return 0
    if application != APPLICATION_ID:
        raise StoreCorruptError(f"The file {path} is a database of another program, not a Rejoinder store.")
    version = int(db.execute("SELECT max(number) FROM migration").fetchone()[0])
    newest = MIGRATIONS[-1].number
    if version > newest:
        raise StoreError(
            f"The store {path} was made by a newer version of Rejoinder (its layout is number {version}, this version "
            f"knows {newest}): upgrade Rejoinder, or choose another store with --db."
        )
    return version


def _use_wal(db: sqlite3.Connection) -> None:
    """WAL, so that readers and the writer do not wait for each other.

    The change itself needs the file alone, and SQLite does not wait for that (nor does it call the busy handler
    when two processes make one new store at a time): hence the loop.
    """
    if db.execute("PRAGMA journal_mode").fetchone()[0] == "wal":
        return
    deadline = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            db.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.02)
        else:
            return


def _migrate(db: sqlite3.Connection, path: Path) -> None:
    from sqlite_utils import Database  # noqa: PLC0415 - 0.2 s that only a new or an old store has to spend

    version = _version(db, path)  # again, now that nobody else can write
    tables = SqliteTables(Database(db, execute_plugins=False))
    for migration in MIGRATIONS[version:]:
        migration.apply(tables)
        db.execute(
            "INSERT INTO migration (number, name, applied_at) VALUES (?, ?, ?)",
            (migration.number, migration.name, now_text()),
        )


def _mark(tables: Tables) -> None:
    tables.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    LAYOUT[0].apply(tables)


MIGRATIONS: Final = (LAYOUT[0]._replace(apply=_mark), *LAYOUT[1:])
