"""The records that came last: postings in a dictionary, until there are enough of them for a segment."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Sequence
from itertools import accumulate

import numpy as np

from service.postings.scoring import MOST_REPEATS, Part
from service.postings.segment import Segment, hashes_of, indexed


class Growing:
    """Postings that records are added to, one at a time.

    Attributes:
        first: row of the first record.
        keys: of each record.
        row_of: of each key, the row that it was given last.
    """

    def __init__(self, first: int) -> None:
        self.first = first
        self.keys: list[str] = []
        self.row_of: dict[str, int] = {}
        self._words: dict[str, tuple[array[int], array[int], array[int]]] = {}

    def __len__(self) -> int:
        """Records, those that were replaced included."""
        return len(self.keys)

    def add(self, key: str, words: Sequence[str], size: int) -> None:
        """Give a record of ``size`` words the next row."""
        row = self.first + len(self.keys)
        for word, count in Counter(words).items():
            rows, counts, lengths = self._words.setdefault(word, (array("I"), array("B"), array("H")))
            rows.append(row)
            counts.append(min(count, MOST_REPEATS))
            lengths.append(size)
        self.keys.append(key)
        self.row_of[key] = row

    def part(self, word: str) -> Part | None:
        """The postings of a word, None where there are none."""
        found = self._words.get(word)
        # Copies: an array that is viewed cannot grow.
        return found and Part(*(np.array(column) for column in found))

    def sealed(self) -> Segment:
        """All of it as a segment."""
        words = list(self._words)
        hashes = hashes_of(words)
        order = np.argsort(hashes, kind="stable")
        postings = [self._words[words[place]] for place in order.tolist()]
        rows, counts, lengths = (
            np.frombuffer(b"".join(one[column].tobytes() for one in postings), dtype)
            for column, dtype in enumerate((np.uint32, np.uint8, np.uint16))
        )
        texts = [key.encode("utf-8", "surrogatepass") for key in self.keys]
        key_hashes, key_rows = indexed(hashes_of(self.keys), self.first)
        return Segment(
            words=hashes[order],
            starts=np.array([0, *accumulate(len(one[0]) for one in postings)], np.int64),
            rows=rows,
            counts=counts,
            lengths=lengths,
            keys=np.frombuffer(b"".join(texts), np.uint8),
            ends=np.array(list(accumulate(map(len, texts))), np.int64),
            key_hashes=key_hashes,
            key_rows=key_rows,
            first=self.first,
        )
