"""The ranking without a verdict."""

from __future__ import annotations

from typing import Annotated, Final

import msgspec
from litestar import post
from litestar.response.base import ASGIResponse
from msgspec import Meta, Struct

from service.api import examples
from service.api.auth import reads
from service.api.backend import backend_of
from service.api.bodies import Asked, answer, read_json
from service.api.openapi import documented
from service.domain import ClaimText, Filters, Hit


class Query(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The body of ``POST /v1/search``."""

    query: ClaimText
    limit: Annotated[int, Meta(ge=1, le=100, description="How many results to return at most.")] = 10
    filters: Filters = Filters()


class Results(Struct, frozen=True, kw_only=True):
    """Records, the nearest first; ``score`` compares results of one query only."""

    results: list[Hit]


_QUERY: Final = msgspec.json.Decoder(Query)


@post(
    "/v1/search",
    status_code=200,
    guards=[reads],
    opt=documented("checks", body=Query, answers={200: Results}, examples=examples.SEARCH),
)
async def search(request: Asked) -> ASGIResponse:
    """Search published rebuttals.

    By meaning and by words. Results are what a claim is near to, not what it is: for that, check it.
    """
    backend = backend_of(request)
    query = await read_json(request, _QUERY, backend.settings.max_body)
    hits = await backend.runtime.checker.search(query.query, limit=query.limit, filters=query.filters)
    return answer(Results(results=hits))
