"""An immutable block of vectors: 8-bit codes to search, float32 rows to score the best of them exactly."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Final

import numkong
import numpy as np
from numpy.typing import NDArray

from embeddings.codes import Codes, Rows, Scores, Vectors, quantise
from embeddings.floats import Floats
from embeddings.lists import Lists

# What `without` hands on: it does not depend on which keys were removed.
_LASTING: Final = ("positions", "_packed", "_by_key")
_SLACK: Final = 4 * 12**-0.5
COLUMNS: Final = ("fields", "ordinals", "codes", "factors")
"""What a segment has for each row, besides its key and its floats."""


@dataclass(frozen=True)
class Segment:
    """Rows that are searched together.

    Attributes:
        keys: the distinct keys.
        key_of_row: position in ``keys``, int32 of shape (rows,).
        fields: tag of the text, uint8 of shape (rows,).
        ordinals: which of its key's texts of that field it is, int32 of shape (rows,).
        codes: int8 of shape (rows, dim).
        factors: what a row's codes are multiplied with, float32 of shape (rows,).
        floats: the vectors themselves.
        lists: how the rows are grouped; None where they lie as they came, to be scanned whole.
        dead: positions in ``keys`` that were removed.
        name: stays the same when keys are removed.
    """

    keys: Sequence[str]
    key_of_row: NDArray[np.int32]
    fields: NDArray[np.uint8]
    ordinals: NDArray[np.int32]
    codes: Codes
    factors: NDArray[np.float32]
    floats: Floats
    lists: Lists | None = None
    dead: frozenset[int] = frozenset()
    name: object = field(default_factory=object)

    @cached_property
    def positions(self) -> dict[str, int]:
        """Position of every key, removed or not."""
        return {key: position for position, key in enumerate(self.keys)}

    @cached_property
    def _packed(self) -> Any:  # noqa: ANN401 - numkong names this type only in its stub
        # In the layout of the kernel of this processor; 1.6 to 5 times faster to scan than rows as they lie.
        return numkong.dots_pack(np.ascontiguousarray(self.codes), "int8")

    @cached_property
    def _by_key(self) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """All rows in the order of their keys, and where those of each key begin."""
        order = np.argsort(self.key_of_row, kind="stable").astype(np.int32)
        ends = np.cumsum(np.bincount(self.key_of_row, minlength=len(self.keys)), dtype=np.int32)
        return order, np.concatenate([np.zeros(1, np.int32), ends])

    @cached_property
    def live(self) -> NDArray[np.bool_]:
        """Which rows belong to keys that were not removed."""
        rows = np.ones(self.rows, np.bool_)
        rows[self.rows_of(self.dead)] = False
        return rows

    def prepare(self) -> None:
        """Do now what the first search would otherwise have to wait for."""
        _ = self.positions, self._by_key
        if self.lists is None:
            _ = self._packed

    def holds(self, key: object) -> bool:
        """Whether the key is here and was not removed."""
        position = self.positions.get(key) if isinstance(key, str) else None
        return position is not None and position not in self.dead

    @property
    def rows(self) -> int:
        """Number of rows, those of removed keys included."""
        return len(self.key_of_row)

    @property
    def mostly_dead(self) -> bool:
        """Whether searches spend more on the removed rows than copying the others costs."""
        return 2 * len(self.dead) > len(self.keys)

    def without(self, keys: Iterable[str]) -> Segment:
        """The segment with keys removed; arrays are shared with this one."""
        gone = {self.positions[key] for key in keys if key in self.positions} - self.dead
        if not gone:
            return self
        smaller = replace(self, dead=self.dead | gone)
        # `replace` starts with empty caches.
        smaller.__dict__.update({name: self.__dict__[name] for name in _LASTING if name in self.__dict__})
        live = self.live.copy()
        live[self.rows_of(gone)] = False
        smaller.__dict__["live"] = live
        return smaller

    def rows_of(self, positions: Collection[int]) -> Rows:
        """The rows of keys, removed or not, in the order of the keys."""
        if not positions:
            return np.empty(0, np.intp)
        order, starts = self._by_key
        wanted = np.fromiter(positions, np.intp, len(positions))
        counts = starts[wanted + 1] - starts[wanted]
        # Each key's run of places in `order`, one after the other.
        first = np.repeat(starts[wanted] - np.cumsum(counts) + counts, counts)
        rows: Rows = order[first + np.arange(len(first))].astype(np.intp)
        return rows

    def living_rows_of(self, keys: Collection[str]) -> Rows:
        """The rows of those keys that are here and were not removed, ascending."""
        places = self.positions
        found = {place for key in keys if (place := places.get(key)) is not None}
        return np.sort(self.rows_of(found - self.dead))

    def scan(self, codes: Codes) -> Scores:
        """Approximate dot products of queries with every row, up to each query's own factor.

        Args:
            codes: quantised queries, int8 of shape (queries, dim).

        Returns:
            Float32 of shape (queries, rows).
        """
        # Without the type NumPy would widen int32 times float32 to float64.
        products: NDArray[np.int32] = np.asarray(numkong.dots_packed(codes, self._packed))
        return np.multiply(products, self.factors, dtype=np.float32)

    def scan_rows(self, codes: Codes, rows: Rows) -> Scores:
        """As `scan`, of some rows."""
        if not len(rows):
            return np.empty((len(codes), 0), np.float32)
        products = np.asarray(numkong.cdist(codes, self.codes[rows], "dot")).reshape(len(codes), len(rows))
        scores: Scores = np.multiply(products, self.factors[rows], dtype=np.float32)
        return scores

    def bounds(self, query: Vectors, rows: Rows) -> tuple[Scores, Scores]:
        """Between what the dot products of one query with some rows lie, by their codes.

        The rounding of a value is off by .29 of a step in the root mean square, independently of the others; so is that
        of the product with a query of length 1. Four times that is exceeded once in ten thousand times.
        """
        factors = self.factors[rows]
        middle: Scores = (self.codes[rows].astype(np.float32) @ query) * factors
        slack: Scores = factors * np.float32(_SLACK)
        return middle - slack, middle + slack

    def exact(self, query: Vectors, rows: Rows) -> Scores:
        """Float32 dot products of one query with some rows.

        A row whose floats are not those that were written is scored by its codes: that is off by less than a hundredth.
        """
        found, bad = self.floats.take(rows)
        if bad.any():
            found[bad] = self.codes[rows[bad]] * self.factors[rows[bad], None]
        cosines: Scores = found @ query
        return cosines


def build(keys: Sequence[str], fields: Sequence[int], vectors: Vectors) -> Segment:
    """Make a segment of rows as they come; ordinals count the texts of a key and field from 0."""
    distinct = {key: position for position, key in enumerate(dict.fromkeys(keys))}
    seen: dict[tuple[str, int], int] = {}
    ordinals = np.empty(len(keys), np.int32)
    for row, text in enumerate(zip(keys, fields, strict=True)):
        ordinals[row] = seen[text] = seen.get(text, -1) + 1
    key_of_row = np.array([distinct[key] for key in keys], np.int32)
    floats = np.array(vectors, np.float32)
    codes, factors = quantise(floats)
    tags = np.array(fields, np.uint8)
    return Segment(list(distinct), key_of_row, tags, ordinals, codes, factors, Floats(floats))


def merge(segments: Sequence[Segment]) -> Segment:
    """One segment with the live rows of several, in their order; it is scanned whole.

    Raises:
        DamagedRows: a row is not what was written.
    """
    keys, key_of_row = merge_keys(segments)
    live = [(segment, np.flatnonzero(segment.live)) for segment in segments]
    floats = Floats(np.concatenate([segment.floats.sound(rows) for segment, rows in live]))

    def joined(name: str) -> Any:  # noqa: ANN401 - arrays of several types
        return np.concatenate([getattr(segment, name)[rows] for segment, rows in live])

    fields, ordinals, codes, factors = (joined(name) for name in COLUMNS)
    return Segment(keys, key_of_row, fields, ordinals, codes, factors, floats)


def merge_keys(segments: Sequence[Segment]) -> tuple[list[str], NDArray[np.int32]]:
    """The keys of several segments that were not removed, and for each live row the position of its key."""
    keys: list[str] = []
    key_of_row = [np.empty(0, np.int32)]
    for segment in segments:
        kept = [position for position in range(len(segment.keys)) if position not in segment.dead]
        moved = np.zeros(len(segment.keys), np.int32)
        moved[kept] = np.arange(len(keys), len(keys) + len(kept))
        keys += [segment.keys[position] for position in kept]
        key_of_row.append(moved[segment.key_of_row[segment.live]])
    return keys, np.concatenate(key_of_row)
