"""The shape of the file, as numbered steps that are applied once, each in a transaction."""

from __future__ import annotations

import sqlite3
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from service.errors import StoreCorruptError, StoreError
from service.store.sqlite import links, people, provenance, sources, tallies, watches
from service.store.sqlite.connection import BUSY_SECONDS
from service.store.sqlite.tables import create, make_append_only
from service.store.sqlite.times import now_text
from service.store.sqlite.writer import in_transaction

if TYPE_CHECKING:
    from sqlite_utils import Database

APPLICATION_ID: Final = 0x524A4E44
"""`RJND`: stands in the file's header and tells our files from other SQLite databases."""


class Migration(NamedTuple):
    """One step; numbers grow by one and are never used again."""

    number: int
    name: str
    apply: Callable[[Database], None]


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
    utils = Database(db, execute_plugins=False)
    for migration in MIGRATIONS[version:]:
        migration.apply(utils)
        db.execute(
            "INSERT INTO migration (number, name, applied_at) VALUES (?, ?, ?)",
            (migration.number, migration.name, now_text()),
        )


def _first(db: Database) -> None:
    db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    create(db, "migration", {"number": int, "name": str, "applied_at": str}, pk="number")
    create(db, "meta", {"name": str, "value": str}, pk="name")
    db.execute("INSERT INTO meta (name, value) VALUES ('store_id', ?)", (uuid.uuid4().hex,))
    _create_log(db)
    _create_records(db)
    _create_keys(db)


def _create_log(db: Database) -> None:
    event = {"number": int, "at": str, "actor": str, "action": str, "rebuttal_id": str, "revision": int}
    event |= {"reason?": str, "content_sha256": str, "previous": str, "hash": str}
    create(db, "event", event, pk="number")
    revision = {"event": int, "rebuttal_id": str, "revision": int, "record": str}
    create(db, "revision", revision, pk="event", foreign_keys=[("event", "event", "number")])
    db.table("revision").create_index(["rebuttal_id", "revision"], unique=True)
    for table, key in (("event", "number"), ("revision", "event")):
        make_append_only(db, table, key)


def _create_records(db: Database) -> None:
    rebuttal = {"key": int, "id": str, "event": int, "revision": int, "position": int, "status": str}
    rebuttal |= {"language": str, "authority": str, "country?": str, "stated_on?": str, "updated_at": str}
    links = [("event", "revision", "event")]
    create(db, "rebuttal", rebuttal, pk="key", foreign_keys=links)
    for unique in ("id", "event", "position"):
        db.table("rebuttal").create_index([unique], unique=True)
    for filtered in ("status", "authority", "country"):
        db.table("rebuttal").create_index([filtered, "id"])
    belongs = [("key", "rebuttal", "key")]
    create(db, "topic", {"topic": str, "key": int}, pk=("topic", "key"), foreign_keys=belongs)
    db.table("topic").create_index(["key"])
    vectors = {"key": int, "model": str, "fields": bytes, "vectors": bytes}
    create(db, "vectors", vectors, pk=("key", "model"), foreign_keys=belongs)


def _create_keys(db: Database) -> None:
    key = {"name": str, "role": str, "prefix": str, "sha256": str}
    key |= {"created_at": str, "last_used_at?": str, "revoked_at?": str}
    create(db, "api_key", key, pk="name")
    db.table("api_key").create_index(["sha256"], unique=True)


def _feedback(db: Database) -> None:
    said = {"number": int, "at": str, "verdict_id": str, "label": str, "rebuttal_id?": str, "store_version": int}
    said |= {"rating": str, "expected?": str, "about?": str, "comment?": str, "claim?": str, "actor?": str}
    create(db, "feedback", said, pk="number")


MIGRATIONS: Final = (
    Migration(1, "records, events, vectors, keys", _first),
    Migration(2, "feedback on verdicts", _feedback),
    Migration(3, "texts that drafts were taken from", sources.lay_out),
    Migration(4, "state of cited pages", links.lay_out),
    Migration(5, "counts of verdicts", tallies.lay_out),
    Migration(6, "standing questions and their deliveries", watches.lay_out),
    Migration(7, "people, sessions, limits of keys", people.lay_out),
    Migration(8, "where imported records came from", provenance.lay_out),
)
