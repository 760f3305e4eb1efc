"""What could stand before the exact comparison of a large index, side by side: the figures of decision 0003.

    PYTHONPATH=.:benchmarks python benchmarks/vector_candidates.py --data ../shared/data [--rows 100000]

Needs `faiss-cpu` and `usearch` for the rows of that name; without them they are left out. One thread. The rows and the
queries are those of the chapter `vectors`.
"""

from __future__ import annotations

import argparse
import importlib
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from performance.chapter import Options
from performance.many_vectors import Many, many

from embeddings import views
from embeddings.codes import Vectors, quantise
from embeddings.index import VectorIndex
from embeddings.lists import Lists, assign, number_of_lists, train

LIMIT = 10
SHARES = (0.95, 0.98, 0.99)
CANDIDATES = (100, 200, 500, 1000, 2000)


def best(data: Many, rows: Vectors) -> NDArray[np.intp]:
    """The ten nearest rows of each query, by float32."""
    return np.argpartition(-(data.queries @ rows.T), LIMIT, axis=1)[:, :LIMIT]


def milliseconds(work: Callable[..., object], count: int) -> float:
    """Median over the queries."""
    took = []
    for number in range(count):
        start = time.perf_counter()
        work(number)
        took.append((time.perf_counter() - start) * 1e3)
    return statistics.median(took)


def shares_of_rows(data: Many, rows: Vectors, right: NDArray[np.intp]) -> None:
    """Which share of the rows has to be compared for a recall, with each row in one group, and in two."""
    codes, _ = quantise(rows)
    lists = Lists(*train(lambda at: rows[at], len(rows), pause=lambda: None), np.empty(0, np.int64))
    one = assign(lists, codes, pause=lambda: None)
    centroids = lists.centroids * lists.scales[:, None]
    two = second_groups(rows, centroids, one)
    order = np.argsort(-(data.queries @ centroids.T), axis=1)
    place = np.argsort(order, axis=1)
    for name, groups in (("one group a row", [one]), ("two groups a row", [one, two])):
        sizes = sum(np.bincount(group, minlength=len(lists)) for group in groups)
        compared = np.cumsum(sizes[order], axis=1) / len(rows)
        first = np.min([np.take_along_axis(place, group[right], 1) for group in groups], axis=0)
        needed = np.take_along_axis(compared, first, 1)
        print(name, {share: f"{np.quantile(needed, share):.3f} of the rows" for share in SHARES}, flush=True)


def second_groups(rows: Vectors, centroids: Vectors, one: NDArray[np.int32]) -> NDArray[np.int32]:
    """A second group for each row, whose distance points in another direction than that of the first.

    Source: Sun et al. 2023, "SOAR: improved indexing for approximate nearest neighbor search", with a weight of 1.
    """
    found = np.empty(len(rows), np.int32)
    for start in range(0, len(rows), 4096):
        piece, its = rows[start : start + 4096], one[start : start + 4096]
        products = piece @ centroids.T
        apart = piece - centroids[its]
        apart /= np.maximum(np.linalg.norm(apart, axis=1, keepdims=True), 1e-9)
        parallel = (apart * piece).sum(axis=1, keepdims=True) - apart @ centroids.T
        loss = 2 - 2 * products + parallel**2
        loss[np.arange(len(piece)), its] = np.inf
        found[start : start + 4096] = loss.argmin(axis=1)
    return found


def coarse(vectors: Vectors) -> Vectors:
    """What 8-bit codes of vectors stand for."""
    codes, factors = quantise(vectors)
    decoded: Vectors = codes * factors[:, None]
    return decoded


def ranks(data: Many, rows: Vectors, right: NDArray[np.intp]) -> None:
    """Recall when only the best so many by a shorter code are compared exactly."""
    _, turned = np.linalg.eigh(np.cov(rows[:: max(1, len(rows) // 20_000)].T))
    turned = turned[:, ::-1].astype(np.float32)
    ways: dict[str, Callable[[Vectors], Vectors]] = {
        f"first {dim} of the principal axes, 8 bits": lambda v, dim=dim: coarse(v @ turned[:, :dim])
        for dim in (64, 96, 128)
    }
    middle = rows[:20_000].mean(axis=0)
    ways["signs, 48 bytes"] = lambda v: np.sign(v - middle)
    for name, way in ways.items():
        coded = way(rows)
        scores = way(data.queries) @ coded.T
        least = np.take_along_axis(scores, right, 1)
        rank = np.stack([(its[None] > some[:, None]).sum(axis=1) for its, some in zip(scores, least, strict=True)])
        print(name, {count: round(float((rank < count).mean()), 4) for count in CANDIDATES}, flush=True)


def ours(data: Many, rows: Vectors, right: NDArray[np.intp]) -> None:
    """This project's groups, by how many are looked at."""
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        index = VectorIndex(rows.shape[1], model="m", folder=Path(folder), grouped_from=1)
        index.add([str(row) for row in range(len(rows))], [0] * len(rows), rows)
        index.settle()
        print(f"groups, built in {time.perf_counter() - began:.1f} s", flush=True)
        for views.PROBED in (64, 128, 256, 352, 512):
            found = [[int(hit.key) for hit in hits] for hits in index.search(data.queries, LIMIT)]
            took = milliseconds(lambda at: index.search(data.queries[at][None], LIMIT), len(data.queries))
            print(f"  {views.PROBED} groups: recall {recall(found, right):.4f}, p50 {took:.2f} ms", flush=True)


def recall(found: Any, right: NDArray[np.intp]) -> float:  # noqa: ANN401 - lists or arrays of row numbers
    """Share of the right rows among those found."""
    hits = [len(set(map(int, some)) & set(its)) for some, its in zip(found, right.tolist(), strict=True)]
    return sum(hits) / right.size


def faiss(data: Many, rows: Vectors, right: NDArray[np.intp]) -> None:
    """Inverted files with 8-bit and 1-bit codes, whose best 500 would be compared exactly."""
    library = importlib.import_module("faiss")
    library.omp_set_num_threads(1)
    count = number_of_lists(len(rows))
    for kind, wanted in (("SQ8", 100), ("RaBitQfs", 500)):
        began = time.perf_counter()
        index = library.index_factory(rows.shape[1], f"IVF{count},{kind}", library.METRIC_INNER_PRODUCT)
        index.cp.niter, index.cp.max_points_per_centroid = 6, 32
        index.train(rows[:: max(1, len(rows) // (32 * count))])
        index.add(rows)
        print(f"faiss IVF{count},{kind}, built in {time.perf_counter() - began:.1f} s", flush=True)
        for index.nprobe in (64, 128, 256, 352):
            _, found = index.search(data.queries, wanted)
            took = milliseconds(
                lambda at, index=index, wanted=wanted: index.search(data.queries[at][None], wanted), len(data.queries)
            )
            print(f"  {index.nprobe} groups: recall {recall(found, right):.4f}, p50 {took:.2f} ms", flush=True)


def usearch(data: Many, rows: Vectors, right: NDArray[np.intp]) -> None:
    """A graph over 8-bit vectors."""
    library = importlib.import_module("usearch.index")
    began = time.perf_counter()
    index = library.Index(ndim=rows.shape[1], metric="ip", dtype="i8")
    index.add(np.arange(len(rows)), rows, threads=1)
    print(f"usearch graph, built in {time.perf_counter() - began:.1f} s", flush=True)
    for index.expansion_search in (64, 128, 256, 512):
        found = [index.search(query, LIMIT).keys for query in data.queries]
        took = milliseconds(lambda at: index.search(data.queries[at], LIMIT), len(data.queries))
        print(f"  expansion {index.expansion_search}: recall {recall(found, right):.4f}, p50 {took:.2f} ms", flush=True)


def main() -> None:
    """Print everything."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--quick", action="store_true", help="fewer real rows")
    asked = parser.parse_args()
    data = many(Options(asked.data, Path(), asked.quick), asked.rows)
    rows = np.array(data.rows)
    right = best(data, rows)
    for way in (shares_of_rows, ranks, ours, faiss, usearch):
        try:
            way(data, rows, right)
        except ImportError as error:
            print(f"{way.__name__} is left out: {error}")


if __name__ == "__main__":
    main()
