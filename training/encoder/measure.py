"""Compare exported variants side by side: ranking, closeness to float32, dependence on the batch, time, start.

    python training/encoder/export.py --variant fp32 --out runs/fp32      (and so on for the others)
    PYTHONPATH=. python training/encoder/measure.py runs/fp32 runs/int8-static-7bit

The first folder is what the others are compared with. `--quick` leaves out the ranking, which encodes 14,231 texts.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from embeddings.onnx import OnnxEncoder

if TYPE_CHECKING:
    from embeddings.encoder import Vectors

HEADLINES, TEXTS, ROUNDS = 150, 320, 3


class Corpus:
    """CheckThat! 2022 task 2A: tweets of one split, fact-checked claims with titles, which belong together."""

    def __init__(self, folder: Path, split: str) -> None:
        rows = [json.loads(line) for line in (folder / "rebuttals.jsonl").read_text().splitlines()]
        self.ids = [row["id"] for row in rows]
        self.titles = [row["title"] for row in rows]
        self.texts = [f"{row['claim']} {row['title']}" for row in rows]
        claims = [json.loads(line) for line in (folder / "claims.jsonl").read_text().splitlines()]
        self.claims = {claim["id"]: claim["text"] for claim in claims if claim["split"] == split}
        self.wanted: dict[str, set[str]] = defaultdict(set)
        for line in (folder / "qrels.tsv").read_text().splitlines():
            claim, rebuttal, _ = line.split("\t")
            self.wanted[claim].add(rebuttal)


def map_at_5(corpus: Corpus, encoder: OnnxEncoder) -> float:
    """Mean average precision of the five nearest texts, over the claims of the split."""
    scores = encoder.encode(list(corpus.claims.values())) @ encoder.encode(corpus.texts).T
    total = 0.0
    for claim, row in zip(corpus.claims, scores, strict=True):
        found = [corpus.ids[i] in corpus.wanted[claim] for i in np.argsort(-row, kind="stable")[:5]]
        hits = np.cumsum(found)
        precision = sum(hits[i] / (i + 1) for i, hit in enumerate(found) if hit)
        total += precision / min(len(corpus.wanted[claim]), 5)
    return total / len(corpus.claims)


def milliseconds(encoder: OnnxEncoder, texts: list[str]) -> float:
    """Wall time of encoding texts in one call."""
    start = time.perf_counter()
    encoder.encode(texts)
    return (time.perf_counter() - start) * 1e3


def alone(encoder: OnnxEncoder, texts: list[str]) -> Vectors:
    """Vectors of texts that were encoded one by one."""
    return np.concatenate([encoder.encode([text]) for text in texts])


def times(encoders: dict[str, OnnxEncoder], corpus: Corpus) -> dict[str, tuple[float, float]]:
    """Median ms of one headline, and the least ms per text in batches; the encoders take turns."""
    single: dict[str, list[float]] = defaultdict(list)
    many: dict[str, list[float]] = defaultdict(list)
    for headline in corpus.titles[:HEADLINES]:
        for name, encoder in encoders.items():
            single[name].append(milliseconds(encoder, [headline]))
    for _ in range(ROUNDS):
        for name, encoder in encoders.items():
            many[name].append(milliseconds(encoder, corpus.texts[:TEXTS]) / TEXTS)
    return {name: (statistics.median(single[name]), min(many[name])) for name in encoders}


def arguments() -> argparse.Namespace:
    """What the command line says."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--data", type=Path, default=Path("../shared/data/clef2022_2a_en"))
    parser.add_argument("--split", choices=["train", "dev"], default="dev")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--quick", action="store_true")
    return parser.parse_args()


def load(folders: list[Path], threads: int) -> tuple[dict[str, OnnxEncoder], dict[str, float]]:
    """The encoders by the name of their folder, and how many ms each took to load."""
    encoders, starts = {}, {}
    for folder in folders:
        begin = time.perf_counter()
        encoders[folder.name] = OnnxEncoder.load(folder, threads=threads)
        starts[folder.name] = (time.perf_counter() - begin) * 1e3
    return encoders, starts


def main() -> None:
    """Load every variant and print one line for each."""
    options = arguments()
    corpus = Corpus(options.data, options.split)
    encoders, starts = load(options.folders, options.threads)
    took = times(encoders, corpus)
    sample = list(corpus.claims.values()) + corpus.texts[:TEXTS]
    vectors = {name: alone(encoder, sample) for name, encoder in encoders.items()}
    reference = vectors[options.folders[0].name]
    print("variant             start ms  one ms  batch ms  cos mean  cos min  alone/batch  MAP@5")
    for name, encoder in encoders.items():
        near = (vectors[name] * reference).sum(axis=1)
        batch = (vectors[name] * encoder.encode(sample)).sum(axis=1).min()
        one, many = took[name]
        figures = f"{starts[name]:9.0f} {one:7.2f} {many:9.2f} {near.mean():9.5f} {near.min():8.5f} {batch:12.6f}"
        print(f"{name:18} {figures}  {'' if options.quick else f'{map_at_5(corpus, encoder):.4f}'}", flush=True)


if __name__ == "__main__":
    main()
