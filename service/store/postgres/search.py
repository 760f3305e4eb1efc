"""One search inside the database: vectors by pgvector, words by their postings, both in one snapshot.

What comes back are candidates with all that is needed to score them exactly: an approximate index, and numbers that
were rounded to half precision, choose which records are looked at, never how near they are.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final, NamedTuple

import numpy as np
import psycopg
from psycopg import sql

from service.errors import StoreError
from service.store.postgres.connection import Readers
from service.store.postgres.graph import embedding
from service.store.postgres.patience import Db
from service.store.postgres.words import CUT, kept
from service.store.searching import Answer, Asked, Found, Scale, Statistics
from service.store.sql import events, vectors
from service.store.sql.vectors import unpack

_FEWEST_PASSAGES: Final = 64
_PASSAGES_PER_RECORD: Final = 4
_EF: Final = 400
"""Passages that the walk through the graph keeps in view: among 42,000 it then misses 2 of 1,000, with 200 it is 6."""
_MOST_EF: Final = 1_000
_WALKED: Final = 2_000
"""Beyond so many passages a scan of all is quicker than the graph, and exact."""
_POSTINGS: Final = 60_000
"""Postings that one search reads at first, the rarest words' first; in a store of 14,000 records that is mostly all."""
_SPARE: Final = 2
"""Times the records wanted: so many are scored exactly, since half precision may put them in a wrong order."""
_DEEPEST: Final = 5_000
"""Records that one search is for at most, by vectors and by words each; it reads and scores some multiple of that."""
_MOST_CANDIDATES: Final = 20_000
"""Records that are scored for their words at most."""
_GROWTH: Final = 4
_MOST_POSTINGS: Final = 1_000_000
"""Where so many do not settle it, the best of these are taken: the words left out are in every fourth record or so."""

_BEGIN: Final = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"

_SETTINGS: Final = (
    "SELECT set_config('hnsw.ef_search', %s, true), set_config('hnsw.iterative_scan', 'strict_order', true), "
    "set_config('enable_seqscan', %s, true), set_config('enable_indexscan', %s, true), "
    "set_config('enable_hashjoin', 'off', true), set_config('enable_mergejoin', 'off', true), "
    "set_config('jit', 'off', true)"
)
_NEAR: Final = sql.SQL(
    "SELECT key FROM passage_published WHERE model = {model} {among} "
    "ORDER BY {embedding} <#> CAST(%s AS halfvec({dim})) LIMIT {most}"
)
_AMONG: Final = sql.SQL("AND key = ANY(ARRAY(SELECT key FROM rebuttal WHERE id = ANY(%s)))")
_STATE: Final = (
    "SELECT coalesce((SELECT max(number) FROM event), 0), coalesce((SELECT max(position) FROM rebuttal), 0), "
    "c.cut, c.records, c.length "
    "FROM (SELECT 1) one LEFT JOIN corpus c ON true"
)
_HELD: Final = "SELECT word, id, held FROM word WHERE word = ANY(%s)"
# The words that are in fewest records first, as many as the budget has room for: what is left weighs least.
_WORDED: Final = """
    WITH asked AS (
        SELECT w.id, w.held,
            CAST(%(slope)s AS float8) / greatest(CAST(c.length AS float8) / greatest(c.records, 1), 1) AS slope,
            ln(CAST(1 + (greatest(c.records - w.held, 0) + 0.5) / (w.held + 0.5) AS float8)) AS weight
        FROM word w CROSS JOIN corpus c WHERE w.word = ANY(%(words)s) AND w.held > 0
    ), chosen AS MATERIALIZED (
        SELECT id, weight, slope
        FROM (SELECT *, sum(held) OVER (ORDER BY held, id) - held AS before FROM asked) a
        WHERE before < %(postings)s
    )
    SELECT p.key, sum(w.weight * p.often / (p.often + CAST(%(base)s AS float8) + w.slope * p.length)) AS score
    FROM chosen w JOIN posting p ON p.word = w.id
    GROUP BY p.key ORDER BY score DESC, p.key LIMIT %(most)s
"""
_ROWS: Final = (
    "SELECT b.key, b.id, b.position, v.fields, v.vectors, w.length, w.ids, w.counts FROM rebuttal b "
    "JOIN vectors v ON v.key = b.key AND v.model = %s LEFT JOIN worded w ON w.key = b.key "
    "WHERE b.key = ANY(%s) AND b.status = 'published'"
)


class _Row(NamedTuple):
    """A candidate as the tables have it."""

    key: int
    id: str
    position: int
    fields: bytes
    vectors: bytes
    length: int
    ids: bytes
    counts: bytes


class _State(NamedTuple):
    """The statistics, and the number of each word that is there with how many records hold it."""

    statistics: Statistics
    held: dict[str, tuple[int, int]]


class Searcher:
    """Searches the published records of a store for one encoder.

    Args:
        readers: of the primary or of a replica.
        model: the encoder, ``name@revision``.
        dim: length of its vectors.
        scale: how words are weighed.
    """

    def __init__(self, readers: Readers, *, model: str, dim: int, scale: Scale) -> None:
        self._readers = readers
        self._model = model
        self._scale = scale
        self._dim = dim

    def head(self) -> int:
        """Number of the last event."""
        with self._readers.lend() as db:
            return events.head(db)

    def position(self) -> int:
        """How far the feed of changes has come."""
        with self._readers.lend() as db:
            return vectors.position(db)

    def statistics(self, words: Sequence[str]) -> Statistics:
        """How words are weighed now. Raises `StoreError` where none are kept."""
        with self._readers.bare() as db, db.pipeline():
            db.execute(_BEGIN)
            told = _state(db.execute(_STATE), db.execute(_HELD, (_kept(words),)), words)
            db.execute("COMMIT")
            return told.statistics

    def find(self, asked: Asked) -> Answer:
        """What is near, so many records at most as are bearable. Raises `StoreError` or its subclass that fits."""
        asked = asked._replace(limit=min(asked.limit, _DEEPEST))
        most = max(_FEWEST_PASSAGES, _PASSAGES_PER_RECORD * asked.limit)
        with self._readers.bare() as db, db.pipeline():
            db.execute(_BEGIN)
            passages = self._passages(db, asked, most)
            state, held = db.execute(_STATE), db.execute(_HELD, (_kept(asked.words),))
            budget = _POSTINGS
            postings = self._postings(db, asked, budget)
            told = _state(state, held, asked.words)
            words = _Words(asked, told, self._scale)
            near = self._distinct_keys(db, asked, passages, most)
            rows = self._rows(db, {*near[: _SPARE * asked.limit], *words.take(postings.fetchall(), budget)})
            while not words.settled(rows):
                budget *= _GROWTH
                more = words.take(self._postings(db, asked, budget).fetchall(), budget)
                rows |= self._rows(db, more - rows.keys())
            db.execute("COMMIT")
        best, close = words.best(rows), set(near)
        found = [_found(row, near=key in close, bm25=best.get(key, 0.0)) for key, row in rows.items()]
        return Answer(told.statistics, [one for one in found if one.near or one.bm25])

    def _passages(self, db: Db, asked: Asked, most: int) -> psycopg.Cursor[Any]:
        vector = f"[{','.join(map(repr, asked.vector.tolist()))}]"
        # Among few records the graph would be walked until it comes upon them.
        scanned = asked.only is not None or most > _WALKED
        among = sql.SQL("") if asked.only is None else _AMONG
        # The model and the limit stand in the text: an index of one model's rows is else not seen to fit, nor a walk
        # through it to be short.
        query = _NEAR.format(
            model=sql.Literal(self._model),
            among=among,
            embedding=embedding(self._dim),
            dim=sql.Literal(self._dim),
            most=sql.Literal(most),
        )
        _set_up(db, most, scanned=scanned)
        found = db.execute(query, (vector,) if asked.only is None else (list(asked.only), vector))
        if scanned:
            _set_up(db, most)
        return found

    def _distinct_keys(self, db: Db, asked: Asked, found: psycopg.Cursor[Any], most: int) -> list[int]:
        """The records of the passages; where a few records have taken all places, of more passages."""
        while True:
            rows = found.fetchall()
            keys = list(dict.fromkeys(key for (key,) in rows))
            if len(keys) >= asked.limit or len(rows) < most:
                return keys
            most *= _GROWTH
            found = self._passages(db, asked, most)

    def _postings(self, db: Db, asked: Asked, budget: int) -> psycopg.Cursor[Any]:
        k1, b, _ = self._scale
        values = {"words": _kept(asked.words), "postings": budget, "most": _candidates(asked, budget)}
        return db.execute(_WORDED, values | {"base": k1 * (1 - b), "slope": k1 * b})

    def _rows(self, db: Db, keys: Collection[int]) -> dict[int, _Row]:
        rows = db.execute(_ROWS, (self._model, list(keys)), binary=True)
        return {row[0]: _Row(*row) for row in rows}


class _Words:
    """Scores candidates by all words of a question, though postings may have been read for the rarer ones alone."""

    def __init__(self, asked: Asked, told: _State, scale: Scale) -> None:
        self._asked = asked
        self._held = [told.held[word] for word in _kept(asked.words) if word in told.held]
        statistics = told.statistics
        k1, b, idf = scale
        weights = [idf(statistics.records, held) * (k1 + 1) for _, held in self._held]
        self._weights = np.array(weights, np.float32)
        self._ids = np.array([number for number, _ in self._held], np.int32)
        average = max(statistics.length / max(statistics.records, 1), 1.0)
        self._base, self._slope = np.float32(k1 * (1 - b)), np.float32(k1 * b / average)
        self._weigh = k1 + 1
        self._keys: set[int] = set()
        self._budget = 0
        self._least = 0.0

    def take(self, found: Sequence[tuple[int, float]], budget: int) -> set[int]:
        """The keys that the words within a budget of postings have found, in the order of their scores."""
        self._budget = budget
        self._least = found[-1][1] * self._weigh if len(found) == _candidates(self._asked, budget) else 0.0
        self._keys = {key for key, _ in found}
        return self._keys

    def settled(self, rows: Mapping[int, _Row]) -> bool:
        """Whether no record that was not taken can be among the best, or enough was read to give up on that."""
        unread = self._unread()
        if unread == 0 or self._budget >= _MOST_POSTINGS:
            return True
        scores = sorted(self.best(rows).values(), reverse=True)
        return len(scores) == self._asked.limit and scores[-1] >= unread + self._least

    def best(self, rows: Mapping[int, _Row]) -> dict[int, float]:
        """BM25 of the best of those taken; of equal ones, of those that came first."""
        scored = [(-self._score(row), row.position, key) for key in self._keys if (row := rows.get(key)) is not None]
        return {key: -score for score, _, key in sorted(scored)[: self._asked.limit] if score}

    def _unread(self) -> float:
        """What the words whose postings were not read could add at most to any score."""
        order = sorted(range(len(self._held)), key=lambda at: (self._held[at][1], self._held[at][0]))
        before, unread = 0, 0.0
        for at in order:
            unread += 0.0 if before < self._budget else float(self._weights[at])
            before += self._held[at][1]
        return unread

    def _score(self, row: _Row) -> float:
        # In the precision and the order of the index in memory, so that both prove the same.
        ids, counts = np.frombuffer(row.ids, "<i4"), np.frombuffer(row.counts, np.uint8)
        at = np.minimum(np.searchsorted(ids, self._ids), max(len(ids) - 1, 0))
        often = np.where(ids[at] == self._ids, counts[at], 0).astype(np.float32) if len(ids) else self._weights * 0
        norm = self._base + self._slope * np.float32(row.length)
        return float(np.cumsum(self._weights * often / (often + norm))[-1]) if len(often) else 0.0


def _candidates(asked: Asked, budget: int) -> int:
    """Records that are taken for their words at first, to be scored by all of them."""
    return min(_SPARE * asked.limit * max(1, budget // _POSTINGS), _MOST_CANDIDATES)


def _kept(words: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(kept(word) for word in words))


def _set_up(db: Db, most: int, *, scanned: bool = False) -> None:
    """How the next statements are run; to the end of the transaction."""
    scan, walk = ("on", "off") if scanned else ("off", "on")
    db.execute(_SETTINGS, (str(min(max(most, _EF), _MOST_EF)), scan, walk))


def _state(state: psycopg.Cursor[Any], held: psycopg.Cursor[Any], words: Sequence[str]) -> _State:
    version, position, cut, records, length = state.fetchone() or (0, 0, None, 0, 0)
    if cut != CUT:
        raise StoreError("The store's words are not there to be searched: make them with `rejoinder store index`.")
    found = {word: (number, times) for word, number, times in held}
    told = {word: found[kept(word)][1] for word in words if kept(word) in found}
    return _State(Statistics(version, position, records, length, told), found)


def _found(row: _Row, *, near: bool, bm25: float) -> Found:
    return Found(row.id, row.position, *unpack(row.fields, row.vectors), near=near, bm25=bm25)
