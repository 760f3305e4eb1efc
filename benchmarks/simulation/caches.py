"""What a cache of answers that all nodes share would save: headlines that few or many readers ask about.

The n-th most common headline is asked in proportion to 1/n (Zipf). Each node keeps the answers that were asked for
last, as many as `REJOINDER_CACHE_SIZE` says, and the one for all keeps every answer. A write to the store empties them.
"""

from __future__ import annotations

import bisect
import itertools
import random
from collections import OrderedDict

from msgspec import Struct


class Hits(Struct, frozen=True):
    """Share of questions answered from memory: with a cache of ``kept`` answers for each node, and with one for all."""

    nodes: int
    kept: int
    asked: int
    own: float
    shared: float


def hits(*, nodes: int, headlines: int, asked: int, kept: int = 4_096, seed: int = 1) -> Hits:
    """Ask so many questions about so many headlines between two writes."""
    chance = random.Random(seed)
    heights = list(itertools.accumulate(1 / rank for rank in range(1, headlines + 1)))
    caches: list[OrderedDict[int, None]] = [OrderedDict() for _ in range(nodes)]
    seen: set[int] = set()
    own = shared = 0
    for _ in range(asked):
        headline = bisect.bisect_left(heights, chance.random() * heights[-1])
        own += _asked(caches[chance.randrange(nodes)], headline, kept)
        shared += headline in seen
        seen.add(headline)
    return Hits(nodes, kept, asked, round(own / asked, 4), round(shared / asked, 4))


def _asked(cache: OrderedDict[int, None], headline: int, kept: int) -> bool:
    known = headline in cache
    cache[headline] = None
    cache.move_to_end(headline)
    if len(cache) > kept:
        cache.popitem(last=False)
    return known
