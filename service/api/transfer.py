"""Many records at once: import and export in the forms that others use, streamed, so that memory stays flat."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Iterator
from itertools import islice
from typing import Annotated, Final

import msgspec
from litestar import get, post
from litestar.response.base import ASGIResponse
from litestar.response.streaming import ASGIStreamingResponse
from msgspec import Meta, Struct, structs

from service.api import examples, interchange_examples
from service.api.auth import actor_of, needs, reads, sees_drafts
from service.api.backend import Backend, backend_of
from service.api.bodies import NDJSON, Asked, answer, chunks, read_query, require_type
from service.api.interchange import public_base, publisher_of
from service.api.openapi import documented
from service.api.problems import FieldError, ProblemError
from service.api.records import may_publish
from service.domain import Filters, ImportReport, Rebuttal, RebuttalContent
from service.ingest.claimreview import CONTENT_TYPE, data_feed
from service.ingest.formats import MEDIA_TYPES, Source, format_of_type

_LOGGER: Final = logging.getLogger("rejoinder.api")
_LINES_AT_ONCE: Final = 200
_EXPORTS: Final = ("ndjson", "claimreview")


class ExportQuery(Filters, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The parameters of ``GET /v1/rebuttals/export``."""

    format: Annotated[
        str,
        Meta(
            max_length=50,
            description="`ndjson`: a record a line. `claimreview`: a schema.org DataFeed, published records only.",
        ),
    ] = "ndjson"

    def filters(self) -> Filters:
        """The filters alone."""
        return Filters(**{name: getattr(self, name) for name in Filters.__struct_fields__})


class ImportQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The parameters of ``POST /v1/rebuttals/import``."""

    source: Annotated[
        str,
        Meta(max_length=2_000, description="File name or address that the body is from; kept with each record."),
    ] = ""
    as_draft: Annotated[bool, Meta(description="New records become drafts; those that are here keep their status.")] = (
        False
    )


@post(
    "/v1/rebuttals/import",
    status_code=200,
    guards=[needs("editor")],
    opt=documented(
        "transfer",
        body=RebuttalContent,
        body_type=NDJSON[0],
        other_bodies=interchange_examples.IMPORTS,
        query=ImportQuery,
        answers={200: ImportReport},
        examples=examples.IMPORT,
        needs="editor",
    ),
)
async def import_rebuttals(request: Asked) -> ASGIResponse:
    """Import rebuttals: NDJSON, ClaimReview as JSON-LD or in an HTML page, or CSV.

    The body is read as it arrives; NDJSON, JSON-LD feeds and CSV may have any length. Good records are kept, bad ones
    are named with the number of their line, row or element and the reason: a review that rates its claim as true is
    one. Importing the same file twice changes nothing. When the upload breaks off, what came is kept; sending it again
    adds the rest. A change of status of a record that is here needs the role publisher.
    """
    require_type(request, *MEDIA_TYPES)
    query = read_query(request, ImportQuery)
    content_type = request.headers.get("content-type", "")
    form = format_of_type(content_type.partition(";")[0].strip().lower()) or "ndjson"
    catalog = backend_of(request).runtime.catalog
    actor = actor_of(request)
    try:
        report = await catalog.import_from(
            chunks(request),
            Source(form=form, name=query.source, content_type=content_type),
            actor=actor,
            may_publish=may_publish(request),
            as_draft=query.as_draft,
        )
        return answer(report)
    except ProblemError as error:
        if error.kind == "upload-cut-off":
            _LOGGER.warning("An import by %s broke off; what came of it is kept.", actor)
        raise


@get(
    "/v1/rebuttals/export",
    guards=[reads],
    opt=documented("transfer", query=ExportQuery, answers={200: NDJSON[0]}),
)
async def export_rebuttals(request: Asked) -> ASGIResponse:
    """Export rebuttals in the order of their ids: one JSON record a line, or a DataFeed of ClaimReviews.

    NDJSON has every status, unless a filter says otherwise; drafts go to editors only. A DataFeed
    (`application/ld+json`) has what is published, unless the filter `status` says otherwise, because its readers may
    not know what a retraction is. What is exported can be imported, and exported from there unchanged.
    """
    backend = backend_of(request)
    query = read_query(request, ExportQuery)
    if query.format not in _EXPORTS:
        fault = FieldError("format", f"Must be one of: {', '.join(_EXPORTS)}.")
        raise ProblemError("invalid-parameter", f"format: {fault.detail}", errors=(fault,))
    store, filters = backend.runtime.store, query.filters()
    if query.format == "claimreview":
        media_type = CONTENT_TYPE
        filters = structs.replace(filters, status=filters.status or "published")
        records = store.scan(filters, public=not sees_drafts(request))
        lines = data_feed(records, public_base(request), publisher_of(request))
    else:
        media_type = NDJSON[0]
        lines = _lines(store.scan(filters, public=not sees_drafts(request)))
    pieces = _pieces(backend, lines)
    # Read before the answer begins: a store that fails still gets its problem document.
    first = await anext(pieces, b"")
    return ASGIStreamingResponse(iterator=_chain(first, pieces), media_type=media_type)


def _lines(records: Iterator[Rebuttal]) -> Iterator[bytes]:
    encoder = msgspec.json.Encoder()
    return (encoder.encode(record) + b"\n" for record in records)


async def _pieces(backend: Backend, lines: Iterator[bytes]) -> AsyncIterator[bytes]:
    while piece := await backend.call(lambda: b"".join(islice(lines, _LINES_AT_ONCE))):
        yield piece


async def _chain(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for piece in rest:
        yield piece
