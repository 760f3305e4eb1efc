"""``rejoinder init``."""

from __future__ import annotations

from pathlib import Path

import click

from service.cli.store import note, runtime_for, settings_for, store_alone
from service.errors import AlreadyExistsError


@click.command()
@click.option(
    "--db",
    type=click.Path(path_type=Path),
    metavar="PATH",
    help="The new store's file. Default: your own store.",
)
@click.option("--empty", is_flag=True, help="Leave the starter corpus out, now and at every upgrade.")
def init(*, db: Path | None, empty: bool) -> None:
    """Make a new store, with the starter corpus unless told otherwise.

    \b
    Examples:
      rejoinder init --db newsroom.db
      rejoinder init --db ours.db --empty
    """  # noqa: D301 - click reads the backslash, and a raw docstring would show it
    settings = settings_for(db)
    if settings.db.exists():
        raise AlreadyExistsError(f"There is a file at {settings.db} already; nothing was changed.")
    if empty:
        from service.ingest import starter

        with store_alone(settings_for(db, starter=False)) as store:
            starter.decline(store)
        note(f"Made an empty store: {settings.db}")
        return
    with runtime_for(settings) as runtime:
        note(f"Made the store {settings.db} with {runtime.store.count():,} records.")
