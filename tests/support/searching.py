"""A finder whose store searches by itself."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from embeddings.encoder import Encoder
from service.calibration import Nearness
from service.finder import Finder
from service.remote import Remote
from service.searched import searching
from service.store.postgres import PostgresStore


def remote(store: PostgresStore, encoder: Encoder) -> Remote:
    """What a runtime searches with that has prepared its store."""
    store.searching.prepare(f"{encoder.name}@{encoder.revision}", encoder.dim, lambda *_: None)
    return searching(store, encoder)


@contextmanager
def finding_in(store: PostgresStore, encoder: Encoder, nearness: Nearness) -> Iterator[Finder]:
    """A finder over a store that is prepared for it. Its index file is none: nothing may be written there."""
    nowhere = Path("/nonexistent/store.index")
    finder = Finder(store, encoder, nearness, index_path=nowhere, indexes=remote(store, encoder))
    try:
        yield finder
    finally:
        finder.close()
