"""The session's cookie, the token that its forms carry, and whether a request comes from our own pages.

A cookie goes along with every request to us, whoever's page makes it. So one that changes something must also show the
session's token, which only our pages know, and must not come from another site (OWASP, Cross-Site Request Forgery
Prevention: a token bound to the session, Fetch Metadata, and the origin where a browser sends none).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
from typing import Any, Final
from urllib.parse import urlsplit

from litestar.connection import ASGIConnection
from litestar.datastructures import Cookie

from service.settings import Settings

Connection = ASGIConnection[Any, Any, Any, Any]

SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_TOKEN: Final = re.compile(r"[A-Za-z0-9_-]{43}")


def is_https(settings: Settings) -> bool:
    """Whether people reach the service over https, as the setting `public_url` says."""
    return (settings.public_url or "").startswith("https://")


def cookie_name(settings: Settings, name: str = "rejoinder") -> str:
    """The cookie's name. `__Host-` makes a browser refuse one that another host of the domain has set (RFC 6265bis)."""
    return f"__Host-{name}" if is_https(settings) else name


def cookie(settings: Settings, value: str, *, seconds: int, name: str = "rejoinder") -> str:
    """The value of a `Set-Cookie` header; 0 seconds take the cookie away."""
    return Cookie(
        key=cookie_name(settings, name),
        value=value,
        max_age=seconds,
        path="/",
        secure=is_https(settings),
        httponly=True,
        samesite="lax",
    ).to_header(header="")


def token_in(connection: Connection, settings: Settings, name: str = "rejoinder") -> str | None:
    """The token in the cookie; None where there is none, or nothing that we could have set."""
    token = connection.cookies.get(cookie_name(settings, name), "")
    return token if _TOKEN.fullmatch(token) else None


def new_token() -> str:
    """256 random bits, as 43 characters."""
    return secrets.token_urlsafe(32)


def derived(token: str, purpose: str) -> str:
    """43 characters that only the token's owner can make, one for each purpose; they do not tell the token."""
    made = hmac.digest(token.encode(), purpose.encode(), hashlib.sha256)
    return base64.urlsafe_b64encode(made).decode().rstrip("=")


def same(given: str, expected: str) -> bool:
    """Whether two texts are equal, in a time that does not tell where they differ."""
    return hmac.compare_digest(given.encode(errors="replace"), expected.encode())


def from_our_pages(connection: Connection, settings: Settings) -> bool:
    """Whether a request can come from a page of ours, by what the browser says; True where it says nothing."""
    site = connection.headers.get("sec-fetch-site")
    if site is not None:
        return site in {"same-origin", "none"}
    origin = connection.headers.get("origin")
    if origin is None:
        return True
    if settings.public_url is not None and origin == settings.public_url:
        return True
    return origin != "null" and urlsplit(origin).netloc == connection.headers.get("host")
