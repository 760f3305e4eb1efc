"""Keys and people, for administrators: who may do what, and to whom the door is closed."""

from __future__ import annotations

from typing import Final

from litestar import get, post
from litestar.params import FromPath
from litestar.response.base import ASGIResponse

from service.api.auth import actor_of, needs
from service.api.backend import backend_of
from service.api.bodies import Asked
from service.api.problems import ProblemError
from service.web.forms import read_form
from service.web.marks import PAGE
from service.web.query import fields_of
from service.web.rendering import page, redirect
from service.web.visitor import visitor_of

_MOST_BYTES: Final = 10_000
_DONE: Final = {
    "revoked": "Revoked: the key opens nothing within seconds.",
    "disabled": "They are signed out, and cannot sign in.",
    "enabled": "They may sign in again.",
}


@get("/desk/access", guards=[needs("admin")], opt=PAGE)
async def access(request: Asked) -> ASGIResponse:
    """Every key and everybody who may sign in."""
    backend = backend_of(request)
    store = backend.runtime.store
    keys = await backend.call(store.keys)
    people = await backend.call(store.people.every)
    done = _DONE.get(fields_of(request).get("done", ""), "")
    return page(request, "desk_access.html", keys=keys, people=people, done=done)


@post("/desk/access/keys/{name:str}/revoke", status_code=200, guards=[needs("admin")], opt=PAGE)
async def revoke_key(request: Asked, name: FromPath[str]) -> ASGIResponse:
    """Close the door to a key, for ever."""
    await read_form(request, _MOST_BYTES)
    backend = backend_of(request)
    await backend.call(backend.runtime.store.revoke_key, name, actor=actor_of(request))
    return redirect("/desk/access?done=revoked")


@post("/desk/access/people/{name:str}/disable", status_code=200, guards=[needs("admin")], opt=PAGE)
async def disable_person(request: Asked, name: FromPath[str]) -> ASGIResponse:
    """End a person's sessions and let them in no more."""
    await read_form(request, _MOST_BYTES)
    if name == visitor_of(request).name:
        raise ProblemError("conflict", "You would shut yourself out; another administrator can do it.")
    backend = backend_of(request)
    await backend.call(backend.runtime.store.people.disable, name, actor=actor_of(request))
    return redirect("/desk/access?done=disabled")


@post("/desk/access/people/{name:str}/enable", status_code=200, guards=[needs("admin")], opt=PAGE)
async def enable_person(request: Asked, name: FromPath[str]) -> ASGIResponse:
    """Let a person in again."""
    await read_form(request, _MOST_BYTES)
    backend = backend_of(request)
    await backend.call(backend.runtime.store.people.enable, name, actor=actor_of(request))
    return redirect("/desk/access?done=enabled")
