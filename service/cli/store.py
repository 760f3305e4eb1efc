"""What every command shares: which store, opened how, and what a first use tells the person who waits."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

import click

from service.errors import StoreError
from service.places import Place, place_of

if TYPE_CHECKING:
    from service.runtime import Runtime
    from service.settings import Settings
    from service.store.sql import SqlStore

Decorated = TypeVar("Decorated", bound=Callable[..., object])


class _PlaceType(click.ParamType[Place]):
    """A file or a database."""

    name = "path"

    def convert(self, value: object, _param: click.Parameter | None, _ctx: click.Context | None) -> Place:
        return place_of(f"{value}")


PLACE: Final = _PlaceType()


def db_option(command: Decorated) -> Decorated:
    """Add ``--db`` to a command."""
    return click.option(
        "--db",
        "--store",
        "db",
        type=PLACE,
        help="The store: a file, or postgresql://… Default: REJOINDER_DB, else your own store.",
    )(command)


def settings_for(db: Place | None, **chosen: object) -> Settings:
    """The settings of this run: the command line before the environment.

    Raises:
        SettingsError: a value does not fit.
        StoreError: the path cannot be a store's.
    """
    from service.settings import Settings

    settings = Settings.from_environment(os.environ, db=db, **chosen)
    if isinstance(settings.db, Path) and settings.db.is_dir():
        raise StoreError(
            f"{settings.db} is a directory; --db names the store's file, for example {settings.db}/rejoinder.db."
        )
    return settings


@contextmanager
def store_alone(settings: Settings) -> Iterator[SqlStore]:
    """The store without the models: opens at once."""
    from service.runtime import open_store

    store = open_store(settings)
    try:
        yield store
    finally:
        store.close()


@contextmanager
def existing_store(db: Place | None) -> Iterator[SqlStore]:
    """As `store_alone`, but a store that was named must be there: a misspelt path must not become a new one.

    Raises:
        StoreError: it is not; says what to do.
    """
    settings = settings_for(db)
    refuse_missing(settings, db)
    with store_alone(settings) as store:
        yield store


def refuse_missing(settings: Settings, named: Place | None) -> None:
    """Raise `StoreError` for a store that was named and is not there."""
    from service.store.opening import exists

    if named is not None and not exists(settings.db):
        raise StoreError(f"There is no store at {settings.db}. Make one with: rejoinder init --db {settings.db}")


@contextmanager
def runtime_for(settings: Settings) -> Iterator[Runtime]:
    """Everything that answers claims; says on standard error what a first use is waiting for."""
    from service.runtime import Runtime
    from service.settings import SettingsError

    tell_first_use(settings)
    try:
        runtime = Runtime.open(settings, on_progress=_tell)
    except (ImportError, OSError, ValueError) as error:
        if settings.encoder is None:
            raise
        raise SettingsError(f"REJOINDER_ENCODER={settings.encoder} cannot be used: {error}") from error
    try:
        yield runtime
    finally:
        runtime.close()


def tell_first_use(settings: Settings) -> None:
    """Say what a first use is waiting for; a database is made by whoever runs the server, and knowingly."""
    if isinstance(settings.db, Path) and not settings.db.exists():
        note(f"First use: making the store {settings.db}. This happens once.")


def note(message: str) -> None:
    """Say something to the person without getting into the output."""
    click.echo(message, err=True)


def _tell(stage: str, done: int, total: int) -> None:
    if sys.stderr.isatty():
        click.echo(f"\r{stage}: {done:,} of {total:,}", err=True, nl=done >= total)
