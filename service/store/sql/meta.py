"""Small facts about the store itself."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Final

from service.store.sql.connection import Connection

STORE_ID: Final = "store_id"
_INSERT: Final = "INSERT INTO meta (name, value) VALUES (?, ?) ON CONFLICT (name)"
_PUT: Final = f"{_INSERT} DO UPDATE SET value = excluded.value"


def storable(text: str) -> str:
    """Text that an engine can take: a lone surrogate or NUL, which no stored text holds, becomes a question mark."""
    return text.encode(errors="replace").decode().replace("\0", "?")


def among(ids: Iterable[str]) -> str:
    """Ids as one parameter, JSON: a statement stays the same whatever their number, and is prepared once."""
    return json.dumps([storable(one) for one in ids])


def get(db: Connection, name: str) -> str | None:
    """The value, or None."""
    row = db.execute("SELECT value FROM meta WHERE name = ?", (storable(name),)).fetchone()
    return None if row is None else str(row[0])


def put(db: Connection, name: str, value: str) -> None:
    """Remember a value. Raises `ValueError` for the store's id: the event log is sealed with it."""
    if name == STORE_ID:
        raise ValueError("a store keeps its id")
    db.execute(_PUT, (storable(name), storable(value)))


def settle(db: Connection, name: str, value: str) -> str:
    """Remember a value unless there is one already. Returns the one that there is now."""
    db.execute(f"{_INSERT} DO NOTHING", (storable(name), storable(value)))
    return str(get(db, name))
