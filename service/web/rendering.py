"""Templates in, answers out. Everything is escaped; nothing on a page may run but our own two files."""

from __future__ import annotations

import gzip
import hashlib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec
from litestar.response.base import ASGIResponse
from msgspec import Struct

from service.api.backend import backend_of
from service.api.bodies import Asked
from service.web import words
from service.web.answers import probabilities
from service.web.assets import address_of
from service.web.markup import ranked
from service.web.visitor import Visitor, visitor_of
from service.wording import day, who

if TYPE_CHECKING:
    from jinja2 import Environment

_TEMPLATES: Final = Path(__file__).parent / "templates"
POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
_WORTH_PACKING: Final = 1_000
_HTMX_SETTINGS: Final = msgspec.json.encode(
    {
        "allowEval": False,
        "includeIndicatorStyles": False,
        "selfRequestsOnly": True,
        "historyCacheSize": 0,
        "scrollBehavior": "auto",
        # An answer that reports an error is shown where the answer would have been.
        "responseHandling": [{"code": "204", "swap": False}, {"code": "...", "swap": True}],
    }
).decode()


class Site(Struct, frozen=True, kw_only=True):
    """What every page needs: its own place, who reads it, and what it loads."""

    path: str
    visitor: Visitor
    base: str
    css: str
    htmx: str
    js: str
    icon: str
    settings: str = _HTMX_SETTINGS


@cache
def environment() -> Environment:
    """The templates. Imported late: the command line shares this package and renders nothing."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined  # noqa: PLC0415

    made = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.filters |= {
        "day": day,
        "who": who,
        "likely": words.likely,
        "percent": words.percent,
        "host": words.host,
        "moment": words.moment,
        "differs": words.differs,
    }
    made.globals |= {
        "VERDICTS": words.VERDICTS,
        "RATINGS": words.RATINGS,
        "STATES": words.STATES,
        "FIELDS": words.FIELDS,
        "count": words.count,
        "probabilities": probabilities,
        "ranked": ranked,
    }
    return made


def wants_part(request: Asked) -> bool:
    """Whether htmx asks, which swaps a part of the page it has, rather than a browser that wants all of it."""
    return "hx-request" in request.headers and "hx-boosted" not in request.headers


class Rendered(NamedTuple):
    """A page, ready to be sent."""

    body: bytes
    status: int
    headers: dict[str, str]


def page(request: Asked, template: str, **shown: Any) -> ASGIResponse:  # noqa: ANN401  as `render`
    """A page as a handler's answer; the arguments are those of `render`."""
    made = render(request, template, **shown)
    return ASGIResponse(body=made.body, status_code=made.status, headers=made.headers)


def render(
    request: Asked,
    template: str,
    *,
    part: str | None = None,
    status: int = 200,
    headers: dict[str, str] | None = None,
    **context: Any,  # noqa: ANN401  what the template shows
) -> Rendered:
    """A page for whoever a guard has recognised.

    Args:
        request: what is being answered.
        template: the file below ``templates``.
        part: the file of the part that is enough where htmx asks; None where there is none.
        status: of the answer.
        headers: beside those of every page.
        context: what the template shows.
    """
    visitor = visitor_of(request)
    site = Site(
        path=request.scope["path"],
        visitor=visitor,
        base=base_of(request),
        css=address_of("desk.css"),
        htmx=address_of("htmx.js"),
        js=address_of("desk.js"),
        icon=address_of("icon.svg"),
    )
    name = part if part and wants_part(request) else template
    text = environment().get_template(name).render(site=site, **context)
    return _packed(request, text.encode(errors="replace"), visitor, status, headers or {})


def redirect(address: str, **more: str) -> ASGIResponse:
    """Go and read that page: the answer to a form that was taken (RFC 9110, 303)."""
    return ASGIResponse(status_code=303, headers=redirection(address) | more)


def redirection(address: str) -> dict[str, str]:
    """The headers of such an answer."""
    return {"Location": address, "Content-Security-Policy": POLICY, "Cache-Control": "no-store"}


def base_of(request: Asked) -> str:
    """The address that people reach the service at: what the operator says, else what this request has named."""
    return backend_of(request).settings.public_url or str(request.base_url).rstrip("/")


def _packed(request: Asked, body: bytes, visitor: Visitor, status: int, more: dict[str, str]) -> Rendered:
    headers = {
        "Content-Type": "text/html; charset=utf-8",
        "Content-Security-Policy": POLICY,
        "Vary": "HX-Request, Cookie, Accept-Encoding",
        # What somebody signed in sees must not come back out of a cache after signing out.
        "Cache-Control": "no-store" if visitor.name else "private, no-cache",
        **more,
    }
    if status == 200 and request.method == "GET" and not visitor.name:  # noqa: PLR2004
        headers["ETag"] = f'W/"{hashlib.blake2b(body, digest_size=9).hexdigest()}"'
        if headers["ETag"] in request.headers.get("if-none-match", ""):
            return Rendered(b"", 304, headers)
    # A page that holds a token beside what the reader typed must not be packed: its length would tell the token.
    if not visitor.token and len(body) >= _WORTH_PACKING and "gzip" in request.headers.get("accept-encoding", ""):
        body = gzip.compress(body, 5, mtime=0)
        headers["Content-Encoding"] = "gzip"
    return Rendered(body, status, headers)
