"""A million texts to search by words: all that the dev data holds, and crossings of them.

First the 33,481 records of CheckThat! 2022 (claim, title and text in one), then, each once, their claims, titles and
sentences and the sentences of the sets for stance, of more than 30 characters, in random order: some 360,000 real
texts in many languages, most of them English. What is missing to a million is crossed: the first half of one real
sentence, the second half of another. So words are as frequent as in real texts, and only rare ones rarer than a real
million of texts would have them, which makes searches dearer, not cheaper.
"""

from __future__ import annotations

import hashlib
import inspect
import json
import os
import random
import re
from array import array
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import platformdirs
from numpy.typing import NDArray

import service.words
from performance.chapter import Options, Unavailable
from service.postings import Postings
from service.words import query_words, words

_SHORTEST: Final = 30
_PIECE: Final = 500
_ROWS, _QUICK_ROWS = 1_000_000, 42_000
_STAMP: Final = "benchmark"
_SENTENCE_END: Final = re.compile(r"(?<=[.!?])\s+|\n")


class Texts(NamedTuple):
    """Texts cut into words.

    Attributes:
        vocabulary: the words.
        words: of all texts one after another, places in the vocabulary.
        ends: where each text ends, after a 0.
        real: how many texts are real; the others, behind them, are crossed.
    """

    vocabulary: list[str]
    words: NDArray[np.uint32]
    ends: NDArray[np.int64]
    real: int

    def of(self, row: int) -> list[str]:
        """The words of a text."""
        return [self.vocabulary[at] for at in self.words[self.ends[row] : self.ends[row + 1]].tolist()]


class Asked(NamedTuple):
    """A query of so many words, and the text that gives them."""

    text: str
    words: list[str]


def index(options: Options, rows: int) -> Path:
    """The file of an index of the first texts, from the user's cache, or made and put there: a minute or two."""
    folder = _cache()
    path = folder / f"{rows}.words"
    if not path.exists():
        told = texts(options)
        postings = Postings()
        for start in range(0, rows, _PIECE):
            postings.change((), {str(row): told.of(row) for row in range(start, min(start + _PIECE, rows))})
        postings.save(path, _STAMP)
    return path


def opened(path: Path) -> Postings:
    """An index that `index` made."""
    return Postings.open(path, _STAMP)


def texts(options: Options) -> Texts:
    """All of them, or a few in a quick run; kept as `index` does.

    Raises:
        Unavailable: the dev data is not there.
    """
    rows = _QUICK_ROWS if options.quick else _ROWS
    place = _cache() / f"texts-{rows}.npz"
    if not place.exists():
        made = _crossed(_real(options.data, rows), rows)
        unfinished = place.with_name(f"{os.getpid()}.npz")
        lines = np.frombuffer(
            "".join(f"{word}\n" for word in made.vocabulary).encode("utf-8", "surrogatepass"), np.uint8
        )
        np.savez(unfinished, vocabulary=lines, words=made.words, ends=made.ends, real=made.real)
        unfinished.replace(place)
    with np.load(place) as kept:
        vocabulary = kept["vocabulary"].tobytes().decode("utf-8", "surrogatepass").split("\n")[:-1]
        return Texts(vocabulary, kept["words"], kept["ends"], int(kept["real"]))


def queries(data: Path, length: int, most: int) -> list[Asked]:
    """Queries of exactly so many distinct words: tweets, with those that follow where one is too short."""
    tweets = [row["text"] for row in _rows(data / "clef2022_2a_en/claims.jsonl")]
    found = []
    for at in range(len(tweets) - 3):
        parts = " ".join(tweets[at : at + 4]).split()
        # The shortest beginning that has them all: the encoder shall read no more than that.
        ends = (end for end in range(length, len(parts)) if len(query_words(" ".join(parts[:end]), length)) == length)
        if (end := next(ends, None)) is not None:
            text = " ".join(parts[:end])
            found.append(Asked(text, query_words(text, length)))
        if len(found) == most:
            break
    return found


def judged(data: Path) -> list[tuple[list[str], set[str]]]:
    """The words of each tweet of 2A, and the keys of the records that fact-checkers say it belongs to."""
    folder = data / "clef2022_2a_en"
    place = {row["id"]: str(at) for at, row in enumerate(_rows(folder / "rebuttals.jsonl"))}
    gold: dict[str, set[str]] = {}
    for line in (folder / "qrels.tsv").read_text(encoding="utf-8").splitlines():
        claim, rebuttal, _ = line.split("\t")
        gold.setdefault(claim, set()).add(place[rebuttal])
    return [(query_words(row["text"]), gold[row["id"]]) for row in _rows(folder / "claims.jsonl")]


def _cache() -> Path:
    """A folder for what is made from words as they are cut today."""
    made_by = hashlib.sha256((inspect.getsource(service.words) + Path(__file__).read_text("utf-8")).encode())
    folder = platformdirs.user_cache_path("rejoinder", appauthor=False) / "words" / made_by.hexdigest()[:16]
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _rows(path: Path) -> list[dict[str, str]]:
    if not path.exists():
        raise Unavailable(f"{path} is not there")
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line]


def _real(data: Path, rows: int) -> Texts:
    vocabulary: dict[str, int] = {}
    placed, ends = array("I"), array("q", [0])
    for text, _ in zip(_told(data), range(rows), strict=False):
        placed.extend(vocabulary.setdefault(word, len(vocabulary)) for word in words(text))
        ends.append(len(placed))
    return Texts(list(vocabulary), np.array(placed), np.array(ends), len(ends) - 1)


def _told(data: Path) -> Iterator[str]:
    folders = ("clef2022_2a_en", "clef2022_2b_en")
    records = [row for folder in folders for row in _rows(data / folder / "rebuttals.jsonl")]
    yield from (" ".join(filter(None, (row["claim"], row["title"], row["text"]))) for row in records)
    parts = [part for row in records for part in (row["claim"], row["title"], *_SENTENCE_END.split(row["text"] or ""))]
    for path in sorted((data / "stance").glob("*.jsonl")):
        parts += [row[side] for row in _rows(path) for side in ("a", "b") if isinstance(row.get(side), str)]
    sentences = list(dict.fromkeys(part for part in parts if part and len(part) > _SHORTEST))
    random.Random(0).shuffle(sentences)
    yield from sentences


def _crossed(real: Texts, rows: int) -> Texts:
    """As many texts as asked for, the real ones first."""
    spans = list(pairwise(real.ends.tolist()))
    records = min(33_481, real.real - 1)
    pieces, ends = [real.words], real.ends.tolist()
    for one, other in np.random.default_rng(1).integers(records, real.real, (rows - real.real, 2)).tolist():
        (start, end), (its_start, its_end) = spans[one], spans[other]
        pieces += [real.words[start : (start + end + 1) // 2], real.words[(its_start + its_end) // 2 : its_end]]
        ends.append(ends[-1] + len(pieces[-1]) + len(pieces[-2]))
    return Texts(real.vocabulary, np.concatenate(pieces), np.array(ends), real.real)
