"""The index of words: records come and go, and are found by BM25."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from service.postings import file, scoring
from service.postings.growing import Growing
from service.postings.scoring import Listed, Norm, Rows, Scores, idf
from service.postings.segment import Segment, hashes_of, merge, without
from service.postings.weighing import Corpus, WordHit, weigh

_SMALL: Final = 1024
# A longer segment is not made while searches wait: joining two halves of it takes a tenth of a second.
_LARGEST: Final = 1 << 17
_MOST_WORDS: Final = 65_535


class Postings:
    """BM25 (Robertson and Zaragoza 2009, with Lucene's idf) over records that come and go.

    Immutable segments hold most, mapped from one file after `open`; a small part grows by `add` until it becomes a
    segment too, and small segments are joined. Numbers of rows and counts of words do not depend on how far that has
    come. A removed row is only marked: it still counts among the records that hold its words, until `purged`. Safe to
    use from several threads.

    Attributes:
        affordable: postings that a search adds up; a query that has more is searched by its rarest words first, and the
            best 500 that these find are scored in full.
    """

    def __init__(self, *, affordable: int = scoring.AFFORDABLE) -> None:
        self._lock = threading.Lock()
        self.affordable = affordable
        self._segments: list[Segment] = []
        self._growing = Growing(0)
        self._alive = np.ones(_SMALL, np.bool_)
        self._sizes = np.zeros(_SMALL, np.uint16)
        self._scores = np.zeros(_SMALL, np.float32)
        self._count = 0
        self._total = 0

    def __len__(self) -> int:
        """Records that can be found."""
        return self._count

    @property
    def stale(self) -> float:
        """Share of rows that were removed and still count in the statistics: past a fifth or so, take `purged`."""
        return 1 - self._count / max(self._rows, 1)

    @property
    def _rows(self) -> int:
        return self._growing.first + len(self._growing)

    def add(self, key: str, words: Sequence[str]) -> None:
        """Add a record's words; a key that is there already is replaced."""
        self.change((), {key: words})

    def remove(self, key: str) -> None:
        """Hide a record; an unknown key is ignored."""
        self.change((key,), {})

    def change(self, gone: Collection[str], records: Mapping[str, Sequence[str]]) -> None:
        """Remove and add many records at once: no search sees a part of it.

        Args:
            gone: keys to remove; unknown ones are ignored.
            records: words by key; a key that is there already is replaced.
        """
        with self._lock:
            self._hide([*gone, *records])
            for key, words in records.items():
                self._append(key, words)

    def search(self, words: Iterable[str], limit: int) -> list[WordHit]:
        """The records that share words, best first and of equal ones the oldest, at most ``limit``.

        Exact while the words have no more postings than are affordable, which is so to some million texts; beyond that
        a record can be missed that owes its place to frequent words (decision 0004 says how seldom).
        """
        with self._lock:
            if not self._count or limit < 1:
                return []
            listed = self._listed(list(words))
            rows, scores = self._best(listed, limit)
            keys = [self._key(row) for row in rows.tolist()]
        whole = max(sum(one.weight for one in listed), 1e-9)
        return [WordHit(key, score, score / whole) for key, score in zip(keys, scores.tolist(), strict=True)]

    def weigh(self, query: Sequence[str], records: Mapping[str, Counter[str]]) -> list[WordHit]:
        """Score records that are not in the index as it would score each of them if it were.

        Args:
            query: distinct words.
            records: how often each word stands in a record.

        Returns:
            The records that share words with the query, in the order given.
        """
        with self._lock:
            held = {word: one.held for word, one in zip(query, self._listed(query), strict=True)}
            corpus = Corpus(self._rows, self._count, self._total)
        return weigh(query, records, held, corpus)

    def purged(self) -> Self:
        """An index of the records that can be found, as if no other had ever been added. This one does not change."""
        with self._lock:
            self._seal()
            segments, alive, sizes = list(self._segments), self._alive[: self._rows].copy(), self._sizes
        fresh = type(self)(affordable=self.affordable)
        if alive.any():
            kept = without(merge(segments), alive)
            fresh._fill(kept, sizes[: len(alive)][alive], np.ones(len(kept.ends), np.bool_))  # noqa: SLF001 - its own kind
        return fresh

    def save(self, path: Path, stamp: str) -> None:
        """Write one file, whole or not at all. Searches go on meanwhile.

        Args:
            path: in an existing folder.
            stamp: says which state of which store this is; `open` compares it.

        Raises:
            OSError: the file cannot be written; an older one is untouched.
        """
        with self._lock:
            self._seal()
            segments, alive, sizes = list(self._segments), self._alive[: self._rows].copy(), self._sizes[: self._rows]
        joined = merge(segments) if segments else Growing(0).sealed()
        arrays = {name: getattr(joined, name) for name in file.ARRAYS if name in Segment._fields}
        file.write(path, stamp, {**arrays, "sizes": sizes, "alive": alive.view(np.uint8)})
        with self._lock:
            # Older segments were not touched since: at most newer ones came.
            if segments and all(ours is one for ours, one in zip(self._segments, segments, strict=False)):
                self._segments[: len(segments)] = [joined]

    @classmethod
    def open(cls, path: Path, stamp: str) -> Self:
        """Map what `save` wrote for the same stamp. Raises `PostingsFileError` on anything else."""
        arrays = file.read(path, stamp)
        sizes, alive = arrays.pop("sizes"), arrays.pop("alive")
        index = cls()
        if len(sizes):
            index._fill(Segment(**arrays, first=0), sizes, alive.astype(np.bool_))
        return index

    def _fill(self, segment: Segment, sizes: NDArray[np.uint16], alive: NDArray[np.bool_]) -> None:
        self._segments = [segment]
        self._growing = Growing(segment.end)
        self._alive, self._sizes = alive, np.array(sizes)
        self._scores = np.zeros(len(sizes), np.float32)
        self._count = int(np.count_nonzero(alive))
        self._total = int(np.sum(sizes, where=alive, dtype=np.int64))

    def _hide(self, keys: Sequence[str]) -> None:
        rows = [self._growing.row_of.pop(key) for key in keys if key in self._growing.row_of]
        if self._segments:
            hashes = hashes_of(keys)
            rows += [row for segment in self._segments for row in segment.rows_of(keys, hashes)]
        for row in rows:
            if self._alive[row]:
                self._alive[row] = False
                self._count -= 1
                self._total -= int(self._sizes[row])

    def _append(self, key: str, words: Sequence[str]) -> None:
        row = self._rows
        if row == len(self._alive):
            self._alive = np.concatenate([self._alive, np.ones(row, np.bool_)])
            self._sizes = np.concatenate([self._sizes, np.zeros(row, np.uint16)])
            self._scores = np.zeros(2 * row, np.float32)
        size = min(len(words), _MOST_WORDS)
        self._growing.add(key, words, size)
        self._sizes[row] = size
        self._count += 1
        self._total += size
        if len(self._growing) == _SMALL:
            self._seal()

    def _seal(self) -> None:
        if not len(self._growing):
            return
        self._segments.append(self._growing.sealed())
        self._growing = Growing(self._segments[-1].end)
        while len(self._segments) > 1 and self._joinable(*self._segments[-2:]):
            self._segments[-2:] = [merge(self._segments[-2:])]

    @staticmethod
    def _joinable(older: Segment, newer: Segment) -> bool:
        """Each of at least half the length of the other: then a record moves seldom."""
        return len(older.ends) <= 2 * len(newer.ends) and len(older.ends) + len(newer.ends) <= _LARGEST

    def _listed(self, words: Sequence[str]) -> list[Listed]:
        hashes = hashes_of(words) if self._segments else np.zeros(0, np.uint64)
        found = [*(segment.parts(hashes) for segment in self._segments), [self._growing.part(word) for word in words]]
        listed = []
        for parts in zip(*found, strict=True):
            there = [part for part in parts if part is not None]
            held = sum(len(part.rows) for part in there)
            listed.append(Listed(there, held, idf(self._rows, held)))
        return listed

    def _best(self, listed: Sequence[Listed], limit: int) -> tuple[Rows, Scores]:
        norm = Norm.of(self._total, self._count)
        alive = None if self._count == self._rows else self._alive
        scores = self._scores[: self._rows]
        scores.fill(0)
        first, rest = scoring.split(listed, self.affordable)
        scoring.accumulate(first, norm, scores)
        if not rest:
            return scoring.best(scores, first, limit, alive)
        rows = np.sort(scoring.best(scores, first, scoring.depth(limit), alive)[0])
        return scoring.ranked(rows, scoring.complete(rows, scores[rows], self._sizes[rows], rest, norm), limit)

    def _key(self, row: int) -> str:
        if row >= self._growing.first:
            return self._growing.keys[row - self._growing.first]
        return next(segment for segment in self._segments if row < segment.end).key(row)
