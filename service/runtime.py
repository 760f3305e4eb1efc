"""Everything that answers claims, opened once and in order. The API and the command line both stand on this."""

from __future__ import annotations

import asyncio
import glob
import hashlib
import logging
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

import platformdirs

from embeddings.encoder import MULTILINGUAL, SHIPPED, Encoder, load_encoder, multilingual_installed
from embeddings.stance import StanceModel, load_stance
from service.catalog import Catalog
from service.check import Checker
from service.encoders import Encoded, EncoderError, Ledger, State, refuse_foreign
from service.finder import Finder
from service.function_words import foreign_query_words
from service.ingest import starter
from service.parts import Around, Fitted, Parts, fitted_for, index_path, make_parts
from service.polyglot import load_foreign
from service.searched import follow_replicas, searched_by
from service.settings import Settings
from service.similar import Neighbours
from service.store import Store
from service.store.opening import open_place
from service.store.sql import SqlStore

OnProgress = Callable[[str, int, int], None]

_LOG: Final = logging.getLogger(__name__)


class Runtime:
    """The parts of a running service. Close it: that saves the index and lets go of the store.

    Attributes:
        settings: what the operator chose.
        store: of the records.
        world: for claims that are not in English, where there is one.
        parts: all that depends on the encoder; see `service.parts.Parts`. `turn` replaces it.
        pinned: the encoder was chosen for this process alone, so it does not follow the store.
        stance: reads pairs, with any encoder.
    """

    def __init__(self, settings: Settings, store: Store, finder: Finder, checker: Checker, catalog: Catalog) -> None:
        self.settings = settings
        self.store = store
        self.world: Finder | None = None
        self.parts = Parts(finder, checker, catalog)
        self.pinned = True
        self.stance: StanceModel | None = None

    @property
    def finder(self) -> Finder:
        """Searches with the encoder."""
        return self.parts.finder

    @property
    def checker(self) -> Checker:
        """Judges claims."""
        return self.parts.checker

    @property
    def catalog(self) -> Catalog:
        """Writes records."""
        return self.parts.catalog

    @property
    def neighbours(self) -> Neighbours:
        """Finds records like one."""
        return self.parts.neighbours

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

        The encoder is the one that the settings name, else the one that the store says; see `service.encoders`.

        Args:
            settings: what the operator chose.
            encoder: instead of the one that the settings name.
            multilingual: likewise, for claims that are not in English.
            stance: instead of the one that ships.
            on_progress: told of work that takes long: what, how much is done, of how much.

        Raises:
            StoreError: the database is locked, damaged or cannot be written.
            WeightsError: a model's files are not what they should be.
            ImportError: an encoder that the settings name needs an extra that is not installed.
            EncoderError: the encoder that the store says cannot be used here.
        """
        store = open_store(settings)
        try:
            follow_replicas(settings, store)
            pinned = encoder is not None or settings.encoder is not None
            state = Ledger(store).state()
            if encoder is None:
                encoder = load_chosen(settings, state)
            stance = stance or load_stance(threads=settings.threads)
            multilingual = multilingual or load_multilingual(settings)
            encoded = _known(settings, state, encoder)
            fitted = fitted_for(encoder, encoded, settings.profile)
            told = on_progress or (lambda *_: None)
            finder = _home(settings, store, encoder, fitted, encoded, told=told)
            world = None if multilingual is None else _world(settings, store, multilingual, told)
            around = Around(stance, world, settings.max_line, settings.cache_size)
            parts = make_parts(finder, fitted, around, encoded)
        except BaseException:
            store.close()
            raise
        runtime = cls(settings, store, finder, parts.checker, parts.catalog)
        runtime.parts, runtime.world, runtime.stance, runtime.pinned = parts, world, stance, pinned
        if parts.uncalibrated:
            _LOG.warning("%s", parts.uncalibrated)
        if pinned and state.active is not None and state.active.model != finder.model:
            _LOG.warning("This process answers with %s; the store says %s.", finder.model, state.active.model)
        asyncio.run(parts.catalog.encode_missing(lambda done, total: told("Encoding records", done, total)))
        return runtime

    def prepare(self, encoded: Encoded, encoder: Encoder | None = None) -> Parts:
        """Make the parts of another encoder ready, beside those that answer. Takes long: not for the event loop.

        Args:
            encoded: what the store says of it.
            encoder: where it is loaded already.

        Raises:
            EncoderError: it cannot be used here, or is not the one that the store was encoded with.
            StoreError: the store cannot be read.
        """
        encoder = encoder or load_encoded(encoded, self.settings)
        fitted = fitted_for(encoder, encoded, self.settings.profile)
        finder = _home(self.settings, self.store, encoder, fitted, encoded, told=lambda *_: None)
        self.stance = self.stance or load_stance(threads=self.settings.threads)
        around = Around(self.stance, self.world, self.settings.max_line, self.settings.cache_size)
        return make_parts(finder, fitted, around, encoded)

    def turn(self, parts: Parts) -> Parts:
        """From now on these parts answer. Returns the former ones, which their last user has to close."""
        former, self.parts = self.parts, parts
        return former

    def ready(self) -> list[str]:
        """What is not ready yet; empty when claims can be answered."""
        return [] if self.finder.version >= 0 else ["index"]

    def save(self) -> None:
        """Write the indexes beside the store."""
        for finder in filter(None, (self.finder, self.world)):
            finder.save()

    def close(self, *, save: bool = True) -> None:
        """Finish what is running, save the indexes unless another process does, and close the store."""
        self.parts.close()
        if self.world is not None:
            self.world.close()
        if save:
            self.save()
        self.store.close()


def load_chosen(settings: Settings, state: State) -> Encoder:
    """The encoder that the settings name, else the one that the store says, else the one that ships.

    Raises:
        WeightsError, ImportError, OSError, ValueError: the one of the settings cannot be loaded.
        EncoderError: the one of the store cannot be used here.
    """
    if settings.encoder is not None or state.active is None:
        return load_encoder(settings.encoder, threads=settings.threads)
    try:
        return load_encoded(state.active, settings)
    except EncoderError as error:
        help_ = "Put it in place, name another for this process with REJOINDER_ENCODER, or run: rejoinder reindex back"
        raise EncoderError(f"The store is answered by {state.active.model}. {error.detail} {help_}") from error


def load_encoded(encoded: Encoded, settings: Settings) -> Encoder:
    """The encoder that a store was encoded with.

    Raises:
        EncoderError: it is not to be had, is another one now, or is none that the operator lets a store choose.
    """
    if encoded.encoder not in (None, SHIPPED, MULTILINGUAL):
        refuse_foreign(encoded.encoder, settings.encoders)
    encoder = load_named(encoded.encoder, threads=settings.threads)
    found = f"{encoder.name}@{encoder.revision}"
    # The one that ships may be a newer one after an upgrade: its vectors are then made when the runtime opens.
    if encoded.encoder is not None and found != encoded.model:
        raise EncoderError(f"At {encoded.encoder} there is {found}, not {encoded.model}.")
    return encoder


def load_named(name_or_folder: str | None, *, threads: int = 1) -> Encoder:
    """Load an encoder. Raises `EncoderError` with what to do where it is not to be had."""
    try:
        return load_encoder(name_or_folder, threads=threads)
    except (ImportError, OSError, ValueError, RuntimeError) as error:
        raise EncoderError(f"The encoder {name_or_folder or 'that ships'} cannot be used: {error}.") from error


def present_of(state: State, *, threads: int = 1) -> Encoded:
    """The encoder that a store is answered by, also where nobody has ever chosen one."""
    active = state.active
    if active is not None and active.encoder is not None:
        return active
    # After an upgrade the one that ships is another than the store was encoded with: it is the one that answers.
    ships = encoded_by(load_named(None, threads=threads), None)
    return ships if active is None or active.model != ships.model else active


def encoded_by(encoder: Encoder, name_or_folder: str | None) -> Encoded:
    """What is to be said of an encoder that the store does not know."""
    return Encoded(encoder=name_or_folder, model=f"{encoder.name}@{encoder.revision}", dim=encoder.dim)


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


def _known(settings: Settings, state: State, encoder: Encoder) -> Encoded:
    """What the store says of an encoder, or, of one that it does not know, what is to be said."""
    made = encoded_by(encoder, settings.encoder)
    known = state.of(made.model)
    # While it is being encoded, its index's file would be one that does not know what is added quietly.
    return known if known is not None and known.whole else made


def _beside(settings: Settings, store: Store) -> Path:
    """Where indexes of a store are kept: beside its file, or, of one on a server, in the platform's cache folder."""
    if isinstance(settings.db, Path):
        return settings.db
    folder = Path(platformdirs.user_cache_dir("rejoinder", appauthor=False))
    folder.mkdir(parents=True, exist_ok=True)
    # The id comes from the store, which may be a stranger's: it names no way out of the folder.
    return folder / (store.id if store.id.isalnum() else hashlib.sha256(store.id.encode()).hexdigest())


def forget_index(settings: Settings, store: Store, encoded: Encoded) -> None:
    """Remove the index's files of an encoder that nobody goes back to, as far as they are on this machine."""
    path = index_path(_beside(settings, store), encoded.run)
    for file in path.parent.glob(f"{glob.escape(path.name)}*"):
        with suppress(OSError):  # a system may keep what a process has mapped; nobody believes it any more
            file.unlink(missing_ok=True)


def _home(  # noqa: PLR0913 - each is a part of what a finder is
    settings: Settings, store: Store, encoder: Encoder, fitted: Fitted, encoded: Encoded, *, told: OnProgress
) -> Finder:
    path = index_path(_beside(settings, store), encoded.run)
    indexes = searched_by(settings, store, encoder, told)
    return Finder(store, encoder, fitted.calibration.nearness, index_path=path, indexes=indexes)


def _world(settings: Settings, store: Store, encoder: Encoder, told: OnProgress) -> Finder:
    beside = _beside(settings, store)
    path = beside.with_name(f"{beside.name}.world.index")
    indexes = searched_by(settings, store, encoder, told)
    nearness = load_foreign().nearness
    return Finder(store, encoder, nearness, index_path=path, cut=foreign_query_words, indexes=indexes)


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
