"""Exports a trained stance network to ONNX, with tokenizer and manifest.

`python training/stance/export.py --checkpoint DIR/stage2.pt --out FOLDER --data ../shared/data`

The network is written in parts small enough for any host of repositories; the loader joins them. The ways of storing
weights are those of `training/encoder`. With ranges fixed at export a pair's answer
does not depend on what else is in its batch: a verdict must be the same each time. 7-bit weights cannot saturate on
processors without VNNI: nor may it depend on the processor. `--variant fp32` makes the reference for
`evaluate.py --against`.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

import base
import numpy as np
import onnx
import onnxruntime
import sources
import torch
from data import SEED
from model import MAX_CLAIM_TOKENS, MAX_RUMOR_TOKENS, collate, load_tokenizer, sequences
from mpnet import Mpnet
from onnx import TensorProto, helper

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "encoder"))
from graph import Graph
from int8 import Range, storages
from linear import FloatStorage

if TYPE_CHECKING:
    from linear import Storage
    from numpy.typing import NDArray

    Weights = dict[str, NDArray[np.float32]]

SHIPPED = "int8-static-7bit"
HEADS = 12
CALIBRATION_PAIRS = 400
STATEMENT_SHARE = 0.65  # as in training
INPUTS = ("input_ids", "attention_mask")
PART = 48_000_000  # bytes


def read_weights(checkpoint: Path) -> Weights:
    """The tensors by the names of `transformers.MPNetModel`, and `head.weight`, `head.bias`."""
    state = torch.load(checkpoint, weights_only=True)
    return {name.removeprefix("body."): tensor.float().numpy() for name, tensor in state.items()}


def stance_graph(weights: Weights, storage: Storage) -> onnx.ModelProto:
    """Token ids and attention mask (batch, tokens) in, `logits` (batch, 3) out."""
    graph = Graph()
    hidden = Mpnet(graph, weights, storage, heads=HEADS).hidden(*INPUTS)
    mask = graph.node("Cast", ["attention_mask"], to=TensorProto.FLOAT)
    one = graph.constant("one", np.array([1]))
    total = graph.node("Squeeze", [graph.node("MatMul", [graph.node("Unsqueeze", [mask, one]), hidden]), one])
    count = graph.node("ReduceSum", [mask, one], keepdims=1)
    mean = graph.node("Div", [total, count])
    # The head stays in float32: 2,307 numbers decide, and rounding them saves nothing.
    matrix = graph.constant("head.weight", np.ascontiguousarray(weights["head.weight"].T))
    logits = graph.node(
        "Add", [graph.node("MatMul", [mean, matrix]), graph.constant("head.bias", weights["head.bias"])]
    )
    model: onnx.ModelProto = graph.model(INPUTS, logits, "logits", len(sources.LABELS))
    return model


def calibration_feeds(data: Path) -> list[dict[str, NDArray[np.int64]]]:
    """Single pairs of the training domains, with and without the statement, in the form that the network reads."""
    random = Random(SEED)
    pairs = random.sample(sources.authored(data) + sources.starter(data), CALIBRATION_PAIRS)
    statements = [p.statement if random.random() < STATEMENT_SHARE else None for p in pairs]
    rows = sequences([p.claim for p in pairs], [p.rumor for p in pairs], statements)
    return [{name: tensor.numpy() for name, tensor in collate([row]).items()} for row in rows]


def ranges(weights: Weights, data: Path) -> dict[str, Range]:
    """Between which values each input channel of each layer moves, from the float32 graph."""
    storage = FloatStorage(np.float32)
    model = stance_graph(weights, storage)
    outputs = list(dict.fromkeys(storage.inputs.values()))
    model.graph.output.extend(helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in outputs)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    seen = [session.run(outputs, feed) for feed in calibration_feeds(data)]
    found = {}
    for layer, name in storage.inputs.items():
        values = [run[outputs.index(name)] for run in seen]
        # Ranges hold every pair. Clipping one in fifty, as the encoder's do, cost what tells giver from receiver.
        low = np.min([value.min(axis=(0, 1)) for value in values], axis=0)
        high = np.max([value.max(axis=(0, 1)) for value in values], axis=0)
        found[layer] = Range(low.astype(np.float32), high.astype(np.float32))
    return found


def write_manifest(folder: Path, variant: str) -> None:
    """Names, limits and hashes that a loader checks before it serves."""
    files = {path.name: sha256(path) for path in sorted(folder.glob("model.onnx.*"))}
    revision = hashlib.sha256("".join(files.values()).encode()).hexdigest()[:12]
    files["tokenizer.json"] = sha256(folder / "tokenizer.json")
    manifest = {
        "name": "stance-mpnet-l9",
        "variant": variant,
        "revision": revision,
        "languages": ["en"],
        "labels": list(sources.LABELS),
        "max_claim_tokens": MAX_CLAIM_TOKENS,
        "max_rumor_tokens": MAX_RUMOR_TOKENS,
        "files": files,
        "made_by": "training/stance/train.py, training/stance/export.py",
        "base": "sentence-transformers/all-mpnet-base-v2",
        "base_sha256": sha256(base.folder() / "model.safetensors"),
    }
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")


def sha256(path: Path) -> str:
    """Hexadecimal digest of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def main() -> None:
    """Write model.onnx.1 and on, tokenizer.json and manifest.json of one variant."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--variant", choices=sorted(storages({})), default=SHIPPED)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"), help="where calibration texts are")
    options = parser.parse_args()
    weights = read_weights(options.checkpoint)
    measured = ranges(weights, options.data) if "static" in options.variant else {}
    options.out.mkdir(parents=True, exist_ok=True)
    network = stance_graph(weights, storages(measured)[options.variant]).SerializeToString()
    for number, start in enumerate(range(0, len(network), PART), 1):
        (options.out / f"model.onnx.{number}").write_bytes(network[start : start + PART])
    # Without truncation and padding of its own: the caller cuts each side by itself.
    load_tokenizer().save(str(options.out / "tokenizer.json"), pretty=False)
    write_manifest(options.out, options.variant)
    print(options.out, options.variant, len(network))


if __name__ == "__main__":
    main()
