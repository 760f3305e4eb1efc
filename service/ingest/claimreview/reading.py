"""Somebody's ClaimReview as a record: what it says is kept, what it does not say is not made up."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple

import msgspec

from service.domain import RebuttalContent
from service.ingest.claimreview.graph import Node, reviews
from service.ingest.claimreview.own import own_content
from service.ingest.claimreview.ratings import Ruling, Scale, judge
from service.ingest.claimreview.texts import address_of, day_of, site_of, tag_of
from service.ingest.claimreview.writing import OWN
from service.ingest.faults import explained
from service.ingest.ndjson import slug
from service.language import language_of

_MOST_CLAIMS: Final = 20
_KINDS: Final = {"governmentorganization": "agency", "corporation": "company", "newsmediaorganization": "fact_checker"}


class ReviewError(NamedTuple):
    """A review that cannot become a record, and why."""

    reason: str
    original_id: str | None


class Reading(NamedTuple):
    """A record read from a review.

    Attributes:
        content: the record, its id set.
        original_id: how the source names it.
        original: the object that it was read from.
        notes: what of it was left out, and why.
    """

    content: RebuttalContent
    original_id: str | None
    original: dict[str, Any]
    notes: tuple[str, ...] = ()


def from_jsonld(document: object, *, address: str | None = None) -> Iterator[Reading | ReviewError]:
    """Every ClaimReview within a JSON value as a record, or the reason why it is none.

    Args:
        document: decoded JSON-LD: an object, a list, a graph, a DataFeed, with reviews at any depth.
        address: of the page that it was found in; relative addresses are read against it.
    """
    for node in reviews(document):
        named = _original_id(node)
        try:
            if OWN in node.raw:
                yield Reading(own_content(node.raw), named, node.raw)
            else:
                yield from _read(_Review(node, address))
        except msgspec.ValidationError as error:
            yield ReviewError(explained(error), named)


def _read(review: _Review) -> Iterator[Reading | ReviewError]:
    ruling = review.ruling()
    claims = review.claims()
    refused = ruling.refused or review.lacking() or _unfit(claims)
    if refused:
        yield ReviewError(refused, review.original_id)
        return
    # A review of several claims, under one rating, denies each of them.
    for claim in claims:
        try:
            content = msgspec.convert(review.fields(claim, ruling), RebuttalContent)
        except msgspec.ValidationError as error:
            yield ReviewError(explained(error), review.original_id)
        else:
            yield Reading(content, review.original_id, review.node.raw, tuple(review.notes))


def _unfit(claims: Sequence[str]) -> str | None:
    if len(claims) > _MOST_CLAIMS:
        return f"It names {len(claims):,} claims under one rating; {_MOST_CLAIMS} are the most."
    return None if claims else "It names no claim (claimReviewed is empty)."


class _Review:
    """The parts of a review that others wrote, looked for where they may stand."""

    def __init__(self, node: Node, address: str | None) -> None:
        self.node = node
        self.notes: list[str] = []
        self.original_id = _original_id(node)
        self.url = _url(node, address)
        self.author, self.kind = _author(node, self.url)
        self.day = self._day("datePublished")
        self.words = _rating_words(node)

    def claims(self) -> list[str]:
        """The claims that it is about: usually one, in ``claimReviewed`` or else in ``itemReviewed``."""
        return self.node.texts("claimReviewed") or [
            text for item in self.node.nodes("itemReviewed") if (text := item.text("text", "name", "headline"))
        ]

    def ruling(self) -> Ruling:
        """What its rating is in our words."""
        return judge(self.words, _scale(self.node))

    def lacking(self) -> str | None:
        """What a record cannot do without; None where it is all there."""
        if self.author is None:
            return "It does not say who reviewed (author, publisher)."
        return None if self.url else "It has no address at which it can be read (url)."

    def fields(self, claim: str, ruling: Ruling) -> dict[str, Any]:
        """The record's fields, for `msgspec.convert`."""
        node, title = self.node, self.node.text("headline", "name")
        statement = node.text("reviewBody", "description", "abstract", "articleBody") or self._explained() or title
        language = next(filter(None, map(tag_of, node.texts("inLanguage"))), None) or language_of(claim)
        citation = {"url": self.url, "publisher": self.author, "title": title, "published_on": self.day}
        return {
            "id": slug(f"{self.author} {claim}", f"{self.author}\n{claim}\n{self.url}"),
            "rumor": claim,
            "statement": statement or f"Rated “{self.words[0] if self.words else ruling.rating}” by {self.author}.",
            "authority": {"name": self.author, "kind": self.kind},
            "language": language,
            "rating": ruling.rating,
            "rating_words": self.words[0] if self.words else None,
            "stated_on": self.day,
            "topics": self._topics(),
            "citations": [{**citation, "kind": "primary", "language": language}],
        }

    def _explained(self) -> str | None:
        return next(
            filter(None, (rating.text("ratingExplanation") for rating in self.node.nodes("reviewRating"))), None
        )

    def _topics(self) -> list[str]:
        given = [part.strip() for text in self.node.texts("keywords") for part in text.split(",")]
        return list(dict.fromkeys(filter(None, given)))[:50]

    def _day(self, name: str) -> dt.date | None:
        given = self.node.text(name)
        day = None if given is None else day_of(given)
        if given is not None and day is None:
            self.notes.append(f"{name}: “{given[:40]}” is no date; left out.")
        return day


def _original_id(node: Node) -> str | None:
    """How the source names it: its id, identifier or address."""
    given = [value for name in ("@id", "identifier", "url") for value in node.values(name) if isinstance(value, str)]
    return next((text[:500] for text in given if text.strip() and not text.startswith("_:")), None)


def _url(node: Node, page: str | None) -> str | None:
    places: Node | None = node
    while places is not None:
        for given in places.texts("url", "mainEntityOfPage") + [
            value for value in places.values("@id") if isinstance(value, str) and value.startswith("http")
        ]:
            if found := address_of(given, page):
                return found
        places = places.above
    return address_of(page) if page else None


def _author(node: Node, url: str | None) -> tuple[str | None, str]:
    """Who reviewed, and which kind of authority that is."""
    for name in ("author", "publisher", "sdPublisher", "creator"):
        for part in node.parts(name):
            if isinstance(part, Node):
                given = part.text("name", "legalName", "alternateName") or site_of(part.text("url", "@id") or "")
                kind = next((_KINDS[kind] for kind in part.types if kind in _KINDS), "fact_checker")
            else:
                given, kind = site_of(part) or part, "fact_checker"
            if given:
                return given, kind
    return (site_of(url) or None) if url else None, "fact_checker"


def _rating_words(node: Node) -> list[str]:
    """Everything that names the rating in words, the most telling first."""
    found = [part for part in node.parts("reviewRating") if isinstance(part, str)]
    for rating in node.nodes("reviewRating"):
        for name in ("alternateName", "ratingValue", "name"):
            found += [text for text in rating.texts(name) if _number(text) is None]
    return list(dict.fromkeys(found))


def _scale(node: Node) -> Scale | None:
    for rating in node.nodes("reviewRating"):
        numbers = [_number(rating.text(name)) for name in ("ratingValue", "worstRating", "bestRating")]
        if None not in numbers:
            value, worst, best = (number for number in numbers if number is not None)
            return Scale(value, worst, best)
    return None


def _number(text: str | None) -> float | None:
    try:
        number = float((text or "").strip().replace(",", "."))
    except ValueError:
        return None
    return number if abs(number) < 1e6 else None  # noqa: PLR2004 - infinities and NaN, too, are no ratings


def digest(original: object) -> str:
    """SHA-256 over an object's JSON with its keys in order: the same however it was spaced."""
    return hashlib.sha256(msgspec.json.encode(original, order="sorted")).hexdigest()
