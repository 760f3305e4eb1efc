"""SQLite's result codes in our own words."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import msgspec

from service.errors import StoreCorruptError, StoreError, StoreFullError, StoreLockedError

_PRIMARY: Final = 0xFF
"""An extended result code carries the primary one in its low byte (https://sqlite.org/rescode.html)."""

_FULL: Final = (StoreFullError, "No room left to write the store {path}; nothing of this write was kept.")
_LOCKED: Final = (StoreLockedError, "Another process is writing to the store {path}; try again in a moment.")
_DAMAGED: Final = (StoreCorruptError, "The file {path} is damaged or is not a Rejoinder store ({error}).")
_READ_ONLY: Final = (StoreError, "The store {path} cannot be written: check the permissions of it and of its folder.")
_CLOSED: Final = (StoreError, "The store {path} cannot be opened: check its permissions and those of its folder.")
_DISK: Final = (StoreError, "The disk or the memory failed under the store {path} ({error}).")

_KINDS: Final[dict[int, tuple[type[StoreError], str]]] = {
    sqlite3.SQLITE_FULL: _FULL,
    # A full disk (ENOSPC) is FULL to SQLite; a quota or a limit on the size of files is one of these.
    sqlite3.SQLITE_IOERR_WRITE: _FULL,
    sqlite3.SQLITE_IOERR_SHMSIZE: _FULL,
    sqlite3.SQLITE_BUSY: _LOCKED,
    sqlite3.SQLITE_LOCKED: _LOCKED,
    sqlite3.SQLITE_PROTOCOL: _LOCKED,
    sqlite3.SQLITE_CORRUPT: _DAMAGED,
    sqlite3.SQLITE_NOTADB: _DAMAGED,
    # A file cut short.
    sqlite3.SQLITE_IOERR_READ: _DAMAGED,
    sqlite3.SQLITE_IOERR_SHORT_READ: _DAMAGED,
    sqlite3.SQLITE_READONLY: _READ_ONLY,
    sqlite3.SQLITE_CANTOPEN: _CLOSED,
    sqlite3.SQLITE_PERM: _CLOSED,
    sqlite3.SQLITE_AUTH: _CLOSED,
    sqlite3.SQLITE_IOERR: _DISK,
    sqlite3.SQLITE_NOMEM: _DISK,
}


def translated(error: sqlite3.Error, path: Path) -> StoreError | None:
    """The same trouble as one of our errors; None for a mistake in our own SQL, which should surface as it is."""
    code = getattr(error, "sqlite_errorcode", 0)
    kind, detail = _KINDS.get(code) or _KINDS.get(code & _PRIMARY) or (None, "")
    return None if kind is None else kind(detail.format(path=path, error=error))


@contextmanager
def translating(path: Path) -> Iterator[None]:
    """Turn the trouble that SQLite, or a record that no longer decodes, makes inside the block into ours.

    Raises:
        StoreError: or its subclass that fits.
    """
    try:
        yield
    except sqlite3.Error as error:
        ours = translated(error, path)
        if ours is None:
            raise
        raise ours from error
    except msgspec.DecodeError as error:
        raise StoreCorruptError(f"A record in the store {path} cannot be read: {error}.") from error
