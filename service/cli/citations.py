"""``rejoinder citations``: whether the pages that records cite are there and still say it."""

from __future__ import annotations

import datetime as dt
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, get_args

import click

from service.cli.plain import visible
from service.cli.store import db_option, existing_store, note, settings_for
from service.domain import LinkState
from service.places import Place

if TYPE_CHECKING:
    from service.citations.reports import CitationReport
    from service.citations.verifying import Checked, OnChecked, Report
    from service.store import Store

_BROKEN: Final = frozenset({"changed", "dead"})
_ROW: Final = "{:<12} {:<16} {}  {}"
_PIECE: Final = 100


@click.group()
def citations() -> None:
    """Check the pages that records cite, and list what became of them.

    \b
    Example:
      rejoinder citations verify
      rejoinder citations list --state dead
    """  # noqa: D301 - click reads the backslash, and a raw docstring would show it


@citations.command(epilog="Exit code: 0, or 1 if a page that was asked is dead or no longer says what is quoted.")
@click.option(
    "--limit", type=click.IntRange(1, 1_000_000), default=1_000, show_default=True, help="Addresses asked at most."
)
@click.option(
    "--older-than",
    type=click.FloatRange(0, 3_650),
    default=7,
    show_default=True,
    metavar="DAYS",
    help="Leave out what was checked less long ago; what could not be reached is asked again after a day.",
)
@click.option("--record", metavar="ID", help="The citations of this record alone, whatever its status.")
@click.option(
    "--save-hashes",
    is_flag=True,
    help="Keep the hash of each page that is fine and has none, so that a later change of its text is seen.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a citation, as it is checked.")
@db_option
def verify(  # noqa: PLR0913 - one parameter an option: click passes them so
    *, limit: int, older_than: float, record: str | None, save_hashes: bool, as_json: bool, db: Place | None
) -> int:
    """Ask each cited page whether it is there and still says what is quoted.

    One request at a time to a host, with a pause; robots.txt and Retry-After are honoured. Each result is kept at
    once: after an interruption the same command goes on. Records are not changed.

    \b
    Examples:
      rejoinder citations verify --limit 100
      rejoinder citations verify --record cn-mfa-pakistan-rare-earth-samples-us --older-than 0
    """  # noqa: D301 - click reads the backslash, and a raw docstring would show it
    import asyncio

    from service.citations.verifying import Verifier
    from service.outbound import Outbound

    settings = settings_for(db)
    broken: list[str] = []
    with existing_store(db) as store:
        if record is not None:
            store.get(record)
        verifier = Verifier(store, Outbound(private=settings.outbound_private))
        with _progress() as tell:
            told = _telling(tell, broken, as_json=as_json)
            run = verifier.run(
                limit=limit,
                older_than=dt.timedelta(days=older_than),
                record=record,
                keep_hashes=save_hashes,
                on_checked=told,
            )
            try:
                report = asyncio.run(run)
            except KeyboardInterrupt:
                note("Interrupted. What was checked is kept; the same command goes on.")
                raise
    if not as_json:
        for line in broken:
            click.echo(line)
    _summary(report, as_json=as_json)
    return 1 if _BROKEN & report.states.keys() else 0


@citations.command("list")
@click.option("--state", type=click.Choice(get_args(LinkState)), help="Only citations in this state.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a citation, as GET /v1/citations answers.")
@db_option
def list_(*, state: LinkState | None, as_json: bool, db: Place | None) -> None:
    """List the citations of published records with the state of their pages."""
    import msgspec

    with existing_store(db) as store:
        for report in _all(store, state):
            if as_json:
                click.echo(msgspec.json.encode(report))
            else:
                click.echo(_line(report.state, report.why, report.rebuttal_id, report.citation.url, report.final_url))


def _all(store: Store, state: LinkState | None) -> Iterator[CitationReport]:
    from service.citations.reports import page

    cursor: str | None = None
    while True:
        found = page(store, state, cursor=cursor, limit=_PIECE)
        yield from found.items
        cursor = found.next_cursor
        if cursor is None:
            return


def _telling(tell: OnChecked, broken: list[str], *, as_json: bool) -> OnChecked:
    """What is done with each result: it moves the bar, and is printed now (JSON) or at the end (a line)."""
    import msgspec

    def told(checked: Checked, done: int, total: int) -> None:
        link = checked.link
        for mark in checked.marks:
            name, place = mark.cited.rebuttal_id, mark.cited.place
            if as_json:
                facts = {"rebuttal_id": name, "place": place, "url": link.url, "state": mark.state, "why": mark.why}
                facts |= {"status": link.status, "final_url": link.final_url, "checked_at": link.checked_at}
                click.echo(msgspec.json.encode(facts))
            elif mark.state != "fine":
                broken.append(_line(mark.state, mark.why, name, link.url, link.final_url))
        tell(checked, done, total)

    return told


def _line(state: str, why: str | None, name: str, url: str, final_url: str | None) -> str:
    to = f" -> {final_url}" if state == "moved" else ""
    return visible(_ROW.format(state, why or "", name, url + to))


def _summary(report: Report, *, as_json: bool) -> None:
    counted = Counter(report.states)
    found = ", ".join(f"{counted[state]:,} {state}" for state in get_args(LinkState) if counted[state])
    asked = "1 address" if report.addresses == 1 else f"{report.addresses:,} addresses"
    text = f"Checked {asked}{': ' + found if found else ''}."
    if report.postponed:
        text += f" {report.postponed:,} left for later, as their hosts asked for."
    (note if as_json else click.echo)(text)


@contextmanager
def _progress() -> Iterator[OnChecked]:
    """A bar on a terminal's standard error; nothing in a pipe or a log."""
    if not sys.stderr.isatty():
        yield lambda _checked, _done, _total: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("Asking pages", total=None)
        yield lambda _checked, done, total: bar.update(task, completed=done, total=total)
