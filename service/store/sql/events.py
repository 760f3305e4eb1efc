"""The append-only log: who changed what, when and why, each entry sealed with the hash of the one before."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from typing import Any, Final

import msgspec

from service.domain import Event, Rebuttal, RebuttalContent
from service.errors import BrokenLogError
from service.store.sql.connection import Connection
from service.store.sql.records import CURRENT, columns, decode

_TELL_EVERY: Final = 1_000
_COLUMNS: Final = Event.__struct_fields__
_LIST: Final = ", ".join(_COLUMNS)
_SEALED: Final = (
    f"SELECT {', '.join('e.' + name for name in _COLUMNS)}, "  # noqa: S608 - our own names
    "r.rebuttal_id, r.revision, CAST(r.record AS BLOB) "
    "FROM event e LEFT JOIN revision r ON r.event = e.number WHERE e.number > ? ORDER BY e.number LIMIT ?"
)
_SINCE: Final = f"SELECT {_LIST} FROM event WHERE number > :number ORDER BY number LIMIT :limit"  # noqa: S608 - our own names
_SINCE_OF_RECORD: Final = _SINCE.replace(
    "ORDER", "AND number IN (SELECT event FROM revision WHERE rebuttal_id = :record) ORDER"
)
_ASTRAY: Final = (
    "SELECT l.rebuttal_id FROM (SELECT rebuttal_id, max(number) AS number FROM event GROUP BY rebuttal_id) l "
    "LEFT JOIN rebuttal b ON b.event = l.number AND b.id = l.rebuttal_id WHERE b.key IS NULL LIMIT 1"
)
_UNTOLD: Final = "SELECT id FROM rebuttal WHERE id NOT IN (SELECT rebuttal_id FROM event) LIMIT 1"
_REPEATED: Final = (
    "SELECT id, revision, status, language, authority, country, stated_on, updated_at, record "  # noqa: S608 - our own text
    f"FROM ({CURRENT} WHERE b.id > ? ORDER BY b.id LIMIT ?) standing ORDER BY id"
)
_INSERT: Final = f"INSERT INTO event ({_LIST}) VALUES ({', '.join('?' * len(_COLUMNS))})"  # noqa: S608 - our own names


def canonical(value: object) -> bytes:
    """JSON that is the same for the same meaning: keys in order, no white space, UTF-8, nothing null or empty.

    For what it covers this is RFC 8785 (there are no floating point numbers in a record). Leaving out what is null
    or empty means that a field added in a later version does not change the hash of a record that does not use it.
    """
    return msgspec.json.encode(_pruned(msgspec.to_builtins(value)), order="sorted")


def _pruned(value: object) -> object:
    if isinstance(value, dict):
        kept = {name: _pruned(part) for name, part in value.items()}
        return {name: part for name, part in kept.items() if part not in (None, [], {})}
    if isinstance(value, list | tuple):
        return [_pruned(part) for part in value]
    return value


def content_sha256(content: RebuttalContent) -> str:
    """SHA-256 over the canonical JSON of what an editor wrote, without the store's own fields."""
    names = RebuttalContent.__struct_fields__
    return hashlib.sha256(canonical({name: getattr(content, name) for name in names})).hexdigest()


def event_sha256(event: Event) -> str:
    """SHA-256 over the canonical JSON of every field of an event but `hash`: what the API shows is enough to check."""
    fields = msgspec.to_builtins(event)
    del fields["hash"]
    return hashlib.sha256(canonical(fields)).hexdigest()


def genesis(store_id: str) -> str:
    """What the first event calls the one before: SHA-256 of the store's id. So no log fits another store."""
    return hashlib.sha256(store_id.encode()).hexdigest()


def head(db: Connection) -> int:
    """Number of the last event; 0 when there is none."""
    return int(db.execute("SELECT coalesce(max(number), 0) FROM event").fetchone()[0])


def tail(db: Connection, store_id: str) -> tuple[int, str]:
    """Number and hash of the last event."""
    row = db.execute("SELECT number, hash FROM event ORDER BY number DESC LIMIT 1").fetchone()
    return (0, genesis(store_id)) if row is None else (row[0], row[1])


def seal(db: Connection, store_id: str, number: int) -> str:
    """The hash of an event; of 0, what the first one calls the one before; empty where there is no such event."""
    if number == 0:
        return genesis(store_id)
    row = db.execute("SELECT hash FROM event WHERE number = ?", (number,)).fetchone()
    return "" if row is None else str(row[0])


def append(db: Connection, events: Iterable[Event]) -> None:
    """Add sealed events."""
    db.executemany(_INSERT, (tuple(msgspec.to_builtins(event).values()) for event in events))


def since(db: Connection, number: int, limit: int, rebuttal_id: str | None) -> list[Event]:
    """Events after `number`, oldest first; of one record, found through its revisions, or of all."""
    query = _SINCE if rebuttal_id is None else _SINCE_OF_RECORD
    return [_event(row) for row in db.execute(query, {"number": number, "limit": limit, "record": rebuttal_id})]


def verify(db: Connection, store_id: str, on_progress: Callable[[int, int], None] | None = None) -> int:
    """Walk the log from its first event and hold every revision and every record against it.

    Raises:
        BrokenLogError: names the first event, or the record, that does not fit.
    """
    previous, number, total = genesis(store_id), 0, head(db)
    while piece := db.execute(_SEALED, (number, _TELL_EVERY)).fetchall():
        for row in piece:
            number += 1
            previous = _sealed(row, number, previous)
        if on_progress and number % _TELL_EVERY == 0:
            on_progress(number, total)
    _verify_records(db)
    return number


def _sealed(row: tuple[Any, ...], number: int, previous: str) -> str:
    """Hold one event, and the revision that it seals, against the one before. Returns its hash."""
    try:
        event = _event(row[: len(_COLUMNS)])
        whole = event.number == number and event.previous == previous and event.hash == event_sha256(event)
    except msgspec.ValidationError:
        whole = False
    if not whole:
        detail = f"The event log is broken at event {number}, which is missing or was changed."
        raise BrokenLogError(detail, event=number)
    try:
        kept = (event.rebuttal_id, event.revision) == row[-3:-1] and _seals(event, decode(row[-1]))
        detail = f"The record {event.rebuttal_id} is not what event {number} has sealed."
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        kept, detail = False, f"The record {event.rebuttal_id} of event {number} cannot be read: {error}."
    if not kept:
        raise BrokenLogError(detail, event=number, rebuttal_id=event.rebuttal_id)
    return event.hash


def _event(row: tuple[Any, ...]) -> Event:
    return msgspec.convert(dict(zip(_COLUMNS, row, strict=True)), Event)


def _seals(event: Event, record: Rebuttal) -> bool:
    told = (record.id, record.revision, record.updated_at, content_sha256(record))
    return told == (event.rebuttal_id, event.revision, event.at, event.content_sha256)


def _verify_records(db: Connection) -> None:
    """Each record must stand at its last event and say in its columns what its JSON says; none may be missing."""
    broken = db.execute(_ASTRAY).fetchone() or db.execute(_UNTOLD).fetchone() or _misread(db)
    if broken is not None:
        detail = f"The record {broken[0]} does not stand where its last event left it."
        raise BrokenLogError(detail, event=None, rebuttal_id=broken[0])


def _misread(db: Connection) -> list[Any] | None:
    """The first record whose columns do not say what its JSON says, the id in front."""
    last = ""
    while piece := db.execute(_REPEATED, (last, _TELL_EVERY)).fetchall():
        for *found, record in piece:
            if tuple(found) != columns(decode(record)):
                return list(found)
        last = piece[-1][0]
    return None
