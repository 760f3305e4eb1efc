"""Fit the matrix that takes the language out of the multilingual encoder's vectors.

Within-class covariance normalisation (Hatch, Kajarekar and Stolcke 2006): a class holds texts that mean the same, a
rumor, its statement and its claims in several languages. Directions in which such texts differ, the language above all,
say nothing of the matter and are shrunk: ``matrix = U (d + floor)^-power``, ``U d U'`` the covariance within classes.

Fitted on ``authored/multilingual_a.jsonl``, the English rumors of ``authored/`` and the starter corpus. Nothing is
fitted on ``authored/multilingual_b.jsonl``; but power and floor were read off a plateau that both files showed.

    python training/multilingual/whiten.py --data ../shared/data --cache /tmp/raw.npz
"""

from __future__ import annotations

import argparse
import hashlib
import json
from importlib import resources
from pathlib import Path

import numpy as np
from cases import ENGLISH, TUNING, rows
from numpy.typing import NDArray
from raw import RawVectors

from embeddings.e5 import FOLDER, E5Encoder

POWER, FLOOR = 0.75, 1e-3
ENGLISH_WEIGHT = 0.3  # in the mean: most texts here are English, few questions in this language will be


def classes(data: Path) -> tuple[list[list[str]], list[list[str]]]:
    """Texts that mean the same: in several languages, and in English (the starter's variants are in others)."""
    many = [
        [row["rumor"], row["statement"], *(claim[2] for claim in row["claims"] if claim[0] != "other")]
        for row in rows(data / "authored" / f"{TUNING}.jsonl")
    ]
    english = [
        [row["rumor"], row["statement"]] for name in ENGLISH for row in rows(data / "authored" / f"{name}.jsonl")
    ]
    starter = Path(str(resources.files("service"))) / "starter" / "rebuttals.jsonl"
    english += [[row["rumor"], *row.get("variants", []), row["statement"]] for row in rows(starter)]
    return many, english


def within(groups: list[NDArray[np.float32]]) -> NDArray[np.float64]:
    """Covariance of the vectors around the means of their classes."""
    deviations = np.concatenate([group - group.mean(0) for group in groups]).astype(np.float64)
    return deviations.T @ deviations / len(deviations)


def fit(many: list[NDArray[np.float32]], english: list[NDArray[np.float32]]) -> NDArray[np.float16]:
    """The mean in the first row, then the matrix."""
    means = [np.concatenate(groups).mean(0) for groups in (many, english)]
    sizes = np.array([sum(map(len, many)), ENGLISH_WEIGHT * sum(map(len, english))])
    mean = (sizes @ np.stack(means)) / sizes.sum()
    values, directions = np.linalg.eigh((within(many) + within(english)) / 2)
    matrix = directions * (values + FLOOR) ** -POWER
    # Only directions count, so the scale is free: half precision has its best resolution around one.
    return np.vstack([mean, matrix / np.abs(matrix).max()]).astype(np.float16)


def main() -> None:
    """Fit, and write the matrix with its manifest."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--cache", type=Path, help="keeps vectors from run to run")
    args = parser.parse_args()
    many, english = classes(args.data)
    raw = RawVectors(E5Encoder(whitened=False), args.cache)
    fitted = fit([raw(texts) for texts in many], [raw(texts) for texts in english])
    np.save(FOLDER / "whitening.npy", fitted, allow_pickle=False)
    written = hashlib.sha256((FOLDER / "whitening.npy").read_bytes()).hexdigest()
    manifest = json.loads((FOLDER / "manifest.json").read_text(encoding="utf-8"))
    both = hashlib.sha256((manifest["base_sha256"] + written).encode()).hexdigest()
    manifest |= {"whitening_sha256": written, "revision": both[:12]}
    (FOLDER / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
    print(f"{len(many)} classes in many languages, {len(english)} in English; revision {both[:12]}")


if __name__ == "__main__":
    main()
