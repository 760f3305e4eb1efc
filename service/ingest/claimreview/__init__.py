"""ClaimReview (schema.org), out and in: the markup by which fact checks are exchanged."""

from service.ingest.claimreview.embed import embeddable, script
from service.ingest.claimreview.feed import CONTENT_TYPE, data_feed
from service.ingest.claimreview.reading import Reading, ReviewError, from_jsonld
from service.ingest.claimreview.rules import Finding, findings
from service.ingest.claimreview.writing import Publisher, attributed_rating, to_jsonld

__all__ = [
    "CONTENT_TYPE",
    "Finding",
    "Publisher",
    "Reading",
    "ReviewError",
    "attributed_rating",
    "data_feed",
    "embeddable",
    "findings",
    "from_jsonld",
    "script",
    "to_jsonld",
]
