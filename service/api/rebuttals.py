"""Records: read, list, create, change. None is ever deleted, and no update is lost (RFC 9110, section 13)."""

from __future__ import annotations

from typing import Annotated, Final

import msgspec
from litestar import get, post, put
from litestar.params import FromPath
from litestar.response.base import ASGIResponse
from msgspec import Meta, Struct

from service.api import examples
from service.api.auth import actor_of, key_needed, needs, reads, sees_drafts
from service.api.backend import backend_of
from service.api.bodies import Asked, answer, read_json, read_query
from service.api.openapi import IF_MATCH, IF_NONE_MATCH, REBUTTAL_ID, documented
from service.api.records import (
    Reason,
    check_visible,
    etag,
    if_match,
    known_tags,
    may_publish,
    similar_links,
    written,
)
from service.domain import Filters, Rebuttal, RebuttalContent


class ListQuery(Filters, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The parameters of ``GET /v1/rebuttals``."""

    cursor: Annotated[str, Meta(max_length=500, description="`next_cursor` of the page before.")] | None = None
    limit: Annotated[int, Meta(ge=1, le=100, description="Records on a page.")] = 20

    def filters(self) -> Filters:
        """The filters alone."""
        return Filters(**{name: getattr(self, name) for name in Filters.__struct_fields__})


class RebuttalPage(Struct, frozen=True, kw_only=True):
    """Part of the list; ``next_cursor`` is null on the last page."""

    items: list[Rebuttal]
    next_cursor: str | None


_CONTENT: Final = msgspec.json.Decoder(RebuttalContent)


@get(
    "/v1/rebuttals",
    guards=[reads],
    opt=documented("rebuttals", query=ListQuery, answers={200: RebuttalPage}),
)
async def list_rebuttals(request: Asked) -> ASGIResponse:
    """List rebuttals in the order of their ids.

    Page by page: send `next_cursor` as `cursor` until it is null. Drafts, and what was never anything else, are
    shown to editors only.
    """
    backend = backend_of(request)
    query = read_query(request, ListQuery)
    if query.status == "draft" and not sees_drafts(request):
        raise key_needed("Drafts are shown to keys of the role editor or above.")
    page = await backend.call(
        backend.runtime.store.page,
        query.filters(),
        cursor=query.cursor,
        limit=query.limit,
        public=not sees_drafts(request),
    )
    return answer(RebuttalPage(items=page.items, next_cursor=page.next_cursor))


@get(
    "/v1/rebuttals/{rebuttal_id:str}",
    guards=[reads],
    opt=documented("rebuttals", parameters=(REBUTTAL_ID, IF_NONE_MATCH), answers={200: Rebuttal, 304: None}),
)
async def read_rebuttal(request: Asked, rebuttal_id: FromPath[str]) -> ASGIResponse:
    """Read a rebuttal as it stands.

    The `ETag` is its revision in quotes; send it as `If-None-Match` to hear 304 while nothing has changed.
    """
    backend = backend_of(request)
    record = await backend.call(backend.runtime.store.get, rebuttal_id)
    await check_visible(request, record)
    known = request.headers.get("if-none-match", "")
    if known.strip() == "*" or str(record.revision) in known_tags(known):
        return ASGIResponse(status_code=304, headers={"ETag": etag(record)})
    return written(record, headers={"Cache-Control": "no-cache"})


@post(
    "/v1/rebuttals",
    guards=[needs("editor")],
    opt=documented(
        "rebuttals",
        body=RebuttalContent,
        query=Reason,
        answers={201: Rebuttal},
        examples=examples.CREATE,
        needs="editor",
    ),
)
async def create_rebuttal(request: Asked) -> ASGIResponse:
    """Create a rebuttal.

    It answers claims as soon as this returns, unless its status is `draft`. Without an `id` it gets one
    made from the authority and the rumor. An id that is taken is a conflict (409). `Link` headers of the relation
    `similar` name records that it nearly repeats.
    """
    backend = backend_of(request)
    reason = read_query(request, Reason).reason
    content = await read_json(request, _CONTENT, backend.settings.max_body)
    record = await backend.runtime.catalog.create(content, actor=actor_of(request), reason=reason)
    headers = {"Location": f"/v1/rebuttals/{record.id}", **await similar_links(backend, record)}
    return written(record, 201, headers)


@put(
    "/v1/rebuttals/{rebuttal_id:str}",
    guards=[needs("editor")],
    opt=documented(
        "rebuttals",
        body=RebuttalContent,
        query=Reason,
        parameters=(REBUTTAL_ID, {**IF_MATCH, "required": True}),
        answers={200: Rebuttal},
        examples=examples.UPDATE,
        needs="editor",
    ),
)
async def update_rebuttal(request: Asked, rebuttal_id: FromPath[str]) -> ASGIResponse:
    """Replace a rebuttal by a new revision.

    `If-Match` says which revision the change was made from: the `ETag` of what was read, or `*` for any.
    When the record has changed since, nothing is written and the answer is 412. An editor keeps the status as it is;
    publishing a draft, or making a draft of a published record, needs the role `publisher`.
    """
    backend = backend_of(request)
    expected = if_match(request, required=True)
    reason = read_query(request, Reason).reason
    content = await read_json(request, _CONTENT, backend.settings.max_body)
    record = await backend.runtime.catalog.update(
        rebuttal_id,
        content,
        expected_revision=expected,
        actor=actor_of(request),
        reason=reason,
        may_publish=may_publish(request),
    )
    return written(record, headers=await similar_links(backend, record))
