"""The port to people, their sessions, and the access log."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import NamedTuple, Protocol

from service.domain import Role
from service.people import AccessEvent, Person, Session


class Credentials(NamedTuple):
    """A person and the hash of their password; None where they have none."""

    person: Person
    password: str | None


class Identity(NamedTuple):
    """Who an OpenID provider says somebody is: unique among all providers, and never given to another."""

    issuer: str
    subject: str


class Tried(NamedTuple):
    """What attempts to sign in are counted under, and how many may fail before one has to wait."""

    what: str
    free: int


class People(Protocol):
    """People and sessions. Tokens come and are kept as digests only; every change of a person leaves a trace."""

    def create(  # noqa: PLR0913 - what there is to say of a person
        self,
        name: str,
        role: Role,
        *,
        actor: str,
        email: str | None = None,
        password: str | None = None,
        identity: Identity | None = None,
    ) -> Person:
        """Add a person. Raises `AlreadyExistsError` where the name, the e-mail address or the identity is taken."""
        ...

    def get(self, name: str) -> Person:
        """The person. Raises `NotFoundError`."""
        ...

    def every(self) -> list[Person]:
        """Everybody, in the order in which they came."""
        ...

    def credentials(self, name: str) -> Credentials | None:
        """Whom a password is asked of; None where there is nobody of that name."""
        ...

    def identified(self, identity: Identity) -> Person | None:
        """Whom an OpenID provider means."""
        ...

    def invited(self, email: str) -> Person | None:
        """Somebody of that e-mail address who has neither a password nor an identity yet."""
        ...

    def link(self, name: str, identity: Identity, *, actor: str) -> Person:
        """From now on the person signs in through a provider."""
        ...

    def set_role(self, name: str, role: Role, *, actor: str) -> Person:
        """Let a person do more, or less, at once. Raises `NotFoundError`."""
        ...

    def set_password(self, name: str, password: str, *, actor: str) -> Person:
        """Replace the hash; every session of the person ends. Raises `NotFoundError`."""
        ...

    def rehash(self, name: str, old: str, new: str) -> None:
        """Replace the hash of the same password, unless it has been replaced meanwhile."""
        ...

    def disable(self, name: str, *, actor: str) -> Person:
        """Let a person in no more; every session of theirs ends. Raises `NotFoundError`."""
        ...

    def enable(self, name: str, *, actor: str) -> Person:
        """Undo `disable`; sessions stay ended. Raises `NotFoundError`."""
        ...

    def open_session(self, digest: str, name: str, *, now: dt.datetime, ends_at: dt.datetime, most: int) -> Session:
        """Keep a session; of more than ``most`` of one person the oldest end. Raises `NotFoundError` if disabled."""
        ...

    def find_session(self, digest: str, *, now: dt.datetime, idle: dt.timedelta) -> Session | None:
        """Whose session it is; None once it has ended or was idle for too long. Notes its use once a minute."""
        ...

    def end_session(self, digest: str) -> None:
        """End one."""
        ...

    def attempt(self, tried: Sequence[Tried], *, now: dt.datetime) -> float:
        """Count an attempt to sign in as failed. Returns 0, or the seconds to wait, and then it does not count."""
        ...

    def succeeded(self, tried: Sequence[Tried]) -> None:
        """Take back what `attempt` has counted, and for the first of them all that was counted before."""
        ...

    def use_flow(self, digest: str, *, now: dt.datetime, until: dt.datetime) -> bool:
        """Note that a browser has come back from the OpenID provider. Returns False where it had come before.

        Args:
            digest: of what the browser was sent away with.
            now: this moment.
            until: how long it has to be remembered.
        """
        ...

    def log(self, since: int, limit: int) -> list[AccessEvent]:
        """Entries of the access log after a number, oldest first."""
        ...

    def verify_log(self) -> int:
        """Walk the chain. Returns the number of entries. Raises `StoreCorruptError` naming the first broken one."""
        ...
