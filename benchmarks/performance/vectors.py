"""The vector index from 10,000 to 1,000,000 texts: search, recall, memory, opening, building, filters, and additions.

One thread, one query at a time, ten keys, three texts to a key. Searches take turns with encoder passes of the same
texts. Most rows are made up from some thousand real ones (`benchmarks/performance/many_vectors.py` says how), so recall
is given for the real rows alone too; of them a search looks at more than half. Queries are real. Recall is the share of
the ten nearest keys, by float32, among the ten that are found.
Memory and opening are those of a process that does nothing but open the file, which has just been written and lies in
the system's cache, and search it. Building is one thread. For additions, 16 keys come every 50 ms, so fast that a group
of new rows is made meanwhile.

The rows are made once and kept in the user's cache; that is not timed. Figures for ten million are not measured: they
carry on the line through the last two sizes.
"""

from __future__ import annotations

import json
import math
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import numpy as np
from msgspec import Struct, to_builtins

from embeddings.codes import Vectors
from embeddings.encoder import load_encoder
from embeddings.index import VectorIndex
from embeddings.stack import GROUPED_FROM
from performance.chapter import Chapter, Goal, Options, Plot, Table
from performance.many_vectors import Many, many

_SIZES: Final = (10_000, 30_000, 100_000, 300_000, 1_000_000)
_AROUND: Final = (16_000, 32_000, 64_000, 128_000)
_QUICK: Final = (10_000, 100_000)
_SHARES: Final = (0.001, 0.01, 0.1, 0.5)
_KEYS: Final = 10
_PER_KEY: Final = 3
_PIECE: Final = 16_000
_ADDED, _EVERY_S = 16 * _PER_KEY, 0.05
_ADDING_S, _QUICK_ADDING_S = 20.0, 4.0
_LOOSE: Final = 30_000
_EQUAL: Final = 1e-5
_TEN_MILLION: Final = 10_000_000
_MODEL: Final = "benchmark@1"


class Size(Struct, frozen=True):
    """One size: milliseconds, seconds, megabytes."""

    rows: int
    p50_ms: float
    p95_ms: float
    pass_ms: float
    recall: float
    build_s: float
    save_s: float
    open_s: float
    resident_mb: float
    file_mb: float


class Filter(Struct, frozen=True):
    """A filter that lets a share of the keys through, at random."""

    share: float
    p50_ms: float
    p95_ms: float
    recall: float


class Adding(Struct, frozen=True):
    """Searches while keys are added, and the same without; how long an addition takes until it is found."""

    alone_p50_ms: float
    alone_p99_ms: float
    p50_ms: float
    p99_ms: float
    visible_ms: float
    added: int
    grouped: int


class Crossing(Struct, frozen=True):
    """The same rows, all compared and in groups."""

    rows: int
    scanned_ms: float
    grouped_ms: float
    grouped_recall: float


class Found(Struct, frozen=True):
    """What was measured; `encode_ms` is for one text, in batches."""

    sizes: list[Size]
    crossing: list[Crossing]
    filters: list[Filter]
    adding: Adding
    real: int
    real_recall: float
    encode_ms: float


def measure(options: Options) -> Chapter:
    """See the module."""
    sizes = _QUICK if options.quick else _SIZES
    data = many(options, sizes[-1] + _room(options))
    measured = []
    for rows in sizes:
        began = time.perf_counter()
        index = _filled(options.folder, data.rows[:rows])
        built = time.perf_counter() - began
        measured.append(_size(index, data, rows, built, options.folder / "vectors.index"))
    shares = [_filter(index, data, sizes[-1], share) for share in _SHARES]
    adding = _adding(index, data, sizes[-1], _QUICK_ADDING_S if options.quick else _ADDING_S)
    del index
    crossing = [_crossing(options.folder, data, rows) for rows in (_QUICK if options.quick else _AROUND)]
    real = _recall(_filled(options.folder, data.rows[: data.real], grouped_from=1), data, data.real)
    return chapter(Found(measured, crossing, shares, adding, data.real, real, data.encode_ms))


def _room(options: Options) -> int:
    """Rows for the additions."""
    return _LOOSE + math.ceil((_QUICK_ADDING_S if options.quick else _ADDING_S) / _EVERY_S) * _ADDED


def _key(row: int) -> str:
    return f"record-{row // _PER_KEY:08d}"


def _filled(folder: Path, rows: Vectors, **options: int) -> VectorIndex:
    index = VectorIndex(rows.shape[1], model=_MODEL, folder=folder, **options)
    piece = _PIECE // _PER_KEY * _PER_KEY
    for start in range(0, len(rows), piece):
        _add(index, rows, start, min(start + piece, len(rows)))
    index.settle()
    return index


def _add(index: VectorIndex, rows: Vectors, start: int, stop: int) -> None:
    numbers = range(start, stop)
    index.add([_key(row) for row in numbers], [row % _PER_KEY for row in numbers], np.asarray(rows[start:stop]))


def _size(index: VectorIndex, data: Many, rows: int, built: float, place: Path) -> Size:
    saving = time.perf_counter()
    index.save(place, 1)
    saving = time.perf_counter() - saving
    opened = json.loads(
        subprocess.run([sys.executable, "-c", _OPEN, place, _MODEL], check=True, capture_output=True, text=True).stdout
    )
    searched, passed = _in_turns(index, data)
    return Size(
        rows=rows,
        p50_ms=_quantile(searched, 0.5),
        p95_ms=_quantile(searched, 0.95),
        pass_ms=_quantile(passed, 0.5),
        recall=_recall(index, data, rows),
        build_s=round(built, 2),
        save_s=round(saving, 2),
        open_s=round(opened["seconds"], 3),
        resident_mb=round(opened["resident_mb"]),
        file_mb=round(place.stat().st_size / 1e6),
    )


_OPEN: Final = """
import json, pathlib, sys, time
import numpy as np
from embeddings.index import VectorIndex
start = time.perf_counter()
index = VectorIndex.open(pathlib.Path(sys.argv[1]), model=sys.argv[2])
random = np.random.default_rng(0).standard_normal((200, index.dim)).astype(np.float32)
queries = random / np.linalg.norm(random, axis=1, keepdims=True)
index.search(queries[:1], 10)
seconds = time.perf_counter() - start
for query in queries:
    index.search(query[None], 10)
status = pathlib.Path("/proc/self/status").read_text()
resident = int(status.partition("VmRSS:")[2].split()[0]) / 1000
print(json.dumps({"seconds": seconds, "resident_mb": resident}))
"""


def _in_turns(index: VectorIndex, data: Many) -> tuple[list[float], list[float]]:
    """Seconds of searches and of encoder passes; the first tenth is warming up and does not count."""
    encoder = load_encoder()
    searched, passed = [], []
    for text, query in zip(data.texts, data.queries, strict=True):
        passed.append(_seconds(lambda text=text: encoder.encode([text])))
        searched.append(_seconds(lambda query=query: index.search(query[None], _KEYS)))
    skip = len(searched) // 10
    return searched[skip:], passed[skip:]


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _quantile(seconds: Sequence[float], share: float) -> float:
    return round(float(np.quantile(seconds, share)) * 1e3, 3)


def _recall(index: VectorIndex, data: Many, rows: int, keys: frozenset[str] | None = None) -> float:
    """Share of the ten nearest keys, by float32, among the ten that are found: those as near as the tenth."""
    best = np.full((len(data.queries), _KEYS), -2, np.float32)
    allowed = None if keys is None else np.array([_key(row) in keys for row in range(0, rows, _PER_KEY)])
    piece = _PIECE // _PER_KEY * _PER_KEY
    for start in range(0, rows // _PER_KEY * _PER_KEY, piece):
        scores = data.queries @ np.asarray(data.rows[start : min(start + piece, rows // _PER_KEY * _PER_KEY)]).T
        of_keys = scores.reshape(len(scores), -1, _PER_KEY).max(axis=2)
        if allowed is not None:
            of_keys = of_keys[:, allowed[start // _PER_KEY :][: of_keys.shape[1]]]
        best = np.sort(np.concatenate([best, of_keys], axis=1), axis=1)[:, -_KEYS:]
    found = [index.search(query[None], _KEYS, allow=keys)[0] for query in data.queries]
    right = sum(
        hit.cosine >= least - _EQUAL for hits, least in zip(found, best[:, 0].tolist(), strict=True) for hit in hits
    )
    return round(right / int((best > -1).sum()), 4)


def _crossing(folder: Path, data: Many, rows: int) -> Crossing:
    scanned = _filled(folder, data.rows[:rows], grouped_from=rows + 1)
    grouped = _filled(folder, data.rows[:rows], grouped_from=1)
    took = [
        [_seconds(lambda query=query, index=index: index.search(query[None], _KEYS)) for index in (scanned, grouped)]
        for query in data.queries
    ]
    one, other = zip(*took, strict=True)
    return Crossing(rows, _quantile(one, 0.5), _quantile(other, 0.5), _recall(grouped, data, rows))


def _filter(index: VectorIndex, data: Many, rows: int, share: float) -> Filter:
    let = np.random.default_rng(2).random(rows // _PER_KEY) < share
    keys = frozenset(_key(int(number) * _PER_KEY) for number in np.flatnonzero(let))
    took = [_seconds(lambda query=query: index.search(query[None], _KEYS, allow=keys)) for query in data.queries[:100]]
    return Filter(share, _quantile(took, 0.5), _quantile(took, 0.95), _recall(index, data, rows, keys))


def _adding(index: VectorIndex, data: Many, rows: int, seconds: float) -> Adding:
    """The new keys take their vectors from the rows that are left, and as many loose rows are there as there can be."""
    alone = _until(index, data, time.monotonic() + seconds)
    _add(index, data.rows, rows, rows + _LOOSE)
    before, visible, stop = index.grouped, [], threading.Event()

    def add() -> None:
        start = rows + _LOOSE
        while not stop.wait(_EVERY_S) and start + _ADDED <= len(data.rows):
            began = time.perf_counter()
            _add(index, data.rows, start, start + _ADDED)
            while not index.search(np.asarray(data.rows[start : start + 1]), 1)[0][0].cosine > 1 - _EQUAL:
                pass
            visible.append(time.perf_counter() - began)
            start += _ADDED

    thread = threading.Thread(target=add)
    thread.start()
    while_adding = _until(index, data, time.monotonic() + seconds)
    stop.set()
    thread.join()
    grouped = index.grouped - before
    index.settle()
    return Adding(
        _quantile(alone, 0.5),
        _quantile(alone, 0.99),
        _quantile(while_adding, 0.5),
        _quantile(while_adding, 0.99),
        _quantile(visible, 1),
        len(visible) * _ADDED,
        grouped,
    )


def _until(index: VectorIndex, data: Many, end: float) -> list[float]:
    """Seconds of searches, at the pace of a service that encodes before each."""
    encoder, took = load_encoder(), []
    while time.monotonic() < end:
        at = len(took) % len(data.texts)
        vector = encoder.encode([data.texts[at]])
        took.append(_seconds(lambda vector=vector: index.search(vector, _KEYS)))
    return took


def chapter(found: Found) -> Chapter:
    """The chapter that says it."""
    largest = found.sizes[-1]
    adding = found.adding
    return Chapter(
        name="vectors",
        title="The vector index",
        text=__doc__ or "",
        goals=(
            Goal(f"search at {largest.rows:,} texts, p50", 1.0, _ratio(largest), unit="encoder passes"),
            Goal(f"recall@10 at {largest.rows:,} texts", 0.99, largest.recall, "more"),
            Goal(f"resident memory at {largest.rows:,} texts", 1200, largest.resident_mb, unit="MB"),
            Goal(f"ready from disk at {largest.rows:,} texts", 3, largest.open_s, unit="s"),
            Goal(
                f"building the index of {largest.rows:,} texts",
                0.1,
                round(largest.build_s / (largest.rows * found.encode_ms / 1e3), 3),
                unit="x their encoding",
            ),
            Goal("an addition found", 1000, adding.visible_ms, unit="ms"),
            Goal(
                "p99 of searches during additions",
                2,
                round(adding.p99_ms / adding.alone_p99_ms, 2),
                unit="x that without",
            ),
        ),
        tables=(_size_table(found), _crossing_table(found), _filter_table(found), _adding_table(adding)),
        plots=_plots(found),
        figures=to_builtins(found),
    )


def _ratio(size: Size) -> float:
    return round(size.p50_ms / size.pass_ms, 3)


def _size_table(found: Found) -> Table:
    head = (
        *("texts", "search p50, encoder pass = 1", "p50, ms", "p95, ms", "recall@10", "resident, MB", "open, s"),
        *("build, s", "save, s", "file, MB"),
    )
    rows = [
        (
            *(f"{one.rows:,}", _ratio(one), one.p50_ms, one.p95_ms, one.recall, one.resident_mb, one.open_s),
            *(one.build_s, one.save_s, one.file_mb),
        )
        for one in found.sizes
    ]
    names = ("p50_ms", "p95_ms", "resident_mb", "open_s", "build_s", "save_s", "file_mb")
    far = {name: _carried_on(found.sizes[-2], found.sizes[-1], name) for name in names}
    passes = far["p50_ms"] / found.sizes[-1].pass_ms
    rows.append(
        (
            *(f"{_TEN_MILLION:,}, carried on", passes, far["p50_ms"], far["p95_ms"], "", far["resident_mb"]),
            *(far["open_s"], far["build_s"], far["save_s"], far["file_mb"]),
        )
    )
    title = f"Of the {found.real:,} real rows alone, in groups: recall@10 {found.real_recall}."
    return Table(head, rows, title)


def _carried_on(before: Size, last: Size, name: str) -> float:
    """The power of the rows that two sizes lie on, at ten million."""
    low, high = getattr(before, name), getattr(last, name)
    power = math.log(high / low) / math.log(last.rows / before.rows)
    return float(high * (_TEN_MILLION / last.rows) ** power)


def _crossing_table(found: Found) -> Table:
    rows = [(f"{one.rows:,}", one.scanned_ms, one.grouped_ms, one.grouped_recall) for one in found.crossing]
    head = ("texts", "all compared, p50, ms", "in groups, p50, ms", "in groups, recall@10")
    return Table(head, rows, f"Groups are made from {GROUPED_FROM:,} texts on.")


def _filter_table(found: Found) -> Table:
    rows = [(f"{one.share:.1%}", one.p50_ms, one.p95_ms, one.recall) for one in found.filters]
    return Table(("keys that pass a filter", "p50, ms", "p95, ms", "recall@10"), rows, "Filters, at the largest size.")


def _adding_table(adding: Adding) -> Table:
    return Table(
        ("searches", "p50, ms", "p99, ms"),
        (
            ("without additions", adding.alone_p50_ms, adding.alone_p99_ms),
            ("during additions", adding.p50_ms, adding.p99_ms),
        ),
        f"{adding.added:,} texts added, {adding.grouped:,} grouped meanwhile; the slowest was found"
        f" {adding.visible_ms:.0f} ms after it came.",
    )


def _plots(found: Found) -> tuple[Plot, ...]:
    def series(name: str) -> list[tuple[float, float]]:
        return [(one.rows, getattr(one, name)) for one in found.sizes]

    searching = {"search, p50": series("p50_ms"), "search, p95": series("p95_ms"), "encoder pass": series("pass_ms")}
    return (
        Plot("vectors-search", "Search by size", "texts", "ms", searching, log_x=True, log_y=True),
        Plot(
            "vectors-memory",
            "Resident memory by size",
            "texts",
            "MB",
            {"MB": series("resident_mb")},
            log_x=True,
            log_y=True,
        ),
        Plot("vectors-build", "Building by size", "texts", "s", {"s": series("build_s")}, log_x=True, log_y=True),
    )
