"""Records for readers: to browse, to search, and each as a page of its own with ClaimReview markup."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Final
from urllib.parse import urlencode

import msgspec
from litestar import get
from litestar.params import FromPath
from litestar.response.base import ASGIResponse
from markupsafe import Markup
from msgspec import Meta, Struct

from service.api.auth import reads
from service.api.backend import Backend, backend_of
from service.api.bodies import Asked, explain
from service.api.problems import FieldError
from service.domain import MAX_CLAIM, Filters, Rebuttal, Revision, ShortText
from service.errors import NotFoundError
from service.web import changes, markup
from service.web.marks import PAGE
from service.web.query import fields_of
from service.web.rendering import base_of, page

_ON_A_PAGE: Final = 20
_FOUND: Final = 15
_SHOWN: Final = ("q", "status", "language", "authority", "topic", "stated_from", "stated_to")


class BrowseQuery(Filters, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The parameters of the list. The status is ``published`` unless another is asked for."""

    q: Annotated[str, Meta(min_length=1, max_length=MAX_CLAIM)] | None = None
    cursor: Annotated[str, Meta(max_length=500)] | None = None
    topic: ShortText | None = None

    def filters(self) -> Filters:
        """The filters alone."""
        given = {name: getattr(self, name) for name in Filters.__struct_fields__}
        return Filters(**{**given, "status": self.status or "published"})


class Listing(Struct, frozen=True, kw_only=True):
    """What a list shows: the records, and where it goes on."""

    records: list[Rebuttal]
    more: str | None = None


@get("/rebuttals", guards=[reads], opt=PAGE)
async def browse(request: Asked) -> ASGIResponse:
    """The records in the order of their ids, or, for a search, the nearest first."""
    given = fields_of(request)
    asked = {name: given.get(name, "") for name in _SHOWN}
    try:
        query = msgspec.convert(given, BrowseQuery, strict=False)
        errors: tuple[FieldError, ...] = ()
        listing = await _listing(backend_of(request), query, asked)
    except msgspec.ValidationError as error:
        fault = explain(error)
        errors = (FieldError(fault.field.removeprefix("$."), fault.detail),)
        listing = Listing(records=[])
    status = 422 if errors else 200
    return page(
        request, "rebuttals.html", part="_list.html", status=status, asked=asked, listing=listing, errors=errors
    )


@get("/rebuttals/{rebuttal_id:str}", guards=[reads], opt=PAGE)
async def read_record(request: Asked, rebuttal_id: FromPath[str]) -> ASGIResponse:
    """A record with its sources, its markup, and what became of it."""
    backend = backend_of(request)
    found = await public_records(backend, [rebuttal_id])
    if not found:
        raise NotFoundError(f"There is no record {rebuttal_id}.")
    record = found[rebuttal_id]
    related = [*record.contested_with, *([record.superseded_by] if record.superseded_by else [])]
    address = f"{base_of(request)}/rebuttals/{record.id}"
    return page(
        request,
        "record.html",
        record=record,
        ended=await _ending(backend, record),
        others=await public_records(backend, related),
        links=await markup.link_states(backend, record),
        address=address,
        jsonld=Markup(markup.claim_review(record, base_of(request))),  # noqa: S704  escaped where it is made
    )


@get("/rebuttals/{rebuttal_id:str}/revisions", guards=[reads], opt=PAGE)
async def read_history(request: Asked, rebuttal_id: FromPath[str]) -> ASGIResponse:
    """Every state that a record was in, and what each changed."""
    backend = backend_of(request)
    found = await backend.call(backend.runtime.store.revisions, rebuttal_id)
    public = await public_records(backend, [rebuttal_id])
    shown = [revision for revision in found if public and revision.rebuttal.status != "draft"]
    if not shown:
        raise NotFoundError(f"There is no record {rebuttal_id}.")
    return page(request, "revisions.html", record=shown[0].rebuttal, steps=changes.steps(shown), inside=False)


async def public_records(backend: Backend, ids: Sequence[str]) -> dict[str, Rebuttal]:
    """The records among those asked for that the public may see: no drafts, and none that were never more than that."""
    if not ids:
        return {}
    found = await backend.call(backend.runtime.store.get_many, ids)
    public = await backend.call(backend.runtime.store.public, ids)
    return {name: record for name, record in found.items() if name in public and record.status != "draft"}


async def _listing(backend: Backend, query: BrowseQuery, asked: dict[str, str]) -> Listing:
    if query.q:
        hits = await backend.runtime.checker.search(query.q, limit=_FOUND, filters=query.filters())
        return Listing(records=[hit.rebuttal for hit in hits])
    found = await backend.call(
        backend.runtime.store.page, query.filters(), cursor=query.cursor, limit=_ON_A_PAGE, public=True
    )
    kept = {name: value for name, value in asked.items() if value}
    more = f"/rebuttals?{urlencode({**kept, 'cursor': found.next_cursor})}" if found.next_cursor else None
    return Listing(records=found.items, more=more)


async def _ending(backend: Backend, record: Rebuttal) -> Revision | None:
    """The revision that took a record out of use; None while it is in use."""
    if record.status == "published":
        return None
    found: list[Revision] = await backend.call(backend.runtime.store.revisions, record.id)
    ended: Revision | None = None
    for revision in found:  # the newest first: the oldest of those with the status that it has now
        if revision.rebuttal.status != record.status:
            break
        ended = revision
    return ended
