"""What watches are told, and the queue of its delivery: one table is both, so neither can miss what the other has."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

import msgspec

from service.errors import InvalidTransitionError, NotFoundError, RejoinderError
from service.ids import random_id
from service.store.sql import watch_rows, watch_work
from service.store.sql.connection import Connection
from service.store.sql.filters import cursor_after, last_of
from service.store.sql.times import as_text, from_ms, ms, now, now_text
from service.store.watches import DeliveryState, Due, EventPage, Notice, Outcome, WatchEvent

KEPT: Final = 1_000
"""Events of one watch: as many may wait for delivery, and as many others are kept for the feed."""

_DIGITS: Final = 18
_COLUMNS: Final = WatchEvent.__struct_fields__
_LIST: Final = ", ".join("w.id AS watch_id" if name == "watch_id" else f"v.{name}" for name in _COLUMNS)
_FROM: Final = "FROM watch_event v JOIN watch w ON w.number = v.watch"
_SELECT: Final = f"SELECT {_LIST} {_FROM}"
# The turn of a delivery among those of its host, and of its owner: a receiver that hangs holds up its own deliveries
# alone, and who has many receivers that hang holds up no other owner.
_TURNS: Final = (
    "SELECT number, id, host FROM (SELECT v.number, v.id, v.next_at, w.host, "  # noqa: S608 - our own names
    "row_number() OVER (PARTITION BY w.host ORDER BY v.next_at, v.number) AS turn, "
    "row_number() OVER (PARTITION BY w.owner ORDER BY v.next_at, v.number) AS own "
    f"{_FROM} WHERE v.state = 'pending' AND v.next_at <= ? AND {watch_work.OPEN}) turns "
    "WHERE turn <= ? ORDER BY own, next_at, number"
)
_DUE: Final = f"SELECT {_LIST}, w.url, w.host, w.secret, w.old_secret, w.old_until {_FROM} WHERE v.number = ?"


class Wanted(NamedTuple):
    """Which events a page is of; None: of all."""

    watch_id: str | None
    owner: str | None
    state: DeliveryState | None
    place: int
    limit: int


def insert(db: Connection, notice: Notice) -> int | None:
    """Put a notice into the feed and, where the watch has an address, into the queue.

    Returns:
        Its number; None where the watch is gone.
    """
    query = "SELECT number, url, disabled_at FROM watch WHERE id = ?"
    row = db.execute(query, (notice.watch_id,)).fetchone()
    if row is None:
        return None
    watch, url, disabled = row
    number, at = watch_work.next_number(db), now()
    state, error = _first_state(db, watch, url, disabled=disabled is not None)
    values = (number, random_id("msg"), watch, notice.type, as_text(at), notice.body, state)
    due = ms(at) if state == "pending" else None
    db.execute(
        "INSERT INTO watch_event (number, id, watch, type, at, body, state, attempts, next_at, error) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, 0, ?, ?)",
        (*values, due, error),
    )
    _trim(db, watch)
    return number


def tell(db: Connection, notice: Notice) -> WatchEvent:
    """As `insert`, and give it back. Raises `NotFoundError`."""
    number = insert(db, notice)
    if number is None:
        raise NotFoundError("There is no such watch, or it is another key's.")
    return _event(db.execute(f"{_SELECT} WHERE v.number = ?", (number,)).fetchone())


def page(db: Connection, wanted: Wanted) -> EventPage:
    """Events behind a place, the oldest first. Raises `NotFoundError` for a watch that is not there."""
    where: list[str] = ["v.number > ?"]
    values: list[int | str] = [wanted.place]
    if wanted.watch_id is not None:
        where.append("v.watch = ?")
        values.append(watch_rows.number_of(db, wanted.watch_id, wanted.owner))
    for column, value in (("w.owner", wanted.owner), ("v.state", wanted.state)):
        if value is not None:
            where.append(f"{column} = ?")
            values.append(value)
    query = f"{_SELECT} WHERE {' AND '.join(where)} ORDER BY v.number LIMIT ?"
    items = [_event(row) for row in db.execute(query, (*values, wanted.limit + 1))]
    more, items = len(items) > wanted.limit, items[: wanted.limit]
    return EventPage(items, cursor_after(f"{items[-1].number if items else wanted.place}"), more)


def retry(db: Connection, event_id: str, watch_id: str | None, owner: str | None) -> WatchEvent:
    """Put an event into the queue again, as if it were new.

    Raises:
        NotFoundError: there is none of that id, or it is another owner's.
        InvalidTransitionError: its watch has no address, or one that was stopped.
    """
    row = db.execute(
        f"SELECT v.number, w.id, w.owner, w.url, w.disabled_why {_FROM} WHERE v.id = ?",
        (event_id.encode(errors="replace").decode(),),
    ).fetchone()
    if row is None or watch_id not in (None, row[1]) or owner not in (None, row[2]):
        raise NotFoundError("There is no such delivery, or it is another key's.")
    number, _, _, url, why = row
    if url is None:
        raise InvalidTransitionError("The watch has no address: its events are in the feed.")
    if why is not None:
        raise InvalidTransitionError(f"Nothing is sent to this address any more: {why} Enable the watch first.")
    query = "UPDATE watch_event SET state = 'pending', attempts = 0, next_at = ?, error = NULL WHERE number = ?"
    db.execute(query, (ms(now()), number))
    return _event(db.execute(f"{_SELECT} WHERE v.number = ?", (number,)).fetchone())


def due(db: Connection, sending: Mapping[str, str], each_host: int, limit: int) -> list[Due]:
    """Deliveries whose time has come, the longest due of each owner first, so many of one host at most."""
    moment = ms(now())
    taken = Counter(sending.values())
    chosen: list[int] = []
    # Those that are being sent are due as well: so many more must be looked at to find each host's next ones.
    for number, event_id, host in db.execute(_TURNS, (moment, now_text(), each_host + len(sending))):
        if event_id in sending or taken[host] >= each_host:
            continue
        taken[host] += 1
        chosen.append(number)
        if len(chosen) == limit:
            break
    rows = (db.execute(_DUE, (number,)).fetchone() for number in chosen)
    return [_due(row, moment) for row in rows if row is not None]  # its watch may have been deleted in between


def _due(row: Sequence[Any], moment: int) -> Due:
    url, host, secret, old, until = row[len(_COLUMNS) :]
    return Due(_event(row[: len(_COLUMNS)]), url, host, (secret, old) if old and until > moment else (secret,))


def settle(db: Connection, event_id: str, outcome: Outcome) -> None:
    """Note what became of an attempt, and stop the address where the receiver asked for it."""
    at = now_text() if outcome.state == "delivered" else None
    due_at = None if outcome.next_at is None else ms(outcome.next_at)
    row = db.execute(
        "UPDATE watch_event SET state = ?, attempts = attempts + 1, next_at = ?, delivered_at = ?, error = ? "
        "WHERE id = ? AND state = 'pending' RETURNING watch",
        (outcome.state, due_at, at, outcome.error, event_id),
    ).fetchone()
    if row is None or outcome.disable is None:
        return
    watch_rows.disable(db, row[0], outcome.disable)
    query = "UPDATE watch_event SET state = 'dead', next_at = NULL, error = ? WHERE watch = ? AND state = 'pending'"
    db.execute(query, (outcome.disable, row[0]))


def place_of(cursor: str | None) -> int:
    """The number that a page begins behind. Raises `RejoinderError` for a cursor that is not ours."""
    if cursor is None:
        return 0
    last = last_of(cursor)
    if not (last.isascii() and last.isdecimal() and len(last) <= _DIGITS):
        raise RejoinderError(
            "This is not a cursor of this list: take `next_cursor` of the page before.", field="cursor"
        )
    return int(last)


def _first_state(db: Connection, watch: int, url: str | None, *, disabled: bool) -> tuple[DeliveryState, str | None]:
    if url is None:
        return "none", None
    if disabled:
        return "dead", "The address was stopped before: enable the watch, then retry."
    query = "SELECT count(*) FROM watch_event WHERE watch = ? AND state = 'pending'"
    if db.execute(query, (watch,)).fetchone()[0] >= KEPT:
        return "dead", f"{KEPT:,} deliveries of this watch waited already."
    return "pending", None


def _trim(db: Connection, watch: int) -> None:
    """Let go of the oldest events of a watch that has more than are kept; none that waits for delivery."""
    last = "SELECT number FROM watch_event WHERE watch = ? ORDER BY number DESC LIMIT 1 OFFSET ?"
    query = f"DELETE FROM watch_event WHERE watch = ? AND state != 'pending' AND number <= ({last})"  # noqa: S608 - our own text
    db.execute(query, (watch, watch, KEPT))


def _event(row: Sequence[Any]) -> WatchEvent:
    fields = dict(zip(_COLUMNS, row, strict=True))
    if fields["next_at"] is not None:
        fields["next_at"] = from_ms(fields["next_at"])
    return msgspec.convert(fields, WatchEvent)
