"""People who sign in, and the log of who opened which door to whom. Imports only the domain's words."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

from service.domain import Role

MAX_PASSWORD: Final = 1_024

PersonName = Annotated[
    str,
    Meta(
        pattern=r"^[a-z0-9][a-z0-9._@+-]*$(?!\n)",
        max_length=100,
        description="What a person signs in with, such as an e-mail address: a-z, 0-9 and . _ @ + - only.",
        examples=["ann@example.org"],
    ),
]
KeyName = Annotated[
    str,
    Meta(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._@+-]*$(?!\n)",
        max_length=100,
        description="How the log names the key: letters, digits and . _ @ + - only.",
        examples=["newsroom-cms"],
    ),
]
Email = Annotated[
    str, Meta(pattern=r"^[^@\s\x00]+@[^@\s\x00]+$(?!\n)", max_length=254, description="An e-mail address.")
]
Password = Annotated[
    str, Meta(min_length=1, max_length=MAX_PASSWORD, description="At least 12 characters when it is chosen.")
]

Door = Literal[
    "key-created",
    "key-rotated",
    "key-revoked",
    "key-limited",
    "person-created",
    "person-linked",
    "person-role",
    "person-disabled",
    "person-enabled",
    "password-set",
    "encoder-switched",
]
"""What the access log tells of."""


class Person(Struct, frozen=True, kw_only=True):
    """Somebody who may sign in.

    Attributes:
        name: what they sign in with; never used again for another.
        role: what they may do.
        email: where they can be reached, and what an OpenID provider knows them by the first time.
        issuer: the OpenID provider that they sign in through; None where it is a password.
        created_at: when an administrator, or a first sign-in through a provider, made the entry.
        signed_in_at: the last time.
        disabled_at: since when they cannot sign in.
    """

    name: str
    role: Role
    email: str | None = None
    issuer: str | None = None
    created_at: dt.datetime
    signed_in_at: dt.datetime | None = None
    disabled_at: dt.datetime | None = None


class Session(Struct, frozen=True, kw_only=True):
    """Somebody who is signed in. The token itself is known to their browser only."""

    person: Person
    opened_at: dt.datetime
    used_at: dt.datetime
    ends_at: dt.datetime


class AccessEvent(Struct, frozen=True, kw_only=True):
    """Who did what to which key, person or encoder; sealed with the hash of the entry before.

    Attributes:
        number: from 1, without a gap.
        at: when.
        actor: ``key:NAME``, ``person:NAME``, or ``cli`` for whoever has the store's file in hand.
        action: what was done.
        subject: ``key:NAME``, ``person:NAME`` or ``encoder:MODEL``.
        detail: what there is to say, such as the role; never a secret.
        previous: `hash` of the entry before.
        hash: SHA-256 over the canonical JSON of every other field.
    """

    number: int
    at: dt.datetime
    actor: str
    action: Door
    subject: str
    detail: str | None = None
    previous: str
    hash: str
