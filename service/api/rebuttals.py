"""Records: read, list, create, change. None is ever deleted, and no update is lost (RFC 9110, section 13)."""

from __future__ import annotations

import re
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
from service.api.problems import FieldError, ProblemError
from service.domain import Filters, Rebuttal, RebuttalContent, RebuttalId, Revision, ShortText
from service.errors import NotFoundError

_TAG: Final = re.compile(r'(?:W/)?"(\d{1,18})"')


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


class Revisions(Struct, frozen=True, kw_only=True):
    """Every state of a record, the newest first."""

    items: list[Revision]


class Retraction(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why a record is taken out of use."""

    reason: ShortText


class Succession(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which record stands in for another from now on, and why."""

    by: RebuttalId
    reason: ShortText | None = None


_CONTENT: Final = msgspec.json.Decoder(RebuttalContent)
_RETRACTION: Final = msgspec.json.Decoder(Retraction)
_SUCCESSION: Final = msgspec.json.Decoder(Succession)


@get(
    "/v1/rebuttals",
    guards=[reads],
    opt=documented("rebuttals", query=ListQuery, answers={200: RebuttalPage}),
)
async def list_rebuttals(request: Asked) -> ASGIResponse:
    """List rebuttals in the order of their ids.

    Page by page: send `next_cursor` as `cursor` until it is null. Drafts are shown to editors only, so a page
    may hold fewer records than `limit`.
    """
    backend = backend_of(request)
    query = read_query(request, ListQuery)
    if query.status == "draft" and not sees_drafts(request):
        raise key_needed("Drafts are shown to keys of the role editor or above.")
    page = await backend.call(backend.runtime.store.page, query.filters(), cursor=query.cursor, limit=query.limit)
    return answer(
        RebuttalPage(items=[item for item in page.items if _visible(request, item)], next_cursor=page.next_cursor)
    )


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
    if not _visible(request, record):
        raise NotFoundError(f"There is no record {rebuttal_id}.")
    known = request.headers.get("if-none-match", "")
    if known.strip() == "*" or str(record.revision) in _TAG.findall(known):
        return ASGIResponse(status_code=304, headers={"ETag": _etag(record)})
    return answer(record, headers={"ETag": _etag(record), "Cache-Control": "no-cache"})


@get(
    "/v1/rebuttals/{rebuttal_id:str}/revisions",
    guards=[reads],
    opt=documented("rebuttals", parameters=(REBUTTAL_ID,), answers={200: Revisions}),
)
async def read_revisions(request: Asked, rebuttal_id: FromPath[str]) -> ASGIResponse:
    """Read every revision of a rebuttal: what it said, since when, and by whose hand."""
    backend = backend_of(request)
    found = await backend.call(backend.runtime.store.revisions, rebuttal_id)
    shown = [revision for revision in found if _visible(request, revision.rebuttal)]
    if not shown:
        raise NotFoundError(f"There is no record {rebuttal_id}.")
    return answer(Revisions(items=shown))


@post(
    "/v1/rebuttals",
    guards=[needs("editor")],
    opt=documented(
        "rebuttals", body=RebuttalContent, answers={201: Rebuttal}, examples=examples.CREATE, needs="editor"
    ),
)
async def create_rebuttal(request: Asked) -> ASGIResponse:
    """Create a rebuttal.

    It answers claims as soon as this returns, unless its status is `draft`. Without an `id` it gets one
    made from the authority and the rumor. An id that is taken is a conflict (409).
    """
    backend = backend_of(request)
    content = await read_json(request, _CONTENT, backend.settings.max_body)
    record = await backend.runtime.catalog.create(content, actor=actor_of(request))
    return answer(record, 201, {"Location": f"/v1/rebuttals/{record.id}", "ETag": _etag(record)})


@put(
    "/v1/rebuttals/{rebuttal_id:str}",
    guards=[needs("editor")],
    opt=documented(
        "rebuttals",
        body=RebuttalContent,
        parameters=(REBUTTAL_ID, {**IF_MATCH, "required": True}),
        answers={200: Rebuttal},
        examples=examples.UPDATE,
        needs="editor",
    ),
)
async def update_rebuttal(request: Asked, rebuttal_id: FromPath[str]) -> ASGIResponse:
    """Replace a rebuttal by a new revision.

    `If-Match` says which revision the change was made from: the `ETag` of what was read, or `*` for any.
    When the record has changed since, nothing is written and the answer is 412.
    """
    backend = backend_of(request)
    expected = _if_match(request, required=True)
    content = await read_json(request, _CONTENT, backend.settings.max_body)
    record = await backend.runtime.catalog.update(
        rebuttal_id, content, expected_revision=expected, actor=actor_of(request)
    )
    return answer(record, headers={"ETag": _etag(record)})


@post(
    "/v1/rebuttals/{rebuttal_id:str}/retract",
    status_code=200,
    guards=[needs("publisher")],
    opt=documented(
        "rebuttals",
        body=Retraction,
        parameters=(REBUTTAL_ID, IF_MATCH),
        answers={200: Rebuttal},
        examples=examples.RETRACT,
        needs="publisher",
    ),
)
async def retract_rebuttal(request: Asked, rebuttal_id: FromPath[str]) -> ASGIResponse:
    """Retract a rebuttal.

    It answers no claim from now on; it stays readable, with every revision and the reason given here.
    """
    backend = backend_of(request)
    expected = _if_match(request, required=False)
    body = await read_json(request, _RETRACTION, backend.settings.max_body)
    record = await backend.runtime.catalog.retract(
        rebuttal_id, reason=body.reason, expected_revision=expected, actor=actor_of(request)
    )
    return answer(record, headers={"ETag": _etag(record)})


@post(
    "/v1/rebuttals/{rebuttal_id:str}/supersede",
    status_code=200,
    guards=[needs("publisher")],
    opt=documented(
        "rebuttals",
        body=Succession,
        parameters=(REBUTTAL_ID, IF_MATCH),
        answers={200: Rebuttal},
        examples=examples.SUPERSEDE,
        needs="publisher",
    ),
)
async def supersede_rebuttal(request: Asked, rebuttal_id: FromPath[str]) -> ASGIResponse:
    """Let another published rebuttal stand in for this one, for example a later, fuller statement."""
    backend = backend_of(request)
    expected = _if_match(request, required=False)
    body = await read_json(request, _SUCCESSION, backend.settings.max_body)
    record = await backend.runtime.catalog.supersede(
        rebuttal_id, by=body.by, reason=body.reason, expected_revision=expected, actor=actor_of(request)
    )
    return answer(record, headers={"ETag": _etag(record)})


def _visible(request: Asked, record: Rebuttal) -> bool:
    return record.status != "draft" or sees_drafts(request)


def _etag(record: Rebuttal) -> str:
    return f'"{record.revision}"'


def _if_match(request: Asked, *, required: bool) -> int | None:
    """The revision that the writer has seen; None for whatever is there.

    A weak tag counts as the strong one: proxies weaken tags when they compress; ours is the revision anyway.
    """
    given = request.headers.get("if-match", "").strip()
    if not given and required:
        raise ProblemError(
            "if-match-needed", 'Send `If-Match` with the ETag of the revision you have read, e.g. `"3"`.'
        )
    if given in {"", "*"}:
        return None
    tag = _TAG.fullmatch(given)
    if tag is None or int(tag[1]) == 0:
        fault = FieldError("If-Match", 'Must be one ETag of this service, for example `"3"`, or `*`.')
        raise ProblemError("bad-request", f"If-Match: {fault.detail}", errors=(fault,))
    return int(tag[1])
