"""Keys of programs, people, and the log of who let whom in."""

from __future__ import annotations

import datetime as dt

from msgspec import Struct


class ApiKey(Struct, frozen=True, kw_only=True):
    """What is known of a key; the key itself is shown once, when it is made."""

    name: str
    role: str
    prefix: str
    created_at: dt.datetime
    last_used_at: dt.datetime | None = None
    revoked_at: dt.datetime | None = None
    per_minute: int | None = None
    expires_at: dt.datetime | None = None
    rotated_at: dt.datetime | None = None
    previous_until: dt.datetime | None = None


class Secret(Struct, frozen=True, kw_only=True):
    """A key, this once, and what is known of it."""

    key: str
    details: ApiKey

    def __repr__(self) -> str:
        return f"Secret(key='…', details={self.details!r})"


class Person(Struct, frozen=True, kw_only=True):
    """Somebody who may sign in."""

    name: str
    role: str
    email: str | None = None
    issuer: str | None = None
    created_at: dt.datetime
    signed_in_at: dt.datetime | None = None
    disabled_at: dt.datetime | None = None


class AccessEvent(Struct, frozen=True, kw_only=True):
    """Who did what to which key or person; sealed with the hash of the entry before."""

    number: int
    at: dt.datetime
    actor: str
    action: str
    subject: str
    detail: str | None = None
    previous: str
    hash: str
