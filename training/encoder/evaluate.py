"""The guard of the fine-tuned encoder: what it must not lose, on texts that it never saw, beside the one it came from.

    PYTHONPATH=. python training/encoder/evaluate.py runs/base runs/tuned --out runs/guard.json

STS-B says how well cosines follow human judgement of sentences in general (Spearman), MRPC whether paraphrases of news
sentences stand out (AUROC), the held-out halves of the headline sets and the held-out authored domain whether
headlines, which are unlike tweets, find their rumor (R@1).
"""

from __future__ import annotations

import argparse
import json
import random
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from pairs import bucket, rows
from scipy.stats import rankdata, spearmanr

from embeddings.onnx import OnnxEncoder

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST = 1500  # pairs of one set
HELD_OUT = "science_culture"


def cosines(encoder: OnnxEncoder, pairs: list[dict]) -> NDArray[np.float32]:
    """Cosine of ``a`` and ``b`` of every pair."""
    return np.einsum("ij,ij->i", encoder.encode([p["a"] for p in pairs]), encoder.encode([p["b"] for p in pairs]))


def auroc(scores: NDArray[np.float32], positive: NDArray[np.bool_]) -> float:
    """Chance that a positive scores above a negative (Mann-Whitney)."""
    ranks = rankdata(scores)
    count = int(positive.sum())
    return float((ranks[positive].sum() - count * (count + 1) / 2) / (count * (len(scores) - count)))


def first(encoder: OnnxEncoder, asked: list[tuple[str, int]], pool: list[str]) -> float:
    """Share of the texts whose nearest of the pool is their own (R@1)."""
    scores = encoder.encode([text for text, _ in asked]) @ encoder.encode(pool).T
    return float((scores.argmax(axis=1) == [own for _, own in asked]).mean())


def sample(path: Path) -> list[dict]:
    """A fixed sample of a set."""
    found = list(rows(path))
    return random.Random(3).sample(found, min(MOST, len(found)))


def held_out_headlines(data: Path) -> dict[str, tuple[list[tuple[str, int]], list[str]]]:
    """Headlines of rumors that were not trained on, each among all rumors of its set."""
    found = {}
    told = list(rows(data / "stance" / "emergent_train.jsonl"))
    pool = list(dict.fromkeys(row["b"] for row in told))
    found["emergent"] = ([(r["a"], pool.index(r["b"])) for r in told if not bucket(r["b"], 6)], pool)
    debunks = list(rows(data / "stance" / "politifact_debunk_headlines.jsonl"))
    own = [(row["a"], at) for at, row in enumerate(debunks) if not bucket(row["id"], 2)]
    found["debunks"] = (own, [row["b"] for row in debunks])
    authored = list(rows(data / "authored" / f"{HELD_OUT}.jsonl"))
    claims = [(c[2], at) for at, row in enumerate(authored) for c in row["claims"] if c[0] != "other" and len(c) == 3]  # noqa: PLR2004 - no language named
    found["authored"] = (claims, [row["rumor"] for row in authored])
    return found


def guard(folder: Path, data: Path) -> dict[str, float]:
    """All figures of one encoder."""
    encoder = OnnxEncoder.load(folder)
    sts = sample(data / "stance" / "stsb_train_dev.jsonl")
    mrpc = sample(data / "stance" / "mrpc_train.jsonl")
    same = np.array([pair["label"] == "paraphrase" for pair in mrpc])
    found = {
        "stsb_spearman": float(spearmanr(cosines(encoder, sts), [pair["score"] for pair in sts]).statistic),
        "mrpc_auroc": auroc(cosines(encoder, mrpc), same),
    }
    found |= {f"{name}_r@1": first(encoder, *case) for name, case in held_out_headlines(data).items()}
    return {name: round(value, 4) for name, value in found.items()}


def main() -> None:
    """Print one line for each folder."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", type=Path, nargs="+", help="as export.py writes them")
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--out", type=Path, help="write the figures as JSON")
    arguments = parser.parse_args()
    figures = {}
    for folder in arguments.folders:
        figures[folder.name] = guard(folder, arguments.data)
        print(folder.name, figures[folder.name], flush=True)
    if arguments.out:
        arguments.out.write_text(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    main()
