"""Signing in through an OpenID provider: a browser is sent there, and comes back with a code."""

from __future__ import annotations

import asyncio
import datetime as dt
import hashlib
import re
from collections.abc import Mapping
from importlib.util import find_spec
from typing import TYPE_CHECKING, Annotated, Any, Final

from litestar import get
from litestar.response.base import ASGIResponse
from msgspec import Meta, Struct

from service.api.auth import RANKS, digest
from service.api.backend import Backend, backend_of
from service.api.bodies import Asked, read_query
from service.api.cookies import cookie, cookie_name, same
from service.api.oidc_flow import LONGEST_S, Flow, is_trusted, unbelieved
from service.api.openapi import documented
from service.api.problems import ProblemError
from service.api.sessions import open_session, session_cookie, sign_out
from service.domain import Role
from service.errors import AlreadyExistsError
from service.people import Person
from service.settings import Settings, SettingsError
from service.store.people import Identity

if TYPE_CHECKING:
    from service.api.oidc_provider import Provider

_ACTOR: Final = "oidc"
_COOKIE: Final = "rejoinder-oidc"
_PERSON: Final = re.compile(r"[a-z0-9][a-z0-9._@+-]{0,99}")
_DESK: Final = "/desk"


class SignInQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The parameters of ``GET /sign-in/oidc``."""

    next: Annotated[str, Meta(max_length=1_000, description="The page of this service to go on to.")] = _DESK


class CallbackQuery(Struct, frozen=True, kw_only=True):
    """The parameters of ``GET /sign-in/oidc/callback``; providers send others too, which count for nothing."""

    state: Annotated[str, Meta(max_length=100, description="What the browser was sent away with.")] = ""
    code: Annotated[str, Meta(max_length=4_000, description="What the provider gives tokens for.")] = ""
    iss: Annotated[str, Meta(max_length=1_000, description="Who sends the browser back (RFC 9207).")] | None = None
    error: Annotated[str, Meta(max_length=1_000, description="Why it comes back without a code.")] | None = None


class OpenId:
    """The provider of an application, made when somebody first signs in: its libraries take a second to load."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._provider: Provider | None = None

    async def provider(self) -> Provider:
        """The provider. Raises `ProblemError` (404) where none is set up."""
        if self._settings.oidc_issuer is None:
            raise ProblemError("not-found", "Signing in through an OpenID provider is not set up here.")
        if self._provider is None:
            made = await asyncio.to_thread(_load, self._settings)
            self._provider = self._provider or made
        return self._provider


@get(
    "/sign-in/oidc",
    status_code=303,
    opt=documented("people", query=SignInQuery, answers={303: None}),
)
async def begin_oidc(request: Asked) -> ASGIResponse:
    """Go to the OpenID provider to sign in.

    A browser is sent on, with a cookie by which it is known again when it comes back within ten minutes.
    """
    provider = await openid_of(request).provider()
    flow = Flow.begin(own_page(read_query(request, SignInQuery).next), seconds=LONGEST_S)
    settings = backend_of(request).settings
    kept = cookie(settings, flow.cookie(), seconds=LONGEST_S, name=_COOKIE)
    return _sent_on(await provider.address(flow), kept)


@get(
    "/sign-in/oidc/callback",
    status_code=303,
    opt=documented("people", query=CallbackQuery, answers={303: None}),
)
async def finish_oidc(request: Asked) -> ASGIResponse:
    """Come back from the OpenID provider.

    Opens a session, if the provider vouches for somebody who may sign in here, and goes on to the page that was
    asked for. A browser that was not sent, or that has come back before, is refused (401).
    """
    provider = await openid_of(request).provider()
    backend, query = backend_of(request), read_query(request, CallbackQuery)
    flow = Flow.read(request.cookies.get(cookie_name(backend.settings, _COOKIE), ""))
    if flow is None or not same(query.state, flow.state):
        raise unbelieved("this browser was not sent there, or comes back too late; sign in once more")
    if query.iss not in {None, backend.settings.oidc_issuer} or query.error is not None or not query.code:
        raise unbelieved("it sends the browser back without a code")
    people, now = backend.runtime.store.people, dt.datetime.now(dt.UTC)
    until = dt.datetime.fromtimestamp(flow.until, dt.UTC)
    if not await backend.call(people.use_flow, digest(flow.secret), now=now, until=until):
        raise unbelieved("this browser has come back before; sign in once more")
    person = await recognised(backend, await provider.claims(flow, query.code))
    session = await open_session(backend, person.name)
    await sign_out(request)
    gone = cookie(backend.settings, "", seconds=0, name=_COOKIE)
    return _sent_on(own_page(flow.leads_to), session_cookie(backend, session), gone)


async def recognised(backend: Backend, claims: Mapping[str, Any]) -> Person:
    """Whom an ID token means: somebody who came before or was invited, or a newcomer where there is a role for them.

    Raises:
        ProblemError: they may not sign in here (401).
    """
    settings, people = backend.settings, backend.runtime.store.people
    identity = Identity(settings.oidc_issuer or "", str(claims["sub"]))
    email = _email(claims)
    _require_domain(settings, email)
    known = await backend.call(people.identified, identity)
    if known is None and email is not None:
        invited = await backend.call(people.invited, email)
        known = invited and await backend.call(people.link, invited.name, identity, actor=_ACTOR)
    role = _role(settings, claims, known)
    if known is None:
        return await _newcomer(backend, claims, identity, role)
    if role != known.role:
        return await backend.call(people.set_role, known.name, role, actor=_ACTOR)
    return known


async def _newcomer(backend: Backend, claims: Mapping[str, Any], identity: Identity, role: Role) -> Person:
    email = _email(claims)
    wanted = (email or str(claims.get("preferred_username", ""))).lower()
    plain = f"oidc-{hashlib.sha256(' '.join(identity).encode()).hexdigest()[:16]}"
    name = wanted if _PERSON.fullmatch(wanted) else plain
    create = backend.runtime.store.people.create
    try:
        return await backend.call(create, name, role, actor=_ACTOR, email=email, identity=identity)
    except AlreadyExistsError:
        raise unbelieved("another person has that name or address already; an administrator can help") from None


def _role(settings: Settings, claims: Mapping[str, Any], known: Person | None) -> Role:
    """The highest role that the provider gives, or the person's own where it gives none by design, or the default."""
    if settings.oidc_role_claim is not None:
        told = claims.get(settings.oidc_role_claim)
        given = [role for role in RANKS if role in (told if isinstance(told, list) else [told])]
        found = given[-1] if given else settings.oidc_default_role
    else:
        found = known.role if known else settings.oidc_default_role
    if found is None:
        raise unbelieved("this person has no role here; an administrator can invite them")
    return found


def _email(claims: Mapping[str, Any]) -> str | None:
    """The address, where the provider has made sure that it is theirs; an unverified one is anybody's word."""
    email = claims.get("email")
    verified = claims.get("email_verified") in (True, "true")
    return email.lower() if isinstance(email, str) and "@" in email and verified else None


def _require_domain(settings: Settings, email: str | None) -> None:
    allowed = [domain.lower().lstrip("@") for domain in settings.oidc_allowed_domains]
    if allowed and (email is None or email.rpartition("@")[2] not in allowed):
        raise unbelieved("it does not vouch for an e-mail address of a domain that may sign in")


def own_page(address: str) -> str:
    """An address to go on to: one of our own, or else the desk. Another site could pose as us after signing in."""
    plain = address.isascii() and address.isprintable() and not set(address) & set("\\ ")
    return address if plain and address.startswith("/") and not address.startswith("//") else _DESK


def require(settings: Settings) -> None:
    """Refuse settings with which nobody could sign in. Raises `SettingsError`."""
    if settings.oidc_issuer is None:
        return
    if find_spec("authlib") is None:
        raise SettingsError("REJOINDER_OIDC_ISSUER needs an extra: pip install 'rejoinder[oidc]'.")
    for name in ("public_url", "oidc_client_id"):
        if getattr(settings, name) is None:
            raise SettingsError(f"REJOINDER_OIDC_ISSUER needs REJOINDER_{name.upper()} beside it.")
    if not is_trusted(settings.oidc_issuer):
        raise SettingsError("REJOINDER_OIDC_ISSUER must be an https address.")


def openid_of(request: Asked) -> OpenId:
    """The OpenID provider of the application that a request came to."""
    found: OpenId = request.app.state["openid"]
    return found


def _load(settings: Settings) -> Provider:
    from service.api.oidc_provider import Provider  # noqa: PLC0415 - needs the extra `oidc`

    return Provider(settings)


def _sent_on(address: str, *cookies: str) -> ASGIResponse:
    headers = [("location", address), ("cache-control", "no-store"), *(("set-cookie", value) for value in cookies)]
    return ASGIResponse(status_code=303, headers=headers)
