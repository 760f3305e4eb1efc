"""A record as a ClaimReview in JSON-LD.

What schema.org has a property for stands in that property; the few things it lacks ride along in one block of our own,
``rejoinder:record``, which other readers pass over. Nothing that only the store knows (revision, times of writing) is
in it: so export, import elsewhere and export again give the same bytes.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import msgspec

from service.domain import Authority, Citation, Rating, RebuttalContent

Json = dict[str, Any]

OWN: Final = "rejoinder:record"
VERSION: Final = 1
CONTEXT: Final = ["https://schema.org", {"rejoinder": "urn:rejoinder:", OWN: {"@type": "@json"}}]

WORDS: Final[dict[Rating, str]] = {
    "false": "False",
    "misleading": "Misleading",
    "unproven": "Unproven",
    "missing_context": "Missing context",
    "scam": "Scam",
}
# 1 is the worst, 5 the best: the scale that Google's guide recommends. Neither proven nor refuted is its middle.
VALUES: Final[dict[Rating, int]] = {"false": 1, "scam": 1, "misleading": 2, "missing_context": 3, "unproven": 3}
WORST: Final = 1
BEST: Final = 5

_GOVERNMENT: Final = frozenset({"ministry", "agency", "election_body", "central_bank", "court"})


class Publisher(NamedTuple):
    """Who publishes the reviews: the operator of this service. Without ``url`` it is found where the service is."""

    name: str = "Rejoinder"
    url: str | None = None


def to_jsonld(record: RebuttalContent, base: str, publisher: Publisher | None = None) -> Json:
    """A record as a ClaimReview.

    Args:
        record: with its id.
        base: the public address of the service, such as ``https://facts.example``; the record's page lies below it.
        publisher: who publishes the review; it does not speak: every rating names the authority that made it.
    """
    base = base.rstrip("/")
    publisher = publisher or Publisher()
    organisation = {"@type": "Organization", "name": publisher.name, "url": publisher.url or f"{base}/"}
    return _without_none(
        {
            "@context": CONTEXT,
            "@type": "ClaimReview",
            "identifier": record.id,
            "url": page_of(base, record.id),
            "claimReviewed": record.rumor,
            "reviewBody": record.statement,
            "inLanguage": record.language,
            "datePublished": _day(record),
            "creativeWorkStatus": record.status,
            "author": organisation,
            "sdPublisher": organisation,
            "itemReviewed": _claim(record),
            "reviewRating": _rating(record),
            "isBasedOn": _statement(record),
            "citation": [_citation(one) for one in record.citations],
            "keywords": list(record.topics) or None,
            OWN: _own(record),
        }
    )


def page_of(base: str, rebuttal_id: str | None) -> str:
    """The address of a record's page."""
    return f"{base.rstrip('/')}/rebuttals/{rebuttal_id}"


def attributed_rating(record: RebuttalContent) -> str:
    """The rating in the source's own words, or in ours with the name of whom they are attributed to."""
    return record.rating_words or f"{WORDS[record.rating]}, according to {record.authority.name}"


def _day(record: RebuttalContent) -> str | None:
    """The day of the statement; where it is not known, the first day on which a citation reports it."""
    reported = min(filter(None, (one.published_on for one in record.citations)), default=None)
    day = record.stated_on or reported
    return None if day is None else day.isoformat()


def _claim(record: RebuttalContent) -> Json:
    # Who made the claim and where it appears is not known: a report of the denial is not an appearance of the claim.
    return _without_none({"@type": "Claim", "name": record.rumor, "alternateName": list(record.variants) or None})


def _rating(record: RebuttalContent) -> Json:
    return {
        "@type": "Rating",
        "alternateName": attributed_rating(record),
        "ratingValue": VALUES[record.rating],
        "worstRating": WORST,
        "bestRating": BEST,
    }


def _statement(record: RebuttalContent) -> Json:
    speaker = record.speaker and _without_none(
        {"@type": "Person", "name": record.speaker.name, "jobTitle": record.speaker.role}
    )
    return _without_none(
        {
            "@type": "Quotation",
            "text": record.quote,
            "creator": _organisation(record.authority),
            "spokenByCharacter": speaker,
        }
    )


def _organisation(authority: Authority) -> Json:
    kind = "GovernmentOrganization" if authority.kind in _GOVERNMENT else "Organization"
    address = authority.country and {"@type": "PostalAddress", "addressCountry": authority.country}
    return _without_none({"@type": kind, "name": authority.name, "address": address})


def _citation(citation: Citation) -> Json:
    return _without_none(
        {
            "@type": "CreativeWork",
            "url": citation.url,
            "name": citation.title,
            "publisher": {"@type": "Organization", "name": citation.publisher},
            "datePublished": None if citation.published_on is None else citation.published_on.isoformat(),
            "inLanguage": citation.language,
            "archivedAt": citation.archived_url,
        }
    )


def _own(record: RebuttalContent) -> Json:
    lacking = {
        "version": VERSION,
        "authority_kind": record.authority.kind,
        "rating": record.rating,
        "rating_words": record.rating_words,
        "stated_on": None if record.stated_on is None else record.stated_on.isoformat(),
        "contested_with": list(record.contested_with) or None,
        "superseded_by": record.superseded_by,
        "citations": [
            _without_none(
                {
                    "kind": one.kind,
                    "quote": one.quote,
                    "content_sha256": one.content_sha256,
                    "last_checked": None if one.last_checked is None else msgspec.to_builtins(one.last_checked),
                }
            )
            for one in record.citations
        ],
    }
    return _without_none(lacking)


def _without_none(fields: Json) -> Json:
    return {name: value for name, value in fields.items() if value is not None}
