"""A store moved from one engine to another, whole: every table, row by row, and held against what it came from.

All of it happens in one transaction of the new store, the check included: it is there whole, or nothing of it is.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec

from service.errors import AlreadyExistsError, StoreCorruptError, StoreLockedError
from service.places import Place
from service.store.opening import exists, open_place
from service.store.sql import SqlStore, access_log, events, vectors
from service.store.sql.beside import Packed
from service.store.sql.connection import Connection
from service.store.sql.layout import LAYOUT

OnProgress = Callable[[str, int, int], None]
"""Told which table is copied or checked, how many rows are done, and of how many."""

_PIECE: Final = 500
# Made with every store: the layout's own, and what holds one row from the start.
_OWN: Final = "migration"
_SEEDED: Final = {"meta": 1, "watch_work": 1}


class Moved(NamedTuple):
    """What was moved: rows of all tables, and those of the log."""

    rows: int
    events: int


class Table(NamedTuple):
    """A table: its columns, and what tells its rows apart in their order."""

    name: str
    columns: tuple[str, ...]
    key: tuple[str, ...]


class _Recorder:
    """Takes in the layout instead of making it; see `service.store.sql.tables`."""

    def __init__(self) -> None:
        self.tables: dict[str, Table] = {}

    def create(
        self,
        name: str,
        columns: Mapping[str, type],
        *,
        pk: str | tuple[str, ...],
        foreign_keys: Sequence[tuple[str, str, str]] = (),
    ) -> None:
        """Note a table. Where the key is one text, rows are ordered as they came: lists are shown in that order."""
        del foreign_keys
        came = isinstance(pk, str) and columns[pk] is str
        key = ("rowid",) if came else (pk,) if isinstance(pk, str) else pk
        self.tables[name] = Table(name, tuple(column.rstrip("?") for column in columns), key)

    def add(self, table: str, columns: Mapping[str, type]) -> None:
        """Note columns."""
        known = self.tables[table]
        self.tables[table] = known._replace(columns=(*known.columns, *columns))

    def index(self, table: str, columns: Sequence[str], *, unique: bool = False) -> None:
        """Nothing to note."""

    def make_append_only(self, table: str, key: str) -> None:
        """Nothing to note."""

    def execute(self, sql: str, parameters: Sequence[str] = (), /) -> None:
        """Nothing to note."""


def tables() -> list[Table]:
    """Every table of a store but the list of its migrations, each behind those that it refers to."""
    recorder = _Recorder()
    for migration in LAYOUT:
        migration.apply(recorder)
    return [table for table in recorder.tables.values() if table.name != _OWN]


def move(source: Place, target: Place, on_progress: OnProgress) -> Moved:
    """Copy a store into one that is new or empty.

    Raises:
        AlreadyExistsError: the target holds something.
        StoreLockedError: the source was written to meanwhile.
        StoreError: either cannot be opened, read or written, or is not what its log says. The target is as before.
    """
    new = not exists(target)
    with open_place(source, create=False) as old:
        try:
            with open_place(target) as store:
                return _move(old, store, f"{target}", on_progress)
        except BaseException:
            if new and isinstance(target, Path):
                _remove(target)
            raise


def _move(old: SqlStore, store: SqlStore, place: str, on_progress: OnProgress) -> Moved:
    readers, _ = old.inside()
    _, writer = store.inside()

    def work(db: Connection) -> Moved:
        with store.unhurried(db):
            with readers.snapshot(unhurried=True) as source:
                _refuse_full(db, place)
                rows = sum(_copy(source, db, store, table, on_progress) for table in tables())
                store.settle_numbers(db)
                for table in tables():
                    _compare(source, db, table, on_progress)
            number = events.verify(db, old.id, lambda done, total: on_progress("log", done, total))
            access_log.verify(db)
        if old.position() != vectors.position(db) or old.head() != number:
            raise StoreLockedError("The store was written to while it was moved: stop the service, then move it again.")
        return Moved(rows, number)

    return writer.run(work)


def _refuse_full(db: Connection, place: str) -> None:
    for table in tables():
        if _count(db, table) > _SEEDED.get(table.name, 0):
            raise AlreadyExistsError(f"There is a store with something in it at {place}; nothing was changed.")
    for name in _SEEDED:
        db.execute(f"DELETE FROM {name}")  # noqa: S608 - our own names


def _copy(source: Connection, db: Connection, store: SqlStore, table: Table, on_progress: OnProgress) -> int:
    names, places = ", ".join(table.columns), ", ".join("?" * len(table.columns))
    query = f"INSERT INTO {table.name} ({names}) VALUES ({places})"  # noqa: S608 - our own names
    done, total = 0, _count(source, table)
    for piece in _pieces(source, table):
        db.executemany(query, piece)
        if table.name == "vectors":
            store.beside.vectors(db, [(key, Packed(*packed)) for key, *packed in piece])
        done += len(piece)
        on_progress(table.name, done, total)
    return done


def _compare(source: Connection, db: Connection, table: Table, on_progress: OnProgress) -> None:
    total = _count(source, table)
    if _digest(source, table) != _digest(db, table):
        raise StoreCorruptError(f"The table {table.name} did not arrive as it was; nothing of the copy was kept.")
    on_progress(f"{table.name}, checked", total, total)


def _digest(db: Connection, table: Table) -> str:
    """SHA-256 over every row, in the order of the key."""
    digest = hashlib.sha256()
    for piece in _pieces(db, table):
        digest.update(msgspec.msgpack.encode(piece))
    return digest.hexdigest()


def _pieces(db: Connection, table: Table) -> Iterator[list[tuple[Any, ...]]]:
    """The rows in the order of the key, some at a time."""
    key, names = ", ".join(table.key), ", ".join(table.columns)
    places = ", ".join("?" * len(table.key))
    select = f"SELECT {key}, {names} FROM {table.name}"  # noqa: S608 - our own names
    end = f"ORDER BY {key} LIMIT {_PIECE}"
    rows = db.execute(f"{select} {end}").fetchall()
    while rows:
        width = len(table.key)
        yield [tuple(row[width:]) for row in rows]
        rows = db.execute(f"{select} WHERE ({key}) > ({places}) {end}", tuple(rows[-1][:width])).fetchall()


def _count(db: Connection, table: Table) -> int:
    return int(db.execute(f"SELECT count(*) FROM {table.name}").fetchone()[0])  # noqa: S608 - our own names


def _remove(path: Path) -> None:
    for suffix in ("", "-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
