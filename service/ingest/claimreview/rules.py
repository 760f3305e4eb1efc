"""What a ClaimReview must and should have.

Sources: Google Search Central, "Fact check (ClaimReview) structured data" (required and recommended properties of
ClaimReview, Claim and Rating, but for the claim's author and appearances, which a record does not know; the rules on
scales and on the review's own page); schema.org, the expected types of ClaimReview, Review, Claim, Rating,
CreativeWork and DataFeed; BCP 47 and ISO 8601 for languages and dates.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from typing import Any, Final, Literal, NamedTuple

from service.ingest.claimreview.texts import address_of, site_of, tag_of

Json = dict[str, Any]
Level = Literal["required", "recommended"]


class Finding(NamedTuple):
    """A rule that a review does not keep."""

    level: Level
    path: str
    text: str


class _Rule(NamedTuple):
    level: Level
    path: str
    holds: Callable[[Any], bool]
    text: str
    source: str


def _text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _address(value: object) -> bool:
    return isinstance(value, str) and address_of(value) == value


def _number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _date(value: object) -> bool:
    try:
        return isinstance(value, str) and bool(dt.datetime.fromisoformat(value))
    except ValueError:
        return False


def _tag(value: object) -> bool:
    return isinstance(value, str) and tag_of(value) == value


def _if_there(holds: Callable[[Any], bool]) -> Callable[[object], bool]:
    return lambda value: value is None or holds(value)


def _one_of(*names: str) -> Callable[[object], bool]:
    return lambda value: value in names


_GOOGLE: Final = "Google Search Central: Fact check (ClaimReview) structured data"
_SCHEMA: Final = "schema.org"
_STATES: Final = ("draft", "published", "superseded", "retracted")
_BODIES: Final = ("Organization", "GovernmentOrganization", "Corporation", "NewsMediaOrganization", "Person")

RULES: Final = (
    _Rule("required", "@type", _one_of("ClaimReview"), "must be ClaimReview", _GOOGLE),
    _Rule("required", "claimReviewed", _text, "must be a text", _GOOGLE),
    _Rule("required", "url", _address, "must be the address of the review's page", _GOOGLE),
    _Rule("required", "reviewRating.@type", _one_of("Rating"), "must be Rating", _GOOGLE),
    _Rule("required", "reviewRating.alternateName", _text, "must name the rating in words", _GOOGLE),
    _Rule("required", "author.@type", _one_of(*_BODIES), "must be an organization or a person", _SCHEMA),
    _Rule("required", "author.name", _text, "must be the name of who publishes", _GOOGLE),
    _Rule("recommended", "author.url", _address, "should be an address", _GOOGLE),
    _Rule("recommended", "reviewRating.ratingValue", _number, "should be a number", _GOOGLE),
    _Rule("recommended", "reviewRating.bestRating", _number, "should be a number", _GOOGLE),
    _Rule("recommended", "reviewRating.worstRating", _number, "should be a number", _GOOGLE),
    _Rule("recommended", "itemReviewed.@type", _one_of("Claim"), "should be Claim", _GOOGLE),
    _Rule("recommended", "itemReviewed.name", _text, "should be a text", _SCHEMA),
    _Rule("recommended", "datePublished", _if_there(_date), "should be an ISO 8601 date", _SCHEMA),
    _Rule("recommended", "inLanguage", _tag, "should be a BCP 47 tag", _SCHEMA),
    _Rule("recommended", "reviewBody", _text, "should be a text", _SCHEMA),
    _Rule("recommended", "creativeWorkStatus", _one_of(*_STATES), "should be a state of a record", _SCHEMA),
    _Rule("required", "citation[].@type", _one_of("CreativeWork", "Article", "NewsArticle"), "must be a work", _SCHEMA),
    _Rule("required", "citation[].url", _address, "must be an address", _SCHEMA),
    _Rule("required", "citation[].publisher.name", _text, "must be a text", _SCHEMA),
)


def findings(review: Json, host: str | None = None) -> list[Finding]:
    """The rules that a review breaks.

    Args:
        review: one ClaimReview.
        host: of the page that it is embedded in, where that is known.
    """
    broken = [
        Finding(rule.level, path, f"{rule.text} ({rule.source})")
        for rule in RULES
        for path, value in _at(review, rule.path.split("."))
        if not rule.holds(value)
    ]
    return broken + list(_across(review, host))


def _across(review: Json, host: str | None) -> Iterator[Finding]:
    """Rules that join several properties."""
    rating = review.get("reviewRating")
    rating = rating if isinstance(rating, dict) else {}
    ends = [rating.get(name) for name in ("worstRating", "ratingValue", "bestRating")]
    numbers = [end for end in ends if isinstance(end, int | float)]
    if len(numbers) == len(ends) and not numbers[0] <= numbers[1] <= numbers[2]:
        yield Finding("required", "reviewRating.ratingValue", f"must lie between its ends ({_GOOGLE})")
    page = site_of(review["url"]) if _address(review.get("url")) else ""
    if host and page and page != host and not page.endswith(f".{host}"):
        yield Finding("required", "url", f"must lie on the site of the page that it is in ({_GOOGLE})")


def _at(value: object, path: list[str], walked: str = "") -> Iterator[tuple[str, object]]:
    if not path:
        yield walked, value
        return
    name, *rest = path
    many = name.endswith("[]")
    name = name.removesuffix("[]")
    inner = value.get(name) if isinstance(value, dict) else None
    here = f"{walked}.{name}" if walked else name
    if not many:
        yield from _at(inner, rest, here)
    elif isinstance(inner, list) and inner:
        for place, one in enumerate(inner):
            yield from _at(one, rest, f"{here}[{place}]")
    else:
        yield here, None
