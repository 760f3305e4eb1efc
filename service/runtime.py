"""Everything that answers claims, opened once and in order. The API and the command line both stand on this."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import platformdirs

from embeddings.encoder import MULTILINGUAL, Encoder, load_encoder, multilingual_installed
from embeddings.stance import StanceModel, load_stance
from service.calibration import Calibration, load_calibration
from service.catalog import Catalog
from service.check import Checker
from service.finder import Finder
from service.function_words import foreign_query_words
from service.ingest import starter
from service.polyglot import PolyglotChecker, World, load_foreign
from service.settings import Settings
from service.similar import Neighbours
from service.store import Store
from service.store.opening import open_place
from service.store.sql import SqlStore

OnProgress = Callable[[str, int, int], None]


class Runtime:
    """The parts of a running service. Close it: that saves the index and lets go of the store."""

    def __init__(self, settings: Settings, store: Store, finder: Finder, checker: Checker, catalog: Catalog) -> None:
        self.settings = settings
        self.store = store
        self.finder = finder
        self.world: Finder | None = None  # for claims that are not in English, where there is one
        self.checker = checker
        self.catalog = catalog
        self.neighbours = Neighbours(finder, checker)

    @classmethod
    def open(
        cls,
        settings: Settings,
        *,
        encoder: Encoder | None = None,
        multilingual: Encoder | None = None,
        stance: StanceModel | None = None,
        on_progress: OnProgress | None = None,
    ) -> Runtime:
        """Open the store, making it on first use, load the models, and bring vectors and index up to date.

        Args:
            settings: what the operator chose.
            encoder: instead of the one that the settings name.
            multilingual: likewise, for claims that are not in English.
            stance: instead of the one that ships.
            on_progress: told of work that takes long: what, how much is done, of how much.

        Raises:
            StoreError: the database is locked, damaged or cannot be written.
            WeightsError: a model's files are not what they should be.
            ImportError: an encoder needs an extra that is not installed.
        """
        store = open_store(settings)
        try:
            calibration = load_calibration(settings.profile)
            encoder = encoder or load_encoder(settings.encoder, threads=settings.threads)
            stance = stance or load_stance(threads=settings.threads)
            multilingual = multilingual or load_multilingual(settings)
            finder = Finder(store, encoder, calibration.nearness, index_path=_beside(settings, store, ".index"))
            world = None if multilingual is None else _world(settings, store, multilingual)
            catalog = Catalog(finder, max_line=settings.max_line, also=(world,) if world else ())
            checker = _checker(settings, finder, world, stance, calibration)
        except BaseException:
            store.close()
            raise
        runtime = cls(settings, store, finder, checker, catalog)
        runtime.world = world
        told = on_progress or (lambda *_: None)
        asyncio.run(catalog.encode_missing(lambda done, total: told("Encoding records", done, total)))
        return runtime

    def ready(self) -> list[str]:
        """What is not ready yet; empty when claims can be answered."""
        return [] if self.finder.version >= 0 else ["index"]

    def save(self) -> None:
        """Write the indexes beside the store."""
        for finder in filter(None, (self.finder, self.world)):
            finder.save()

    def close(self, *, save: bool = True) -> None:
        """Finish what is running, save the indexes unless another process does, and close the store."""
        self.checker.close()
        for finder in filter(None, (self.finder, self.world)):
            finder.close()
        if save:
            self.save()
        self.store.close()


def load_multilingual(settings: Settings) -> Encoder | None:
    """The encoder for claims that are not in English, as the settings choose it; None for none.

    Raises:
        WeightsError: the weights of the extra are not those that are expected.
        ImportError: an encoder was named and its extra is not installed.
    """
    choice = settings.multilingual
    if choice == "auto":
        choice = MULTILINGUAL if multilingual_installed() else "off"
    return None if choice == "off" else load_encoder(choice, threads=settings.threads)


def _beside(settings: Settings, store: Store, suffix: str) -> Path:
    """Where the index of a store is kept: beside its file, or, of one on a server, in the platform's cache folder."""
    if isinstance(settings.db, Path):
        return settings.db.with_suffix(settings.db.suffix + suffix)
    folder = Path(platformdirs.user_cache_dir("rejoinder", appauthor=False))
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f"{store.id}{suffix}"


def _world(settings: Settings, store: Store, encoder: Encoder) -> Finder:
    path = _beside(settings, store, ".world.index")
    return Finder(store, encoder, load_foreign().nearness, index_path=path, cut=foreign_query_words)


def _checker(
    settings: Settings, finder: Finder, world: Finder | None, stance: StanceModel, calibration: Calibration
) -> Checker:
    if world is None:
        return Checker(finder, stance, calibration, cache_size=settings.cache_size)
    abroad = World(world, load_foreign())
    return PolyglotChecker(finder, stance, calibration, world=abroad, cache_size=settings.cache_size)


def open_store(settings: Settings) -> SqlStore:
    """Open the store alone, with the starter corpus if the settings say so: for work that needs no model.

    Raises:
        StoreError: the database is locked, damaged, out of reach or cannot be written.
    """
    store = open_place(settings.db)
    try:
        if settings.starter:
            starter.refresh(store)
    except BaseException:
        store.close()
        raise
    return store
