"""Which engine a place asks for. The engines are imported when they are needed: each has libraries of its own."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import TYPE_CHECKING

from service.errors import StoreError
from service.places import Address, Place

if TYPE_CHECKING:
    from service.store.postgres import PostgresStore
    from service.store.sql import SqlStore


def open_place(place: Place, *, create: bool = True, clock: Callable[[], dt.datetime] | None = None) -> SqlStore:
    """Open the store at a place, bringing its layout up to date; with `create` make it if it is not there.

    Raises:
        StoreError: or its subclass that fits; also where an engine's libraries are not installed.
    """
    options = {} if clock is None else {"clock": clock}
    if isinstance(place, Address):
        return _postgres().open(place.text, create=create, **options)
    from service.store.sqlite import SqliteStore  # noqa: PLC0415 - see above

    return SqliteStore.open(place, create=create, **options)


def exists(place: Place) -> bool:
    """Whether there is something at the place: a file, or a store in the database.

    Raises:
        StoreError: or its subclass that fits: the database cannot be asked.
    """
    return _postgres().exists(place.text) if isinstance(place, Address) else place.exists()


def _postgres() -> type[PostgresStore]:
    try:
        from service.store.postgres import PostgresStore  # noqa: PLC0415 - see above
    except ImportError as error:
        raise StoreError(
            f"A store on PostgreSQL needs the extra `postgres` ({error}): pip install 'rejoinder[postgres]'."
        ) from error
    return PostgresStore
