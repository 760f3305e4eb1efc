"""An immutable block of postings and of the keys of its records; may be mapped from a file.

Rows are numbered over the whole index, so segments that follow each other join without a change of any number.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from hashlib import blake2b
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from service.postings.scoring import Part

Hashes = NDArray[np.uint64]
_AT_ONCE = 1 << 20


class Segment(NamedTuple):
    """Records that came one after another, and where their words stand.

    Words are kept as hashes of 64 bits: that any two of a million words share one has a chance of 1 in 40 million, and
    then they count as one word.

    Attributes:
        words: hashes of the words, ascending.
        starts: where the postings of each begin, and the end of the last; int64 of shape (words + 1,).
        rows: of each posting, ascending within a word.
        counts: of each posting, how often the word stands there.
        lengths: of each posting, words of the record.
        keys: of all records, UTF-8, one after another.
        ends: where each key ends; int64 of shape (records,).
        key_hashes: hashes of the keys, ascending.
        key_rows: the rows of these, older ones first where a key came again.
        first: row of the first record.
    """

    words: Hashes
    starts: NDArray[np.int64]
    rows: NDArray[np.uint32]
    counts: NDArray[np.uint8]
    lengths: NDArray[np.uint16]
    keys: NDArray[np.uint8]
    ends: NDArray[np.int64]
    key_hashes: Hashes
    key_rows: NDArray[np.uint32]
    first: int = 0

    @property
    def end(self) -> int:
        """Row after the last record's."""
        return self.first + len(self.ends)

    def key(self, row: int) -> str:
        """Of the record in a row of this segment."""
        at = row - self.first
        start = int(self.ends[at - 1]) if at else 0
        return self.keys[start : int(self.ends[at])].tobytes().decode("utf-8", "surrogatepass")

    def rows_of(self, keys: Sequence[str], hashes: Hashes) -> Iterator[int]:
        """Rows that some keys have or had."""
        places = np.searchsorted(self.key_hashes, hashes)
        for at in np.flatnonzero(self.key_hashes.take(places, mode="clip") == hashes).tolist():
            place = int(places[at])
            while place < len(self.key_hashes) and self.key_hashes[place] == hashes[at]:
                row = int(self.key_rows[place])
                if self.key(row) == keys[at]:
                    yield row
                place += 1

    def parts(self, hashes: Hashes) -> list[Part | None]:
        """The postings of words, None where there are none."""
        if not len(self.words):
            return [None] * len(hashes)
        places = np.searchsorted(self.words, hashes)
        known = self.words.take(places, mode="clip") == hashes
        places[~known] = 0
        spans = zip(known.tolist(), self.starts[places].tolist(), self.starts[places + 1].tolist(), strict=True)
        return [
            Part(self.rows[start:end], self.counts[start:end], self.lengths[start:end]) if there else None
            for there, start, end in spans
        ]


@lru_cache(maxsize=65_536)
def hashed(text: str) -> int:
    """64 bits that stand for a text, the same in every process."""
    return int.from_bytes(blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "little")


def hashes_of(texts: Sequence[str]) -> Hashes:
    """`hashed` of each."""
    return np.array([hashed(text) for text in texts], np.uint64)


def indexed(keys: Hashes, first: int) -> tuple[Hashes, NDArray[np.uint32]]:
    """Hashes in order, and the rows of the keys that they stand for."""
    order = np.argsort(keys, kind="stable")
    return keys[order], (order + first).astype(np.uint32)


def merge(segments: Sequence[Segment]) -> Segment:
    """One segment of several that follow each other; not empty."""
    if len(segments) == 1:
        return segments[0]
    held = np.concatenate([np.diff(one.starts) for one in segments])
    offsets = np.cumsum([0, *(len(one.rows) for one in segments[:-1])])
    begins = np.concatenate([one.starts[:-1] + offset for one, offset in zip(segments, offsets, strict=True)])
    words = np.concatenate([one.words for one in segments])
    order = np.argsort(words, kind="stable")  # of one word, the earlier rows first
    words, held, begins = words[order], held[order], begins[order]
    fresh = np.flatnonzero(np.concatenate([[True], words[1:] != words[:-1]])) if len(words) else order
    starts = np.concatenate([[0], np.cumsum(held)])
    # One after another, or all of them would be there twice at once.
    postings = {
        name: _moved(np.concatenate([getattr(one, name) for one in segments]), begins, held) for name in Part._fields
    }
    texts = np.cumsum([0, *(len(one.keys) for one in segments[:-1])])
    key_hashes, key_rows = _keys_merged(segments)
    return Segment(
        words=words[fresh],
        starts=np.append(starts[fresh], starts[-1]),
        **postings,
        keys=np.concatenate([one.keys for one in segments]),
        ends=np.concatenate([one.ends + offset for one, offset in zip(segments, texts, strict=True)]),
        key_hashes=key_hashes,
        key_rows=key_rows,
        first=segments[0].first,
    )


def without(segment: Segment, alive: NDArray[np.bool_]) -> Segment:
    """A segment of the records that are alive, numbered anew from 0.

    Args:
        segment: whose first row is 0.
        alive: of shape (records,).
    """
    row = np.cumsum(alive) - 1
    kept = alive[segment.rows]
    before = np.concatenate([[0], np.cumsum(kept)])[segment.starts]
    held = np.diff(before)
    widths = np.diff(segment.ends, prepend=0)
    known = alive[segment.key_rows]
    return Segment(
        words=segment.words[held > 0],
        starts=np.concatenate([[0], np.cumsum(held[held > 0])]),
        rows=row[segment.rows[kept]].astype(np.uint32),
        counts=segment.counts[kept],
        lengths=segment.lengths[kept],
        keys=segment.keys[np.repeat(alive, widths)],
        ends=np.cumsum(widths[alive]),
        key_hashes=segment.key_hashes[known],
        key_rows=row[segment.key_rows[known]].astype(np.uint32),
    )


def _moved(array: NDArray[Any], begins: NDArray[np.int64], held: NDArray[np.int64]) -> NDArray[Any]:
    """A copy with the stretches in another order; piece by piece, or the places would outweigh it."""
    moved = np.empty_like(array)
    ends = np.cumsum(held)
    at = written = 0
    while at < len(held):
        until = max(int(np.searchsorted(ends, written + _AT_ONCE)), at + 1)
        widths = held[at:until]
        total = int(widths.sum())
        places = np.repeat(begins[at:until] - (ends[at:until] - widths), widths) + np.arange(written, written + total)
        moved[written : written + total] = array[places]
        at, written = until, written + total
    return moved


def _keys_merged(segments: Sequence[Segment]) -> tuple[Hashes, NDArray[np.uint32]]:
    hashes = np.concatenate([one.key_hashes for one in segments])
    order = np.argsort(hashes, kind="stable")
    return hashes[order], np.concatenate([one.key_rows for one in segments])[order]
