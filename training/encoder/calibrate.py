"""Measures between which values each channel of each layer's input moves, on texts written for this project."""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING

import numpy as np
import onnxruntime as ort
from int8 import Range
from linear import FloatStorage
from onnx import TensorProto, helper
from tokenizers import Tokenizer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    import onnx
    from linear import Storage
    from numpy.typing import NDArray

    Feed = dict[str, NDArray[np.int64]]

TEXTS = 400
# Ranges hold 98 of 100 texts: the rest is clipped, and every other text gains finer steps.
KEPT_PERCENT = 98


def _texts(data: Path) -> Iterator[str]:
    for line in (data / "starter" / "rebuttals.jsonl").read_text(encoding="utf-8").splitlines():
        record = json.loads(line)
        yield from [record["rumor"], record["statement"], *record["variants"]]
    for file in sorted((data / "authored").glob("*.jsonl")):
        for line in file.read_text(encoding="utf-8").splitlines():
            yield from (claim[2] for claim in json.loads(line)["claims"])


def sample(data: Path) -> list[str]:
    """A fixed sample of rumors, statements and claims in several languages."""
    return random.Random(2).sample(list(_texts(data)), TEXTS)


def feeds(tokenizer: Path, texts: Sequence[str]) -> Iterator[Feed]:
    """What the encoder's graph is given for each text alone."""
    encode = Tokenizer.from_file(str(tokenizer))
    encode.no_padding()
    for text in texts:
        ids = np.array([encode.encode(text).ids], np.int64)
        yield {"input_ids": ids, "attention_mask": np.ones_like(ids)}


def ranges(graph: Callable[[Storage], onnx.ModelProto], inputs: Iterable[Feed]) -> dict[str, Range]:
    """Ranges by layer name, from running ``inputs`` through the float32 graph that ``graph`` builds."""
    storage = FloatStorage(np.float32)
    model = graph(storage)
    outputs = list(dict.fromkeys(storage.inputs.values()))
    model.graph.output.extend(helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in outputs)
    session = ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    lows: dict[str, list[NDArray[np.float32]]] = {name: [] for name in outputs}
    highs: dict[str, list[NDArray[np.float32]]] = {name: [] for name in outputs}
    for feed in inputs:
        for name, value in zip(outputs, session.run(outputs, feed), strict=True):
            lows[name].append(value.min(axis=(0, 1)))
            highs[name].append(value.max(axis=(0, 1)))
    return {
        layer: Range(
            np.percentile(lows[name], 100 - KEPT_PERCENT, axis=0).astype(np.float32),
            np.percentile(highs[name], KEPT_PERCENT, axis=0).astype(np.float32),
        )
        for layer, name in storage.inputs.items()
    }
