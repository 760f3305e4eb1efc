"""``rejoinder watches``: standing questions, and what became of their webhooks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

import click

from service.cli.store import db_option, existing_store, note
from service.places import Place

if TYPE_CHECKING:
    import datetime as dt

    from service.store.watches import DeliveryState, Watch, Watches, WatchEvent

_PAGE: Final = 500
_WATCH_ROW: Final = "{:<38} {:<8} {:<20} {:<9} {}"
_DELIVERY_ROW: Final = "{:<36} {:<21} {:<17} {:<10} {:>5}  {}"
_STATES: Final = ("none", "pending", "delivered", "dead")
_json_option = click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")


@click.group()
def watches() -> None:
    """Look at standing questions, and send what did not arrive again.

    \b
    Examples:
      rejoinder watches list
      rejoinder watches deliveries --state dead
      rejoinder watches retry --all
    """  # noqa: D301 - click reads the backslash, and a raw docstring would show it


@watches.command("list")
@_json_option
@db_option
def list_(*, as_json: bool, db: Place | None) -> None:
    """List every watch, whoever asked for it."""
    with existing_store(db) as store:
        found = list(_every(store.watches))
    if as_json:
        _print_json(found)
    elif found:
        click.echo(_WATCH_ROW.format("ID", "KIND", "OWNER", "VERDICT", "TEXT"))
        for watch in found:
            click.echo(_line(watch))
    else:
        note("There are no watches. They are asked for with POST /v1/watches.")


@watches.command()
@click.argument("watch_id", metavar="ID")
@_json_option
@db_option
def show(watch_id: str, *, as_json: bool, db: Place | None) -> None:
    """Show one watch: what it asks, how its claim stands, and where its webhooks go."""
    from service.cli.plain import visible

    with existing_store(db) as store:
        watch = store.watches.get(watch_id)
    if as_json:
        _print_json([watch])
        return
    for name, value in _facts(watch):
        if value is not None:
            click.echo(f"{name:<12} {visible(value)}")


@watches.command()
@click.argument("watch_id", metavar="[ID]", required=False)
@click.option("--state", type=click.Choice(_STATES), help="Only those in this state; dead ones were given up.")
@_json_option
@db_option
def deliveries(watch_id: str | None, *, state: DeliveryState | None, as_json: bool, db: Place | None) -> None:
    """List what became of webhooks, of one watch or of all, the oldest first."""
    from service.cli.plain import visible

    with existing_store(db) as store:
        found = list(_deliveries(store.watches, watch_id, state))
    if as_json:
        _print_json(found)
        return
    if found:
        click.echo(_DELIVERY_ROW.format("ID", "TYPE", "AT", "STATE", "TRIES", "ERROR"))
    for event in found:
        at, error = _minute(event.at), visible(event.error or "")
        click.echo(_DELIVERY_ROW.format(event.id, event.type, at, event.state, event.attempts, error).rstrip())
    if not found:
        note("There are no such deliveries.")


@watches.command()
@click.argument("delivery_ids", metavar="[DELIVERY]...", nargs=-1)
@click.option("--all", "every", is_flag=True, help="All that were given up and whose address was not stopped.")
@_json_option
@db_option
def retry(delivery_ids: tuple[str, ...], *, every: bool, as_json: bool, db: Place | None) -> int:
    """Put deliveries into the queue again; a running service sends them at once.

    Exit code 1: some could not be put there.
    """
    from service.errors import RejoinderError

    if bool(delivery_ids) == every:
        raise click.UsageError("Name deliveries, or say --all: rejoinder watches deliveries --state dead lists them.")
    done: list[WatchEvent] = []
    refused = 0
    with existing_store(db) as store:
        wanted = [one.id for one in _deliveries(store.watches, None, "dead")] if every else list(delivery_ids)
        for name in wanted:
            try:
                done.append(store.watches.retry(name))
            except RejoinderError as error:
                refused += 1
                note(f"{name}: {error.detail}")
    if as_json:
        _print_json(done)
    note(f"Queued {len(done):,} of {len(wanted):,} deliveries.")
    return 1 if refused else 0


@watches.command()
@click.argument("watch_id", metavar="ID")
@db_option
def delete(watch_id: str, *, db: Place | None) -> None:
    """Delete a watch with its text, its events and what waits for delivery, for good."""
    with existing_store(db) as store:
        store.watches.remove(watch_id)
    note(f"Deleted the watch {watch_id}.")


def _every(watches: Watches) -> Iterator[Watch]:
    cursor = None
    while True:
        page = watches.page(owner=None, cursor=cursor, limit=_PAGE)
        yield from page.items
        cursor = page.next_cursor
        if cursor is None:
            return


def _deliveries(watches: Watches, watch_id: str | None, state: DeliveryState | None) -> Iterator[WatchEvent]:
    cursor = None
    while True:
        page = watches.deliveries(watch_id=watch_id, owner=None, state=state, cursor=cursor, limit=_PAGE)
        yield from page.items
        cursor = page.next_cursor
        if not page.more:
            return


def _print_json(found: list[Watch] | list[WatchEvent]) -> None:
    import msgspec

    for one in found:
        click.echo(msgspec.json.encode(one))


def _line(watch: Watch) -> str:
    from service.cli.plain import visible

    label = watch.stand.label if watch.stand else "-"
    text = visible(watch.text)
    stopped = "  (address stopped)" if watch.disabled_at else ""
    return _WATCH_ROW.format(watch.id, watch.kind, visible(watch.owner), label, text[:60]) + stopped


def _facts(watch: Watch) -> list[tuple[str, str | None]]:
    stand = watch.stand
    return [
        ("Watch", watch.id),
        ("Owner", watch.owner),
        ("Kind", watch.kind),
        ("Text", watch.text),
        ("Language", watch.language),
        ("Authority", watch.authority),
        ("Asked", _minute(watch.created_at)),
        ("Verdict", stand.label if stand else None),
        ("Record", stand.rebuttal_id if stand else None),
        ("Webhook", watch.url),
        ("Stopped", f"{_minute(watch.disabled_at)}: {watch.disabled_why}" if watch.disabled_at else None),
    ]


def _minute(at: dt.datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M}Z"
