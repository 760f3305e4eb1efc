"""``rejoinder migrate-store``."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click

from service.cli.store import PLACE, note
from service.places import Place

_WIDTH = 24


@click.command("migrate-store")
@click.argument("source", type=PLACE, metavar="FROM")
@click.argument("target", type=PLACE, metavar="TO")
def migrate_store(*, source: Place, target: Place) -> None:
    """Copy a store from a file to PostgreSQL, or back, and hold the copy against it.

    FROM and TO are files or addresses. Stop the service first: what is written meanwhile would be lost, so the copy is
    given up then. FROM stays as it is. TO must be new or empty, and it is whole at the end or as it was before.

    \b
    Examples:
      rejoinder migrate-store newsroom.db postgresql://rejoinder@db.example.org/rejoinder
      rejoinder migrate-store postgresql://rejoinder@db.example.org/rejoinder copy.db
    """  # noqa: D301 - click reads the backslash, and a raw docstring would show it
    from service.store.moving import move

    with _progress() as told:
        moved = move(source, target, told)
    note(f"Moved {moved.rows:,} rows to {target} and found every one of them there.")
    note(f"The log of {moved.events:,} events is whole. Serve it with: rejoinder serve --db {target}")


@contextmanager
def _progress() -> Iterator[Callable[[str, int, int], None]]:
    """A bar on a terminal's standard error; nothing in a pipe or a log."""
    if not sys.stderr.isatty():
        yield lambda *_: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = (TextColumn(f"{{task.description:<{_WIDTH}}}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=None)
        yield lambda table, done, total: bar.update(task, description=table, completed=done, total=total)
