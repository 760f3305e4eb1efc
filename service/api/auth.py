"""Who may do what: API keys as bearer tokens (RFC 6750), people by the cookie of their session, one order of roles."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
import time
from collections.abc import Awaitable, Callable
from typing import Any, Final, Literal, NamedTuple

from litestar.handlers import BaseRouteHandler

from service.api.backend import Backend, backend_of
from service.api.bodies import Asked, keep_body
from service.api.cookies import SAFE, Connection, derived, from_our_pages, same, token_in
from service.api.headers import header
from service.api.problems import ProblemError
from service.api.rates import Rates, Taking, state_of
from service.domain import ApiKey, Role
from service.people import Session

Guard = Callable[[Connection, BaseRouteHandler], Awaitable[None]]

RANKS: Final[tuple[Role, ...]] = ("reader", "editor", "publisher", "admin")
CSRF_HEADER: Final = "x-csrf-token"
CSRF_FIELD: Final = "csrf_token"
# The token alone, which no encoding of forms changes: taking a whole form apart can take seconds.
_TOKEN: Final = re.compile(rb"(?:\A|&)" + CSRF_FIELD.encode() + rb"=([A-Za-z0-9_-]{0,100})(?=&|\Z)")
_FORM: Final = "application/x-www-form-urlencoded"
_SESSION: Final = "session"
_REMEMBERED_S: Final = 2.0
_MOST_REMEMBERED: Final = 1_024
_LONGEST_KEY: Final = 512


class Principal(NamedTuple):
    """Who sends a request: a program with a key, or a person with a session."""

    kind: Literal["key", "person"]
    name: str
    role: Role

    @property
    def actor(self) -> str:
        """How the logs name them."""
        return f"{self.kind}:{self.name}"

    def may(self, role: Role) -> bool:
        """Whether they have this role or one above it."""
        return RANKS.index(self.role) >= RANKS.index(role)


class SignedIn(NamedTuple):
    """A session, and the token that opens it."""

    token: str
    session: Session


class KeyRing:
    """Looks keys up in the store. Remembers them for two seconds: so long may a revoked one still work."""

    def __init__(self, backend: Backend, take: Taking) -> None:
        self._backend = backend
        self._known: dict[bytes, tuple[float, ApiKey]] = {}
        self.rates = Rates(backend.settings.key_per_minute, take)

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
    """A guard that lets a key or a person of this role, or of one above it, pass."""

    async def guard(connection: Connection, _: BaseRouteHandler) -> None:
        await admit(connection, role)

    return guard


async def reads(connection: Connection, _: BaseRouteHandler) -> None:
    """The guard of what only reads: see `let_read`."""
    await let_read(connection)


async def let_read(connection: Connection) -> None:
    """Let whoever only reads pass: everybody, unless the settings ask for keys. A key that is sent must be good.

    A session that has ended counts as none, and so does one whose token is missing where it is needed.

    Raises:
        ProblemError: a key is needed, or one is sent that opens nothing or has asked too often.
    """
    if backend_of(connection).settings.reads_need_key:
        await admit(connection, "reader")
    else:
        await recognise(connection)


async def admit(connection: Connection, role: Role) -> Principal:
    """Let whoever has this role, or one above it, pass. Raises `ProblemError`."""
    principal = await recognise(connection)
    if principal is None and signed_in(connection) is not None:
        raise ProblemError("forged", "The session's token is missing or wrong, or another site has sent this.")
    if principal is None:
        raise key_needed(f"This needs a key of the role {role} or above, or a person who has signed in.")
    if not principal.may(role):
        raise ProblemError(
            "not-allowed", f"This needs the role {role} or above; the {principal.kind} has the role {principal.role}."
        )
    return principal


async def recognise(connection: Connection) -> Principal | None:
    """Who sends a request, by the key or else by the cookie; None for anybody.

    Raises:
        ProblemError: a key is sent and opens nothing, or has asked too often.
    """
    found: Principal | None = None
    if header(connection.scope, b"authorization") is not None:
        found = await _by_key(connection)
    elif header(connection.scope, b"cookie") is not None:
        found = await _by_cookie(connection)
    connection.scope["auth"] = found
    return found


def principal_of(connection: Connection) -> Principal | None:
    """Whom a guard, or `recognise`, has found; None for anybody."""
    found: Principal | None = connection.scope.get("auth")
    return found


def actor_of(request: Asked) -> str:
    """How the event log names whoever sent this request, behind a guard that `needs` a role."""
    principal: Principal = request.scope["auth"]
    return principal.actor


def sees_drafts(request: Asked) -> bool:
    """Drafts are not published: whoever may edit sees them, the public does not."""
    principal = principal_of(request)
    return principal is not None and principal.may("editor")


def signed_in(connection: Connection) -> SignedIn | None:
    """The session whose cookie came with the request, even where its token did not: for reading only then."""
    found: SignedIn | None = state_of(connection.scope).get(_SESSION)
    return found


def csrf_of(connection: Connection) -> str:
    """What every form of this session must carry as `csrf_token`, or as the header `X-CSRF-Token`; "" without one."""
    found = signed_in(connection)
    return csrf_token(found.token) if found else ""


def csrf_token(token: str) -> str:
    """The token that forms of a session carry, from the one that opens it."""
    return derived(token, "csrf")


def key_needed(detail: str) -> ProblemError:
    """The problem that asks for a key."""
    return ProblemError("key-needed", detail, headers={"WWW-Authenticate": 'Bearer realm="rejoinder"'})


async def find_session(connection: Connection) -> SignedIn | None:
    """The session whose cookie came with a request; None where there is none, or it has ended."""
    backend = backend_of(connection)
    token = token_in(connection, backend.settings)
    if token is None:
        return None
    session = await backend.call(
        backend.runtime.store.people.find_session,
        digest(token),
        now=dt.datetime.now(dt.UTC),
        idle=dt.timedelta(seconds=backend.settings.session_idle),
    )
    return None if session is None else SignedIn(token, session)


def digest(token: str) -> str:
    """What the store keeps of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


async def _by_key(connection: Connection) -> Principal:
    scheme, _, token = connection.headers["authorization"].partition(" ")
    token = token.strip()
    if scheme.lower() != "bearer" or not token:
        raise key_needed("Send the key as `Authorization: Bearer KEY`.")
    ring: KeyRing = connection.scope["litestar_app"].state["keys"]
    key = await ring.find(token) if len(token) <= _LONGEST_KEY else None
    if key is None:
        raise key_needed("The key is unknown, or has been revoked or replaced, or has expired.")
    await ring.rates.take(key, connection.scope)
    return Principal("key", key.name, key.role)


async def _by_cookie(connection: Any) -> Principal | None:  # noqa: ANN401  a request, as Litestar hands it to guards
    found = await find_session(connection)
    if found is None:
        return None
    state_of(connection.scope)[_SESSION] = found
    person = found.session.person
    if connection.scope["method"] not in SAFE and not await _is_ours(connection, found.token):
        return None
    return Principal("person", person.name, person.role)


async def _is_ours(connection: Any, token: str) -> bool:  # noqa: ANN401  a request, as Litestar hands it to guards
    settings = backend_of(connection).settings
    if not from_our_pages(connection, settings):
        return False
    given = connection.headers.get(CSRF_HEADER)
    if given is None and connection.headers.get("content-type", "").partition(";")[0].strip().lower() == _FORM:
        given = _field(await keep_body(connection, settings.max_body))
    return given is not None and same(given, csrf_token(token))


def _field(form: bytes) -> str | None:
    """The token among the fields of a form; whatever else is wrong with the form is for its handler to say."""
    found = _TOKEN.search(form)
    return found[1].decode() if found else None
