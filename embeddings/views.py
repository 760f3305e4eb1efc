"""How one search sees a segment: the rows that it may find, and the most promising of them."""

from __future__ import annotations

import math
from collections.abc import Collection
from typing import Protocol

import numkong
import numpy as np
from numpy.typing import NDArray

from embeddings.codes import Codes, Rows, Scores
from embeddings.lists import Lists
from embeddings.segment import Segment

# Groups that a query looks at for its best hundred rows. Recall of the ten nearest is .99 with so many, whatever the
# number of rows; for rows farther down the list it takes more, as measured for fifty: `make bench`, chapter vectors.
PROBED = 352
PROBED_FOR = 100
_DEEPER = 0.25
# Fewer in a small segment beside a large one: what is missed there is a small part of all.
_SMALLER = 1 / 3
# A sample tells where the greatest of many scores begin.
_SAMPLED_FROM = 16_384
_STRIDE = 16
# A filter that names at most so many keys has the rows of all of them compared.
COMPARED = 10_000


class View(Protocol):
    """What queries find in a segment."""

    def promising(self, query: int, wanted: int) -> Rows:
        """Rows with the greatest approximate scores; fewer than wanted only if no more may be found."""
        ...


def view(segment: Segment, share: float, codes: Codes, only: Collection[str] | None, exclude: Collection[str]) -> View:
    """Look at a segment with quantised queries, int8 of shape (queries, dim).

    Args:
        segment: where to look.
        share: of all rows that its rows are.
        codes: the queries.
        only: a few keys, whose rows are all compared; None for all keys.
        exclude: not these keys.
    """
    hidden = segment.rows_of({segment.positions[key] for key in exclude if key in segment.positions})
    if only is not None:
        rows = segment.living_rows_of(only)
        return _Some(segment, codes, rows[~np.isin(rows, hidden)] if len(hidden) else rows)
    mask = segment.live if segment.dead or len(hidden) else None
    if mask is not None and len(hidden):
        mask = mask.copy()
        mask[hidden] = False
    if segment.lists is None:
        return _Whole(segment, codes, mask)
    return _NearLists(segment, segment.lists, codes, mask, PROBED * share**_SMALLER)


class _Whole:
    """Every row is compared."""

    def __init__(self, segment: Segment, codes: Codes, mask: NDArray[np.bool_] | None) -> None:
        self._scores = segment.scan(codes)
        if mask is not None:
            self._scores[:, ~mask] = -np.inf

    def promising(self, query: int, wanted: int) -> Rows:
        rows = _greatest(self._scores[query], wanted)
        return np.compress(np.isfinite(self._scores[query, rows]), rows)


class _Some:
    """Every row that a filter lets through is compared."""

    def __init__(self, segment: Segment, codes: Codes, rows: Rows) -> None:
        self._rows = rows
        self._scores = segment.scan_rows(codes, rows)

    def promising(self, query: int, wanted: int) -> Rows:
        return self._rows[_greatest(self._scores[query], wanted)]


class _NearLists:
    """The rows of the nearest groups are compared."""

    def __init__(
        self, segment: Segment, lists: Lists, codes: Codes, mask: NDArray[np.bool_] | None, probed: float
    ) -> None:
        self._segment = segment
        self._probed = probed
        self._codes = codes
        self._mask = mask
        self._starts = lists.starts
        self._near = lists.near(codes)

    def promising(self, query: int, wanted: int) -> Rows:
        # The farther down the list of the best, the more groups they are in.
        count = math.ceil(self._probed * math.pow(max(1.0, wanted / PROBED_FOR), _DEEPER))
        while True:
            rows, scores = self._compared(query, _greatest(self._near[query], count))
            if len(rows) >= wanted or count >= len(self._near[query]):
                return rows[_greatest(scores, wanted)]
            count *= 4

    def _compared(self, query: int, lists: Rows) -> tuple[Rows, Scores]:
        """The rows of some groups that may be found, with their scores."""
        # In the order of the file, so that the answer does not depend on that in which the groups were found.
        lists = np.sort(lists)
        begin, end = self._starts[lists], self._starts[lists + 1]
        codes, code = self._segment.codes, self._codes[query : query + 1]
        products = np.empty(int((end - begin).sum()), np.float64)
        at = 0
        for first, last in zip(begin.tolist(), end.tolist(), strict=True):
            if first < last:
                numkong.cdist(code, codes[first:last], "dot", out=products[None, at : at + last - first])
                at += last - first
        rows = _ranges(begin, end)
        scores = np.multiply(products, self._segment.factors[rows], dtype=np.float32)
        if self._mask is None:
            return rows, scores
        seen = self._mask[rows]
        return rows[seen], scores[seen]


def _greatest(scores: Scores, wanted: int) -> Rows:
    """Places of the greatest values, in no particular order."""
    if len(scores) <= wanted:
        return np.arange(len(scores))
    if len(scores) > _SAMPLED_FROM:
        # What is below most of a sample is not worth sorting; five times faster for a hundred of a hundred thousand.
        sample = scores[::_STRIDE]
        few = 2 * wanted // _STRIDE + _STRIDE
        if few < len(sample):
            places = np.flatnonzero(scores >= np.partition(sample, -few)[-few])
            if len(places) >= wanted:
                return np.take(places, np.argpartition(scores[places], -wanted)[-wanted:])
    best: Rows = np.argpartition(scores, -wanted)[-wanted:]
    return best


def _ranges(begin: NDArray[np.int64], end: NDArray[np.int64]) -> Rows:
    """All numbers of several ranges, one range after the other."""
    counts = end - begin
    first = np.repeat(begin - np.cumsum(counts) + counts, counts)
    return first + np.arange(len(first))
