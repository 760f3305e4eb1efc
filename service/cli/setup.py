"""``rejoinder init``."""

from __future__ import annotations

from pathlib import Path

import click

from service.cli.store import PLACE, note, runtime_for, settings_for, store_alone
from service.errors import AlreadyExistsError
from service.places import Place


@click.command()
@click.option(
    "--db", "--store", "db", type=PLACE, help="The new store: a file, or postgresql://… Default: your own store."
)
@click.option("--empty", is_flag=True, help="Leave the starter corpus out, now and at every upgrade.")
def init(*, db: Place | None, empty: bool) -> None:
    """Make a new store, with the starter corpus unless told otherwise.

    \b
    Examples:
      rejoinder init --db newsroom.db
      rejoinder init --db ours.db --empty
    """  # noqa: D301 - click reads the backslash, and a raw docstring would show it
    from service.store.opening import exists

    settings = settings_for(db)
    if exists(settings.db):
        what = "a file" if isinstance(settings.db, Path) else "a store"
        raise AlreadyExistsError(f"There is {what} at {settings.db} already; nothing was changed.")
    if empty:
        from service.ingest import starter

        with store_alone(settings_for(db, starter=False)) as store:
            starter.decline(store)
        note(f"Made an empty store: {settings.db}")
        return
    with runtime_for(settings) as runtime:
        note(f"Made the store {settings.db} with {runtime.store.count():,} records.")
