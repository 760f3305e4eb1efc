"""ClaimReviews as others write them, and a strategy for records of ours."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator, Sequence
from typing import Any, get_args

from hypothesis import strategies as st

from service.domain import Authority, AuthorityKind, Citation, CitationKind, Rating, RebuttalContent, Speaker, Status
from service.ingest.formats import Source, parsed
from service.ingest.ndjson import ParsedLine

LONGEST = 200_000

REVIEW: dict[str, Any] = {
    "@context": "http://schema.org",
    "@type": "ClaimReview",
    "url": "https://check.example/moon",
    "claimReviewed": "The moon is made of cheese",
    "datePublished": "2025-10-14",
    "author": {"@type": "Organization", "name": "Check Example", "url": "https://check.example"},
    "reviewBody": "It is made of rock.",
    "reviewRating": {
        "@type": "Rating",
        "alternateName": "Mostly false",
        "ratingValue": "2",
        "bestRating": "5",
        "worstRating": "1",
    },
    "itemReviewed": {"@type": "Claim", "author": {"@type": "Person", "name": "Somebody"}},
}


def review(**changes: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON
    """`REVIEW` with other properties; None leaves one out."""
    return {name: value for name, value in {**REVIEW, **changes}.items() if value is not None}


def rated(words: object, **numbers: object) -> dict[str, Any]:
    """`REVIEW` with that rating and nothing else in it."""
    return review(reviewRating={"@type": "Rating", "alternateName": words, **numbers})


async def pieces(data: bytes, sizes: Sequence[int] = ()) -> AsyncIterator[bytes]:
    """The bytes cut into pieces of these sizes, and the rest."""
    at = 0
    for size in sizes:
        yield data[at : at + size]
        at += size
    yield data[at:]


async def read(data: bytes, source: Source, longest: int = LONGEST) -> list[ParsedLine]:
    """Everything that an import of these bytes brings."""
    return [line async for line in parsed(pieces(data), source, longest) if line is not None]


# What a record may hold: any text but NUL and lone surrogates, with something in it that is no white space.
_CHARACTERS = st.characters(exclude_characters="\0", exclude_categories=("Cs",))


def _texts(most: int = 40) -> st.SearchStrategy[str]:
    return st.text(_CHARACTERS, min_size=1, max_size=most).filter(lambda text: bool(text.strip()))


_HARD = st.sampled_from(
    ["</script><b>&amp;", "a\u2028b\u2029", "<!-- -->", " spaced ", "“é”\t中文\n2", '\\"{}[]', "&lt;"]
)
_ANY_TEXT = st.one_of(_texts(), _HARD)
_DATES = st.dates(dt.date(1, 1, 1), dt.date(9999, 12, 31))
_SLUGS = st.from_regex(r"\A[A-Za-z0-9][A-Za-z0-9._:-]{0,20}\Z")
_ADDRESSES = st.from_regex(r"\Ahttps?://[a-z]{1,8}\.example/[a-z0-9?&=%]{0,12}\Z")
_TAGS = st.sampled_from(["en", "zh-Hans", "pt-BR", "sr-Latn-RS"])
_MOMENTS = st.datetimes(dt.datetime(1970, 1, 1), dt.datetime(2100, 1, 1), timezones=st.just(dt.UTC))  # noqa: DTZ001

_CITATIONS = st.builds(
    Citation,
    url=_ADDRESSES,
    publisher=_ANY_TEXT,
    title=st.none() | _ANY_TEXT,
    published_on=st.none() | _DATES,
    kind=st.sampled_from(get_args(CitationKind)),
    language=st.none() | _TAGS,
    quote=st.none() | _ANY_TEXT,
    archived_url=st.none() | _ADDRESSES,
    content_sha256=st.none() | st.from_regex(r"\A[0-9a-f]{64}\Z"),
    last_checked=st.none() | _MOMENTS,
)
RECORDS: st.SearchStrategy[RebuttalContent] = st.builds(
    RebuttalContent,
    id=_SLUGS,
    rumor=_ANY_TEXT,
    statement=_ANY_TEXT,
    quote=st.none() | _ANY_TEXT,
    language=_TAGS,
    authority=st.builds(
        Authority,
        name=_ANY_TEXT,
        kind=st.sampled_from(get_args(AuthorityKind)),
        country=st.sampled_from([None, "CN", "DE"]),
    ),
    speaker=st.none() | st.builds(Speaker, name=st.none() | _ANY_TEXT, role=st.none() | _ANY_TEXT),
    rating=st.sampled_from(get_args(Rating)),
    rating_words=st.none() | _ANY_TEXT,
    stated_on=st.none() | _DATES,
    variants=st.lists(_ANY_TEXT, max_size=3).map(tuple),
    topics=st.lists(_ANY_TEXT, max_size=3).map(tuple),
    citations=st.lists(_CITATIONS, min_size=1, max_size=3).map(tuple),
    contested_with=st.lists(_SLUGS, max_size=2).map(tuple),
    status=st.sampled_from(get_args(Status)),
    superseded_by=st.none() | _SLUGS,
)
