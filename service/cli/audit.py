"""``rejoinder audit``: who changed which record, when and why, and whether that log is whole."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, NamedTuple

import click

from service.cli.plain import visible
from service.cli.store import db_option, note, settings_for
from service.errors import BrokenLogError
from service.places import Place

if TYPE_CHECKING:
    from service.domain import Event
    from service.store import Store
    from service.store.sql import SqlStore

_PIECE: Final = 500
_ROW: Final = "{:>7} {:<17} {:<20} {:<9} {}"


class _Seal(NamedTuple):
    """An event as it was noted once: its number and its hash."""

    number: int
    hash: str


class _SealType(click.ParamType[_Seal]):
    """``NUMBER:HASH``, as `rejoinder audit verify` prints it."""

    name = "seal"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> _Seal:
        if isinstance(value, _Seal):
            return value
        number, _, digest = str(value).partition(":")
        if not (number.isdecimal() and len(number) < 16 and int(number) and digest):  # noqa: PLR2004 - an int of SQLite
            self.fail("must be NUMBER:HASH, as `rejoinder audit verify` prints it.", param, ctx)
        return _Seal(int(number), digest.strip().lower())


@click.group()
def audit() -> None:
    """Read the log of every change to a record, and check that nobody has altered it.

    \b
    Example:
      rejoinder audit verify
      rejoinder audit log --record cn-mfa-pakistan-rare-earth-samples-us
    """  # noqa: D301 - click reads the backslash, and a raw docstring would show it


@audit.command(epilog="Exit code: 0, or 1 if the log is broken.")
@click.option(
    "--seen",
    type=_SealType(),
    metavar="NUMBER:HASH",
    help="Also check that this event, noted from an earlier run, is still what it was.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@db_option
def verify(*, seen: _Seal | None, as_json: bool, db: Place | None) -> int:
    """Walk the log and hold every revision of every record against it.

    Each event seals the one before with its hash. The last event's number and hash, kept elsewhere and given as --seen
    to a later run, also show a log that was made anew as a whole.
    """
    with _unchanged(db) as store:
        try:
            with _progress() as on_progress:
                number = store.verify_events(on_progress)
            last = store.events(number - 1, 1)[0].hash if number else None
            _check_seen(store, seen)
        except BrokenLogError as error:
            _report_broken(error, as_json=as_json)
            return 1
    _report_whole(number, last, as_json=as_json)
    return 0


@audit.command()
@click.option("--record", metavar="ID", help="Events of this record alone.")
@click.option("--since", type=click.IntRange(0, 2**53), default=0, metavar="N", help="Events after this number.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object an event, as GET /v1/events shows it.")
@db_option
def log(*, record: str | None, since: int, as_json: bool, db: Place | None) -> None:
    """List who changed which record, when and why, the oldest change first."""
    with _unchanged(db) as store:
        if record is not None:
            store.get(record)
        if as_json:
            import msgspec

            for event in _events(store, since, record):
                click.echo(msgspec.json.encode(event))
        else:
            click.echo(_ROW.format("EVENT", "AT", "BY", "DID", "RECORD"))
            for event in _events(store, since, record):
                click.echo(_line(event))


@contextmanager
def _unchanged(db: Place | None) -> Iterator[SqlStore]:
    """The store as it is: looking at the log must not refresh the starter corpus, nor make a store."""
    from service.store.opening import open_place

    with open_place(settings_for(db).db, create=False) as store:
        yield store


@contextmanager
def _progress() -> Iterator[Callable[[int, int], None] | None]:
    """A bar on a terminal's standard error; nothing in a pipe or a log."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("Events"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("events", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _check_seen(store: Store, seen: _Seal | None) -> None:
    found = store.events(seen.number - 1, 1) if seen else []
    if seen and (not found or found[0].number != seen.number or found[0].hash != seen.hash):
        detail = f"Event {seen.number} is missing or is not the one that was seen: the log was made anew."
        raise BrokenLogError(detail, event=seen.number)


def _report_broken(error: BrokenLogError, *, as_json: bool) -> None:
    if as_json:
        import msgspec

        broken = {"whole": False, "event": error.event, "rebuttal_id": error.rebuttal_id, "error": error.detail}
        click.echo(msgspec.json.encode(broken))
    else:
        note(visible(f"rejoinder: {error.detail}"))


def _report_whole(number: int, last: str | None, *, as_json: bool) -> None:
    if as_json:
        import msgspec

        click.echo(msgspec.json.encode({"whole": True, "events": number, "hash": last}))
    elif last is None:
        click.echo("The log is whole. There are no events yet.")
    else:
        counted = "1 event" if number == 1 else f"{number:,} events"
        click.echo(f"The log is whole: {counted}. The last one is {number}:{last}")


def _events(store: Store, since: int, record: str | None) -> Iterator[Event]:
    while piece := store.events(since, _PIECE, record):
        yield from piece
        since = piece[-1].number


def _line(event: Event) -> str:
    why = f" ({event.reason})" if event.reason else ""
    what = f"{event.rebuttal_id} revision {event.revision}{why}"
    cells = (f"{event.number}", f"{event.at:%Y-%m-%d %H:%M}Z", event.actor, event.action, what)
    return _ROW.format(*(visible(cell) for cell in cells))
