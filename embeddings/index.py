"""The vector index: any number of threads may search it while one changes it."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple, Self

import numpy as np

from embeddings.codes import Rows, Vectors, quantise
from embeddings.floats import DamagedRows
from embeddings.index_file import IndexCorrupt, IndexStale, Stamp, read, write
from embeddings.segment import Segment, build
from embeddings.stack import GROUPED_FROM, Stack
from embeddings.views import COMPARED, View, view

__all__ = ["DamagedRows", "Hit", "IndexCorrupt", "IndexStale", "VectorIndex"]

# Rows that come into question per query. With 100, recall@10 against float32 was 1.000 on real and random vectors.
RESCORED = 100


class Hit(NamedTuple):
    """The best text of one key.

    Attributes:
        key: whose text it is.
        field: its tag, as it was added.
        ordinal: which of the key's texts of that field, from 0, in the order they were added.
        cosine: similarity to the query, computed in float32.
    """

    key: str
    field: int
    ordinal: int
    cosine: float


class VectorIndex:
    """Unit vectors of texts; each text belongs to a key and carries a field tag (0 to 255).

    Searches work on an immutable snapshot, which a change replaces at once when it is complete.

    Args:
        dim: length of a vector.
        model: encoder that makes the vectors, as ``name@revision``.
        store: identifies the store whose texts these are.
        folder: where large segments keep their float32 rows; None for in memory.
        grouped_from: rows from which on a segment is grouped into lists, of which a search looks at the nearest.

    Attributes:
        position: how far of the store's changes the index knows, as of `open` or the last `save`.
        mark: what the caller of `save` said of that place in the store.
    """

    def __init__(
        self, dim: int, *, model: str, store: str = "", folder: Path | None = None, grouped_from: int = GROUPED_FROM
    ) -> None:
        self.dim = dim
        self.model = model
        self.store = store
        self.position = 0
        self.mark = ""
        self._stack = Stack((), folder, grouped_from)

    @classmethod
    def open(cls, path: Path, *, model: str, store: str | None = None) -> Self:
        """Map an index that `save` wrote.

        Args:
            path: the file.
            model: the encoder in use, as ``name@revision``.
            store: the store in use; None accepts any.

        Raises:
            FileNotFoundError: there is no file.
            IndexStale: made with another model, for another store, or in another format: rebuild it.
            IndexCorrupt: truncated or damaged: rebuild it.
        """
        segments, stamp = read(path)
        if stamp.model != model:
            raise IndexStale(f"{path} holds vectors of {stamp.model}, the encoder is {model}")
        if store is not None and stamp.store != store:
            raise IndexStale(f"{path} was made for store {stamp.store!r}, this is {store!r}")
        index = cls(stamp.dim, model=stamp.model, store=stamp.store, folder=path.parent)
        index.position, index.mark = stamp.position, stamp.mark
        index._stack = Stack(segments, path.parent, GROUPED_FROM)
        return index

    def save(self, path: Path, position: int, mark: str = "") -> None:
        """Write the index to a file, replacing an older one at once.

        Args:
            path: in an existing folder.
            position: how far of the store's changes are in the index.
            mark: kept with it, to ask the store later whether it is still the one that was read.

        Raises:
            OSError: the file cannot be written; an older one is untouched.
            DamagedRows: a row is not what was written; likewise.
        """
        write(path, self._stack.now, Stamp(self.model, self.store, position, mark, self.dim))
        self.position, self.mark = position, mark

    @property
    def damaged(self) -> bool:
        """Whether rows were found that are not what was written: make the index again from its texts."""
        return self._stack.damaged

    def __len__(self) -> int:
        return sum(len(segment.keys) - len(segment.dead) for segment in self._stack.now)

    def __contains__(self, key: object) -> bool:
        return any(segment.holds(key) for segment in self._stack.now)

    @property
    def rows(self) -> int:
        """Number of texts that a search looks at."""
        return sum(int(segment.live.sum()) for segment in self._stack.now)

    @property
    def grouped(self) -> int:
        """Number of texts in groups, of which a search looks at the nearest; it looks at all others."""
        return sum(int(segment.live.sum()) for segment in self._stack.now if segment.lists is not None)

    def keys(self) -> Iterator[str]:
        """Every key once, in no particular order."""
        for segment in self._stack.now:
            yield from (key for position, key in enumerate(segment.keys) if position not in segment.dead)

    def add(self, keys: Sequence[str], fields: Sequence[int], vectors: Vectors) -> None:
        """Add texts; a key that is there already is replaced with all its texts.

        Args:
            keys: one for each text; all texts of a key go into one call.
            fields: one tag for each text.
            vectors: float32 of shape ``(len(keys), dim)``, rows of length 1.

        Raises:
            ValueError: shapes do not agree, or a value is not finite.
        """
        if vectors.shape != (len(keys), self.dim) or len(fields) != len(keys):
            raise ValueError(f"{len(keys)} keys, {len(fields)} fields and vectors of shape {vectors.shape}")
        if not np.isfinite(vectors).all():
            raise ValueError("a vector has a value that is not finite")
        if not keys:
            return
        self._stack.push(build(keys, fields, vectors))

    def remove(self, keys: Collection[str]) -> None:
        """Remove keys with all their texts; unknown ones are ignored."""
        self._stack.remove(keys)

    def settle(self) -> None:
        """Do now, in this thread, what is otherwise done aside: merge and group rows, for faster searches.

        Raises:
            DamagedRows: a row is not what was written.
            OSError: the rows of a large segment cannot be written.
        """
        self._stack.settle()

    def close(self) -> None:
        """Stop what is being done aside."""
        self._stack.close()

    def search(
        self,
        vectors: Vectors,
        limit: int,
        *,
        allow: Collection[str] | None = None,
        exclude: Collection[str] = (),
    ) -> list[list[Hit]]:
        """Find the keys whose nearest text is nearest.

        Args:
            vectors: float32 of shape ``(queries, dim)``, rows of length 1.
            limit: keys per query.
            allow: only these keys; None for all.
            exclude: not these keys.

        Returns:
            For each query at most ``limit`` hits, best first.
        """
        if not len(vectors) or limit < 1:
            return [[] for _ in vectors]
        segments = self._stack.now
        few = allow is not None and len(allow) <= COMPARED
        codes, _ = quantise(vectors)
        rows = max(1, sum(segment.rows for segment in segments))
        views = [view(one, one.rows / rows, codes, allow if few else None, exclude) for one in segments]
        let = _Let(None if few or allow is None else frozenset(allow), len(self))
        return [_best(segments, views, (number, query), limit, let) for number, query in enumerate(vectors)]

    def score(self, vector: Vectors, keys: Collection[str]) -> list[Hit]:
        """The nearest text of each of these keys, best first; unknown keys are left out.

        Args:
            vector: one query, float32 of shape ``(dim,)``, of length 1.
            keys: found in another way, for example by their words.
        """
        segments = self._stack.now
        found = [segment.living_rows_of(keys) for segment in segments]
        return _distinct(segments, found, vector, len(keys))


class _Let:
    """A filter that lets many keys through: what it does not is dropped from what has been found."""

    def __init__(self, keys: frozenset[str] | None, of: int) -> None:
        self._keys = keys
        self.share = 1.0 if keys is None else len(keys) / max(of, len(keys))

    def rows(self, segment: Segment, rows: Rows) -> Rows:
        """Those of the rows that belong to such keys."""
        if self._keys is None:
            return rows
        positions = segment.key_of_row[rows].tolist()
        return rows[[segment.keys[position] in self._keys for position in positions]]


def _best(
    segments: Sequence[Segment], views: Sequence[View], query: tuple[int, Vectors], limit: int, let: _Let
) -> list[Hit]:
    """Score the most promising rows exactly; more of them until there are enough distinct keys."""
    number, vector = query
    wanted = math.ceil(max(RESCORED, 2 * limit) / let.share)
    while True:
        found = [one.promising(number, wanted) for one in views]
        passed = [let.rows(segment, rows) for segment, rows in zip(segments, found, strict=True)]
        hits = _distinct(segments, _contenders(segments, passed, vector, limit), vector, limit)
        if len(hits) == limit or all(len(rows) < wanted for rows in found):
            return hits
        wanted *= 4


def _contenders(segments: Sequence[Segment], found: Sequence[Rows], query: Vectors, limit: int) -> Sequence[Rows]:
    """Those of the rows that may be the best of the first keys: the others need not be read, perhaps from a disk."""
    bounds = [segment.bounds(query, rows) for segment, rows in zip(segments, found, strict=True)]
    low = np.concatenate([np.empty(0, np.float32), *(lower for lower, _ in bounds)])
    # A key has its rows in one segment.
    keys = [
        segment.key_of_row[rows].astype(np.int64) + (at << 32)
        for at, (segment, rows) in enumerate(zip(segments, found, strict=True))
    ]
    order = np.argsort(-low, kind="stable")
    _, first = np.unique(np.concatenate([np.empty(0, np.int64), *keys])[order], return_index=True)
    if len(first) <= limit:
        return found
    least = low[order[np.sort(first)[limit - 1]]]
    return [rows[upper >= least] for rows, (_, upper) in zip(found, bounds, strict=True)]


def _distinct(segments: Sequence[Segment], found: Sequence[Rows], query: Vectors, limit: int) -> list[Hit]:
    """The best row of each key, best key first."""
    exact = [segment.exact(query, rows) for segment, rows in zip(segments, found, strict=True)]
    places = [(segment, row) for segment, rows in zip(segments, found, strict=True) for row in rows.tolist()]
    cosines = np.concatenate(exact) if exact else np.empty(0, np.float32)
    hits: dict[str, Hit] = {}
    for number in np.argsort(-cosines, kind="stable").tolist():
        segment, row = places[number]
        key = segment.keys[segment.key_of_row[row]]
        if key not in hits:
            hits[key] = Hit(key, int(segment.fields[row]), int(segment.ordinals[row]), float(cosines[number]))
            if len(hits) == limit:
                break
    return list(hits.values())
