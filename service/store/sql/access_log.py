"""The access log: who did what to which key or person. Append-only, and each entry seals the one before."""

from __future__ import annotations

import hashlib
from typing import Any, Final

import msgspec

from service.errors import StoreCorruptError
from service.people import AccessEvent, Door
from service.store.sql import meta
from service.store.sql.connection import Connection
from service.store.sql.events import canonical, genesis
from service.store.sql.tables import Tables
from service.store.sql.times import now

_COLUMNS: Final = AccessEvent.__struct_fields__
_LIST: Final = ", ".join(_COLUMNS)
_INSERT: Final = f"INSERT INTO access_log ({_LIST}) VALUES ({', '.join('?' * len(_COLUMNS))})"  # noqa: S608 - our own names


def lay_out(tables: Tables) -> None:
    """Make the table."""
    entry = {"number": int, "at": str, "actor": str, "action": str, "subject": str, "detail?": str}
    tables.create("access_log", {**entry, "previous": str, "hash": str}, pk="number")
    tables.make_append_only("access_log", "number")


def append(db: Connection, actor: str, action: Door, subject: str, detail: str | None = None) -> None:
    """Add an entry, in the transaction of what it tells of."""
    row = db.execute("SELECT number, hash FROM access_log ORDER BY number DESC LIMIT 1").fetchone()
    number, previous = row or (0, _first(db))
    event = AccessEvent(
        number=number + 1,
        at=now(),
        actor=meta.storable(actor),
        action=action,
        subject=subject,
        detail=detail,
        previous=previous,
        hash="",
    )
    event = msgspec.structs.replace(event, hash=sha256(event))
    db.execute(_INSERT, tuple(msgspec.to_builtins(event).values()))


def sha256(event: AccessEvent) -> str:
    """SHA-256 over the canonical JSON of every field but `hash`."""
    fields = msgspec.to_builtins(event)
    del fields["hash"]
    return hashlib.sha256(canonical(fields)).hexdigest()


def since(db: Connection, number: int, limit: int) -> list[AccessEvent]:
    """Entries after a number, oldest first."""
    query = f"SELECT {_LIST} FROM access_log WHERE number > ? ORDER BY number LIMIT ?"  # noqa: S608 - our own names
    return [_event(row) for row in db.execute(query, (number, limit))]


def verify(db: Connection) -> int:
    """Walk the chain. Returns the number of entries. Raises `StoreCorruptError` naming the first that does not fit."""
    previous, number = _first(db), 0
    for row in db.execute(f"SELECT {_LIST} FROM access_log ORDER BY number"):  # noqa: S608 - our own names
        event = _event(row)
        number += 1
        if event.number != number or event.previous != previous or event.hash != sha256(event):
            raise StoreCorruptError(f"The access log is broken at entry {number}, which is missing or was changed.")
        previous = event.hash
    return number


def _first(db: Connection) -> str:
    """What the first entry calls the one before. Not what the event log begins with: no entry fits there."""
    return genesis(f"{meta.get(db, meta.STORE_ID)} access log")


def _event(row: tuple[Any, ...]) -> AccessEvent:
    return msgspec.convert(dict(zip(_COLUMNS, row, strict=True)), AccessEvent)
