"""BM25 over the postings of a query's words, and the best of what it finds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

K1, B = 1.2, 0.75  # Robertson's usual values; 2A train is flat around them
MOST_REPEATS: Final = 255  # a count is one byte
# Up to here every posting of a query is added up; 40 words come to 430,000 among a million texts (decision 0004).
AFFORDABLE: Final = 1 << 19
LOOKED_UP = 500
_SAMPLED: Final = 16_384
_SAMPLES: Final = 6
_AT_ONCE: Final = 1 << 15

Scores = NDArray[np.float32]
Rows = NDArray[np.intp]


class Part(NamedTuple):
    """Postings of one word that lie together: three arrays of one length, rows ascending.

    Attributes:
        rows: which records hold the word.
        counts: how often.
        lengths: how many words these records have.
    """

    rows: NDArray[np.uint32]
    counts: NDArray[np.uint8]
    lengths: NDArray[np.uint16]

    def cut(self, start: int, end: int | None) -> Part:
        """Those between two places."""
        return Part(self.rows[start:end], self.counts[start:end], self.lengths[start:end])


class Listed(NamedTuple):
    """A word of a query, and where it stands.

    Attributes:
        parts: its postings; no row is in two of them.
        held: how many records hold it.
        weight: what the word says.
    """

    parts: Sequence[Part]
    held: int
    weight: float


class Norm(NamedTuple):
    """What the length of a record adds below the line: ``base + slope * length``."""

    base: np.float32
    slope: np.float32

    @classmethod
    def of(cls, total: int, count: int) -> Self:
        """For ``count`` records of ``total`` words."""
        return cls(np.float32(K1 * (1 - B)), np.float32(K1 * B / max(total / max(count, 1), 1.0)))


def idf(size: int, held: int) -> float:
    """What a word says that ``held`` of ``size`` records hold: Lucene's form, never negative."""
    return float(np.log1p((max(size - held, 0) + 0.5) / (held + 0.5)))


def accumulate(listed: Sequence[Listed], norm: Norm, scores: Scores) -> None:
    """Add what each word says to the scores of the records that hold it, word by word in the order given."""
    for piece in _pieces(listed):
        parts = [part for _, part in piece]
        rows = np.concatenate([part.rows for part in parts], dtype=np.intp)
        counts = np.concatenate([part.counts for part in parts], dtype=np.float32)
        below = np.concatenate([part.lengths for part in parts], dtype=np.float32)
        gains = np.repeat(np.array([weight for weight, _ in piece], np.float32), [len(part.rows) for part in parts])
        gains *= counts
        below *= norm.slope
        below += norm.base
        below += counts
        gains /= below
        np.add.at(scores, rows, gains)


def best(scores: Scores, listed: Sequence[Listed], limit: int, alive: NDArray[np.bool_] | None) -> tuple[Rows, Scores]:
    """The rows with the highest scores, highest first and equal ones in their order; only those above 0.

    Args:
        scores: of every row.
        listed: the words that were added up.
        limit: how many rows at most.
        alive: which rows may be found; None for all.
    """
    found = np.flatnonzero(scores >= _floor(scores, listed, limit, alive))
    if alive is not None:
        found = found[alive[found]]
    return ranked(found, scores[found], limit)


def ranked(rows: Rows, values: Scores, limit: int) -> tuple[Rows, Scores]:
    """The ``limit`` best of ascending rows, best first; of equal ones the first."""
    if len(rows) > limit:
        least = np.partition(values, len(values) - limit)[len(values) - limit]
        kept = values > least
        kept[np.flatnonzero(values == least)[: limit - np.count_nonzero(kept)]] = True
        rows, values = rows[kept], values[kept]
    order = np.argsort(-values, kind="stable")
    return rows[order], values[order]


def split(listed: Sequence[Listed], affordable: int) -> tuple[list[Listed], list[Listed]]:
    """Words to add up, the rarest first until they have ``affordable`` postings, and the rest; each in query order."""
    if sum(one.held for one in listed) <= affordable:
        return list(listed), []
    spent, kept = 0, set[int]()
    for place in sorted(range(len(listed)), key=lambda place: listed[place].held):
        spent += listed[place].held
        # The rarest of all is taken whatever it costs: without it nothing would be found.
        if spent > affordable and any(listed[earlier].held for earlier in kept):
            break
        kept.add(place)
    return (
        [one for place, one in enumerate(listed) if place in kept],
        [one for place, one in enumerate(listed) if place not in kept],
    )


def depth(limit: int) -> int:
    """How many of the best by rare words are looked up in the frequent ones."""
    return max(LOOKED_UP, 10 * limit)


def complete(rows: Rows, scores: Scores, lengths: NDArray[np.uint16], listed: Sequence[Listed], norm: Norm) -> Scores:
    """Scores of some rows with the words that were not added up.

    Args:
        rows: ascending.
        scores: of these rows, by the other words.
        lengths: of these rows, in words.
        listed: words to look up.
        norm: as for the other words.
    """
    # Of the type of the postings: for another NumPy would turn all of a word's postings into it.
    sought = rows.astype(np.uint32)
    below = norm.base + norm.slope * lengths.astype(np.float32)
    scores = scores.copy()
    for one in listed:
        for part in one.parts:
            places = np.searchsorted(part.rows, sought)
            there = np.flatnonzero(part.rows.take(places, mode="clip") == sought)
            counts = part.counts[places[there]].astype(np.float32)
            scores[there] += np.float32(one.weight * (K1 + 1)) * counts / (counts + below[there])
    return scores


def _floor(scores: Scores, listed: Sequence[Listed], limit: int, alive: NDArray[np.bool_] | None) -> float:
    """A score that at least ``limit`` rows have, near to that of the last of them; else the least above 0.

    To look for the best among all rows that share a word costs more than their scores did. The rows of one rare word
    are few, and good ones are among them.
    """
    floor = float(np.nextafter(np.float32(0), np.float32(1)))
    parts = [part for one in listed for part in one.parts if len(part.rows) >= limit]
    for part in sorted(parts, key=lambda part: len(part.rows))[:_SAMPLES]:
        rows = part.rows[:_SAMPLED]
        values = scores[rows] if alive is None else np.where(alive[rows], scores[rows], 0)
        floor = max(floor, float(np.partition(values, len(values) - limit)[len(values) - limit]))
    return floor


def _pieces(listed: Sequence[Listed]) -> Iterator[list[tuple[np.float32, Part]]]:
    """All postings in order, with what their word says, cut where they would outgrow the cache of a processor core.

    Many words in one piece: a call of NumPy costs as much as a thousand postings.
    """
    piece: list[tuple[np.float32, Part]] = []
    room = _AT_ONCE
    for one in listed:
        weight = np.float32(one.weight * (K1 + 1))
        for whole in one.parts:
            part = whole
            while len(part.rows) >= room:
                yield [*piece, (weight, part.cut(0, room))]
                part = part.cut(room, None)
                piece, room = [], _AT_ONCE
            piece.append((weight, part))
            room -= len(part.rows)
    if piece:
        yield piece
