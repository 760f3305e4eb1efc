"""Where a runtime searches: in indexes of its own, or in the database that holds the store."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Final

from embeddings.encoder import Encoder
from service.indexes import Searched
from service.places import Address
from service.remote import SCALE, Remote
from service.settings import Settings, SettingsError
from service.store import Store

if TYPE_CHECKING:
    from service.store.postgres import PostgresStore

MANY: Final = 1_000_000
"""Passages from which ``auto`` searches in the database: the index of one process takes about 1 GB there."""
_LOG: Final = logging.getLogger(__name__)

OnProgress = Callable[[str, int, int], None]


def searched_by(settings: Settings, store: Store, encoder: Encoder, on_progress: OnProgress) -> Searched | None:
    """What searches the store for an encoder; None where a finder's own indexes are to.

    Where the operator has asked for the database, what is missing there is made.

    Raises:
        SettingsError: the store is a file, which cannot search.
        StoreError: the database cannot be asked, or its pgvector is too old.
    """
    if settings.search == "memory":
        return None
    if not isinstance(settings.db, Address):
        if settings.search == "database":
            raise SettingsError("Setting refused: only a store on PostgreSQL can search. Set REJOINDER_SEARCH=memory.")
        return None
    database = _database(store)
    model = f"{encoder.name}@{encoder.revision}"
    prepared = database.searching.prepared(model)
    if settings.search == "database" and not prepared.whole:
        database.searching.prepare(model, encoder.dim, on_progress)
    elif settings.search == "auto" and (prepared.passages < MANY or not prepared.whole):
        if prepared.passages >= MANY:
            _LOG.warning(
                "Each process searches %d passages in its memory; `rejoinder store index` lets the database search.",
                prepared.passages,
            )
        return None
    return searching(database, encoder)


def searching(database: PostgresStore, encoder: Encoder) -> Remote:
    """Searches of a database that is prepared for an encoder."""
    model = f"{encoder.name}@{encoder.revision}"
    # Read where searches are read, so that replicas answer for a primary that is gone.
    dropped = partial(database.read, lambda one: one.encodings.dropped(model))
    return Remote(database.searcher(model=model, dim=encoder.dim, scale=SCALE), dropped)


def follow_replicas(settings: Settings, store: Store) -> None:
    """Let the replicas that the operator named answer for the store.

    Raises:
        SettingsError: the store is a file, of which there are none.
        StoreError: one of them is no address.
    """
    if not settings.replicas:
        return
    if not isinstance(settings.db, Address):
        raise SettingsError("Setting refused: only a store on PostgreSQL has replicas. Leave REJOINDER_REPLICAS out.")
    _database(store).read_from(
        [one.text for one in settings.replicas],
        behind_s=settings.replica_seconds,
        alone_s=settings.replica_alone_seconds,
    )


def _database(store: Store) -> PostgresStore:
    from service.store.postgres import PostgresStore  # noqa: PLC0415 - its libraries are an extra

    if not isinstance(store, PostgresStore):
        raise TypeError(f"{store!r} is no store on PostgreSQL")
    return store
