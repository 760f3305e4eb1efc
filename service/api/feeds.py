"""Feeds for readers' programs: what is new, changed and withdrawn."""

from __future__ import annotations

import datetime as dt
import hashlib
from email.utils import format_datetime, parsedate_to_datetime
from typing import Annotated, Final
from urllib.parse import urlencode

import msgspec
from litestar import get
from litestar.response.base import ASGIResponse
from msgspec import Meta, Struct

from service.api.auth import reads
from service.api.backend import backend_of
from service.api.bodies import Asked, read_query
from service.api.interchange import public_base, publisher_of
from service.api.openapi import IF_NONE_MATCH, documented
from service.domain import Filters, Language, ShortText
from service.ingest import feeds
from service.store import Store

_FRESH_S: Final = 60


class FeedQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The parameters of the feeds."""

    topic: Annotated[ShortText, Meta(description="Records with this topic only.")] | None = None
    authority: Annotated[ShortText, Meta(description="Records of this authority only, by its name.")] | None = None
    language: Annotated[Language, Meta(description="Records in this language only; `en` takes in `en-GB`.")] | None = (
        None
    )


@get(
    "/feeds/rebuttals.atom",
    guards=[reads],
    opt=documented("transfer", query=FeedQuery, parameters=(IF_NONE_MATCH,), answers={200: feeds.ATOM, 304: None}),
)
async def read_atom(request: Asked) -> ASGIResponse:
    """Read what is new, changed and withdrawn as an Atom feed.

    The last 50 records that changed, the newest first, each once and always under the same id. Ask again with the
    `ETag` as `If-None-Match`: 304 while nothing has changed.
    """
    return await _feed(request, feeds.ATOM)


@get(
    "/feeds/rebuttals.json",
    guards=[reads],
    opt=documented("transfer", query=FeedQuery, parameters=(IF_NONE_MATCH,), answers={200: feeds.JSON_FEED, 304: None}),
)
async def read_json_feed(request: Asked) -> ASGIResponse:
    """Read what is new, changed and withdrawn as a JSON Feed (version 1.1).

    The same entries as those of the Atom feed.
    """
    return await _feed(request, feeds.JSON_FEED)


async def _feed(request: Asked, media_type: str) -> ASGIResponse:
    backend = backend_of(request)
    query = read_query(request, FeedQuery)
    filters = Filters(topic=query.topic, authority=query.authority, language=query.language)
    found = await backend.call(_entries, backend.runtime.store, filters)
    about = _about(request, query)
    write = feeds.atom if media_type == feeds.ATOM else _json
    body = await backend.call(write, found, about)
    # Of the text itself: it also tells apart what another address or publisher has made of the same events.
    headers = {"ETag": f'"{hashlib.sha256(body).hexdigest()[:32]}"', "Cache-Control": f"max-age={_FRESH_S}"}
    changed = feeds.updated(found)
    if changed is not None:
        headers["Last-Modified"] = format_datetime(changed.astimezone(dt.UTC).replace(microsecond=0), usegmt=True)
    if _known(request, headers["ETag"], changed):
        return ASGIResponse(status_code=304, headers=headers)
    return ASGIResponse(body=body, headers=headers, media_type=f"{media_type}; charset=utf-8")


def _entries(store: Store, filters: Filters) -> list[feeds.Entry]:
    """The entries, without those of records that were thrown away before they were ever published."""
    found = feeds.entries(store, filters)
    public = store.public([one.record.id for one in found])
    return [one for one in found if one.record.id in public]


def _about(request: Asked, query: FeedQuery) -> feeds.About:
    base, publisher = public_base(request), publisher_of(request)
    chosen = {name: value for name, value in msgspec.structs.asdict(query).items() if value is not None}
    path = request.scope["path"]
    address = f"{base}{path}?{urlencode(chosen)}" if chosen else f"{base}{path}"
    title = ": ".join(["Rebuttals", *([", ".join(chosen.values())] if chosen else [])])
    return feeds.About(title=title, base=base, address=address, author=publisher.name)


def _json(found: list[feeds.Entry], about: feeds.About) -> bytes:
    return msgspec.json.encode(feeds.json_feed(found, about))


def _known(request: Asked, tag: str, changed: dt.datetime | None) -> bool:
    """Whether the caller has this already (RFC 9110, 13.2.2: the tag counts before the date)."""
    given = request.headers.get("if-none-match")
    if given is not None:
        return given.strip() == "*" or tag in [one.strip().removeprefix("W/") for one in given.split(",")]
    since = request.headers.get("if-modified-since")
    try:
        return (
            since is not None and changed is not None and changed.replace(microsecond=0) <= parsedate_to_datetime(since)
        )
    except (ValueError, TypeError, OverflowError):
        return False
