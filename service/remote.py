"""Candidates from a store that searches by itself, instead of from indexes in memory: by the same formulas.

The store chooses which records are looked at. How near they are is worked out from their vectors and words as they are
stored, as `service.indexes` does.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import numpy as np

from embeddings.index import Hit
from service.indexes import Near, Reached, Sought, vectors_dropped
from service.postings import K1, B, Corpus, WordHit, idf, weigh
from service.store.searching import Answer, Asked, Found, Scale, Searcher, Statistics

SCALE: Final = Scale(K1, B, idf)
_AT_ONCE: Final = 4
"""Searches that one process runs side by side: each waits for the database most of its time."""


class Remote:
    """See `service.indexes.Searched`: a store that searches.

    Args:
        searcher: asks the store.
        dropped: `service.store.encodings.Encodings.dropped` of the encoder; left out where nobody drops anything.

    Attributes:
        reached: how far the store had come when it was last asked; version -1 once there is nothing to search by.
    """

    def __init__(self, searcher: Searcher, dropped: Callable[[], str] = str) -> None:
        self._searcher = searcher
        self._dropped = dropped
        self._before = dropped()
        self._pool = ThreadPoolExecutor(max_workers=_AT_ONCE, thread_name_prefix="search")
        self.reached = Reached(-1, 0)

    @property
    def version(self) -> int:
        """Number of the last event that is known."""
        return self.reached.version

    def catch_up(self) -> None:
        """Ask how far the store has come.

        Raises:
            StoreError: also where the vectors were let go of: nothing, or too little, would be found.
        """
        version = self._searcher.head()  # before the other question: where the primary is gone, this finds it out
        if self._dropped() != self._before:
            self.reached = Reached(-1, 0)
            raise vectors_dropped()
        self.reached = Reached(version, self._searcher.position())

    def search(self, sought: Sequence[Sought]) -> list[Near]:
        """What is near, for each in order; each of one version, and none of an earlier one than was known before."""
        if len(sought) == 1:
            return [self._search(sought[0])]
        return list(self._pool.map(self._search, sought))

    def weigh(self, words: Sequence[str], records: Mapping[str, Counter[str]]) -> tuple[list[WordHit], int]:
        """See `service.postings.Postings.weigh`; and how many records there are."""
        told = self._searcher.statistics(words)
        corpus = Corpus(told.records, told.records, told.length)
        return weigh(words, records, told.held, corpus), told.records

    def save(self) -> None:
        """There is nothing to keep: the store has it all."""

    def close(self) -> None:
        """Stop the threads."""
        self._pool.shutdown()

    def _search(self, sought: Sought) -> Near:
        answer = self._searcher.find(Asked(sought.vector, sought.words, sought.limit, sought.only))
        told = answer.statistics
        return Near(_hits(answer, sought), Reached(told.version, told.position), told.records)


def _hits(answer: Answer, sought: Sought) -> list[tuple[Hit, WordHit | None]]:
    """The nearest by their vectors, and the best by their words, each with what both say of it."""
    whole = _whole(answer.statistics, sought.words)
    only = sought.only
    scored = [(one, _nearest_text(one, sought)) for one in answer.found if only is None or one.id in only]
    ranked = sorted((pair for pair in scored if pair[0].near), key=lambda pair: (-pair[1].cosine, pair[0].position))
    near = {one.id for one, _ in ranked[: sought.limit]}
    return [
        (hit, WordHit(one.id, one.bm25, one.bm25 / whole) if one.bm25 else None)
        for one, hit in scored
        if one.id in near or one.bm25
    ]


def _whole(told: Statistics, words: Sequence[str]) -> float:
    """What a record of average length would score that holds each word once."""
    return max(sum(idf(told.records, told.held.get(word, 0)) for word in words), 1e-9)


def _nearest_text(found: Found, sought: Sought) -> Hit:
    cosines = found.vectors @ sought.vector
    best = int(np.argmax(cosines))
    field = int(found.fields[best])
    return Hit(found.id, field, int(np.count_nonzero(found.fields[:best] == field)), float(cosines[best]))
