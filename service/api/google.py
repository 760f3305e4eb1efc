"""The claim search of Google's Fact Check Tools API, so that its clients work here with another root address.

Parameters, answers and errors have Google's shape (REST reference of ``v1alpha1``, method ``claims.search``).
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
from typing import Annotated, Any, Final, NamedTuple
from urllib.parse import parse_qsl

import msgspec
from litestar import Request, get
from litestar.response import Response
from litestar.response.base import ASGIResponse
from msgspec import Meta, Struct

from service.api import problems
from service.api.auth import reads
from service.api.backend import Backend, backend_of
from service.api.bodies import Asked, answer, explain
from service.api.openapi import documented
from service.api.problems import FieldError, ProblemError
from service.domain import MAX_CLAIM, Citation, Filters, Rebuttal
from service.errors import RejoinderError
from service.ingest.claimreview import attributed_rating
from service.ingest.claimreview.texts import site_of, tag_of
from service.language import primary

_MOST_RESULTS: Final = 200
"""How deep the pages of one search go; the ranking says little further down."""
_LEAST: Final = 0.3
"""Probability of being on the matter, below which a record is left out: a search for what we lack finds nothing."""
_MOST_ON_A_PAGE: Final = 100
_PAGE: Final = 100
_MOST_PAGES: Final = 50
"""Pages of the store looked at for one page of a site's reviews; the next one goes on from there."""
_STATUSES: Final = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
    503: "UNAVAILABLE",
}
_CLIENT_ERRORS: Final = range(400, 500)


class SearchQuery(Struct, frozen=True, kw_only=True, rename="camel"):
    """The parameters of ``GET /v1alpha1/claims:search``. Others, such as `key`, are passed over."""

    query: Annotated[
        str, Meta(max_length=MAX_CLAIM, description="What to search for; needed unless a site is given.")
    ] = ""
    language_code: Annotated[str, Meta(max_length=35, description="BCP 47; the region is not considered.")] = ""
    review_publisher_site_filter: Annotated[
        str, Meta(max_length=253, description="Reviews published on this site only, such as `example.org`.")
    ] = ""
    max_age_days: Annotated[int, Meta(ge=0, le=1_000_000, description="Reviews of the last so many days only.")] = 0
    page_size: Annotated[int, Meta(ge=0, description="Claims on a page; 10 if missing or 0, 100 at most.")] = 10
    page_token: Annotated[str, Meta(max_length=500, description="`nextPageToken` of the page before.")] = ""
    offset: Annotated[int, Meta(ge=0, le=_MOST_RESULTS, description="Where to begin, without a `pageToken`.")] = 0


class ReviewPublisher(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Who published a review."""

    name: str
    site: str


class ClaimReview(Struct, frozen=True, kw_only=True, omit_defaults=True, rename="camel"):
    """A page on which a claim's denial can be read."""

    publisher: ReviewPublisher
    url: str
    title: str | None = None
    review_date: dt.datetime | None = None
    textual_rating: str
    language_code: str


class FactCheckedClaim(Struct, frozen=True, kw_only=True, omit_defaults=True, rename="camel"):
    """A claim and its reviews. Who made the claim is not known."""

    text: str
    claim_review: list[ClaimReview]


class ClaimPage(Struct, frozen=True, kw_only=True, omit_defaults=True, rename="camel"):
    """Part of the results; without ``nextPageToken`` it is the last."""

    claims: list[FactCheckedClaim] = []
    next_page_token: str | None = None


class _Place(NamedTuple):
    """Where a page begins: a number among the results; of a site's reviews, on the store's page at a cursor."""

    offset: int = 0
    cursor: str = ""


def respond(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    """Any error in Google's shape: ``{"error": {"code", "message", "status"}}``."""
    ours = problems.respond(request, error)  # logs what must be logged
    described = problems.describe(error, request.scope["path"])
    code = 400 if described.problem.status == 422 else described.problem.status  # noqa: PLR2004 - Google knows no 422
    status = _STATUSES.get(code, "FAILED_PRECONDITION" if code in _CLIENT_ERRORS else "INTERNAL")
    body = {"error": {"code": code, "message": described.problem.detail, "status": status}}
    headers = {name: value for name, value in ours.headers.items() if name.lower() != "content-type"}
    return Response(msgspec.json.encode(body), status_code=code, media_type="application/json", headers=headers)


@get(
    "/v1alpha1/claims:search",
    guards=[reads],
    exception_handlers={Exception: respond},
    opt=documented("checks", query=SearchQuery, answers={200: ClaimPage}),
)
async def search_claims(request: Asked) -> ASGIResponse:
    """Search claims as with Google's Fact Check Tools API.

    Each claim is the rumor of a published record. Its reviews are the pages that the record cites, with the rating in
    the source's words or attributed to the authority. Parameters, answer and errors have Google's shape; its clients
    need another root address and no key.
    """
    backend = backend_of(request)
    query = _read(request)
    place = _place_of(query)
    size = min(query.page_size or 10, _MOST_ON_A_PAGE)  # too much is coerced, as Google's own guide (AIP-158) asks
    if query.query.strip():
        found, following = await _by_query(backend, query, place, size)
    else:
        found, following = await backend.call(_by_site, backend, query, place, size)
    return answer(ClaimPage(claims=found, next_page_token=following))


def _read(request: Asked) -> SearchQuery:
    try:
        text = request.scope["query_string"].decode("ascii")
        values = dict(parse_qsl(text, errors="strict", max_num_fields=50))
        query = msgspec.convert(values, SearchQuery, strict=False)
    except msgspec.ValidationError as error:
        fault = explain(error)
        raise ProblemError("bad-request", f"{fault.field.removeprefix('$.')}: {fault.detail}") from None
    except ValueError:
        raise ProblemError("bad-request", "The query string cannot be read; encode it as UTF-8 with %XX.") from None
    if not query.query.strip() and not query.review_publisher_site_filter:
        raise _invalid("query", "Must be given, unless reviewPublisherSiteFilter is.")
    if query.language_code and tag_of(query.language_code) is None:
        raise _invalid("languageCode", "Must be a BCP 47 language tag, for example en-US.")
    if "\0" in query.query:
        raise _invalid("query", "Must hold no NUL character.")
    return query


def _invalid(name: str, detail: str) -> ProblemError:
    return ProblemError("bad-request", f"{name}: {detail}", errors=(FieldError(name, detail),))


async def _by_query(
    backend: Backend, query: SearchQuery, place: _Place, size: int
) -> tuple[list[FactCheckedClaim], str | None]:
    end = place.offset + size
    deep = _MOST_RESULTS if query.review_publisher_site_filter or query.max_age_days else min(end + 1, _MOST_RESULTS)
    hits = await backend.runtime.checker.search(query.query, limit=deep, filters=_filters(query))
    claims = [claim for hit in hits if hit.score >= _LEAST and (claim := _claim(hit.rebuttal, query))]
    return claims[place.offset : end], _token(f"o{end}") if len(claims) > end else None


def _by_site(
    backend: Backend, query: SearchQuery, place: _Place, size: int
) -> tuple[list[FactCheckedClaim], str | None]:
    """One site's reviews in the order of the records' ids, from page to page of the store."""
    filters, found = _filters(query), list[FactCheckedClaim]()
    cursor, skip = place.cursor or None, place.offset
    for _ in range(_MOST_PAGES):
        page = backend.runtime.store.page(filters, cursor=cursor, limit=_PAGE)
        claims = [claim for record in page.items if (claim := _claim(record, query))]
        room = size - len(found)
        found += claims[skip : skip + room]
        if len(claims) > skip + room:
            return found, _token(f"s{skip + room}:{cursor or ''}")
        cursor, skip = page.next_cursor, max(0, skip - len(claims))
        if cursor is None or len(found) == size:
            break
    return found, None if cursor is None else _token(f"s{skip}:{cursor}")


def _filters(query: SearchQuery) -> Filters:
    language = primary(query.language_code.replace("_", "-")) if query.language_code else None
    return Filters(status="published", language=language)


def _claim(record: Rebuttal, query: SearchQuery) -> FactCheckedClaim | None:
    reviews = [review for citation in record.citations if (review := _review(record, citation, query))]
    return FactCheckedClaim(text=record.rumor, claim_review=reviews) if reviews else None


def _review(record: Rebuttal, citation: Citation, query: SearchQuery) -> ClaimReview | None:
    """A citation as a review; None where the site or the age does not fit."""
    site, day = site_of(citation.url), citation.published_on or record.stated_on
    given = query.review_publisher_site_filter.strip().lower()
    wanted = site_of(given) if "://" in given else given.removeprefix("www.")
    if wanted and site != wanted and not site.endswith(f".{wanted}"):
        return None
    oldest = dt.datetime.now(dt.UTC).date() - dt.timedelta(days=min(query.max_age_days, 700_000))
    if query.max_age_days and (day is None or day < oldest):
        return None
    return ClaimReview(
        publisher=ReviewPublisher(name=citation.publisher, site=site),
        url=citation.url,
        title=citation.title,
        review_date=None if day is None else dt.datetime(day.year, day.month, day.day, tzinfo=dt.UTC),
        textual_rating=attributed_rating(record),
        language_code=citation.language or record.language,
    )


def _token(place: str) -> str:
    return base64.urlsafe_b64encode(place.encode()).decode().rstrip("=")


def _place_of(query: SearchQuery) -> _Place:
    """Where the page begins. Raises `RejoinderError` for a token that is not ours."""
    if not query.page_token:
        return _Place(offset=query.offset)
    try:
        padded = query.page_token.encode("ascii") + b"=" * (-len(query.page_token) % 4)
        text = base64.b64decode(padded, altchars=b"-_", validate=True).decode()
        kind, rest = text[:1], text[1:]
        number, _, cursor = rest.partition(":")
        if kind in {"o", "s"} and number.isascii() and number.isdecimal():
            return _Place(min(int(number[:6]), _MOST_RESULTS), cursor)
    except (UnicodeError, binascii.Error):
        pass
    raise RejoinderError("pageToken: This is not a token of ours: take `nextPageToken` of the page before.")
