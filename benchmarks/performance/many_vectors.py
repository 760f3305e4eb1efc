"""A million rows to search, made from some thousand real ones: nobody waits for a million texts to be encoded.

The rows that are not real are made up: each lies between a real row and two of its near neighbours, moved at random by
half the distance to one of them. Queries are real, and of texts that are not among the rows.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import platformdirs
from numpy.typing import NDArray

from embeddings.codes import Vectors, quantise
from embeddings.encoder import Encoder, load_encoder
from embeddings.lists import Lists, assign, train
from performance.chapter import Options, Unavailable

REAL, QUICK_REAL = 24_000, 2_000
_QUERIES: Final = 200
_LONGEST: Final = 300
_NEIGHBOURS: Final = 8
_STEP: Final = 20_000
_BATCH: Final = 32


class Many(NamedTuple):
    """Rows, mapped from a file, and what to ask them.

    Attributes:
        rows: float32 of shape (rows, dim); the first `real` of them are vectors of texts.
        real: how many are.
        texts: of the queries.
        queries: their vectors.
        encode_ms: what one of them took to encode, in batches, with one thread.
    """

    rows: Vectors
    real: int
    texts: list[str]
    queries: Vectors
    encode_ms: float


def many(options: Options, rows: int) -> Many:
    """The rows, from the user's cache, or made and put there: some minutes.

    Raises:
        Unavailable: the dev data is not there.
    """
    encoder = load_encoder()
    folder = platformdirs.user_cache_path("rejoinder", appauthor=False) / "vectors"
    folder.mkdir(parents=True, exist_ok=True)
    texts = _asked(options.data)
    real = QUICK_REAL if options.quick else REAL
    found = _kept(folder / f"real-{encoder.revision}-{real}.npy", lambda: _encoded(encoder, _told(options.data, real)))
    place = folder / f"made-{encoder.revision}-{real}-{rows}.npy"
    if not place.exists():
        _make(found, rows, place)
    mapped: Vectors = np.load(place, mmap_mode="r")
    began = time.perf_counter()
    queries = _encoded(encoder, texts)
    return Many(mapped, len(found), texts, queries, (time.perf_counter() - began) * 1e3 / len(texts))


def _kept(place: Path, make: Callable[[], Vectors]) -> Vectors:
    if not place.exists():
        temporary = place.with_suffix(".tmp.npy")
        np.save(temporary, make())
        temporary.replace(place)
    kept: Vectors = np.load(place)
    return kept


def _encoded(encoder: Encoder, texts: Sequence[str]) -> Vectors:
    order = sorted(range(len(texts)), key=lambda at: len(texts[at]))
    vectors = np.empty((len(texts), encoder.dim), np.float32)
    for start in range(0, len(order), _BATCH):
        at = order[start : start + _BATCH]
        vectors[at] = encoder.encode([texts[number] for number in at])
    return vectors


def _told(data: Path, most: int) -> list[str]:
    """Claims, titles and texts of fact-checks, of both tasks of CheckThat! 2022, mixed."""
    found: dict[str, None] = {}
    for task in ("clef2022_2a_en", "clef2022_2b_en"):
        for row in _lines(data / task / "rebuttals.jsonl"):
            found.update(dict.fromkeys(str(row.get(name) or "")[:_LONGEST] for name in ("claim", "title", "text")))
    found.pop("", None)
    texts = list(found)
    return [texts[at] for at in np.random.default_rng(0).permutation(len(texts))[:most]]


def _asked(data: Path) -> list[str]:
    """Tweets, and headlines."""
    tweets = [str(row["text"]) for row in _lines(data / "clef2022_2a_en" / "claims.jsonl")]
    headlines = [str(row["a"]) for row in _lines(data / "stance" / "politifact_debunk_headlines.jsonl")]
    return [*tweets[: _QUERIES // 2], *headlines[: _QUERIES // 2]]


def _lines(path: Path) -> Iterator[dict[str, object]]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        raise Unavailable(f"no dev data at {path}") from None
    yield from (json.loads(line) for line in lines if line.strip())


def _make(real: Vectors, rows: int, place: Path) -> None:
    """Write the real rows and as many made ones as are missing."""
    random = np.random.default_rng(1)
    near = _near(real)
    temporary = place.with_suffix(".tmp.npy")
    made = np.lib.format.open_memmap(temporary, "w+", np.float32, (rows, real.shape[1]))
    made[: len(real)] = real[:rows]
    for start in range(len(real), rows, _STEP):
        count = min(_STEP, rows - start)
        one = random.integers(0, len(real), count)
        others = near[one[:, None], random.integers(0, _NEIGHBOURS, (count, 2))]
        weights = random.dirichlet([2, 1, 1], count).astype(np.float32)[:, :, None]
        between = (weights * np.stack([real[one], real[others[:, 0]], real[others[:, 1]]], axis=1)).sum(axis=1)
        apart = np.linalg.norm(real[one] - real[others[:, 0]], axis=1, keepdims=True) / 2
        noise = random.standard_normal((count, real.shape[1]), np.float32) / np.float32(np.sqrt(real.shape[1]))
        moved = between + apart * noise
        made[start : start + count] = moved / np.linalg.norm(moved, axis=1, keepdims=True)
    made.flush()
    temporary.replace(place)


def _near(rows: Vectors) -> NDArray[np.int64]:
    """Near neighbours of each row, of those in its group; a row that is alone there is its own."""
    codes, _ = quantise(rows)
    # A quarter of the groups that an index would make, so that each has some neighbours to offer.
    centroids, scales = train(lambda at: rows[at], max(1, len(rows) // 16), pause=lambda: None)
    belongs = assign(Lists(centroids, scales, np.empty(0, np.int64)), codes, pause=lambda: None)
    near = np.repeat(np.arange(len(rows))[:, None], _NEIGHBOURS, axis=1)
    for group in range(len(scales)):
        members = np.flatnonzero(belongs == group)
        if len(members) < 2:  # noqa: PLR2004 - a row and a neighbour
            continue
        alike = rows[members] @ rows[members].T
        np.fill_diagonal(alike, -2)
        best = np.argsort(-alike, axis=1)[:, : min(_NEIGHBOURS, len(members) - 1)]
        near[members] = members[np.resize(best.T, (_NEIGHBOURS, len(members))).T]
    return near
