"""Search by words: BM25 over postings in memory, derived from the store as the vectors are.

Chosen by measurement (docs/decisions/0004-lexical-search.md): it ranks as FTS5 does, in a fraction of the time.
"""

from __future__ import annotations

import os
import threading
from array import array
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple, Self
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

K1, B = 1.2, 0.75  # Robertson's usual values; 2A train is flat around them
_MOST_REPEATS: Final = 255  # a count is one byte
_SMALL: Final = 1024
_FORMAT: Final = "2"


class PostingsFileError(RuntimeError):
    """The file is missing, damaged or of another format: build the index from the store."""


class WordHit(NamedTuple):
    """A record found by its words.

    Attributes:
        key: whose words they are.
        bm25: the score.
        coverage: the score as a share of what a record of average length would get that holds each word of the query
            once; comparable between queries. Short records that repeat a word can exceed 1.
    """

    key: str
    bm25: float
    coverage: float

    @property
    def evidence(self) -> float:
        """Both at once: much of the query, and words that say much. Tells matches best (decision 0004)."""
        return self.bm25 * self.coverage


class Postings:
    """BM25 (Robertson and Zaragoza 2009, with Lucene's idf) over records that come and go.

    A sealed part (three arrays, loaded from one file) holds most, a small part grows by `add` until it is sealed too. A
    removed row gets an infinite length, which makes its every score 0: nothing has to be rewritten. Safe to use from
    several threads; a search holds the lock for well under a millisecond at 14,000 records.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._keys: list[str] = []
        self._row_of: dict[str, int] = {}
        self._sealed: dict[str, int] = {}
        self._sealed_rows = 0
        self._starts = np.zeros(1, np.int64)
        self._rows = np.zeros(0, np.uint32)
        self._counts = np.zeros(0, np.uint8)
        self._grown: dict[str, tuple[array[int], array[int]]] = {}
        self._lengths = np.zeros(_SMALL, np.float32)
        self._norms: NDArray[np.float32] | None = None

    def __len__(self) -> int:
        """Records that can be found."""
        return len(self._row_of)

    @property
    def stale(self) -> float:
        """Share of rows that were removed and still count in the statistics: past a fifth or so, build anew."""
        return 1 - len(self._row_of) / max(len(self._keys), 1)

    def add(self, key: str, words: Sequence[str]) -> None:
        """Add a record's words; a key that is there already is replaced."""
        with self._lock:
            self._hide(key)
            row = len(self._keys)
            if row == len(self._lengths):
                self._lengths = np.concatenate([self._lengths, np.zeros(row, np.float32)])
            self._lengths[row] = len(words)
            self._norms = None
            for word, count in Counter(words).items():
                rows, counts = self._grown.setdefault(word, (array("I"), array("B")))
                rows.append(row)
                counts.append(min(count, _MOST_REPEATS))
            self._keys.append(key)
            self._row_of[key] = row
            if len(self._keys) - self._sealed_rows > max(_SMALL, self._sealed_rows // 2):
                self._seal()

    def remove(self, key: str) -> None:
        """Hide a record; an unknown key is ignored."""
        with self._lock:
            self._hide(key)

    def search(self, words: Iterable[str], limit: int) -> list[WordHit]:
        """The records that share words, best first, at most ``limit``."""
        with self._lock:
            if not self._row_of:
                return []
            scores, whole = self._scores(words)
            keys = self._keys
        found = np.flatnonzero(scores)
        values = scores[found]
        if len(found) > limit:
            # Only among rows that were touched: a partition of all rows is slow on its many equal zeros.
            best = np.argpartition(values, -limit)[-limit:]
            found, values = found[best], values[best]
        order = np.argsort(-values, kind="stable")
        return [WordHit(keys[found[at]], float(values[at]), float(values[at]) / whole) for at in order]

    def weigh(self, query: Sequence[str], records: Mapping[str, Counter[str]]) -> list[WordHit]:
        """Score records that are not in the index as it would score each of them if it were.

        Args:
            query: distinct words.
            records: how often each word stands in a record.

        Returns:
            The records that share words with the query, in the order given.
        """
        with self._lock:
            size = len(self._keys) + 1
            held = {word: sum(len(rows) for rows, _ in self._parts(word)) for word in query}
            total, count = self._lengths_summed()
        # A record counts itself among those that hold its words, as those in the index do.
        without = {word: _idf(size, holding) for word, holding in held.items()}
        within = {word: _idf(size, holding + 1) for word, holding in held.items()}
        hits = []
        for key, counts in records.items():
            length = counts.total()
            norm = K1 * (1 - B + B * length / max((total + length) / (count + 1), 1.0))
            often = {word: min(counts[word], _MOST_REPEATS) for word in query if word in counts}
            score = sum(within[word] * (K1 + 1) * times / (times + norm) for word, times in often.items())
            whole = sum((within if word in often else without)[word] for word in query)
            if score:
                hits.append(WordHit(key, score, score / max(whole, 1e-9)))
        return hits

    def _hide(self, key: str) -> None:
        row = self._row_of.pop(key, None)
        if row is not None:
            self._lengths[row] = np.inf
            self._norms = None

    def _scores(self, words: Iterable[str]) -> tuple[NDArray[np.float32], float]:
        size = len(self._keys)
        norms = self._length_norms()
        scores = np.zeros(size, np.float32)
        whole = 0.0
        for word in words:
            parts = self._parts(word)
            held = sum(len(rows) for rows, _ in parts)
            weight = _idf(size, held)
            whole += weight
            for rows, counts in parts:
                often = counts.astype(np.float32)
                scores[rows] += np.float32(weight * (K1 + 1)) * often / (often + norms[rows])
        return scores, max(whole, 1e-9)

    def _length_norms(self) -> NDArray[np.float32]:
        """What a record's length adds below the line, for every row; kept until a record comes or goes."""
        if self._norms is None:
            lengths = self._lengths[: len(self._keys)]
            total, count = self._lengths_summed()
            average = max(total / max(count, 1), 1.0)
            self._norms = np.float32(K1 * (1 - B)) + np.float32(K1 * B / average) * lengths
        return self._norms

    def _lengths_summed(self) -> tuple[float, int]:
        """Words of all records that can be found, and how many records these are."""
        lengths = self._lengths[: len(self._keys)]
        return float(np.sum(lengths, where=np.isfinite(lengths), dtype=np.float64)), len(self._row_of)

    def _parts(self, word: str) -> list[tuple[NDArray[np.uint32], NDArray[np.uint8]]]:
        parts = []
        if (at := self._sealed.get(word)) is not None:
            span = slice(self._starts[at], self._starts[at + 1])
            parts.append((self._rows[span], self._counts[span]))
        if (grown := self._grown.get(word)) is not None:
            # Copies: an array that is viewed cannot grow.
            parts.append((np.array(grown[0], np.uint32), np.array(grown[1], np.uint8)))
        return parts

    def _seal(self) -> None:
        vocabulary = list(dict.fromkeys([*self._sealed, *self._grown]))
        parts = [self._parts(word) for word in vocabulary]
        sizes = [sum(len(rows) for rows, _ in part) for part in parts]
        if vocabulary:
            self._rows = np.concatenate([rows for part in parts for rows, _ in part])
            self._counts = np.concatenate([counts for part in parts for _, counts in part])
        self._starts = np.concatenate([[0], np.cumsum(sizes, dtype=np.int64)]).astype(np.int64)
        self._sealed = {word: at for at, word in enumerate(vocabulary)}
        self._sealed_rows = len(self._keys)
        self._grown = {}

    def save(self, path: Path, stamp: str) -> None:
        """Seal what has grown and write one file, whole or not at all.

        Args:
            path: in an existing folder.
            stamp: says which state of which store this is; `open` compares it.

        Raises:
            OSError: the file cannot be written; an older one is untouched.
        """
        with self._lock:
            self._seal()
            alive = [key if self._row_of.get(key) == row else "" for row, key in enumerate(self._keys)]
            unfinished = path.with_name(f"{path.name}.{os.getpid()}.unfinished")
            with unfinished.open("wb") as file:
                np.savez(
                    file,
                    stamp=_bytes([_FORMAT, stamp]),
                    vocabulary=_bytes(self._sealed),
                    keys=_bytes(alive),
                    starts=self._starts,
                    rows=self._rows,
                    counts=self._counts,
                    lengths=self._lengths[: len(self._keys)],
                )
            unfinished.replace(path)

    @classmethod
    def open(cls, path: Path, stamp: str) -> Self:
        """Read what `save` wrote for the same stamp. Raises `PostingsFileError` on anything else."""
        try:
            with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
                if _lines(arrays["stamp"]) != [_FORMAT, stamp]:
                    raise PostingsFileError(f"{path} is of another state of the store")
                return cls._filled({name: arrays[name] for name in arrays.files})
        except (OSError, ValueError, KeyError, EOFError, BadZipFile) as error:
            raise PostingsFileError(f"{path} cannot be read: {error}") from error

    @classmethod
    def _filled(cls, arrays: dict[str, NDArray[np.generic]]) -> Self:
        index = cls()
        index._starts = arrays["starts"].astype(np.int64)
        index._rows = arrays["rows"].astype(np.uint32)
        index._counts = arrays["counts"].astype(np.uint8)
        index._keys = _lines(arrays["keys"])
        index._sealed = {word: at for at, word in enumerate(_lines(arrays["vocabulary"]))}
        index._sealed_rows = len(index._keys)
        index._row_of = {key: row for row, key in enumerate(index._keys) if key}
        if len(index._keys):
            index._lengths = arrays["lengths"].astype(np.float32)
        return index


def _idf(size: int, held: int) -> float:
    """What a word says: Lucene's form, never negative."""
    return float(np.log1p((max(size - held, 0) + 0.5) / (held + 0.5)))


def _bytes(texts: Iterable[str]) -> NDArray[np.uint8]:
    """Texts without line feeds as one array; each line ended, so that none and one empty text differ."""
    return np.frombuffer("".join(f"{text}\n" for text in texts).encode(), np.uint8)


def _lines(array: NDArray[np.generic]) -> list[str]:
    return array.tobytes().decode().split("\n")[:-1]
