"""Opening a file as a store."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Self

from service.errors import StoreError
from service.store.sql.store import Clock, SqlStore
from service.store.sql.times import now
from service.store.sqlite.alone import alone
from service.store.sqlite.connection import Readers, connect_writer
from service.store.sqlite.faults import translating
from service.store.sqlite.migrations import prepare
from service.store.sqlite.writer import Writer


class SqliteStore(SqlStore):
    """The store in one SQLite file. Several processes may have it open; each method is safe from any thread."""

    def __init__(self, path: Path, readers: Readers, writer: Writer, clock: Clock = now) -> None:
        self.path = path
        super().__init__(readers, writer, clock)

    @classmethod
    def open(cls, path: Path | str, *, create: bool = True, clock: Clock = now) -> Self:
        """Open a store, bringing its layout up to date; with `create` make it, and its folder, if it is not there.

        Args:
            path: the file.
            create: make it if it is not there.
            clock: tells, with a time zone, when a record is written.

        Raises:
            StoreCorruptError: the file is damaged or is not a store.
            StoreLockedError: another process kept it for too long.
            StoreFullError: no room to make it.
            StoreError: it cannot be opened, is not there, or was made by a newer version.
        """
        path = Path(path)
        _check_place(path, create=create)
        with translating(path):
            db = connect_writer(path, create=create)
            try:
                prepare(db, path, create=create)
            except BaseException:
                db.close()
                raise
        readers, writer = Readers(path), Writer(db, path)
        try:
            return cls(path, readers, writer, clock)
        except BaseException:
            readers.close()
            writer.close()
            raise

    def alone(self) -> AbstractContextManager[Callable[[], None]]:
        """See `SqlStore`; by a lock beside the file."""
        return alone(self.path)


def _check_place(path: Path, *, create: bool) -> None:
    if "\0" in str(path):  # SQLite would cut the name there and open another file
        raise StoreError("The name of a store cannot hold NUL.")
    try:
        if not create and not path.exists():
            raise StoreError(f"There is no store {path}: `rejoinder init --db {path}` makes one.")
        if create:
            path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"The store {path} cannot be opened: {error}.") from error
