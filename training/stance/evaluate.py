"""Scores an exported stance model on what it was not trained on, as it is served: by ONNX Runtime, without torch.

`python training/stance/evaluate.py --model embeddings/weights/stance-mpnet-l9 --data ../shared/data` prints JSON;
every figure has its n and a 95% percentile-bootstrap interval. `--against FOLDER` adds the agreement with another
export (fp32).
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

import numpy as np
import sources
from augment import CHROME, names, swapped
from sources import ASSERTS, DENIES, OTHER, Pair

from embeddings.stance import OnnxStanceModel, StancePair

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

RESAMPLES = 1000
SEED = 7


class ServedModel:
    """An exported folder, read by the service's own code."""

    def __init__(self, folder: Path) -> None:
        self.manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        self._model = OnnxStanceModel.load(folder, threads=2)

    def probabilities(self, pairs: Sequence[Pair]) -> NDArray[np.float32]:
        """Probabilities of asserts, denies and other, (n, 3)."""
        return self._model.predict([StancePair(p.claim, p.rumor, p.statement) for p in pairs])


def rate(hits: Sequence[bool]) -> dict[str, Any]:
    """A share with its n and a 95% bootstrap interval."""
    values = np.asarray(hits, np.float64)
    if not len(values):
        return {"n": 0}
    draws = np.random.default_rng(SEED).integers(0, len(values), (RESAMPLES, len(values)))
    low, high = np.percentile(values[draws].mean(axis=1), (2.5, 97.5))
    return {
        "value": round(float(values.mean()), 3),
        "n": len(values),
        "ci95": [round(float(low), 3), round(float(high), 3)],
    }


def f1(gold: NDArray[np.int64], predicted: NDArray[np.int64], label: int) -> float:
    """F1 of one label."""
    true = int(((gold == label) & (predicted == label)).sum())
    return round(2 * true / max(1, int((gold == label).sum()) + int((predicted == label).sum())), 3)


def report(pairs: list[Pair], predicted: NDArray[np.int64], *, by_kind: bool = False) -> dict[str, Any]:
    """Accuracy, F1 per label, and both kinds of false accusation."""
    gold = np.array([p.label for p in pairs])
    result: dict[str, Any] = {
        "accuracy": rate(gold == predicted),
        "f1": {name: f1(gold, predicted, i) for i, name in enumerate(sources.LABELS) if (gold == i).any()},
        "denies_read_as_asserts": rate(predicted[gold == DENIES] == ASSERTS),
        "other_read_as_asserts": rate(predicted[gold == OTHER] == ASSERTS),
    }
    if by_kind:
        kinds: dict[str, list[int]] = defaultdict(list)
        for i, pair in enumerate(pairs):
            kinds[f"{sources.LABELS[pair.label]}/{pair.kind}"].append(i)
        result["kinds"] = {
            kind: {
                "accuracy": rate([bool(predicted[i] == gold[i]) for i in rows]),
                "read_as": {name: int((predicted[rows] == k).sum()) for k, name in enumerate(sources.LABELS)},
            }
            for kind, rows in sorted(kinds.items())
        }
    return result


def scored_sets(data: Path) -> dict[str, list[Pair]]:
    """The held-out sets: unseen domain with and without the statement, headlines, Emergent rumors, swaps, chrome."""
    unseen = sources.authored(data, (sources.AUTHORED_HELD_OUT,))
    other_hand = sources.written_held_out()
    emergent = sources.emergent(data, held_out=True)
    random = Random(SEED)
    pool = names([p.rumor for p in unseen + emergent])
    matching = [p for p in unseen + emergent if p.label != OTHER]
    exchanged = [made for made in (swapped(p, pool, random) for p in matching) if made is not None]
    rumors = list({p.rumor: p for p in unseen}.values())
    return {
        "science_culture_with_statement": unseen,
        "science_culture_rumor_only": [replace(p, statement=None) for p in unseen],
        "other_hand_everyday": [p for p in other_hand if p.kind.startswith("everyday")],
        "other_hand_distant": [p for p in other_hand if p.kind.startswith("distant")],
        "debunk_headlines_held_out": sources.debunk_headlines(data, held_out=True),
        "emergent_held_out": emergent,
        "emergent_held_out_sides_only": [p for p in emergent if p.kind != "observing"],
        "swaps_generated": exchanged,
        "chrome": [Pair(text, p.rumor, p.statement, OTHER, "chrome") for text in CHROME[::4] for p in rumors[::6]],
        "identity": [Pair(p.rumor, p.rumor, p.statement, ASSERTS, "identity") for p in rumors],
        "statement_as_claim": [Pair(p.statement or "", p.rumor, p.statement, DENIES, "identity") for p in rumors],
    }


def main() -> None:
    """Print all scores."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--against", type=Path, help="a second export, for agreement on the unseen domain")
    parser.add_argument("--errors", type=Path, help="write the wrong answers here")
    options = parser.parse_args()
    model = ServedModel(options.model)
    result: dict[str, Any] = {"model": model.manifest["name"], "revision": model.manifest["revision"]}
    wrong = []
    for name, pairs in scored_sets(options.data).items():
        probabilities = model.probabilities(pairs)
        predicted = probabilities.argmax(axis=1)
        result[name] = report(pairs, predicted, by_kind=name.startswith(("science", "other_hand")))
        wrong += [
            [name, sources.LABELS[p.label], p.kind, sources.LABELS[k], round(float(q.max()), 2), p.claim, p.rumor]
            for p, k, q in zip(pairs, predicted, probabilities, strict=True)
            if k != p.label
        ]
        if options.against and name.startswith("science"):
            other = ServedModel(options.against).probabilities(pairs)
            result[name]["agreement"] = rate(other.argmax(axis=1) == predicted) | {
                "largest_probability_difference": round(float(np.abs(other - probabilities).max()), 3)
            }
    if options.errors:
        options.errors.write_text(
            "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in wrong), encoding="utf-8"
        )
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
