"""``rejoinder store``: what a store on PostgreSQL needs to search by itself."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from service.cli.store import db_option, note, refuse_missing, settings_for, store_alone
from service.places import Address, Place

if TYPE_CHECKING:
    from service.settings import Settings
    from service.store.postgres import PostgresStore
    from service.store.postgres.searching import Prepared


@click.group()
def store() -> None:
    """Let a store on PostgreSQL search by itself.

    \b
    Example:
      rejoinder store index --db postgresql://rejoinder@db.example.org/rejoinder
    """  # noqa: D301 - click reads the backslash, and a raw docstring would show it


@store.command()
@click.option("--status", is_flag=True, help="Change nothing; say what there is.")
@click.option("--drop", is_flag=True, help="Remove it: writes no longer keep it, and processes search in memory again.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object that says what there is.")
@db_option
def index(*, status: bool, drop: bool, as_json: bool, db: Place | None) -> None:
    """Make what the database needs to search, while the service goes on.

    That is the words of the records, and an index over the vectors of each encoder in use. What is there is left as it
    is; what was interrupted is taken up again. From then on every write keeps it.

    \b
    Examples:
      rejoinder store index
      rejoinder store index --status
      rejoinder store index --drop
    """  # noqa: D301 - click reads the backslash, and a raw docstring would show it
    from service.settings import SettingsError

    settings = settings_for(db)
    if status and drop:
        raise click.UsageError("--status and --drop exclude each other.")
    if not isinstance(settings.db, Address):
        raise SettingsError(f"{settings.db} is a file: only a store on PostgreSQL can search. Name it with --db.")
    refuse_missing(settings, settings.db)
    from service.store.postgres import PostgresStore  # not earlier: its libraries are an extra

    with store_alone(settings) as opened:
        if not isinstance(opened, PostgresStore):
            raise TypeError(f"{settings.db} was opened as another engine's store")
        if drop:
            opened.searching.drop()
        dims = {} if drop else _dims(settings, opened)
        if not status:
            _prepare(opened, dims)
        there = {model: opened.searching.prepared(model) for model in dims}
    _tell(there, as_json=as_json, dropped=drop)


def _dims(settings: Settings, opened: PostgresStore) -> dict[str, int]:
    """The encoders that a service with these settings searches with, or will after a switch: by model its length."""
    from service.encoders import Ledger
    from service.runtime import load_chosen, load_multilingual

    state = Ledger(opened).state()
    loaded = filter(None, (load_chosen(settings, state), load_multilingual(settings)))
    dims = {f"{one.name}@{one.revision}": one.dim for one in loaded}
    if state.next is not None and state.next.whole:
        dims[state.next.model] = state.next.dim
    return dims


def _prepare(opened: PostgresStore, dims: dict[str, int]) -> None:
    def told(what: str, done: int, total: int) -> None:
        if sys.stderr.isatty():
            click.echo(f"\r{what}: {done:,} of {total:,}", err=True, nl=done >= total)

    for model, dim in dims.items():
        opened.searching.prepare(model, dim, told)


def _tell(there: dict[str, Prepared], *, as_json: bool, dropped: bool) -> None:
    if as_json:
        import msgspec

        click.echo(msgspec.json.encode({model: {**one._asdict(), "whole": one.whole} for model, one in there.items()}))
        return
    if dropped:
        note("The database keeps nothing to search with any more.")
    for model, one in there.items():
        state = "can search" if one.whole else "cannot search yet: run `rejoinder store index`"
        words = "no words are kept" if one.unworded is None else f"{one.unworded:,} records lack their words"
        note(
            f"{model}: the database {state}. {one.passages:,} passages, {one.graphs} of {one.parts} indexes, {words}; "
            f"{one.kilobytes / 1024:,.0f} MB on its disk."
        )
