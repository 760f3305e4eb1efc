"""A record for other programs: as ClaimReview markup, and where it came from."""

from __future__ import annotations

from litestar import get
from litestar.params import FromPath
from litestar.response.base import ASGIResponse
from msgspec import Struct

from service.api.auth import reads
from service.api.backend import backend_of
from service.api.bodies import Asked, answer
from service.api.openapi import IF_NONE_MATCH, REBUTTAL_ID, documented
from service.api.records import check_visible, etag, known_tags
from service.domain import Rebuttal
from service.ingest.claimreview import CONTENT_TYPE, Publisher, embeddable, to_jsonld
from service.store.provenance import Provenance


class ProvenanceList(Struct, frozen=True, kw_only=True):
    """Everything that a record was imported from, the newest first."""

    items: list[Provenance]


def public_base(request: Asked) -> str:
    """The address at which people reach this service: the operator's, else the one that was asked."""
    return backend_of(request).settings.public_url or str(request.base_url).rstrip("/")


def publisher_of(request: Asked) -> Publisher:
    """Who publishes the reviews, as the operator has set it."""
    settings = backend_of(request).settings
    return Publisher(settings.publisher_name, settings.publisher_url)


@get(
    "/v1/rebuttals/{rebuttal_id:str}/claimreview",
    guards=[reads],
    opt=documented("transfer", parameters=(REBUTTAL_ID, IF_NONE_MATCH), answers={200: CONTENT_TYPE, 304: None}),
)
async def read_claim_review(request: Asked, rebuttal_id: FromPath[str]) -> ASGIResponse:
    """Read a rebuttal as ClaimReview (schema.org) in JSON-LD.

    It may be put into a page as it is, within `<script type="application/ld+json">`. The rating names the authority
    that made it; `creativeWorkStatus` says whether the record still stands.
    """
    record = await _visible(request, rebuttal_id)
    headers = {"ETag": etag(record), "Cache-Control": "no-cache"}
    if str(record.revision) in known_tags(request.headers.get("if-none-match", "")):
        return ASGIResponse(status_code=304, headers=headers)
    text = embeddable(to_jsonld(record, public_base(request), publisher_of(request)))
    return ASGIResponse(body=text.encode(), headers=headers, media_type=CONTENT_TYPE)


@get(
    "/v1/rebuttals/{rebuttal_id:str}/provenance",
    guards=[reads],
    opt=documented("transfer", parameters=(REBUTTAL_ID,), answers={200: ProvenanceList}),
)
async def read_provenance(request: Asked, rebuttal_id: FromPath[str]) -> ASGIResponse:
    """Read where a rebuttal was imported from.

    For each source: its name or address, its format, how it calls the record, the SHA-256 of the object that was read,
    and what of it was left out. Empty for a record that was written here.
    """
    backend = backend_of(request)
    await _visible(request, rebuttal_id)
    return answer(ProvenanceList(items=await backend.call(backend.runtime.store.provenances.of, rebuttal_id)))


async def _visible(request: Asked, rebuttal_id: str) -> Rebuttal:
    backend = backend_of(request)
    record = await backend.call(backend.runtime.store.get, rebuttal_id)
    await check_visible(request, record)
    return record
