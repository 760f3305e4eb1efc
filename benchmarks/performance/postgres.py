"""Search inside PostgreSQL beside search in memory, and a replica, on a server of this run on this machine.

Stores of three sizes lie in one database: a tenth of the archive of 14,231 fact-checked claims, all of it, and half as
many records again. The last third of the largest is synthetic: half of the archive a second time, each vector moved by
noise to a cosine of about 0.9 with the one it was made from, so that it has near neighbours as real stores have. For
each size the words and the graph are made anew, then headlines and tweets are searched by the database and in memory,
in turns with an encoder pass of the same text, ten records by vectors and ten by words. Server, client and encoder
share the cores.

The verdicts of both ways are compared on tweets about the archive, through the whole cascade. The memory is what a
process that has only opened the store grows by when it can search, and the delay is from the end of a write on the
primary until a replica beside it shows it.
"""

from __future__ import annotations

import importlib
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Final, NamedTuple, TypeVar

import numpy as np
from msgspec import Struct, structs, to_builtins

from embeddings.encoder import Encoder, load_encoder
from performance.archive import imported
from performance.chapter import Chapter, Goal, Options, Plot, Table, Unavailable
from performance.postgres_parts import Agreement, Delay, Process, agreement, delay, ms, p95, process
from performance.texts import NEWS, tweets
from service.domain import Rebuttal
from service.indexes import Indexes, Searched, Sought
from service.normalise import sought
from service.remote import SCALE, Remote
from service.store import Write
from service.store.sql import SqlStore
from service.store.sqlite import SqliteStore
from service.words import query_words

if TYPE_CHECKING:
    from service.store.postgres import PostgresStore

T = TypeVar("T")
_TESTS: Final = Path(__file__).parents[2] / "tests"
_PIECE: Final = 500
_SHARES: Final = ((0.0, 0.1), (0.1, 1.0), (1.0, 1.5))
"""Of the archive, what is written before each measuring."""
_LIMIT: Final = 10
_COSINE: Final = 0.9
_ROUNDS, _CLAIMS, _DELAYS = 200, 320, 60
_QUICK: Final = 5


class Size(Struct, frozen=True):
    """One size of the store; times in milliseconds, ratios to the encoder pass of the same run."""

    records: int
    passages: int
    pass_ms: float
    memory_ms: float
    memory_ratio: float
    database_ms: float
    database_p95_ms: float
    database_ratio: float
    same: float
    words_s: float
    graph_s: float
    disk_mb: float


class Found(Struct, frozen=True):
    """What was measured."""

    sizes: list[Size]
    agreement: Agreement
    process: Process
    delay: Delay


class _Bench(NamedTuple):
    """What every size is measured with."""

    source: SqlStore
    store: PostgresStore
    encoder: Encoder
    folder: Path
    texts: Sequence[str]
    rounds: int


def measure(options: Options) -> Chapter:
    """See the module."""
    support, engine = _needed()
    archive = imported(options)
    encoder = load_encoder()
    asked = [text for split in ("dev", "train") for texts in tweets(options.data, split).values() for text in texts]
    part = _QUICK if options.quick else 1
    with support.running(shared_buffers="512MB", max_wal_size="4GB") as server, SqliteStore.open(archive.db) as source:
        server.execute("CREATE DATABASE archive")
        address = server.address("archive")
        with engine.open(address) as store:
            bench = _Bench(source, store, encoder, options.folder, [*NEWS, *asked[:90]], _ROUNDS // part)
            sizes = [_size(bench, *share) for share in _SHARES[:2]]
            verdicts = agreement(address, asked[: _CLAIMS // part])
            processes = process(address, encoder, options.folder)
            sizes.append(_size(bench, *_SHARES[2]))
        found = Found(sizes, verdicts, processes, delay(support, server, engine, _DELAYS // part))
    return chapter(found)


def _needed() -> tuple[ModuleType, type[PostgresStore]]:
    """The tests' server, and the engine. Raises `Unavailable` where their libraries are not installed."""
    sys.path.append(str(_TESTS))
    try:
        support = importlib.import_module("support.postgres")
        support.programs()
        return support, importlib.import_module("service.store.postgres").PostgresStore
    except (ImportError, RuntimeError) as error:
        raise Unavailable(f"no PostgreSQL server to be measured ({error})") from error


def _fill(source: SqlStore, store: SqlStore, encoder: Encoder, start: float, end: float) -> None:
    """Write the share of the archive from ``start`` to ``end``; past 1 the archive again, moved."""
    model = f"{encoder.name}@{encoder.revision}"
    every = list(source.scan())
    places = range(round(start * len(every)), round(end * len(every)))
    chance = np.random.default_rng(places.start)
    for at in range(0, len(places), _PIECE):
        piece = [(place // len(every), every[place % len(every)]) for place in places[at : at + _PIECE]]
        vectors = source.vectors_of([record.id for _, record in piece], model=model)
        writes = [_write(record, copy, vectors[record.id].rows, model, chance) for copy, record in piece]
        store.write(writes, actor="benchmark")


def _write(record: Rebuttal, copy: int, rows: np.ndarray, model: str, chance: np.random.Generator) -> Write:
    if copy:
        record = structs.replace(record, id=f"{record.id}-{copy}")
        noise = chance.standard_normal(rows.shape, np.float32)
        noise *= np.sqrt(1 / _COSINE**2 - 1) / np.linalg.norm(noise, axis=1, keepdims=True)
        rows = (rows + noise) / np.linalg.norm(rows + noise, axis=1, keepdims=True)
    return Write(content=record, action="import", vectors=rows, model=model)


def _size(bench: _Bench, start: float, end: float) -> Size:
    """Write more, make anew what is needed to search, and search."""
    _, store, encoder, folder, texts, rounds = bench
    store.searching.drop()
    _fill(bench.source, store, encoder, start, end)
    model = f"{encoder.name}@{encoder.revision}"
    took: dict[str, float] = {}
    began = time.perf_counter()

    def told(what: str, done: int, total: int) -> None:
        if done == total:
            took[what] = time.perf_counter() - began

    store.searching.prepare(model, encoder.dim, told)
    prepared = store.searching.prepared(model)
    memory = Indexes(store, model=model, dim=encoder.dim, path=folder / f"{prepared.passages}.index")
    with closing(Remote(store.searcher(model=model, dim=encoder.dim, scale=SCALE))) as database:
        passes, inside, remote, same = _turns(encoder, memory, database, texts, rounds)
    middle = statistics.median(passes)
    return Size(
        records=store.count(),
        passages=prepared.passages,
        pass_ms=ms(middle),
        memory_ms=ms(statistics.median(inside)),
        memory_ratio=round(statistics.median(inside) / middle, 2),
        database_ms=ms(statistics.median(remote)),
        database_p95_ms=ms(p95(remote)),
        database_ratio=round(statistics.median(remote) / middle, 2),
        same=round(same, 4),
        words_s=round(took["Words"], 1),
        graph_s=round(took["Graph"] - took["Words"], 1),
        disk_mb=round(prepared.kilobytes / 1024, 1),
    )


def _turns(
    encoder: Encoder, memory: Searched, database: Searched, texts: Sequence[str], rounds: int
) -> tuple[list[float], list[float], list[float], float]:
    """Seconds of encoder passes and of both searches; and the share of records by vectors that both have found."""
    memory.catch_up()
    database.catch_up()
    took: tuple[list[float], ...] = ([], [], [])
    shared = total = 0
    for turn in range(rounds):
        text = sought(texts[turn % len(texts)]) or texts[turn % len(texts)]
        vector = _timed(took[0], lambda text=text: encoder.encode([text])[0])
        asked = [Sought(vector, query_words(text), _LIMIT)]
        near = [
            _timed(kept, lambda way=way, asked=asked: way.search(asked)[0])
            for kept, way in zip(took[1:], (memory, database), strict=True)
        ]
        found = [{hit.key for hit, _ in one.hits} for one in near]
        shared += len(found[0] & found[1])
        total += len(found[0])
    skip = rounds // 10
    return took[0][skip:], took[1][skip:], took[2][skip:], shared / total


def _timed(kept: list[float], work: Callable[[], T]) -> T:
    began = time.perf_counter()
    done = work()
    kept.append(time.perf_counter() - began)
    return done


def chapter(found: Found) -> Chapter:
    """The chapter that says it."""
    told = found.agreement
    return Chapter(
        name="postgres",
        title="Search inside PostgreSQL",
        text=__doc__ or "",
        goals=(
            Goal("same label from the database as from memory, share of claims", 1, _share(told.labels, told), "more"),
            Goal("same nearest record", 1, _share(told.nearest, told), "more"),
        ),
        tables=(*_sizes(found.sizes), *_rest(found)),
        plots=(
            Plot(
                name="postgres-search",
                title="A search by size of the store, p50",
                x="passages",
                y="encoder passes",
                series={
                    "PostgreSQL": [(size.passages, size.database_ratio) for size in found.sizes],
                    "in memory": [(size.passages, size.memory_ratio) for size in found.sizes],
                },
                log_x=True,
            ),
        ),
        figures=to_builtins(found),
    )


def _share(count: int, told: Agreement) -> float:
    return round(count / max(told.claims, 1), 4)


def _sizes(sizes: Sequence[Size]) -> Iterator[Table]:
    yield Table(
        (
            "records",
            "passages",
            "database, p50, one encoder pass = 1",
            "memory, p50, likewise",
            "database p50, ms",
            "database p95, ms",
            "encoder pass p50, ms",
            "records that both find",
        ),
        [
            (
                one.records,
                one.passages,
                one.database_ratio,
                one.memory_ratio,
                one.database_ms,
                one.database_p95_ms,
                one.pass_ms,
                one.same,
            )
            for one in sizes
        ],
        "A search",
    )
    yield Table(
        ("records", "words, s", "graph, s", "on the disk, MB"),
        [(one.records, one.words_s, one.graph_s, one.disk_mb) for one in sizes],
        "Making what the database needs to search: `rejoinder store index`",
    )


def _rest(found: Found) -> Iterator[Table]:
    told, process, delay = found.agreement, found.process, found.delay
    yield Table(
        ("claims", "same label", "same nearest record", "same in every figure"),
        [(told.claims, told.labels, told.nearest, told.whole)],
        "Verdicts from the database beside those from memory",
    )
    yield Table(
        ("where", "memory of a process, MB", "until it can search, s"),
        [
            ("in memory, without a saved index", process.memory_mb, process.memory_s),
            ("in the database", process.database_mb, process.database_s),
        ],
        "One process on the archive",
    )
    yield Table(
        ("writes", "p50, ms", "p95, ms"), [(delay.writes, delay.p50_ms, delay.p95_ms)], "Until a replica shows a write"
    )
