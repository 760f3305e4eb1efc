"""All reviews as one schema.org DataFeed, written piece by piece."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

import msgspec

from service.domain import RebuttalContent
from service.ingest.claimreview.writing import CONTEXT, Publisher, to_jsonld

CONTENT_TYPE: Final = "application/ld+json"


def data_feed(records: Iterable[RebuttalContent], base: str, publisher: Publisher | None = None) -> Iterator[bytes]:
    """The feed in pieces: its head, one element a line, its end. Every line but the ends is an element.

    Args:
        records: in the order that they shall have.
        base: as for `to_jsonld`.
        publisher: as for `to_jsonld`.
    """
    publisher = publisher or Publisher()
    head = {"@context": CONTEXT, "@type": "DataFeed", "name": f"Rebuttals published by {publisher.name}"}
    yield msgspec.json.encode(head)[:-1] + b',"dataFeedElement":['
    before = b"\n"
    for record in records:
        review = to_jsonld(record, base, publisher)
        del review["@context"]  # the feed's own holds for all that is in it
        yield before + msgspec.json.encode({"@type": "DataFeedItem", "item": review})
        before = b",\n"
    yield b"\n]}\n"
