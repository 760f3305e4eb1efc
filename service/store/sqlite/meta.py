"""Small facts about the store itself."""

from __future__ import annotations

import sqlite3
from typing import Final

STORE_ID: Final = "store_id"


def storable(text: str) -> str:
    """Text that SQLite can take: a lone surrogate, which no stored text holds, becomes a question mark."""
    return text.encode(errors="replace").decode()


def get(db: sqlite3.Connection, name: str) -> str | None:
    """The value, or None."""
    row = db.execute("SELECT value FROM meta WHERE name = ?", (storable(name),)).fetchone()
    return None if row is None else str(row[0])


def put(db: sqlite3.Connection, name: str, value: str) -> None:
    """Remember a value. Raises `ValueError` for the store's id: the event log is sealed with it."""
    if name == STORE_ID:
        raise ValueError("a store keeps its id")
    db.execute("INSERT OR REPLACE INTO meta (name, value) VALUES (?, ?)", (storable(name), storable(value)))


def settle(db: sqlite3.Connection, name: str, value: str) -> str:
    """Remember a value unless there is one already. Returns the one that there is now."""
    db.execute("INSERT OR IGNORE INTO meta (name, value) VALUES (?, ?)", (storable(name), storable(value)))
    return str(get(db, name))
