"""Examples of the forms that an import takes. The tests send every one."""

from __future__ import annotations

from typing import Final

from service.api.examples import Example, Examples

_REVIEW: Final = (
    '{"@context": "https://schema.org", "@type": "ClaimReview", "url": "https://check.example/cash-limit", '
    '"claimReviewed": "The central bank will limit cash withdrawals to 300 a week.", "datePublished": "2026-01-15", '
    '"author": {"@type": "Organization", "name": "Check Example"}, '
    '"reviewBody": "The bank says that no limit is planned.", '
    '"reviewRating": {"@type": "Rating", "alternateName": "Mostly false", "ratingValue": 2, "worstRating": 1, '
    '"bestRating": 5}}'
)

IMPORTS: Final[dict[str, Examples]] = {
    "application/ld+json": {"a review": Example("A ClaimReview; a list, a graph or a DataFeed goes as well", _REVIEW)},
    "text/html": {
        "a page": Example(
            "A page with the markup in it",
            f'<!doctype html><title>Cash</title><script type="application/ld+json">{_REVIEW}</script>',
        )
    },
    "text/csv": {
        "a table": Example(
            "A table; the header names the fields of the record",
            "rumor,rating,statement,authority.name,citations.0.url\n"
            '"Cash will be limited to 300 a week.",false,"No limit is planned.",Example Central Bank,'
            "https://bank.example/notices/12\n",
        )
    },
}
