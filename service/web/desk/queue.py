"""What is waiting at the desk, and the way to any record."""

from __future__ import annotations

from typing import Final, get_args
from urllib.parse import urlencode

from litestar import get
from litestar.response.base import ASGIResponse

from service.api.auth import needs
from service.api.backend import Backend, backend_of
from service.api.bodies import Asked
from service.domain import MAX_CLAIM, Filters, Rebuttal, Status
from service.web.browsing import Listing
from service.web.marks import PAGE
from service.web.query import fields_of
from service.web.rendering import page

_MOST_DRAFTS: Final = 200
_ON_A_PAGE: Final = 25


@get("/desk", guards=[needs("editor")], opt=PAGE)
async def queue(request: Asked) -> ASGIResponse:
    """The drafts, the last changed first."""
    backend = backend_of(request)
    drafts = await backend.call(backend.runtime.store.drafts, _MOST_DRAFTS)
    done = "The drafts are kept. Read each against its source." if "done" in fields_of(request) else ""
    return page(request, "desk_queue.html", drafts=drafts, done=done)


@get("/desk/records", guards=[needs("editor")], opt=PAGE)
async def records(request: Asked) -> ASGIResponse:
    """Records of any status: all in order, those near some words, or the one of an id."""
    backend = backend_of(request)
    given = fields_of(request)
    asked = {"q": given.get("q", "")[:MAX_CLAIM], "status": given.get("status", "")}
    return page(request, "desk_records.html", asked=asked, listing=await _found(backend, asked, given.get("cursor")))


async def _found(backend: Backend, asked: dict[str, str], cursor: str | None) -> Listing:
    status: Status | None = asked["status"] if asked["status"] in get_args(Status) else None  # type: ignore[assignment]
    store = backend.runtime.store
    if asked["q"]:
        named: dict[str, Rebuttal] = await backend.call(store.get_many, [asked["q"]])
        if named:
            return Listing(records=list(named.values()))
        filters = Filters(status=status)
        hits = await backend.runtime.checker.search(asked["q"], limit=_ON_A_PAGE, filters=filters)
        return Listing(records=[hit.rebuttal for hit in hits])
    found = await backend.call(store.page, Filters(status=status), cursor=cursor, limit=_ON_A_PAGE)
    kept = {name: value for name, value in asked.items() if value}
    more = f"/desk/records?{urlencode({**kept, 'cursor': found.next_cursor})}" if found.next_cursor else None
    return Listing(records=found.items, more=more)
