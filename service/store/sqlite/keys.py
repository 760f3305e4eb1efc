"""API keys: shown once, kept as a hash.

A key is 256 random bits, so SHA-256 is enough: slow password hashes make guessing dear, and nobody guesses 256 bits.
The key is found by looking its hash up in an index; how long that takes tells of the hash only, from which no key can
be worked out.
"""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import secrets
import sqlite3
from typing import Any, Final

import msgspec

from service.domain import ApiKey, Role
from service.errors import AlreadyExistsError, NotFoundError
from service.store.sqlite.times import as_text, now_text

_COLUMNS: Final = ", ".join(ApiKey.__struct_fields__)
_SHOWN: Final = 8
"""Characters of a key that a list shows, `rj_` and 30 of its 256 bits: enough to tell keys apart."""


def digest(key: str) -> str:
    """What is stored of a key."""
    return hashlib.sha256(key.encode(errors="surrogatepass")).hexdigest()


def create(db: sqlite3.Connection, name: str, role: Role) -> str:
    """Make a key. Raises `AlreadyExistsError`, also for the name of a revoked one: the log of its use stays its own."""
    if db.execute("SELECT 1 FROM api_key WHERE name = ?", (name,)).fetchone():
        raise AlreadyExistsError(f"There is a key named {name} already.", field="name")
    key = "rj_" + base64.urlsafe_b64encode(secrets.token_bytes(32)).decode().rstrip("=")
    db.execute(
        "INSERT INTO api_key (name, role, prefix, sha256, created_at) VALUES (?, ?, ?, ?, ?)",
        (name, role, key[:_SHOWN], digest(key), now_text()),
    )
    return key


def find(db: sqlite3.Connection, sha256: str) -> ApiKey | None:
    """The key with this hash, unless it is revoked."""
    query = f"SELECT {_COLUMNS} FROM api_key WHERE sha256 = ? AND revoked_at IS NULL"  # noqa: S608 - our own names
    row = db.execute(query, (sha256,)).fetchone()
    return None if row is None else _key(row)


def touch(db: sqlite3.Connection, name: str, used_at: dt.datetime) -> None:
    """Note when a key was used."""
    db.execute("UPDATE api_key SET last_used_at = ? WHERE name = ?", (as_text(used_at), name))


def every(db: sqlite3.Connection) -> list[ApiKey]:
    """Every key ever made, the oldest first."""
    return [_key(row) for row in db.execute(f"SELECT {_COLUMNS} FROM api_key ORDER BY rowid")]  # noqa: S608 - our own names


def revoke(db: sqlite3.Connection, name: str) -> ApiKey:
    """Close a key for good; one that is closed already keeps its date. Raises `NotFoundError`."""
    db.execute("UPDATE api_key SET revoked_at = ? WHERE name = ? AND revoked_at IS NULL", (now_text(), name))
    row = db.execute(f"SELECT {_COLUMNS} FROM api_key WHERE name = ?", (name,)).fetchone()  # noqa: S608 - our own names
    if row is None:
        raise NotFoundError(f"There is no key named {name}.", field="name")
    return _key(row)


def _key(row: tuple[Any, ...]) -> ApiKey:
    return msgspec.convert(dict(zip(ApiKey.__struct_fields__, row, strict=True)), ApiKey)
