"""An immutable block of vectors: 8-bit codes to scan, float32 rows to score the best of them exactly."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numkong
import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]
Codes = NDArray[np.int8]
Rows = NDArray[np.intp]
Scores = NDArray[np.float32]
LARGEST_CODE = 127


def quantise(vectors: Vectors) -> tuple[Codes, NDArray[np.float32]]:
    """Codes of the same shape, and per vector the factor that turns them back; a vector of zeros keeps zeros."""
    factors = np.maximum(np.abs(vectors).max(axis=1), np.finfo(np.float32).tiny) / LARGEST_CODE
    return np.rint(vectors / factors[:, None]).astype(np.int8), factors.astype(np.float32)


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
        floats: the vectors themselves, float32 of shape (rows, dim); may be mapped from a file.
        dead: positions in ``keys`` that were removed.
    """

    keys: Sequence[str]
    key_of_row: NDArray[np.int32]
    fields: NDArray[np.uint8]
    ordinals: NDArray[np.int32]
    codes: Codes
    factors: NDArray[np.float32]
    floats: Vectors
    dead: frozenset[int] = frozenset()

    @cached_property
    def positions(self) -> dict[str, int]:
        """Position of every key, removed or not."""
        return {key: position for position, key in enumerate(self.keys)}

    @cached_property
    def _packed(self) -> Any:  # noqa: ANN401 - numkong names this type only in its stub
        # In the layout of the kernel of this processor; 1.6 to 5 times faster to scan than rows as they lie.
        return numkong.dots_pack(np.ascontiguousarray(self.codes), "int8")

    @cached_property
    def live(self) -> NDArray[np.bool_]:
        """Which rows belong to keys that were not removed."""
        of_key = np.ones(len(self.keys), np.bool_)
        of_key[list(self.dead)] = False
        return of_key[self.key_of_row]

    def prepare(self) -> None:
        """Do now what the first scan would otherwise have to wait for."""
        _ = self._packed

    def holds(self, key: object) -> bool:
        """Whether the key is here and was not removed."""
        position = self.positions.get(key) if isinstance(key, str) else None
        return position is not None and position not in self.dead

    @property
    def rows(self) -> int:
        """Number of rows, those of removed keys included."""
        return len(self.key_of_row)

    def without(self, keys: Sequence[str]) -> Segment:
        """The segment with keys removed; arrays are shared with this one."""
        gone = {self.positions[key] for key in keys if key in self.positions} - self.dead
        if not gone:
            return self
        smaller = replace(self, dead=self.dead | gone)
        # `replace` starts with empty caches: what does not depend on `dead` need not be computed again.
        for name in ("positions", "_packed"):
            if name in self.__dict__:
                smaller.__dict__[name] = self.__dict__[name]
        return smaller

    def allowed(self, keys: frozenset[str]) -> NDArray[np.bool_]:
        """Which rows belong to one of the keys; removed ones are included."""
        of_key = np.zeros(len(self.keys), np.bool_)
        of_key[[self.positions[key] for key in keys if key in self.positions]] = True
        return of_key[self.key_of_row]

    def scan(self, codes: Codes) -> Scores:
        """Approximate dot products, up to each query's own factor.

        Args:
            codes: quantised queries, int8 of shape (queries, dim).

        Returns:
            Float32 of shape (queries, rows).
        """
        # Without the type NumPy would widen int32 times float32 to float64.
        products: NDArray[np.int32] = np.asarray(numkong.dots_packed(codes, self._packed))
        return np.multiply(products, self.factors, dtype=np.float32)

    def exact(self, query: Vectors, rows: Rows) -> Scores:
        """Float32 dot products of one query with some rows."""
        cosines: Scores = self.floats[rows] @ query
        return cosines


def build(keys: Sequence[str], fields: Sequence[int], vectors: Vectors) -> Segment:
    """Make a segment of rows as they come; ordinals count the texts of a key and field from 0."""
    distinct = {key: position for position, key in enumerate(dict.fromkeys(keys))}
    seen: dict[tuple[str, int], int] = {}
    ordinals = np.empty(len(keys), np.int32)
    for row, text in enumerate(zip(keys, fields, strict=True)):
        ordinals[row] = seen[text] = seen.get(text, -1) + 1
    codes, factors = quantise(vectors)
    key_of_row = np.array([distinct[key] for key in keys], np.int32)
    return Segment(
        list(distinct), key_of_row, np.array(fields, np.uint8), ordinals, codes, factors, np.array(vectors, np.float32)
    )


def merge(segments: Sequence[Segment]) -> Segment:
    """One segment with the live rows of several, in their order."""
    keys: list[str] = []
    key_of_row = []
    for segment in segments:
        kept = [position for position in range(len(segment.keys)) if position not in segment.dead]
        moved = np.zeros(len(segment.keys), np.int32)
        moved[kept] = np.arange(len(keys), len(keys) + len(kept))
        keys += [segment.keys[position] for position in kept]
        key_of_row.append(moved[segment.key_of_row[segment.live]])
    live = [(segment, segment.live) for segment in segments]
    return Segment(
        keys,
        np.concatenate(key_of_row),
        np.concatenate([segment.fields[rows] for segment, rows in live]),
        np.concatenate([segment.ordinals[rows] for segment, rows in live]),
        np.concatenate([segment.codes[rows] for segment, rows in live]),
        np.concatenate([segment.factors[rows] for segment, rows in live]),
        np.concatenate([segment.floats[rows] for segment, rows in live]),
    )
