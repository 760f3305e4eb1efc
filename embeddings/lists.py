"""Rows grouped around centroids, so that a search need look only at the groups near its query (an inverted file).

The grouping is spherical k-means on 8-bit codes: products of integers are exact, so the same rows always give the same
groups, whatever the processor and the number of threads.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numkong
import numpy as np
from numpy.typing import NDArray

from embeddings.codes import Codes, Rows, Scores, Vectors, quantise

# Groups per square root of the rows. Fewer make the groups long, more make the search for groups and the building long.
_PER_ROOT = 4
# Rows per group that the centroids are found from, and how often they are moved: recall rises no further with more.
_SAMPLE = 32
_ROUNDS = 6
# Rows that are compared with all centroids in one step: some milliseconds, in which other threads run.
_STEP = 1024


@dataclass(frozen=True)
class Lists:
    """Groups of rows; the rows of a group lie side by side.

    Attributes:
        centroids: codes of the groups' directions, int8 of shape (lists, dim).
        scales: what a centroid's codes are multiplied with, float32 of shape (lists,).
        starts: where each group begins, int64 of shape (lists + 1,); the last is the number of rows.
    """

    centroids: Codes
    scales: NDArray[np.float32]
    starts: NDArray[np.int64]

    @cached_property
    def _packed(self) -> Any:  # noqa: ANN401 - numkong names this type only in its stub
        return numkong.dots_pack(np.ascontiguousarray(self.centroids), "int8")

    def __len__(self) -> int:
        return len(self.scales)

    def near(self, codes: Codes) -> Scores:
        """How near each group is to each query, up to the query's own factor: float32 of shape (queries, lists)."""
        products: NDArray[np.int32] = np.asarray(numkong.dots_packed(codes, self._packed))
        return np.multiply(products, self.scales, dtype=np.float32)


def number_of_lists(rows: int) -> int:
    """How many groups so many rows are put into."""
    return max(1, round(_PER_ROOT * math.sqrt(rows)))


def train(
    take: Callable[[Rows], Vectors], rows: int, *, pause: Callable[[], None]
) -> tuple[Codes, NDArray[np.float32]]:
    """Find centroids from a sample of the rows.

    Args:
        take: gives the vectors of some rows, in ascending order, float32.
        rows: how many there are; at least one.
        pause: called between steps; what it raises ends the training.

    Returns:
        Codes and scales of `number_of_lists` centroids.
    """
    count = number_of_lists(rows)
    random = np.random.default_rng(rows)
    sample = take(np.sort(random.choice(rows, min(rows, _SAMPLE * count), replace=False)))
    codes, _ = quantise(sample)
    centroids = sample[np.sort(random.choice(len(sample), count, replace=False))]
    for _ in range(_ROUNDS):
        lists = Lists(*quantise(centroids), np.empty(0, np.int64))
        belongs = assign(lists, codes, pause=pause)
        centroids = _means(sample, belongs, centroids)
    return quantise(centroids)


def assign(lists: Lists, codes: Codes, *, pause: Callable[[], None]) -> NDArray[np.int32]:
    """The nearest group of each row."""
    belongs = np.empty(len(codes), np.int32)
    for start in range(0, len(codes), _STEP):
        belongs[start : start + _STEP] = lists.near(codes[start : start + _STEP]).argmax(axis=1)
        pause()
    return belongs


def _means(sample: Vectors, belongs: NDArray[np.int32], centroids: Vectors) -> Vectors:
    """The direction of each group's rows; a group without rows keeps the one that it had."""
    order = np.argsort(belongs, kind="stable")
    filled, starts = np.unique(belongs[order], return_index=True)
    moved = centroids.copy()
    sums = np.add.reduceat(sample[order], starts, axis=0)
    moved[filled] = sums / np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), np.finfo(np.float32).tiny)
    return moved
