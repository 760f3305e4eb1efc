"""Vectors: a row for each record and model, in half precision, and the feed of changes that an index follows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from service.domain import Rebuttal
from service.passages import FIELDS, Passage, passages
from service.store.base import VectorChange, Vectors
from service.store.sql.beside import Beside, Packed
from service.store.sql.connection import Connection
from service.store.sql.meta import among
from service.store.sql.records import decode

PIECE: Final = 500
"""Records read at a time: some 3 MB of vectors."""

_INSERT: Final = (
    "INSERT INTO vectors (key, model, fields, vectors) VALUES (?, ?, ?, ?) "
    "ON CONFLICT (key, model) DO UPDATE SET fields = excluded.fields, vectors = excluded.vectors"
)


def pack(model: str | None, texts: Sequence[Passage], vectors: NDArray[np.float32]) -> Packed:
    """Check and encode vectors, shape (passages, dim).

    Raises:
        ValueError: the shape does not fit the passages, a number is not finite, or there is no model.
    """
    if not model:
        raise ValueError("vectors need the name of the model that made them")
    if vectors.ndim != 2 or len(vectors) != len(texts) or vectors.shape[1] == 0:  # noqa: PLR2004 - rows and columns
        raise ValueError(f"{len(texts)} passages need as many vectors, not an array of shape {vectors.shape}")
    if not np.isfinite(vectors).all():
        raise ValueError("vectors must be finite")
    fields = bytes(FIELDS.index(passage.field) for passage in texts)
    # Half precision moves a component of a unit vector by 2.4e-4 at most and a cosine by far less.
    return Packed(model, fields, vectors.astype("<f2").tobytes())


def unpack(fields: bytes, vectors: bytes) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """The way back from `Packed`: field numbers, and vectors of shape (passages, dim)."""
    numbers = np.frombuffer(fields, np.uint8)
    return numbers, np.frombuffer(vectors, "<f2").reshape(len(numbers), -1).astype(np.float32)


class Changes:
    """What a batch of writes does to vectors."""

    def __init__(self) -> None:
        self._outdated: set[int] = set()
        self._new: dict[tuple[int, str], Packed] = {}

    def take(self, key: int, new: Packed | None, *, same_texts: bool, existed: bool) -> None:
        """Vectors of texts that have changed go, whatever their model; others stay until replaced."""
        if existed and not same_texts:
            self._outdated.add(key)
            self._new = {place: packed for place, packed in self._new.items() if place[0] != key}
        if new is not None:
            self._new[key, new.model] = new

    def flush(self, db: Connection, beside: Beside) -> None:
        """Lay the changes down."""
        db.executemany("DELETE FROM vectors WHERE key = ?", ((key,) for key in self._outdated))
        db.executemany(_INSERT, ((key, *packed) for (key, _), packed in self._new.items()))
        beside.vectors(db, [(key, packed) for (key, _), packed in self._new.items()])


def position(db: Connection) -> int:
    """How far the feed of changes has come."""
    return int(db.execute("SELECT coalesce(max(position), 0) FROM rebuttal").fetchone()[0])


def passed(db: Connection, version: int, place: int) -> bool:
    """Whether the feed has come to a place, and all that later events have changed lies behind it."""
    # The plus keeps SQLite from reading every record up to the place: later events are few.
    later = "SELECT 1 FROM rebuttal WHERE event > ? AND +position <= ? LIMIT 1"
    return place <= position(db) and db.execute(later, (version, place)).fetchone() is None


def put(
    db: Connection,
    model: str,
    made: Sequence[tuple[str, int, NDArray[np.float32]]],
    beside: Beside,
    *,
    quiet: bool = False,
) -> int:
    """Store vectors made after the fact, and move their records to the end of the feed: indexes then see them.

    Args:
        db: in the middle of a write.
        model: ``name@revision``.
        made: id, revision and vectors of each record.
        beside: told of what was stored.
        quiet: leave the records where they are in the feed: no index follows this model yet.

    Returns:
        How many were stored: those of a revision that is not the current one are passed over.
    """
    kept = 0
    last = position(db)
    query = "SELECT b.key, CAST(r.record AS BLOB) FROM rebuttal b JOIN revision r ON r.event = b.event"
    for rebuttal_id, revision, vectors in made:
        row = db.execute(f"{query} WHERE b.id = ? AND b.revision = ?", (rebuttal_id, revision)).fetchone()
        if row is None:
            continue
        packed = pack(model, passages(decode(row[1])), vectors)
        db.execute(_INSERT, (row[0], *packed))
        beside.vectors(db, [(row[0], packed)])
        kept += 1
        if not quiet:
            last += 1
            db.execute("UPDATE rebuttal SET position = ? WHERE key = ?", (last, row[0]))
    return kept


def missing(db: Connection, model: str, since: int, limit: int) -> list[tuple[int, Rebuttal]]:
    """Published records past a position in the feed that have no vectors of the model, with their positions."""
    rows = db.execute(
        "SELECT b.position, CAST(r.record AS BLOB) FROM rebuttal b JOIN revision r ON r.event = b.event "
        "WHERE b.position > ? AND b.status = 'published' "
        "AND NOT EXISTS (SELECT 1 FROM vectors v WHERE v.key = b.key AND v.model = ?) "
        "ORDER BY b.position LIMIT ?",
        (since, model, limit),
    )
    return [(place, decode(record)) for place, record in rows]


def of(db: Connection, ids: Sequence[str], model: str) -> dict[str, Vectors]:
    """The vectors that records have in their wording of now."""
    query = (
        "SELECT b.id, v.fields, v.vectors FROM rebuttal b JOIN vectors v ON v.key = b.key AND v.model = ? "
        "WHERE b.id IN (SELECT value FROM json_each(?))"
    )
    rows = db.execute(query, (model, among(ids)))
    return {name: Vectors(*unpack(fields, packed)) for name, fields, packed in rows}


def changes(db: Connection, model: str, since: int, *, known: int) -> list[VectorChange]:
    """The next piece of the feed; past the position `known`, also the records that the model has no answer from now."""
    rows = db.execute(
        "SELECT b.position, b.id, v.fields, v.vectors FROM rebuttal b "
        "LEFT JOIN vectors v ON v.key = b.key AND v.model = ? AND b.status = 'published' "
        "WHERE b.position > ? AND (b.position > ? OR v.key IS NOT NULL) ORDER BY b.position LIMIT ?",
        (model, since, known, PIECE),
    )
    return [
        VectorChange(place, name, *((None, None) if fields is None else unpack(fields, blob)))
        for place, name, fields, blob in rows
    ]
