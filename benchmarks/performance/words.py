"""The index of words from 14,000 to 1,000,000 texts: search beside the encoder, memory, opening, and additions.

Queries are tweets cut to 8 and to 40 distinct words, 50 records deep, one at a time in one thread; each takes turns
with an encoder pass of the same text and one of a headline of ten words, so that every search finds the caches of the
processor as an encoder pass leaves them. The service adds up every posting of every word, up to 524,288 a query; for
comparison each query is also searched with at most 200,000, the rarest words first. Agreement is the share of the first
list that the second holds. Beyond some 360,000 the texts are crossings of real ones
(`benchmarks/performance/many_words.py` says how). MAP@5 and recall@50 are those of the 2A tweets, among all texts of a
size: sentences of the right record count as wrong there, so the two columns tell what is lost, not how good it is.

Memory and opening are those of a process that does nothing but open the file, which lies in the system's cache, and
search it. Additions are 25 records at a time, of 20 words on average, each followed by a search that must find them.
The texts are made once and kept in the user's cache; that is not timed.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, TypeVar

import numpy as np
from msgspec import Struct, to_builtins

from embeddings.encoder import load_encoder
from performance.chapter import Chapter, Goal, Options, Plot, Table
from performance.many_words import Asked, index, judged, opened, queries, texts
from performance.texts import NEWS
from service.postings import Postings, WordHit

_SIZES: Final = (14_231, 42_000, 200_000, 360_000, 1_000_000)
_QUICK: Final = (14_231, 42_000)
_T = TypeVar("_T")
_LENGTHS: Final = (8, 40)
_DEEP: Final = 50
_BEST: Final = 5
_BOUND: Final = 200_000
_QUERIES, _QUICK_QUERIES = 200, 30
_WARM: Final = 10
_ADDED, _ADDITIONS = 25, 80
_HEADLINE: Final = NEWS[0]


class Search(Struct, frozen=True):
    """Searches of one length in one size, in milliseconds."""

    rows: int
    words: int
    p50_ms: float
    p95_ms: float
    bounded_p50_ms: float
    bounded_p95_ms: float
    pass_ms: float
    headline_ms: float
    agreement_10: float
    agreement_50: float


class Size(Struct, frozen=True):
    """One size: seconds, megabytes, and the figures of 2A."""

    rows: int
    open_s: float
    resident_mb: float
    file_mb: float
    map_5: float
    bounded_map_5: float
    recall_50: float
    bounded_recall_50: float


class Added(Struct, frozen=True):
    """Additions to the largest size, in milliseconds."""

    records: int
    p50_ms: float
    p95_ms: float
    worst_ms: float


def measure(options: Options) -> Chapter:
    """See the module."""
    sizes = _QUICK if options.quick else _SIZES
    searches, measured = [], []
    for rows in sizes:
        path = index(options, rows)
        here, bounded = opened(path), opened(path)
        bounded.affordable = _BOUND
        searches += [_searched(here, bounded, options, rows, length) for length in _LENGTHS]
        measured.append(_size(path, here, bounded, options, rows))
    return _chapter(searches, measured, _added(options, sizes[-1]))


def _searched(here: Postings, bounded: Postings, options: Options, rows: int, length: int) -> Search:
    asked = queries(options.data, length, _QUICK_QUERIES if options.quick else _QUERIES)
    encoder = load_encoder()
    for one in asked[:_WARM]:
        _turn(here, bounded, encoder.encode, one)
    taken = []
    agreed: dict[int, list[float]] = {10: [], _DEEP: []}
    for one in asked:
        times, found, held = _turn(here, bounded, encoder.encode, one)
        taken.append(times)
        for depth, shares in agreed.items():
            keys = {hit.key for hit in found[:depth]}
            shares.append(len(keys & {hit.key for hit in held[:depth]}) / max(len(keys), 1))
    (p50, bounded_p50, passed, headline), (p95, bounded_p95, *_) = np.percentile(taken, [50, 95], axis=0).tolist()
    return Search(
        rows,
        length,
        *(p50, p95, bounded_p50, bounded_p95, passed, headline),
        agreement_10=float(np.mean(agreed[10])),
        agreement_50=float(np.mean(agreed[_DEEP])),
    )


def _turn(
    here: Postings, bounded: Postings, encode: Callable[[list[str]], object], asked: Asked
) -> tuple[tuple[float, float, float, float], list[WordHit], list[WordHit]]:
    # Each search comes behind an encoder pass, which has emptied the caches of the processor: so it is in the service.
    passed, _ = _timed(lambda: encode([asked.text]))
    taken, found = _timed(lambda: here.search(asked.words, _DEEP))
    headline, _ = _timed(lambda: encode([_HEADLINE]))
    bounded_taken, held = _timed(lambda: bounded.search(asked.words, _DEEP))
    return (taken, bounded_taken, passed, headline), found, held


def _timed(action: Callable[[], _T]) -> tuple[float, _T]:
    """Milliseconds, and what came of it."""
    began = time.perf_counter()
    outcome = action()
    return (time.perf_counter() - began) * 1000, outcome


def _size(path: Path, here: Postings, bounded: Postings, options: Options, rows: int) -> Size:
    asked = judged(options.data)[: 100 if options.quick else None]
    command = [sys.executable, "-c", _ALONE, str(path)]
    benchmarks = Path(__file__).parents[1]
    told = subprocess.run(command, check=True, capture_output=True, text=True, input=_lines(options), cwd=benchmarks)
    open_s, resident = map(float, told.stdout.split())
    map_5, recall = _ranked(here, asked)
    bounded_map, bounded_recall = _ranked(bounded, asked)
    return Size(rows, open_s, resident, path.stat().st_size / 1e6, map_5, bounded_map, recall, bounded_recall)


_ALONE: Final = """
import sys, time
from pathlib import Path
from performance.many_words import opened
asked = [line.split() for line in sys.stdin]
before = int(Path("/proc/self/statm").read_text().split()[1])
began = time.perf_counter()
postings = opened(Path(sys.argv[1]))
taken = time.perf_counter() - began
for words in asked:
    postings.search(words, 50)
print(taken, (int(Path("/proc/self/statm").read_text().split()[1]) - before) * 4096 / 1e6)
"""


def _lines(options: Options) -> str:
    return "\n".join(" ".join(one.words) for length in _LENGTHS for one in queries(options.data, length, _QUERIES))


def _ranked(postings: Postings, asked: Sequence[tuple[list[str], set[str]]]) -> tuple[float, float]:
    """MAP@5 and recall@50."""
    precisions, recalled = [], []
    for words, gold in asked:
        found = [hit.key for hit in postings.search(words, _DEEP)]
        places = [place for place, key in enumerate(found[:_BEST], 1) if key in gold]
        gained = sum(count / place for count, place in enumerate(places, 1))
        precisions.append(gained / min(_BEST, len(gold)))
        recalled.append(not gold.isdisjoint(found))
    return float(np.mean(precisions)), float(np.mean(recalled))


def _added(options: Options, rows: int) -> Added:
    postings = opened(index(options, rows))
    told = texts(options)
    taken = []
    for turn in range(20 if options.quick else _ADDITIONS):
        first = rows - _ADDED * (turn + 1)
        fresh = {f"new {row}": [*told.of(row), f"new{turn}"] for row in range(first, first + _ADDED)}
        taken.append(_timed(lambda fresh=fresh: postings.change((), fresh))[0])
        if {hit.key for hit in postings.search([f"new{turn}"], _DEEP)} != fresh.keys():
            raise RuntimeError(f"what was added in turn {turn} is not found")
    p50, p95, worst = np.percentile(taken, [50, 95, 100]).tolist()
    return Added(_ADDED, p50, p95, worst)


def _chapter(searches: Sequence[Search], sizes: Sequence[Size], added: Added) -> Chapter:
    return Chapter(
        name="words",
        title="Search by words",
        text=__doc__ or "",
        tables=(_search_table(searches), _size_table(sizes), _added_table(added, sizes[-1].rows)),
        plots=(_plot(searches),),
        goals=_goals(searches, sizes),
        figures={
            "searches": [to_builtins(one) for one in searches],
            "sizes": [to_builtins(one) for one in sizes],
            "added": to_builtins(added),
        },
    )


def _goals(searches: Sequence[Search], sizes: Sequence[Size]) -> tuple[Goal, ...]:
    last, size = searches[-1], sizes[-1]
    what = f"by words, {size.rows:,} texts"
    return (
        Goal(f"search {what}, {last.words}-word queries, p95", 1, last.p95_ms / last.pass_ms, unit="x their encoding"),
        Goal(f"opening the index {what}", 1, size.open_s, unit="s"),
        Goal(f"resident, index {what}", 350, size.resident_mb, unit="MB"),
    )


def _search_table(searches: Sequence[Search]) -> Table:
    head = (
        *("texts", "words", "p50, ms", "p95, ms", "p95, their encoding = 1", "p95, a headline's = 1"),
        *("at most 200,000 postings: p50, ms", "p95, ms", "agreement@10", "agreement@50"),
    )
    rows = [
        (
            *(
                f"{one.rows:,}",
                one.words,
                one.p50_ms,
                one.p95_ms,
                one.p95_ms / one.pass_ms,
                one.p95_ms / one.headline_ms,
            ),
            *(one.bounded_p50_ms, one.bounded_p95_ms, f"{one.agreement_10:.4f}", f"{one.agreement_50:.4f}"),
        )
        for one in searches
    ]
    return Table(head, rows, "Search, 50 records deep")


def _size_table(sizes: Sequence[Size]) -> Table:
    head = ("texts", "file, MB", "resident, MB", "open, s", "MAP@5", "bounded", "recall@50", "bounded")
    rows = [
        (
            *(f"{one.rows:,}", one.file_mb, one.resident_mb, one.open_s),
            *(f"{one.map_5:.4f}", f"{one.bounded_map_5:.4f}", f"{one.recall_50:.4f}", f"{one.bounded_recall_50:.4f}"),
        )
        for one in sizes
    ]
    return Table(head, rows, "The file, and the tweets of 2A")


def _added_table(added: Added, rows: int) -> Table:
    head = ("texts", "added at once", "p50, ms", "p95, ms", "worst, ms")
    return Table(head, [(f"{rows:,}", added.records, added.p50_ms, added.p95_ms, added.worst_ms)], "Additions")


def _plot(searches: Sequence[Search]) -> Plot:
    series = {}
    for length in _LENGTHS:
        its = [one for one in searches if one.words == length]
        series[f"{length} words, p95"] = [(one.rows, one.p95_ms / one.headline_ms) for one in its]
        series[f"{length} words, at most 200,000 postings, p95"] = [
            (one.rows, one.bounded_p95_ms / one.headline_ms) for one in its
        ]
    title = "Search by words, as a share of encoding a headline"
    return Plot("words-search", title, "texts", "encoder pass of a headline = 1", series, log_x=True, log_y=True)
