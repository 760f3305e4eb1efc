"""The vector index against a float32 scan: kernels, latency, recall, the file.

    PYTHONPATH=. python benchmarks/vector_index.py --data ../shared/data

All of it in one thread. The real vectors are those of the 2A claims and titles in the shipped encoder.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numkong
import numpy as np
from numpy.typing import NDArray

from embeddings.codes import quantise
from embeddings.encoder import Vectors, load_encoder
from embeddings.index import VectorIndex

DIM, LIMIT, MODEL = 384, 10, "benchmark@1"


def milliseconds(work: Callable[[], object], rounds: int = 30) -> float:
    """Median wall time of a call, after one to warm up."""
    work()
    took = []
    for _ in range(rounds):
        start = time.perf_counter()
        work()
        took.append((time.perf_counter() - start) * 1e3)
    return statistics.median(took)


def random_vectors(rows: int, seed: int) -> Vectors:
    """Directions without any structure: the hardest case for a scan of 8-bit codes."""
    vectors = np.random.default_rng(seed).standard_normal((rows, DIM)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def kernels(rows: int) -> None:
    """One query and 64 against the same codes, in each way that could have been chosen."""
    vectors = random_vectors(rows, 0)
    codes, _ = quantise(vectors)
    packed = numkong.dots_pack(codes, "int8")
    for queries in (1, 64):
        q, c = vectors[:queries].copy(), codes[:queries].copy()
        ways = {
            "float32": lambda q=q: q @ vectors.T,
            "numkong packed": lambda c=c: np.asarray(numkong.dots_packed(c, packed)),
            "numkong cdist": lambda c=c: np.asarray(numkong.cdist(c, codes, "dot")),
            "numpy int8 to float32": lambda c=c: c.astype(np.float32) @ codes.astype(np.float32).T,
        }
        figures = {name: milliseconds(way, 10) for name, way in ways.items()}
        print(f"{rows} rows, {queries} queries:", {name: round(ms, 3) for name, ms in figures.items()})


def recall(index: VectorIndex, vectors: Vectors, queries: Vectors) -> float:
    """Share of the ten nearest rows, by float32, that the index finds; keys are row numbers."""
    found = 0
    for query, hits in zip(queries, index.search(queries, LIMIT), strict=True):
        best = set(np.argpartition(-(vectors @ query), LIMIT)[:LIMIT].tolist())
        found += len(best & {int(hit.key) for hit in hits})
    return found / (LIMIT * len(queries))


def report(name: str, vectors: Vectors, queries: Vectors) -> None:
    """Latency, recall and the file for one set of vectors."""
    index = VectorIndex(vectors.shape[1], model=MODEL)
    index.add([str(row) for row in range(len(vectors))], [0] * len(vectors), vectors)
    one = milliseconds(lambda: index.search(queries[:1], LIMIT))
    scan = milliseconds(lambda: np.argpartition(-(queries[:1] @ vectors.T)[0], LIMIT))
    added = milliseconds(lambda: index.add(["0"], [0], vectors[:1]))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "index"
        save = milliseconds(lambda: index.save(path, 1), 3)
        opened = milliseconds(lambda: VectorIndex.open(path, model=MODEL), 5)
        megabytes = path.stat().st_size / 1e6
    print(
        f"{name}: {len(vectors)} rows; search {one:.3f} ms (float32 scan {scan:.3f}); recall@10"
        f" {recall(index, vectors, queries):.4f}; replace one record {added:.2f} ms; save {save:.0f} ms,"
        f" open {opened:.1f} ms, {megabytes:.0f} MB"
    )


def real_vectors(data: Path) -> tuple[Vectors, Vectors]:
    """Fact-checked claims with titles, and tweets, of CheckThat! 2022 task 2A."""
    encoder = load_encoder()
    rows = [json.loads(line) for line in (data / "clef2022_2a_en" / "rebuttals.jsonl").read_text().splitlines()]
    claims = [json.loads(line) for line in (data / "clef2022_2a_en" / "claims.jsonl").read_text().splitlines()]
    texts: NDArray[np.float32] = encoder.encode([f"{row['claim']} {row['title']}" for row in rows])
    return texts, encoder.encode([claim["text"] for claim in claims[:300]])


def main() -> None:
    """Print everything."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    data = parser.parse_args().data
    for rows in (3_000, 45_000):
        kernels(rows)
    for rows in (500, 3_000, 45_000):
        report("random", random_vectors(rows, 0), random_vectors(200, 1))
    report("2A", *real_vectors(data))


if __name__ == "__main__":
    main()
