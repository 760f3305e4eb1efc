"""Standing questions of the person who is signed in, and what became of their webhooks."""

from __future__ import annotations

import datetime as dt
from typing import Any, Final

import msgspec
from litestar import get, post
from litestar.params import FromPath
from litestar.response.base import ASGIResponse

from service.api.auth import actor_of, needs
from service.api.backend import backend_of
from service.api.bodies import Asked, explain
from service.api.problems import FieldError, ProblemError
from service.api.watch_shapes import WatchBody
from service.api.watches import ask
from service.api.watching import watching_of
from service.errors import RejoinderError
from service.store.watches import EventPage, Watch, WatchEvent
from service.watches.messages import of_test
from service.web.forms import Form, read_form
from service.web.marks import PAGE
from service.web.query import fields_of
from service.web.rendering import page, redirect

_MOST_BYTES: Final = 100_000
_ON_A_PAGE: Final = 50
_FIELDS: Final = ("kind", "text", "language", "authority", "webhook")
_DONE: Final = {
    "deleted": "Deleted.",
    "tested": "A test is on its way.",
    "enabled": "Its address is used again.",
    "retried": "It is sent again now.",
}


@get("/desk/watches", guards=[needs("reader")], opt=PAGE)
async def watches(request: Asked) -> ASGIResponse:
    """The person's watches, and the deliveries that were given up."""
    return await _shown(request, {**dict.fromkeys(_FIELDS, ""), "kind": "claim"})


@post("/desk/watches", status_code=200, guards=[needs("reader")], opt=PAGE)
async def create_watch(request: Asked) -> ASGIResponse:
    """Keep a new one; its secret is shown this once."""
    form = await read_form(request, _MOST_BYTES)
    given = {name: form.text(name) for name in _FIELDS}
    try:
        kept = await ask(request, _body(form))
    except (ProblemError, RejoinderError) as error:
        return await _shown(request, given, errors=(_fault(error),), status=422)
    return await _shown(request, {**dict.fromkeys(_FIELDS, ""), "kind": "claim"}, made=kept)


@post("/desk/watches/{watch_id:str}/{step:str}", status_code=200, guards=[needs("reader")], opt=PAGE)
async def change_watch(request: Asked, watch_id: FromPath[str], step: FromPath[str]) -> ASGIResponse:
    """Delete it, test it, use its address again, or send one delivery again."""
    form = await read_form(request, _MOST_BYTES)
    backend, owner = backend_of(request), actor_of(request)
    store = backend.runtime.store.watches
    if step == "delete":
        await backend.call(store.remove, watch_id, owner=owner)
        return redirect("/desk/watches?done=deleted")
    watch: Watch = await backend.call(store.get, watch_id, owner=owner)
    if step == "test":
        await backend.call(store.tell, of_test(watch, dt.datetime.now(dt.UTC)))
    elif step == "enable":
        await backend.call(store.enable, watch_id, owner=owner)
    elif step == "retry":
        await backend.call(store.retry, form.text("event"), watch_id=watch_id, owner=owner)
    else:
        raise ProblemError("not-found", "There is no such step.")
    watching_of(request).wake()
    return redirect(f"/desk/watches?done={ {'test': 'tested', 'enable': 'enabled', 'retry': 'retried'}[step] }")


def _body(form: Form) -> WatchBody:
    given: dict[str, Any] = {
        name: form.text(name) for name in ("kind", "text", "language", "authority") if form.text(name)
    }
    if form.text("webhook"):
        given["webhook"] = {"url": form.text("webhook")}
    try:
        return msgspec.convert(given, WatchBody)
    except msgspec.ValidationError as error:
        fault = explain(error)
        raise ProblemError("invalid-body", fault.detail, errors=(fault,)) from None


def _fault(error: ProblemError | RejoinderError) -> FieldError:
    field = error.errors[0].field if isinstance(error, ProblemError) and error.errors else getattr(error, "field", "")
    name = (field or "").removeprefix("$.").partition(".")[0]
    return FieldError(name if name in _FIELDS else "text", error.detail)


async def _shown(request: Asked, given: dict[str, str], *, status: int = 200, **more: Any) -> ASGIResponse:  # noqa: ANN401
    backend, owner = backend_of(request), actor_of(request)
    store = backend.runtime.store.watches
    asked = fields_of(request)
    mine = await backend.call(store.page, owner=owner, cursor=asked.get("cursor"), limit=_ON_A_PAGE)
    events: EventPage = await backend.call(store.feed, watch_id=None, owner=owner, cursor=None, limit=_ON_A_PAGE)
    dead: EventPage = await backend.call(
        store.deliveries, watch_id=None, owner=owner, state="dead", cursor=None, limit=_ON_A_PAGE
    )
    context: dict[str, Any] = {
        "asked": given,
        "items": mine.items,
        "more": mine.next_cursor,
        "events": _newest(events.items),
        "dead": _newest(dead.items),
        "texts": {watch.id: watch.text for watch in mine.items},
        "errors": (),
        "made": None,
        "done": _DONE.get(asked.get("done", ""), ""),
        **more,
    }
    return page(request, "desk_watches.html", status=status, **context)


def _newest(events: list[WatchEvent]) -> list[WatchEvent]:
    return events[::-1]
