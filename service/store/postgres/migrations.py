"""The shape of the database, as numbered steps that are applied once, all in one transaction."""

from __future__ import annotations

from typing import Any, Final

from service.errors import StoreCorruptError, StoreError
from service.store.postgres import passages, words
from service.store.postgres.connection import SCHEMA, Session
from service.store.postgres.patience import Db
from service.store.postgres.tables import PostgresTables
from service.store.postgres.writer import in_transaction
from service.store.sql.layout import LAYOUT
from service.store.sql.tables import Migration
from service.store.sql.times import now_text

MIGRATIONS: Final = (
    *LAYOUT,
    Migration(9, "vectors that the database can search", passages.lay_out),
    Migration(10, "words that the database can search", words.lay_out),
)

_ENCODING: Final = "UTF8"
_TABLES: Final = "SELECT count(*) FROM pg_tables WHERE schemaname = ?"
_MARKS: Final = ["migration", "event", "meta"]
_OURS: Final = "SELECT count(*) FROM pg_tables WHERE schemaname = ? AND tablename = ANY(?)"


def prepare(db: Db, place: str, *, create: bool) -> None:
    """Make the schema a store of this version, or refuse it untouched. Two that start at once do it once.

    Raises:
        StoreCorruptError: the schema is some other program's.
        StoreError: it was made by a newer version of this program, or is not there and may not be created.
    """
    found = version(db, place)
    if found == 0 and not create:
        raise StoreError(f"There is no store in {place}: `rejoinder init --db {place}` makes one.")
    if found < MIGRATIONS[-1].number:
        in_transaction(db, lambda writing: _migrate(writing, place))


def version(db: Db, place: str) -> int:
    """Number of the layout that the store has; 0 where there is no store. Raises as `prepare`."""
    return _version(Session(db), place)


def _version(db: Session, place: str) -> int:
    encoding = _one(db, "SELECT current_setting('server_encoding')")
    if encoding != _ENCODING:
        raise StoreError(f"The database of {place} is encoded as {encoding}: make one with `createdb --encoding UTF8`.")
    if _one(db, _TABLES, SCHEMA) == 0:
        return 0
    if _one(db, _OURS, SCHEMA, _MARKS) != len(_MARKS):
        raise StoreCorruptError(f"The schema {SCHEMA} in {place} is another program's, not a Rejoinder store.")
    found = int(_one(db, f"SELECT max(number) FROM {SCHEMA}.migration"))  # noqa: S608 - our own name
    newest = MIGRATIONS[-1].number
    if found > newest:
        raise StoreError(
            f"The store {place} was made by a newer version of Rejoinder (its layout is number {found}, this version "
            f"knows {newest}): upgrade Rejoinder, or choose another store with --db."
        )
    return found


def _one(db: Session, query: str, *values: object) -> Any:  # noqa: ANN401 - of the query's type
    (value,) = db.execute(query, values).fetchone() or (None,)
    return value


def _migrate(db: Session, place: str) -> None:
    found = _version(db, place)  # again, now that nobody else can write
    if found == 0:
        db.execute(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}")
    tables = PostgresTables(db)
    with db.unhurried():
        for migration in MIGRATIONS[found:]:
            migration.apply(tables)
            db.execute(
                "INSERT INTO migration (number, name, applied_at) VALUES (?, ?, ?)",
                (migration.number, migration.name, now_text()),
            )
