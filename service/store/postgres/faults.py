"""PostgreSQL's error codes in our own words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import msgspec
import psycopg
from psycopg import errors
from psycopg_pool import PoolClosed, PoolTimeout

from service.errors import (
    InvalidRecordError,
    RejoinderError,
    StoreCorruptError,
    StoreError,
    StoreFullError,
    StoreLockedError,
    StoreSlowError,
    StoreUnreachableError,
)
from service.store.postgres.patience import SilentError

_Words = tuple[type[RejoinderError], str]

_FULL: Final[_Words] = (StoreFullError, "No room left to write the store {place}; nothing of this write was kept.")
_LOCKED: Final = (StoreLockedError, "Another process is writing to the store {place}; try again in a moment.")
_DAMAGED: Final = (StoreCorruptError, "The store {place} is damaged ({error}).")
_FORBIDDEN: Final = (StoreError, "The store {place} does not allow this ({error}): grant it to the user.")
_READ_ONLY: Final = (
    StoreUnreachableError,
    "The server of the store {place} takes no writes, as a replica does: name the primary in the address.",
)
_MISSING: Final = (StoreError, "There is no database for the store {place} ({error}): make it with createdb.")
_REFUSED: Final = (
    StoreError,
    "The server refuses to open the store {place} ({error}): check the user and the password.",
)
_CROWDED: Final = (StoreUnreachableError, "The server of the store {place} has no connection left ({error}).")
_SILENT: Final = (
    StoreUnreachableError,
    "The server of the store {place} does not answer ({error}): try again, or check that it is not stopped or cut off.",
)
_SLOW: Final = (
    StoreSlowError,
    "The server of the store {place} took too long ({error}): ask for less, or allow more with statement_timeout.",
)
_UNREACHABLE: Final = (
    StoreUnreachableError,
    "The store {place} cannot be reached ({error}): check that the server runs and that the address is right.",
)

_KINDS: Final[tuple[tuple[type[psycopg.Error], _Words], ...]] = (
    (errors.DiskFull, _FULL),
    (errors.LockNotAvailable, _LOCKED),
    (errors.DeadlockDetected, _LOCKED),
    (errors.SerializationFailure, _LOCKED),
    (errors.QueryCanceled, _SLOW),
    (errors.DataCorrupted, _DAMAGED),
    (errors.IndexCorrupted, _DAMAGED),
    (errors.UndefinedTable, _DAMAGED),
    (errors.UndefinedColumn, _DAMAGED),
    (errors.InsufficientPrivilege, _FORBIDDEN),
    (errors.ReadOnlySqlTransaction, _READ_ONLY),
    (errors.InvalidCatalogName, _MISSING),
    (errors.InvalidAuthorizationSpecification, _REFUSED),
    (errors.InvalidPassword, _REFUSED),
    (errors.TooManyConnections, _CROWDED),
    (SilentError, _SILENT),
)


def translated(error: psycopg.Error, place: str) -> RejoinderError | None:
    """The same trouble as one of our errors; None for a mistake in our own SQL, which should surface as it is."""
    if isinstance(error, PoolClosed):
        return StoreError(f"The store {place} is closed.")
    if isinstance(error, PoolTimeout):
        return told(_UNREACHABLE, place, "no connection could be made in time, or all are in use")
    if isinstance(error, psycopg.DataError) and "NUL" in f"{error}":
        return InvalidRecordError("A text holds a NUL character, which the store cannot keep.")
    for kind, words in _KINDS:
        if isinstance(error, kind):
            return told(words, place, _brief(error))
    if isinstance(error, psycopg.OperationalError | psycopg.InterfaceError):
        return told(_connecting(f"{error}"), place, _brief(error))
    return None


def told(words: _Words, place: str, error: str) -> RejoinderError:
    """An error of ours, in its words."""
    kind, detail = words
    return kind(detail.format(place=place, error=error))


def _connecting(message: str) -> _Words:
    """What a connection that was refused is told in words alone: libpq gives no code for it.

    Words of a server that speaks another language fall to the general case, which is right as well.
    """
    if "password" in message or "authentication" in message or "pg_hba" in message or "role " in message:
        return _REFUSED
    if "database " in message and "does not exist" in message:
        return _MISSING
    return _READ_ONLY if "session is read-only" in message else _UNREACHABLE


def _brief(error: psycopg.Error) -> str:
    """Its first line, without the full stop. libpq never repeats a password."""
    lines = (error.diag.message_primary or f"{error}").strip().splitlines()
    return lines[0].rstrip(".") if lines else type(error).__name__


@contextmanager
def translating(place: str) -> Iterator[None]:
    """Turn the trouble that PostgreSQL, or a record that no longer decodes, makes inside the block into ours.

    Raises:
        StoreError: or its subclass that fits.
    """
    try:
        yield
    except psycopg.Error as error:
        ours = translated(error, place)
        if ours is None:
            raise
        raise ours from error
    except msgspec.DecodeError as error:
        raise StoreCorruptError(f"A record in the store {place} cannot be read: {error}.") from error
