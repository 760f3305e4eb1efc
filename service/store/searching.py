"""The port to a store that searches by itself: candidates, and all that is needed to score them exactly."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray


class Scale(NamedTuple):
    """How words are weighed, by BM25: its two parameters, and what a word says that so many of the records hold."""

    k1: float
    b: float
    idf: Callable[[int, int], float]


class Asked(NamedTuple):
    """What is searched for.

    Attributes:
        vector: of shape (dim,).
        words: distinct.
        limit: how many records by each.
        only: ids of the records to be searched by the vector; None for all. By words all are.
    """

    vector: NDArray[np.float32]
    words: Sequence[str]
    limit: int
    only: Collection[str] | None = None


class Statistics(NamedTuple):
    """The store as words are weighed in it.

    Attributes:
        version: number of the last event.
        position: how far the feed of changes has come.
        records: how many are published.
        length: words of all of them.
        held: of each word asked for that is there, how many records hold it.
    """

    version: int
    position: int
    records: int
    length: int
    held: dict[str, int]


class Found(NamedTuple):
    """A record that was found by its vectors, its words, or both.

    Attributes:
        id: the record's.
        position: its place in the feed of changes.
        fields: uint8, as `service.store.VectorChange` has them.
        vectors: float32 of shape (passages, dim).
        near: whether it was found by its vectors.
        bm25: the score of its words where it is among the best by them, else 0.
    """

    id: str
    position: int
    fields: NDArray[np.uint8]
    vectors: NDArray[np.float32]
    near: bool
    bm25: float


class Answer(NamedTuple):
    """What was found, and the one state of the store in which it was."""

    statistics: Statistics
    found: list[Found]


class Searcher(Protocol):
    """Searches the published records for one encoder. Safe to use from several threads."""

    def head(self) -> int:
        """Number of the last event."""
        ...

    def position(self) -> int:
        """How far the feed of changes has come, as `service.store.Store.position`."""
        ...

    def find(self, asked: Asked) -> Answer:
        """What is near: at least so many records by their vectors, and the best by their words.

        Raises:
            StoreError: what it takes to search is not there; or its subclass that fits.
        """
        ...

    def statistics(self, words: Sequence[str]) -> Statistics:
        """How words are weighed now. Raises as `find`."""
        ...
