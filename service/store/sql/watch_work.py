"""How far the log has been worked through for the watches, and which process does it."""

from __future__ import annotations

import datetime as dt
from typing import Final

import msgspec

from service.domain import Event
from service.store.sql import events
from service.store.sql.connection import Connection
from service.store.sql.records import decode
from service.store.sql.times import from_ms, ms, now_text
from service.store.watches import Backlog, Change

OPEN: Final = (
    "NOT EXISTS (SELECT 1 FROM api_key k WHERE w.owner = 'key:' || k.name AND "
    "(k.revoked_at IS NOT NULL OR k.expires_at <= ?)) AND "
    "NOT EXISTS (SELECT 1 FROM person p WHERE w.owner = 'person:' || p.name AND p.disabled_at IS NOT NULL)"
)
"""A condition on `watch w`: whoever it belongs to may still come in. Binds the present moment, as text."""

_EVENT: Final = Event.__struct_fields__
_CHANGES: Final = (
    f"SELECT {', '.join('e.' + name for name in _EVENT)}, "  # noqa: S608 - our own names
    "CAST(b.record AS BLOB), CAST(r.record AS BLOB) FROM event e JOIN revision r ON r.event = e.number "
    "LEFT JOIN revision b ON b.rebuttal_id = e.rebuttal_id AND b.revision = e.revision - 1 "
    "WHERE e.number > (SELECT cursor FROM watch_work) ORDER BY e.number LIMIT ?"
)
_DUE: Final = (
    "SELECT min(v.next_at) FROM watch_event v JOIN watch w ON w.number = v.watch "  # noqa: S608 - our own names
    f"WHERE v.state = 'pending' AND {OPEN}"
)


def next_number(db: Connection) -> int:
    """A number that was never given before: places of watches and events are not used again when those are deleted."""
    query = "UPDATE watch_work SET sequence = sequence + 1 RETURNING sequence"
    return int(db.execute(query).fetchone()[0])


def backlog(db: Connection) -> Backlog:
    """Whether there is work."""
    watched, cursor = db.execute("SELECT EXISTS (SELECT 1 FROM watch), cursor FROM watch_work").fetchone()
    if not watched:
        return Backlog(behind=False, due_at=None)
    (due,) = db.execute(_DUE, (now_text(),)).fetchone()
    return Backlog(behind=events.head(db) > cursor, due_at=None if due is None else from_ms(due))


def take_lease(db: Connection, holder: str, now: dt.datetime, seconds: float) -> bool:
    """Become, or stay, the holder, unless another one's time has not run out."""
    query = "UPDATE watch_work SET holder = ?, until = ? WHERE holder IS NULL OR holder = ? OR until < ?"
    until = ms(now) + round(seconds * 1000)
    return db.execute(query, (holder, until, holder, ms(now))).rowcount == 1


def drop_lease(db: Connection, holder: str) -> None:
    """Give the lease back, if it is the holder's."""
    db.execute("UPDATE watch_work SET holder = NULL, until = NULL WHERE holder = ?", (holder,))


def changes(db: Connection, limit: int) -> list[Change]:
    """Events that have not been worked through, each with the record before and after it."""
    count = len(_EVENT)
    return [
        Change(
            msgspec.convert(dict(zip(_EVENT, row[:count], strict=True)), Event),
            None if row[count] is None else decode(row[count]),
            decode(row[count + 1]),
        )
        for row in db.execute(_CHANGES, (limit,))
    ]


def start(db: Connection, since: int) -> None:
    """The first watch there is: nothing before it has to be worked through."""
    db.execute("UPDATE watch_work SET cursor = ?", (since,))


def cursor(db: Connection) -> int:
    """Number of the last event that was worked through."""
    return int(db.execute("SELECT cursor FROM watch_work").fetchone()[0])


def advance(db: Connection, holder: str, to: int, seen: int) -> bool:
    """Move on to an event. False where the lease is another's, or a watch came that these events are new to."""
    held = db.execute("SELECT 1 FROM watch_work WHERE holder = ? AND cursor < ?", (holder, to)).fetchone()
    query = f"SELECT 1 FROM watch w WHERE number > ? AND since < ? AND {OPEN}"  # noqa: S608 - our own text
    newer = db.execute(query, (seen, to, now_text())).fetchone()
    if not held or newer:
        return False
    db.execute("UPDATE watch_work SET cursor = ?", (to,))
    return True
