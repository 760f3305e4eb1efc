"""Keys and people, for administrators."""

from __future__ import annotations

import datetime as dt
from collections.abc import Generator
from typing import Any

from rejoinder_client import _routes as routes
from rejoinder_client._calls import Call
from rejoinder_client._methods import Group, R, call
from rejoinder_client.models.access import AccessEvent, ApiKey, Person, Secret
from rejoinder_client.models.bodies import (
    KeyBody,
    LimitsBody,
    LogQuery,
    PasswordBody,
    PersonBody,
    RoleBody,
    RotationBody,
)
from rejoinder_client.models.words import Role

_A_DAY: dt.timedelta = dt.timedelta(days=1)


class Keys(Group[R]):
    """The keys of programs."""

    @call
    def list(self) -> Generator[Call[Any], Any, tuple[ApiKey, ...]]:
        """Every key ever made, the oldest first."""
        return (yield from routes.LIST_KEYS()).items

    @call
    def create(
        self, name: str, role: Role, *, per_minute: int | None = None, expires_at: dt.datetime | None = None
    ) -> Call[Secret]:
        """Make a key, which the answer shows this once.

        Args:
            name: how the log names it.
            role: what it may do.
            per_minute: requests in a minute; 0 for any number, None for what the operator has set.
            expires_at: from when it opens nothing; with a time zone.
        """
        return routes.CREATE_KEY(body=KeyBody(name=name, role=role, per_minute=per_minute, expires_at=expires_at))

    @call
    def limit(self, name: str, *, per_minute: int | None = None, expires_at: dt.datetime | None = None) -> Call[ApiKey]:
        """Replace both limits of a key; one that is left out is none."""
        return routes.LIMIT_KEY(name, body=LimitsBody(per_minute=per_minute, expires_at=expires_at))

    @call
    def rotate(self, name: str, *, grace: dt.timedelta = _A_DAY) -> Call[Secret]:
        """Give a key a new secret; the one before opens for ``grace`` longer."""
        return routes.ROTATE_KEY(name, body=RotationBody(grace=round(grace.total_seconds())))

    @call
    def revoke(self, name: str) -> Call[ApiKey]:
        """Let a key open nothing any more."""
        return routes.REVOKE_KEY(name)

    @call
    def log(self, *, since: int = 0, limit: int = 100) -> Generator[Call[Any], Any, tuple[AccessEvent, ...]]:
        """Who did what to which key or person, after the entry ``since``."""
        return (yield from routes.READ_ACCESS_LOG(query=LogQuery(since=since, limit=limit))).items


class People(Group[R]):
    """People who may sign in."""

    @call
    def list(self) -> Generator[Call[Any], Any, tuple[Person, ...]]:
        """Everybody who was ever let in."""
        return (yield from routes.LIST_PEOPLE()).items

    @call
    def create(self, name: str, role: Role, *, email: str | None = None, password: str | None = None) -> Call[Person]:
        """Let somebody sign in; without a password, through the OpenID provider that knows their address."""
        return routes.CREATE_PERSON(body=PersonBody(name=name, role=role, email=email, password=password))

    @call
    def set_role(self, name: str, role: Role) -> Call[Person]:
        """Give a person another role."""
        return routes.SET_ROLE(name, body=RoleBody(role=role))

    @call
    def set_password(self, name: str, password: str) -> Call[Person]:
        """Set a person's password, which ends every session of theirs."""
        return routes.SET_PASSWORD(name, body=PasswordBody(password=password))

    @call
    def disable(self, name: str) -> Call[Person]:
        """Let a person in no more."""
        return routes.DISABLE_PERSON(name)

    @call
    def enable(self, name: str) -> Call[Person]:
        """Let a person in again."""
        return routes.ENABLE_PERSON(name)
