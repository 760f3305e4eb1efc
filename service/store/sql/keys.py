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
from typing import Any, Final

import msgspec

from service.domain import ApiKey, Role
from service.errors import AlreadyExistsError, InvalidRecordError, InvalidTransitionError, NotFoundError
from service.store.sql import access_log
from service.store.sql.connection import Connection
from service.store.sql.tables import Tables
from service.store.sql.times import as_text, now

_COLUMNS: Final = ", ".join(ApiKey.__struct_fields__)
_SELECT: Final = f"SELECT {_COLUMNS} FROM api_key"  # noqa: S608 - our own names
_SHOWN: Final = 8
"""Characters of a key that a list shows, `rj_` and 30 of its 256 bits: enough to tell keys apart."""


def add_limits(tables: Tables) -> None:
    """Add what later keys have: a limit, an end, and the secret before a rotation."""
    columns = {"per_minute": int, "expires_at": str, "rotated_at": str, "previous_until": str}
    tables.add("api_key", columns | {"previous_sha256": str})
    tables.index("api_key", ["previous_sha256"], unique=True)


def digest(key: str) -> str:
    """What is stored of a key."""
    return hashlib.sha256(key.encode(errors="surrogatepass")).hexdigest()


def create(  # noqa: PLR0913 - what there is to say of a key
    db: Connection,
    name: str,
    role: Role,
    *,
    per_minute: int | None,
    expires_at: dt.datetime | None,
    actor: str,
) -> str:
    """Make a key. Raises `AlreadyExistsError`, also for the name of a revoked one: the log of its use stays its own."""
    if db.execute("SELECT 1 FROM api_key WHERE name = ?", (name,)).fetchone():
        raise AlreadyExistsError(f"There is a key named {name} already.", field="name")
    key = _secret()
    db.execute(
        "INSERT INTO api_key (name, role, prefix, sha256, created_at, per_minute, expires_at) "
        "VALUES (?, ?, ?, ?, ?, ?, ?)",
        (name, role, key[:_SHOWN], digest(key), as_text(now()), per_minute, _text(expires_at)),
    )
    access_log.append(db, actor, "key-created", f"key:{name}", f"role {role}, {_terms(per_minute, expires_at)}")
    return key


def rotate(db: Connection, name: str, grace: dt.timedelta, *, actor: str) -> str:
    """Give a key a new secret. The one before opens until the grace is over; the one before that no more.

    Raises:
        NotFoundError: there is no such key.
        InvalidTransitionError: it is revoked.
    """
    key, moment = _secret(), now()
    if get(db, name).revoked_at is not None:
        raise InvalidTransitionError(f"The key of {name} is revoked: make one with another name.")
    until = as_text(moment + grace) if grace else None
    db.execute(
        "UPDATE api_key SET previous_sha256 = CASE WHEN ?1 IS NULL THEN NULL ELSE sha256 END, previous_until = ?1, "
        "sha256 = ?2, prefix = ?3, rotated_at = ?4 WHERE name = ?5",
        (until, digest(key), key[:_SHOWN], as_text(moment), name),
    )
    told = f"the secret before opens until {until}" if until else "the secret before opens nothing"
    access_log.append(db, actor, "key-rotated", f"key:{name}", told)
    return key


def limit(db: Connection, name: str, *, per_minute: int | None, expires_at: dt.datetime | None, actor: str) -> ApiKey:
    """Replace the limits of a key. Raises `NotFoundError`."""
    get(db, name)
    db.execute(
        "UPDATE api_key SET per_minute = ?, expires_at = ? WHERE name = ?", (per_minute, _text(expires_at), name)
    )
    access_log.append(db, actor, "key-limited", f"key:{name}", _terms(per_minute, expires_at))
    return get(db, name)


def find(db: Connection, sha256: str, moment: dt.datetime) -> ApiKey | None:
    """The key with this hash, unless it is revoked or has expired, or was replaced and its grace is over."""
    row = db.execute(f"{_SELECT} WHERE sha256 = ? AND revoked_at IS NULL", (sha256,)).fetchone()
    if row is not None:
        return _unless_over(_key(row), moment)
    row = db.execute(f"{_SELECT} WHERE previous_sha256 = ? AND revoked_at IS NULL", (sha256,)).fetchone()
    key = None if row is None else _key(row)
    if key is None or key.previous_until is None or key.previous_until <= moment:
        return None
    return _unless_over(key, moment)


def touch(db: Connection, name: str, used_at: dt.datetime) -> None:
    """Note when a key was used."""
    db.execute("UPDATE api_key SET last_used_at = ? WHERE name = ?", (as_text(used_at), name))


def get(db: Connection, name: str) -> ApiKey:
    """The key of a name. Raises `NotFoundError`."""
    row = db.execute(f"{_SELECT} WHERE name = ?", (name,)).fetchone()
    if row is None:
        raise NotFoundError(f"There is no key named {name}.", field="name")
    return _key(row)


def every(db: Connection) -> list[ApiKey]:
    """Every key ever made, the oldest first."""
    return [_key(row) for row in db.execute(f"{_SELECT} ORDER BY rowid")]


def revoke(db: Connection, name: str, *, actor: str) -> ApiKey:
    """Close a key for good; one that is closed already keeps its date. Raises `NotFoundError`."""
    if get(db, name).revoked_at is None:
        db.execute("UPDATE api_key SET revoked_at = ? WHERE name = ?", (as_text(now()), name))
        access_log.append(db, actor, "key-revoked", f"key:{name}")
    return get(db, name)


def _secret() -> str:
    return "rj_" + base64.urlsafe_b64encode(secrets.token_bytes(32)).decode().rstrip("=")


def _unless_over(key: ApiKey, moment: dt.datetime) -> ApiKey | None:
    return None if key.expires_at is not None and key.expires_at <= moment else key


def _terms(per_minute: int | None, expires_at: dt.datetime | None) -> str:
    often = "requests as the settings say" if per_minute is None else f"{per_minute} requests a minute"
    often = "any number of requests" if per_minute == 0 else often
    return f"{often}, expires {_text(expires_at) or 'never'}"


def _text(moment: dt.datetime | None) -> str | None:
    try:
        return None if moment is None else as_text(moment.astimezone(dt.UTC))
    except OverflowError:
        raise InvalidRecordError(
            "Must be a moment between the years 1 and 9999 in UTC.", field="$.expires_at"
        ) from None


def _key(row: tuple[Any, ...]) -> ApiKey:
    return msgspec.convert(dict(zip(ApiKey.__struct_fields__, row, strict=True)), ApiKey)
