"""Signing in and out, as pages. Passwords, sessions and their bounds are `service.api.sessions`'s."""

from __future__ import annotations

from typing import Final

from litestar import get, post
from litestar.response.base import ASGIResponse

from service.api.auth import needs
from service.api.backend import backend_of
from service.api.bodies import Asked
from service.api.oidc import own_page
from service.api.problems import FieldError, ProblemError, describe
from service.api.sessions import enter, session_cookie, sign_out
from service.web.forms import read_form
from service.web.marks import PAGE
from service.web.query import fields_of
from service.web.rendering import page, redirect

_MOST_BYTES: Final = 20_000
_DESK: Final = "/desk"


@get("/sign-in", opt=PAGE)
async def sign_in_form(request: Asked) -> ASGIResponse:
    """The form, empty."""
    return _form(request, leads_to=fields_of(request).get("next", _DESK))


@post("/sign-in", status_code=200, opt=PAGE)
async def sign_in(request: Asked) -> ASGIResponse:
    """Open a session and go on to the page that was asked for."""
    form = await read_form(request, _MOST_BYTES)
    leads_to = own_page(form.text("next"))
    try:
        session = await enter(request, form.text("name"), form.raw("password"))
    except ProblemError as error:
        described = describe(error)
        fault = FieldError("name", described.problem.detail)
        return _form(
            request, leads_to=leads_to, name=form.text("name"), errors=(fault,), status=described.problem.status
        )
    return redirect(leads_to, **{"Set-Cookie": session_cookie(backend_of(request), session)})


@post("/sign-out", status_code=200, guards=[needs("reader")], opt=PAGE)
async def leave(request: Asked) -> ASGIResponse:
    """End the session."""
    await sign_out(request)
    return redirect("/", **{"Set-Cookie": session_cookie(backend_of(request), None)})


def _form(
    request: Asked, *, leads_to: str, name: str = "", errors: tuple[FieldError, ...] = (), status: int = 200
) -> ASGIResponse:
    provider = backend_of(request).settings.oidc_issuer
    return page(
        request,
        "sign_in.html",
        status=status,
        headers={"Cache-Control": "no-store"},
        leads_to=own_page(leads_to),
        name=name,
        errors=errors,
        provider=provider,
    )
