"""Many records at once: import and export as NDJSON, streamed both ways, so that memory stays flat."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Iterator
from itertools import islice
from typing import Annotated, Final

import msgspec
from litestar import get, post
from litestar.response.base import ASGIResponse
from litestar.response.streaming import ASGIStreamingResponse
from msgspec import Meta

from service.api import examples
from service.api.auth import actor_of, needs, reads, sees_drafts
from service.api.backend import Backend, backend_of
from service.api.bodies import NDJSON, Asked, answer, chunks, read_query, require_type
from service.api.openapi import documented
from service.api.problems import FieldError, ProblemError
from service.domain import Filters, ImportReport, RebuttalContent
from service.store import Store

_LOGGER: Final = logging.getLogger("rejoinder.api")
_LINES_AT_ONCE: Final = 200


class ExportQuery(Filters, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The parameters of ``GET /v1/rebuttals/export``."""

    format: Annotated[str, Meta(max_length=50, description="`ndjson` is the only one so far.")] = "ndjson"

    def filters(self) -> Filters:
        """The filters alone."""
        return Filters(**{name: getattr(self, name) for name in Filters.__struct_fields__})


@post(
    "/v1/rebuttals/import",
    status_code=200,
    guards=[needs("editor")],
    opt=documented(
        "transfer",
        body=RebuttalContent,
        body_type=NDJSON[0],
        answers={200: ImportReport},
        examples=examples.IMPORT,
        needs="editor",
    ),
)
async def import_rebuttals(request: Asked) -> ASGIResponse:
    """Import rebuttals, one JSON record a line.

    The body is read as it arrives and may have any length. Good lines are kept, bad ones are named with their
    number and the reason. Importing the same file twice changes nothing. When the upload breaks off, its
    complete lines are kept; sending it again adds the rest.
    """
    require_type(request, *NDJSON)
    catalog = backend_of(request).runtime.catalog
    actor = actor_of(request)
    try:
        return answer(await catalog.import_lines(chunks(request), actor=actor))
    except ProblemError as error:
        if error.kind == "upload-cut-off":
            _LOGGER.warning("An import by %s broke off; its complete lines are kept.", actor)
        raise


@get(
    "/v1/rebuttals/export",
    guards=[reads],
    opt=documented("transfer", query=ExportQuery, answers={200: NDJSON[0]}),
)
async def export_rebuttals(request: Asked) -> ASGIResponse:
    """Export rebuttals, one JSON record a line, in the order of their ids.

    Every status, unless a filter says otherwise; drafts go to editors only. What is exported can be imported.
    """
    backend = backend_of(request)
    query = read_query(request, ExportQuery)
    if query.format != "ndjson":
        fault = FieldError("format", "Must be `ndjson`, the only format so far.")
        raise ProblemError("invalid-parameter", f"format: {fault.detail}", errors=(fault,))
    lines = _lines(backend.runtime.store, query.filters(), drafts=sees_drafts(request))
    pieces = _pieces(backend, lines)
    # Read before the answer begins: a store that fails still gets its problem document.
    first = await anext(pieces, b"")
    return ASGIStreamingResponse(iterator=_chain(first, pieces), media_type=NDJSON[0])


def _lines(store: Store, filters: Filters, *, drafts: bool) -> Iterator[bytes]:
    encoder = msgspec.json.Encoder()
    for record in store.scan(filters):
        if drafts or record.status != "draft":
            yield encoder.encode(record) + b"\n"


async def _pieces(backend: Backend, lines: Iterator[bytes]) -> AsyncIterator[bytes]:
    while piece := await backend.call(lambda: b"".join(islice(lines, _LINES_AT_ONCE))):
        yield piece


async def _chain(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for piece in rest:
        yield piece
