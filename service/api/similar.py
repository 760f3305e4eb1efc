"""Records near one that is being written."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Final

import msgspec
from litestar import post
from litestar.response.base import ASGIResponse
from msgspec import Meta, Struct

from service.api import examples
from service.api.auth import reads, sees_drafts
from service.api.backend import backend_of
from service.api.bodies import Asked, answer, read_json
from service.api.openapi import documented
from service.domain import (
    Authority,
    Citation,
    Language,
    LongText,
    Rating,
    RebuttalId,
    RumorText,
    ShortText,
    Speaker,
    StatementText,
    Status,
)
from service.similar import Similar

_SHOWN: Final = 10


class Sketch(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A record, or as much of it as there is yet: the rumor is enough."""

    rumor: RumorText
    statement: StatementText | None = None
    authority: Authority | None = None
    citations: Annotated[tuple[Citation, ...], Meta(max_length=100)] = ()
    id: Annotated[RebuttalId, Meta(description="The record of this id is left out.")] | None = None
    language: Language = "en"
    variants: Annotated[tuple[RumorText, ...], Meta(max_length=50)] = ()
    quote: LongText | None = None
    speaker: Speaker | None = None
    rating: Rating | None = None
    rating_words: ShortText | None = None
    stated_on: dt.date | None = None
    topics: Annotated[tuple[ShortText, ...], Meta(max_length=50)] = ()
    contested_with: Annotated[tuple[RebuttalId, ...], Meta(max_length=20)] = ()
    status: Status = "draft"
    superseded_by: RebuttalId | None = None


class SimilarList(Struct, frozen=True, kw_only=True):
    """Records near a content, duplicates first."""

    items: list[Similar]


_SKETCH: Final = msgspec.json.Decoder(Sketch)


@post(
    "/v1/rebuttals/similar",
    status_code=200,
    guards=[reads],
    opt=documented("rebuttals", body=Sketch, answers={200: SimilarList}, examples=examples.SIMILAR),
)
async def find_similar(request: Asked) -> ASGIResponse:
    """Find the records that are nearest to one that is being written.

    `duplicate` marks those that saving it would warn of: the stance model reads their rumor as the same, or, in a
    language that it does not read, most words of the rumor are theirs too and the authority or a cited page is the
    same. Drafts are shown to editors only.
    """
    backend = backend_of(request)
    body = await read_json(request, _SKETCH, backend.settings.max_body)
    found = await backend.runtime.neighbours.of(body, but=body.id, limit=_SHOWN, drafts=sees_drafts(request))
    return answer(SimilarList(items=found))
