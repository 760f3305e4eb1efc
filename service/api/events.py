"""The event log, for whoever wants to hold it against what they were told before."""

from __future__ import annotations

from typing import Annotated

from litestar import get
from litestar.response.base import ASGIResponse
from msgspec import Meta, Struct

from service.api.auth import needs
from service.api.backend import backend_of
from service.api.bodies import Asked, answer, read_query
from service.api.openapi import documented
from service.domain import Event, RebuttalId


class EventQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The parameters of ``GET /v1/events``."""

    since: Annotated[int, Meta(ge=0, le=2**53, description="Events after this number; 0 for all.")] = 0
    limit: Annotated[int, Meta(ge=1, le=1_000, description="How many at most.")] = 100
    rebuttal_id: Annotated[RebuttalId, Meta(description="Events of this record alone.")] | None = None


class EventPage(Struct, frozen=True, kw_only=True):
    """A piece of the log, oldest first. ``head`` is the number of the last event that there is."""

    items: list[Event]
    head: int


@get(
    "/v1/events",
    guards=[needs("editor")],
    opt=documented("rebuttals", query=EventQuery, answers={200: EventPage}, needs="editor"),
)
async def read_event_log(request: Asked) -> ASGIResponse:
    """Read the event log: who changed which record, when, why, and what it then said, as a hash.

    `hash` is the SHA-256 of the event's other fields as JSON with sorted keys, without white space and without what is
    null or empty; `previous` is the hash of the event before; `content_sha256` is the SHA-256, written likewise, of the
    revision without `revision`, `created_at` and `updated_at`. Go on with the last number as `since`.
    """
    backend = backend_of(request)
    query = read_query(request, EventQuery)
    store = backend.runtime.store

    def piece() -> EventPage:
        return EventPage(items=store.events(query.since, query.limit, query.rebuttal_id), head=store.head())

    return answer(await backend.call(piece))
