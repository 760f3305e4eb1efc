"""Scores an exported stance model on what it was not trained on, as it is served: by ONNX Runtime, without torch.

`python training/stance/evaluate.py --model embeddings/weights/stance-minilm-l6 --data ../shared/data` prints JSON;
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
import onnxruntime
import sources
from augment import CHROME, names, swapped
from sources import ASSERTS, DENIES, OTHER, Pair
from tokenizers import Tokenizer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

BATCH = 32
RESAMPLES = 1000
SEED = 7


class ServedModel:
    """A manifest folder, read as the service reads it."""

    def __init__(self, folder: Path) -> None:
        self.manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        self.tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self.tokenizer.no_truncation()
        self.tokenizer.no_padding()
        self.tokenizer.encode_special_tokens = True  # "[SEP]" in a claim is text
        settings = onnxruntime.SessionOptions()
        settings.intra_op_num_threads = 2
        self.session = onnxruntime.InferenceSession(str(folder / "model.onnx"), settings, ["CPUExecutionProvider"])

    def probabilities(self, pairs: Sequence[Pair]) -> NDArray[np.float32]:
        """Softmax of the logits, (n, 3)."""
        separator = self.manifest["separator"]
        rumors = [f"{p.rumor}{separator}{p.statement}" if p.statement else p.rumor for p in pairs]
        left = self._ids([p.claim for p in pairs], self.manifest["max_claim_tokens"])
        right = self._ids(rumors, self.manifest["max_rumor_tokens"])
        order = sorted(range(len(pairs)), key=lambda i: len(left[i]) + len(right[i]))
        logits = np.zeros((len(pairs), 3), np.float32)
        for start in range(0, len(order), BATCH):
            rows = order[start : start + BATCH]
            logits[rows] = self.session.run(["logits"], _batch([(left[i], right[i]) for i in rows]))[0]
        exponent = np.exp(logits - logits.max(axis=1, keepdims=True))
        probabilities: NDArray[np.float32] = exponent / exponent.sum(axis=1, keepdims=True)
        return probabilities

    def _ids(self, texts: list[str], limit: int) -> list[list[int]]:
        return [row.ids[:limit] for row in self.tokenizer.encode_batch(texts, add_special_tokens=False)]


def _batch(pairs: list[tuple[list[int], list[int]]]) -> dict[str, NDArray[np.int64]]:
    width = max(len(a) + len(b) for a, b in pairs) + 3
    ids, mask, types = (np.zeros((len(pairs), width), np.int64) for _ in range(3))
    for i, (a, b) in enumerate(pairs):
        row = [101, *a, 102, *b, 102]
        ids[i, : len(row)], mask[i, : len(row)], types[i, len(a) + 2 : len(row)] = row, 1, 1
    return {"input_ids": ids, "attention_mask": mask, "token_type_ids": types}


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
    emergent = sources.emergent(data, held_out=True)
    random = Random(SEED)
    pool = names([p.rumor for p in unseen + emergent])
    matching = [p for p in unseen + emergent if p.label != OTHER]
    exchanged = [made for made in (swapped(p, pool, random) for p in matching) if made is not None]
    rumors = list({p.rumor: p for p in unseen}.values())
    return {
        "science_culture_with_statement": unseen,
        "science_culture_rumor_only": [replace(p, statement=None) for p in unseen],
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
        result[name] = report(pairs, predicted, by_kind=name.startswith("science"))
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
