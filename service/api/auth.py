"""Who may do what: API keys as bearer tokens (RFC 6750), roles that include one another."""

from __future__ import annotations

import datetime as dt
import hashlib
import time
from collections.abc import Awaitable, Callable
from typing import Any, Final

from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler

from service.api.backend import Backend, backend_of
from service.api.bodies import Asked
from service.api.problems import ProblemError
from service.domain import ApiKey, Role

Connection = ASGIConnection[Any, Any, Any, Any]
Guard = Callable[[Connection, BaseRouteHandler], Awaitable[None]]

RANKS: Final[tuple[Role, ...]] = ("reader", "editor", "publisher", "admin")
_REMEMBERED_S: Final = 2.0
_MOST_REMEMBERED: Final = 1_024
_LONGEST_KEY: Final = 512


class KeyRing:
    """Looks keys up in the store. Remembers them for two seconds: so long may a revoked one still work."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._known: dict[bytes, tuple[float, ApiKey]] = {}

    async def find(self, key: str) -> ApiKey | None:
        """Who a key belongs to; None where it opens nothing."""
        digest = hashlib.sha256(key.encode()).digest()
        known = self._known.get(digest)
        if known and known[0] > time.monotonic():
            return known[1]
        self._known.pop(digest, None)
        store = self._backend.runtime.store
        found = await self._backend.call(store.find_key, key, now=dt.datetime.now(dt.UTC))
        if found:
            if len(self._known) >= _MOST_REMEMBERED:
                self._known.clear()
            self._known[digest] = (time.monotonic() + _REMEMBERED_S, found)
        return found


def needs(role: Role) -> Guard:
    """A guard that lets a key of this role, or of one above it, pass."""

    async def guard(connection: Connection, _: BaseRouteHandler) -> None:
        await _admit(connection, role)

    return guard


async def reads(connection: Connection, _: BaseRouteHandler) -> None:
    """The guard of what only reads: open unless the settings ask for keys. A key that is sent must be good."""
    connection.scope["auth"] = None
    if "authorization" in connection.headers or backend_of(connection).settings.reads_need_key:
        await _admit(connection, "reader")


def actor_of(request: Asked) -> str:
    """How the event log names whoever sent this request."""
    key: ApiKey = request.scope["auth"]
    return f"key:{key.name}"


def sees_drafts(request: Asked) -> bool:
    """Drafts are not published: whoever may edit sees them, the public does not."""
    key: ApiKey | None = request.scope["auth"]
    return key is not None and RANKS.index(key.role) >= RANKS.index("editor")


def key_needed(detail: str) -> ProblemError:
    """The problem that asks for a key."""
    return ProblemError("key-needed", detail, headers={"WWW-Authenticate": 'Bearer realm="rejoinder"'})


async def _admit(connection: Connection, role: Role) -> None:
    scheme, _, token = connection.headers.get("authorization", "").partition(" ")
    token = token.strip()
    if scheme.lower() != "bearer" or not token:
        raise key_needed(f"This needs a key of the role {role} or above.")
    ring: KeyRing = connection.scope["litestar_app"].state["keys"]
    key = await ring.find(token) if len(token) <= _LONGEST_KEY else None
    if key is None:
        raise key_needed("The key is unknown or has been revoked.")
    if RANKS.index(key.role) < RANKS.index(role):
        raise ProblemError("not-allowed", f"This needs the role {role} or above; the key has the role {key.role}.")
    connection.scope["auth"] = key
