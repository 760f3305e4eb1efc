"""The vector index: an exact scan that any number of threads may search while one changes it."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from embeddings.index_file import IndexCorrupt, IndexStale, Stamp, read, write
from embeddings.segment import Rows, Scores, Segment, Vectors, build, merge, quantise

__all__ = ["Hit", "IndexCorrupt", "IndexStale", "VectorIndex"]

# Rows that are scored exactly per query. With 100, recall@10 against float32 was 1.000 on real and random vectors.
RESCORED = 100
# A new segment swallows the last one while that has fewer rows than this, or than GROWTH times its own: so there are
# few segments to search, and each row is copied a logarithmic number of times.
SMALL = 1024
GROWTH = 4


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

    Attributes:
        position: number of the last store event in the index, as of `open` or the last `save`.
    """

    def __init__(self, dim: int, *, model: str, store: str = "") -> None:
        self.dim = dim
        self.model = model
        self.store = store
        self.position = 0
        self._segments: tuple[Segment, ...] = ()
        self._writing = threading.Lock()

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
        segment, stamp = read(path)
        if stamp.model != model:
            raise IndexStale(f"{path} holds vectors of {stamp.model}, the encoder is {model}")
        if store is not None and stamp.store != store:
            raise IndexStale(f"{path} was made for store {stamp.store!r}, this is {store!r}")
        index = cls(stamp.dim, model=stamp.model, store=stamp.store)
        index.position = stamp.position
        index._segments = (segment,) if segment.rows else ()
        return index

    def save(self, path: Path, position: int) -> None:
        """Write the index to a file, replacing an older one at once.

        Args:
            path: in an existing folder.
            position: number of the last store event whose texts are in the index.

        Raises:
            OSError: the file cannot be written; an older one is untouched.
        """
        segments = self._segments or (self._empty(),)
        whole = segments[0] if len(segments) == 1 and not segments[0].dead else merge(segments)
        write(path, whole, Stamp(self.model, self.store, position, self.dim))
        self.position = position

    def __len__(self) -> int:
        return sum(len(segment.keys) - len(segment.dead) for segment in self._segments)

    def __contains__(self, key: object) -> bool:
        return any(segment.holds(key) for segment in self._segments)

    @property
    def rows(self) -> int:
        """Number of texts that a search looks at."""
        return sum(int(segment.live.sum()) for segment in self._segments)

    def keys(self) -> Iterator[str]:
        """Every key once, in no particular order."""
        for segment in self._segments:
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
        new = build(keys, fields, vectors)
        with self._writing:
            kept = self._without(new.keys)
            while kept and kept[-1].rows < max(SMALL, GROWTH * new.rows):
                new = merge([kept.pop(), new])
            new.prepare()
            self._segments = (*kept, new)

    def remove(self, keys: Collection[str]) -> None:
        """Remove keys with all their texts; unknown ones are ignored."""
        with self._writing:
            self._segments = tuple(self._without(list(keys)))

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
        segments = self._segments
        masks = [_mask(segment, allow, exclude) for segment in segments]
        codes, _ = quantise(vectors)
        scans = [segment.scan(codes) for segment in segments]
        for scan, mask in zip(scans, masks, strict=True):
            if mask is not None:
                scan[:, ~mask] = -np.inf
        return [_best(segments, [scan[number] for scan in scans], query, limit) for number, query in enumerate(vectors)]

    def score(self, vector: Vectors, keys: Collection[str]) -> list[Hit]:
        """The nearest text of each of these keys, best first; unknown keys are left out.

        Args:
            vector: one query, float32 of shape ``(dim,)``, of length 1.
            keys: found in another way, for example by their words.
        """
        wanted = frozenset(keys)
        segments = self._segments if wanted else ()
        found = [np.flatnonzero(segment.allowed(wanted) & segment.live) for segment in segments]
        return _distinct(segments, found, vector, len(wanted))

    def _without(self, keys: Sequence[str]) -> list[Segment]:
        smaller = [segment.without(keys) for segment in self._segments]
        # Half dead: the scan would spend more on the removed rows than compacting costs.
        return [
            merge([segment]) if 2 * len(segment.dead) > len(segment.keys) else segment
            for segment in smaller
            if len(segment.dead) < len(segment.keys)
        ]

    def _empty(self) -> Segment:
        return build([], [], np.empty((0, self.dim), np.float32))


def _mask(segment: Segment, allow: Collection[str] | None, exclude: Collection[str]) -> NDArray[np.bool_] | None:
    """Rows that may be found; None for all."""
    mask = segment.live if segment.dead else None
    if allow is not None:
        allowed = segment.allowed(frozenset(allow))
        mask = allowed if mask is None else mask & allowed
    if exclude:
        rest = ~segment.allowed(frozenset(exclude))
        mask = rest if mask is None else mask & rest
    return mask


def _best(segments: Sequence[Segment], scans: Sequence[Scores], query: Vectors, limit: int) -> list[Hit]:
    """Score the most promising rows exactly; more of them until there are enough distinct keys."""
    wanted = max(RESCORED, 2 * limit)
    while True:
        found = [_promising(scan, wanted) for scan in scans]
        hits = _distinct(segments, found, query, limit)
        if len(hits) == limit or all(len(rows) < wanted for rows in found):
            return hits
        wanted *= 4


def _promising(scan: Scores, wanted: int) -> Rows:
    """Rows with the greatest approximate scores; fewer than wanted only if no more may be found."""
    rows = np.argpartition(scan, -wanted)[-wanted:] if len(scan) > wanted else np.arange(len(scan))
    return rows[np.isfinite(scan[rows])]


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
