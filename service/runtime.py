"""Everything that answers claims, opened once and in order. The API and the command line both stand on this."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from embeddings.encoder import Encoder, load_encoder
from embeddings.stance import StanceModel, load_stance
from service.calibration import load_calibration
from service.catalog import Catalog
from service.check import Checker
from service.finder import Finder
from service.ingest import starter
from service.settings import Settings
from service.store import Store
from service.store.sqlite import SqliteStore

OnProgress = Callable[[str, int, int], None]


class Runtime:
    """The parts of a running service. Close it: that saves the index and lets go of the store."""

    def __init__(self, settings: Settings, store: Store, finder: Finder, checker: Checker, catalog: Catalog) -> None:
        self.settings = settings
        self.store = store
        self.finder = finder
        self.checker = checker
        self.catalog = catalog

    @classmethod
    def open(
        cls,
        settings: Settings,
        *,
        encoder: Encoder | None = None,
        stance: StanceModel | None = None,
        on_progress: OnProgress | None = None,
    ) -> Runtime:
        """Open the store, making it on first use, load the models, and bring vectors and index up to date.

        Args:
            settings: what the operator chose.
            encoder: instead of the one that the settings name.
            stance: instead of the one that ships.
            on_progress: told of work that takes long: what, how much is done, of how much.

        Raises:
            StoreError: the database is locked, damaged or cannot be written.
            WeightsError: a model's files are not what they should be.
            ImportError: the encoder needs the extra ``models``.
        """
        store = open_store(settings)
        try:
            calibration = load_calibration()
            encoder = encoder or load_encoder(settings.encoder, threads=settings.threads)
            stance = stance or load_stance(threads=settings.threads)
            index_path = settings.db.with_suffix(settings.db.suffix + ".index")
            finder = Finder(store, encoder, calibration.nearness, index_path=index_path)
            catalog = Catalog(finder, max_line=settings.max_line)
            checker = Checker(finder, stance, calibration, cache_size=settings.cache_size)
        except BaseException:
            store.close()
            raise
        runtime = cls(settings, store, finder, checker, catalog)
        told = on_progress or (lambda *_: None)
        asyncio.run(catalog.encode_missing(lambda done, total: told("Encoding records", done, total)))
        return runtime

    def ready(self) -> list[str]:
        """What is not ready yet; empty when claims can be answered."""
        return [] if self.finder.version >= 0 else ["index"]

    def close(self) -> None:
        """Finish what is running, save the index and close the store."""
        self.checker.close()
        self.finder.close()
        self.finder.save()
        self.store.close()


def open_store(settings: Settings) -> SqliteStore:
    """Open the store alone, with the starter corpus if the settings say so: for work that needs no model.

    Raises:
        StoreError: the database is locked, damaged or cannot be written.
    """
    store = SqliteStore.open(settings.db)
    try:
        if settings.starter:
            starter.refresh(store)
    except BaseException:
        store.close()
        raise
    return store
