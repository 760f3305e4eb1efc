"""People sign in with a password and stay signed in by a cookie; the API's routes, and what the pages call."""

from __future__ import annotations

import datetime as dt
import hashlib
import ipaddress
import math
from typing import Annotated, Final, NamedTuple

import msgspec
from litestar import delete, get, post
from litestar.response import Response
from litestar.response.base import ASGIResponse
from msgspec import Meta, Struct

from service import passwords
from service.api import access_examples as examples
from service.api.auth import csrf_token, digest, find_session, needs
from service.api.backend import Backend, backend_of
from service.api.bodies import Asked, answer, read_json
from service.api.cookies import Connection, cookie, from_our_pages, new_token
from service.api.openapi import documented
from service.api.problems import ProblemError
from service.errors import NotFoundError
from service.people import MAX_PASSWORD, Password, Person
from service.store.people import Tried

FREE_FOR_A_NAME: Final = 5
FREE_FOR_AN_ADDRESS: Final = 20
MOST_SESSIONS: Final = 32
_LONGEST_NAME: Final = 100
_MOST_BYTES: Final = 20_000
NEVER_KEPT: Final = {"Cache-Control": "no-store"}
_IPV6_SITE: Final = 64


class Session(NamedTuple):
    """A session that was just opened.

    Attributes:
        token: opens it: for the cookie, and for nothing else.
        person: who has signed in.
        ends_at: when they have to sign in again at the latest.
    """

    token: str
    person: Person
    ends_at: dt.datetime

    @property
    def csrf_token(self) -> str:
        """What every form of this session carries."""
        return csrf_token(self.token)


class SignIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The body of ``POST /v1/session``."""

    name: Annotated[str, Meta(min_length=1, max_length=_LONGEST_NAME, description="Whose session it is to be.")]
    password: Password


class SignedInAs(Struct, frozen=True, kw_only=True):
    """Who is signed in.

    Attributes:
        person: their entry.
        csrf_token: to be sent as `X-CSRF-Token` with everything but reads.
        ends_at: when they have to sign in again at the latest.
    """

    person: Person
    csrf_token: str
    ends_at: dt.datetime


_SIGN_IN: Final = msgspec.json.Decoder(SignIn)


@post(
    "/v1/session",
    status_code=200,
    opt=documented("people", body=SignIn, answers={200: SignedInAs}, examples=examples.SIGN_IN),
)
async def open_own_session(request: Asked) -> ASGIResponse:
    """Sign in with name and password.

    The answer sets the cookie of the session, and holds the token that everything but reads needs beside it, in the
    header `X-CSRF-Token`. After a few attempts that failed one has to wait (429), longer each time.
    """
    body = await read_json(request, _SIGN_IN, _MOST_BYTES)
    session = await enter(request, body.name, body.password)
    headers = {"Set-Cookie": session_cookie(backend_of(request), session), **NEVER_KEPT}
    return answer(told(session), headers=headers)


@get("/v1/session", opt=documented("people", answers={200: SignedInAs}))
async def read_own_session(request: Asked) -> ASGIResponse:
    """Read who is signed in.

    Nobody is where the cookie is missing, or its session has ended (401).
    """
    found = await find_session(request)
    if found is None:
        raise _failed("Nobody is signed in here.")
    session = Session(found.token, found.session.person, found.session.ends_at)
    return answer(told(session), headers=NEVER_KEPT)


@delete("/v1/session", status_code=204, guards=[needs("reader")], opt=documented("people", answers={204: None}))
async def end_own_session(request: Asked) -> Response[None]:
    """Sign out.

    The session ends, and the cookie is taken away.
    """
    await sign_out(request)
    return Response(None, status_code=204, headers={"Set-Cookie": session_cookie(backend_of(request), None)})


async def enter(connection: Connection, name: str, password: str) -> Session:
    """As `sign_in`, for a request: it must come from a page of ours, and the session that it brings ends.

    Raises:
        ProblemError: as `sign_in`, or another site has sent the request (403).
    """
    require_our_page(connection)
    session = await sign_in(backend_of(connection), name, password, address_of(connection))
    await sign_out(connection)
    return session


async def sign_in(backend: Backend, name: str, password: str, address: str | None) -> Session:
    """Let a person in by their password.

    Args:
        backend: of the application.
        name: as it was typed.
        password: as it was typed.
        address: where the request comes from; None where that is not known.

    Raises:
        ProblemError: name and password do not belong together (401), or too many attempts have failed (429).
    """
    name = name.strip().lower()
    people = backend.runtime.store.people
    tried = _tried(name, address)
    wait = await backend.call(people.attempt, tried, now=_now())
    if wait:
        raise ProblemError(
            "too-many-attempts",
            "Too many attempts under this name or from this address have failed.",
            headers={"Retry-After": f"{math.ceil(wait)}"},
        )
    found = await backend.call(people.credentials, name) if len(name) <= _LONGEST_NAME else None
    kept = found.password if found else None
    if not await backend.hashing.run(lambda: _fits(kept, password)) or found is None or found.person.disabled_at:
        raise _failed()
    await backend.call(people.succeeded, tried)
    await _renew(backend, name, kept, password)
    return await open_session(backend, name)


async def open_session(backend: Backend, name: str) -> Session:
    """Open a session for somebody who is known to be who they say. Raises `ProblemError` where they may not sign in."""
    token, now = new_token(), _now()
    ends_at = now + dt.timedelta(seconds=backend.settings.session_life)
    people = backend.runtime.store.people
    try:
        opened = await backend.call(
            people.open_session, digest(token), name, now=now, ends_at=ends_at, most=MOST_SESSIONS
        )
    except NotFoundError:
        raise _failed() from None
    return Session(token, opened.person, opened.ends_at)


async def sign_out(connection: Connection) -> None:
    """End the session whose cookie came with a request, if there is one."""
    found = await find_session(connection)
    if found is not None:
        backend = backend_of(connection)
        await backend.call(backend.runtime.store.people.end_session, digest(found.token))


def session_cookie(backend: Backend, session: Session | None) -> str:
    """The value of the `Set-Cookie` header that opens a session; None takes the cookie away."""
    if session is None:
        return cookie(backend.settings, "", seconds=0)
    return cookie(backend.settings, session.token, seconds=backend.settings.session_life)


def require_our_page(connection: Connection) -> None:
    """Refuse to sign anybody in for another site, who would then work as whom they are not. Raises `ProblemError`."""
    if not from_our_pages(connection, backend_of(connection).settings):
        raise ProblemError("forged", "Another site has sent this; sign in on a page of this service.")


def address_of(connection: Connection) -> str | None:
    """Where a request comes from, as far as the server knows."""
    return connection.client.host if connection.client else None


def told(session: Session) -> SignedInAs:
    """What the API says of a session."""
    return SignedInAs(person=session.person, csrf_token=session.csrf_token, ends_at=session.ends_at)


def _tried(name: str, address: str | None) -> list[Tried]:
    # People type passwords into the wrong field: what is counted under is not what was typed.
    tried = [Tried(f"name:{hashlib.sha256(name.encode(errors='replace')).hexdigest()}", FREE_FOR_A_NAME)]
    return [*tried, Tried(f"address:{_site(address)}", FREE_FOR_AN_ADDRESS)] if address else tried


def _site(address: str) -> str:
    """An address; of IPv6 the network, for one who has one address there has them all."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if parsed.version == 4:  # noqa: PLR2004
        return address
    return str(ipaddress.ip_network(f"{parsed}/{_IPV6_SITE}", strict=False))


def _fits(kept: str | None, password: str) -> bool:
    passwords.warm_up()
    return len(password) <= MAX_PASSWORD and passwords.verify(kept, password)


async def _renew(backend: Backend, name: str, kept: str | None, password: str) -> None:
    """Hash a password again if its hash was made with other parameters than are in use now."""
    if kept is not None and passwords.is_outdated(kept):
        try:
            made = await backend.hashing.run(lambda: passwords.hash_(password))
        except ProblemError:  # too much is waiting: the next time will do
            return
        await backend.call(backend.runtime.store.people.rehash, name, kept, made)


def _failed(detail: str = "Name and password do not belong together, or this person may not sign in.") -> ProblemError:
    return ProblemError("sign-in-failed", detail, headers={"WWW-Authenticate": 'Bearer realm="rejoinder"'})


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)
