"""Read a long DataFeed with broken elements in it, as an import does before the store: `python benchmarks/feeds.py`.

Nine of ten elements are records of the starter corpus as ClaimReview under further ids, the tenth is not JSON or says
nothing. Prints how many were read and how many refused, the processor's seconds and the most memory of the process.
"""

from __future__ import annotations

import argparse
import asyncio
import resource
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import msgspec
from msgspec import structs

from service.domain import Rebuttal
from service.ingest import starter
from service.ingest.claimreview import to_jsonld
from service.ingest.formats import Source, parsed
from service.store.sqlite import SqliteStore

BROKEN = (b'{"@type": broken}', b'{"@type": "ClaimReview"}')
EVERY = 10
LONGEST = 200_000  # bytes of one element, as the service sets it


def records() -> list[Rebuttal]:
    """The starter corpus."""
    with tempfile.TemporaryDirectory() as folder, SqliteStore.open(Path(folder) / "store.db") as store:
        starter.refresh(store)
        return list(store.scan())


async def feed(known: Sequence[Rebuttal], count: int) -> AsyncIterator[bytes]:
    """The feed in pieces."""
    yield b'{"@context": "https://schema.org", "@type": "DataFeed", "dataFeedElement": ['
    for at in range(count):
        if at % EVERY:
            record = known[at % len(known)]
            review = to_jsonld(structs.replace(record, id=f"{record.id}-{at}"), "https://facts.example")
            element = msgspec.json.encode(review)
        else:
            element = BROKEN[at // EVERY % len(BROKEN)]
        yield (b"," if at else b"") + element
    yield b"]}"


async def read(known: Sequence[Rebuttal], count: int) -> tuple[int, int]:
    """How many elements became records, and how many were refused."""
    good = refused = 0
    async for line in parsed(feed(known, count), Source("claimreview"), LONGEST):
        if line is not None:
            good += line.rejected is None
            refused += line.rejected is not None
    return good, refused


def main() -> None:
    """Read and tell."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=100_000, help="elements of the feed")
    count = parser.parse_args().count
    known, began = records(), time.process_time()
    good, refused = asyncio.run(read(known, count))
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"{good:,} read, {refused:,} refused, {time.process_time() - began:.1f} s of processor, {most} MB at most")


if __name__ == "__main__":
    main()
