"""The pages that records cite: whether each is there, where it went, and whether it still says it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

import msgspec
from litestar import get, post
from litestar.params import FromPath
from litestar.response.base import ASGIResponse
from msgspec import Meta, Struct

from service.api import examples
from service.api.auth import needs, reads
from service.api.backend import Backend, backend_of
from service.api.bodies import Asked, answer, read_json, read_query
from service.api.openapi import REBUTTAL_ID, documented
from service.api.problems import ProblemError
from service.api.records import check_visible
from service.citations.reports import CitationReport, of_record, page, verify_record
from service.domain import LinkState, RebuttalId

if TYPE_CHECKING:
    from service.citations.verifying import Verifier

_MOST_AT_ONCE: Final = 2
_MOST_BYTES: Final = 10_000


class CitationsQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The parameters of ``GET /v1/citations``."""

    state: Annotated[LinkState | None, Meta(description="Only citations in this state.")] = None
    cursor: Annotated[str, Meta(max_length=500, description="`next_cursor` of the page before.")] | None = None
    limit: Annotated[int, Meta(ge=1, le=100, description="How many on a page.")] = 20


class CitationList(Struct, frozen=True, kw_only=True):
    """Part of the list; ``next_cursor`` is null on the last page."""

    items: list[CitationReport]
    next_cursor: str | None


class RecordCitations(Struct, frozen=True, kw_only=True):
    """The citations of one record, in its order."""

    items: list[CitationReport]


class Verification(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The body of ``POST /v1/citations/verify``."""

    rebuttal_id: RebuttalId
    save_hashes: Annotated[
        bool, Meta(description="Keep the hash of each page that is fine and has none, so that a later change is seen.")
    ] = False


class VerifiedCitations(Struct, frozen=True, kw_only=True):
    """What came of it: addresses asked, addresses left for the same call again, and the states as they are now."""

    checked: int
    left: int
    items: list[CitationReport]


class LinkChecks:
    """Checks of links that people wait for: few at a time, for each keeps strangers' servers and our threads busy.

    Attributes:
        verifier: asks the pages; made when it is first needed.
        running: checks under way.
    """

    def __init__(self, backend: Backend) -> None:
        self.verifier: Verifier | None = None
        self.running = 0
        self._backend = backend

    def ready(self) -> Verifier:
        """What asks the pages."""
        if self.verifier is None:
            from service.citations.verifying import Verifier  # noqa: PLC0415 - only a check of pages needs it
            from service.outbound import Outbound  # noqa: PLC0415 - as above

            outbound = Outbound(private=self._backend.settings.outbound_private)
            self.verifier = Verifier(self._backend.runtime.store, outbound)
        return self.verifier

    async def verify(self, body: Verification) -> VerifiedCitations:
        """Ask the pages of one record. Raises `ProblemError` where two such checks run already."""
        if self.running >= _MOST_AT_ONCE:
            raise ProblemError("overloaded", "Other links are being checked.", headers={"Retry-After": "10"})
        self.running += 1
        try:
            store = self._backend.runtime.store
            done = await verify_record(store, self.ready(), body.rebuttal_id, keep_hashes=body.save_hashes)
        finally:
            self.running -= 1
        return VerifiedCitations(checked=done.checked, left=done.left, items=done.items)


_VERIFICATION: Final = msgspec.json.Decoder(Verification)


@get(
    "/v1/citations",
    guards=[reads],
    opt=documented("citations", query=CitationsQuery, answers={200: CitationList}),
)
async def list_citations(request: Asked) -> ASGIResponse:
    """List the citations of published records with the state of their pages.

    `dead`, `moved`, `changed` (the quote is gone, or the text is another), `unreachable`, `blocked`, `unchecked` or
    `fine`; `why` says more. Page by page: send `next_cursor` as `cursor` until it is null.
    """
    backend = backend_of(request)
    query = read_query(request, CitationsQuery)
    found = await backend.call(page, backend.runtime.store, query.state, cursor=query.cursor, limit=query.limit)
    return answer(CitationList(items=found.items, next_cursor=found.next_cursor))


@get(
    "/v1/rebuttals/{rebuttal_id:str}/citations",
    guards=[reads],
    opt=documented("citations", parameters=(REBUTTAL_ID,), answers={200: RecordCitations}),
)
async def read_citations(request: Asked, rebuttal_id: FromPath[str]) -> ASGIResponse:
    """Read the citations of a rebuttal with the state of their pages."""
    backend = backend_of(request)
    store = backend.runtime.store
    record = await backend.call(store.get, rebuttal_id)
    await check_visible(request, record)
    return answer(RecordCitations(items=await backend.call(of_record, store, rebuttal_id)))


@post(
    "/v1/citations/verify",
    status_code=200,
    guards=[needs("publisher")],
    opt=documented(
        "citations",
        body=Verification,
        answers={200: VerifiedCitations},
        examples=examples.VERIFY_CITATIONS,
        needs="publisher",
    ),
)
async def verify_citations(request: Asked) -> ASGIResponse:
    """Ask the pages that a rebuttal cites.

    Twenty addresses at most and half a minute; one request at a time to a host. When `left` is not 0, the same call
    again goes on. The record itself is not changed. All records are checked by `rejoinder citations verify`.
    """
    body = await read_json(request, _VERIFICATION, _MOST_BYTES)
    checks: LinkChecks = request.app.state["links"]
    return answer(await checks.verify(body))
