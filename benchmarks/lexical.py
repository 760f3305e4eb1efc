"""Lexical engines side by side in one run: speed, build, update, memory, ranking, languages, score scale.

    PYTHONPATH=. python benchmarks/lexical.py --data ../shared/data --part speed --part quality …

Sizes: 14,231 = the records of 2A (claim, title, text); 33,481 = those of 2A and 2B; 200,000 = the 33,481
records and, without repetitions, their claims, titles and sentences of more than 30 characters as rows of
their own. Queries are 2A tweets cut to 10, 20 and 40 words that are not stop words (shorter tweets:
lengthened by the next). Engines take turns query by query.
"""

import argparse
import ctypes
import gc
import json
import random
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from lexical_engines import Engine, engines

from service.postings import Postings, WordHit
from service.words import query_words, words

DEPTH = 50
ROUNDS = 60
SHORTEST_SENTENCE = 30
Row = dict[str, Any]


def jsonl(path: Path) -> list[Row]:
    """One object a line."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line]


def document(row: Row) -> str:
    """Claim, title and text of a fact-check in one text: weighting the fields gained nothing (0004)."""
    return " ".join(filter(None, (row["claim"], row["title"], row["text"])))


def texts(data: Path, size: int) -> list[str]:
    """The first `size` of: 2A records, 2B records, their single sentences in random order."""
    rows = jsonl(data / "clef2022_2a_en/rebuttals.jsonl") + jsonl(data / "clef2022_2b_en/rebuttals.jsonl")
    whole = [document(row) for row in rows]
    if size <= len(whole):
        return whole[:size]
    split = (re.split(r"(?<=[.!?])\s+|\n", row["text"] or "") for row in rows)
    parts = [part for row, cut in zip(rows, split, strict=True) for part in (row["claim"], row["title"], *cut)]
    sentences = list(dict.fromkeys(part for part in parts if part and len(part) > SHORTEST_SENTENCE))
    random.Random(0).shuffle(sentences)
    return [*whole, *sentences][:size]


def queries(data: Path, length: int) -> list[list[str]]:
    """ROUNDS queries of exactly `length` distinct words."""
    tweets = [row["text"] for row in jsonl(data / "clef2022_2a_en/claims.jsonl")]
    joined = (query_words(f"{first} {second}", length) for first, second in pairwise(tweets))
    return [found for found in joined if len(found) == length][:ROUNDS]


def timed(action: Callable[[], object]) -> float:
    """Milliseconds of wall time."""
    started = time.perf_counter()
    action()
    return (time.perf_counter() - started) * 1000


def spread(times: Sequence[float]) -> str:
    """Median and 95th percentile."""
    return f"{statistics.median(times):8.2f} {np.percentile(times, 95):8.2f}"


def speed(data: Path, size: int) -> None:
    """Build, update and search times of every engine, in turns."""
    rows = [words(text) for text in texts(data, size)]
    with tempfile.TemporaryDirectory() as folder:
        contenders = engines(Path(folder))
        print(f"\n{len(rows)} rows: build s | one record in and out ms (median of 3)")
        for engine in contenders:
            built = timed(partial(engine.build, rows)) / 1000
            changed = [timed(partial(engine.update, rows[0])) for _ in range(3)]
            print(f"  {engine.name:36} {built:7.2f} {statistics.median(changed):9.2f}")
        for length in (10, 20, 40):
            _search_times(contenders, queries(data, length), length)


def _search_times(contenders: Sequence[Engine], asked: Sequence[list[str]], length: int) -> None:
    times: dict[str, list[float]] = {engine.name: [] for engine in contenders}
    for query in asked:
        for engine in contenders:
            times[engine.name].append(timed(partial(engine.search, query, DEPTH)))
    unit = statistics.median(times["fts5"])
    print(f"{length} words, top {DEPTH}: p50 ms, p95 ms, ratio of p50 to fts5")
    for name, taken in times.items():
        print(f"  {name:36} {spread(taken)} {statistics.median(taken) / unit:7.3f}")


def claims_with_gold(data: Path) -> Iterator[tuple[Row, set[str]]]:
    """2A claims with the ids of their rebuttals."""
    gold: dict[str, set[str]] = {}
    for line in (data / "clef2022_2a_en/qrels.tsv").read_text().splitlines():
        claim, rebuttal, _ = line.split("\t")
        gold.setdefault(claim, set()).add(rebuttal)
    return ((row, gold[row["id"]]) for row in jsonl(data / "clef2022_2a_en/claims.jsonl"))


def average_precision(found: Sequence[str], gold: set[str]) -> float:
    """AP at 5, as CheckThat! scores it."""
    hits = [place for place, name in enumerate(found[:5], 1) if name in gold]
    return sum(count / place for count, place in enumerate(hits, 1)) / min(5, len(gold))


def quality(data: Path) -> None:
    """MAP@5 and recall@50 of every engine on 2A, train and dev."""
    rows = jsonl(data / "clef2022_2a_en/rebuttals.jsonl")
    asked = [(row["split"], query_words(row["text"]), gold) for row, gold in claims_with_gold(data)]
    print("\n2A: MAP@5 dev, train | recall@50 dev, train")
    with tempfile.TemporaryDirectory() as folder:
        for engine in engines(Path(folder)):
            engine.build([words(document(row)) for row in rows])
            scores: dict[str, list[float]] = {"dev": [], "train": []}
            recalls: dict[str, list[bool]] = {"dev": [], "train": []}
            for split, query, gold in asked:
                found = [rows[at]["id"] for at in engine.search(query, DEPTH)]
                scores[split].append(average_precision(found, gold))
                recalls[split].append(bool(gold & set(found)))
            figures = [statistics.mean(part[split]) for part in (scores, recalls) for split in ("dev", "train")]
            print(f"  {engine.name:36}", *(f"{figure:.4f}" for figure in figures))


def languages(data: Path) -> None:
    """Recall@5 of claims in the record's own language: authored assertions, starter variants."""
    starter = jsonl(data / "starter/rebuttals.jsonl")
    authored = [row for path in sorted((data / "authored").glob("*.jsonl")) for row in jsonl(path)]
    index = Postings()
    asked: list[tuple[str, str, str]] = []
    for row in starter:
        at = f"starter {row['id']}"
        index.add(at, words(f"{row['rumor']} {row['statement']}"))
        own = row["language"]
        asked += [(f"starter {own}", text, at) for text in row["variants"] if text.isascii() == (own == "en")]
    for row in authored:
        at = f"authored {row['rumor']}"
        index.add(at, words(f"{row['rumor']} {row['statement']}"))
        for stance, kind, text, *language in row["claims"]:
            if stance == "asserts" and (language or [row["lang"]])[0] == row["lang"]:
                asked.append((f"{kind} {row['lang']}", text, at))
    print(f"\nrecall@5 in {len(index)} starter and authored records (rumor and statement), by kind and language")
    for name, hits in sorted(_recalls(index, asked).items()):
        print(f"  {name:20} {sum(hits):4} of {len(hits):4} = {statistics.mean(hits):.3f}")


def _recalls(index: Postings, asked: Iterable[tuple[str, str, str]]) -> dict[str, list[bool]]:
    hits: dict[str, list[bool]] = {}
    for name, text, at in asked:
        found = [hit.key for hit in index.search(query_words(text), 5)]
        hits.setdefault(name, []).append(at in found)
    return hits


def scale(data: Path) -> None:
    """Which scaling of the best score tells matched from unmatched claims: AUROC on 2A dev, half removed."""
    folder = data / "clef2022_2a_en"
    removed = set((folder / "nomatch_dev_removed_rebuttals.txt").read_text().split())
    matched = {row["id"]: row["has_match"] for row in jsonl(folder / "nomatch_dev.jsonl")}
    index = Postings()
    for row in jsonl(folder / "rebuttals.jsonl"):
        if row["id"] not in removed:
            index.add(row["id"], words(document(row)))
    scores: dict[str, list[float]] = {}
    truth: list[bool] = []
    for row, _ in claims_with_gold(data):
        if row["id"] in matched:
            truth.append(matched[row["id"]])
            for name, value in _scalings(index, query_words(row["text"])).items():
                scores.setdefault(name, []).append(value)
    print("\nAUROC of the best score, matched against unmatched")
    for name, values in scores.items():
        print(f"  {name:36} {auroc(np.array(values), np.array(truth)):.4f}")


def _scalings(index: Postings, query: list[str]) -> dict[str, float]:
    hits = index.search(query, 2) or [WordHit("", 0.0, 0.0)]
    score, coverage = hits[0].bm25, hits[0].coverage
    second = hits[1].bm25 if len(hits) > 1 else 0.0
    plain = {"bm25": score, "bm25 / words": score / max(len(query), 1)}
    return plain | {
        "bm25 / root of words": score / max(len(query), 1) ** 0.5,
        "coverage": coverage,
        "lead over the second": score - second,
        "bm25 x coverage": score * coverage,
    }


def auroc(values: np.ndarray, truth: np.ndarray) -> float:
    """The chance that a matched claim scores above an unmatched one; ties count half."""
    difference = values[truth][:, None] - values[~truth][None, :]
    return float((difference > 0).mean() + (difference == 0).mean() / 2)


def resident() -> float:
    """MB of this process now."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 1e6


def memory(data: Path, size: int) -> None:
    """Growth of a fresh process for each engine, 100 searches included."""
    print(f"\n{size} rows: MB that a process grows by")
    for place in range(6):
        command = [sys.executable, __file__, "--data", str(data), "--grow", str(place), "--size", str(size)]
        print(subprocess.run(command, check=True, capture_output=True, text=True).stdout, end="")


def grow(data: Path, size: int, place: int) -> None:
    """One engine in this process: what it holds once the rows themselves are gone."""
    asked = queries(data, 20)
    rows = [words(text) for text in texts(data, size)]
    with tempfile.TemporaryDirectory() as folder:
        engine = engines(Path(folder))[place]
        gc.collect()
        ctypes.CDLL(None).malloc_trim(0)  # or freed memory of the loading hides what the engine takes
        before = resident()
        engine.build(rows)
        for query in asked:
            engine.search(query, DEPTH)
        gc.collect()
        print(f"  {engine.name:36} {resident() - before:7.1f}")


def main() -> None:
    """Run the parts that are asked for, or all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--part", action="append", choices=["speed", "quality", "languages", "scale", "memory"])
    parser.add_argument("--size", type=int, action="append")
    parser.add_argument("--grow", type=int, help=argparse.SUPPRESS)
    given = parser.parse_args()
    sizes = given.size or [14_231, 33_481, 200_000]
    if given.grow is not None:
        grow(given.data, sizes[0], given.grow)
        return
    for part in given.part or ["quality", "languages", "scale", "speed", "memory"]:
        if part in ("speed", "memory"):
            for size in sizes:
                {"speed": speed, "memory": memory}[part](given.data, size)
        else:
            {"quality": quality, "languages": languages, "scale": scale}[part](given.data)


if __name__ == "__main__":
    main()
