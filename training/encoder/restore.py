"""The way back from a graph in 8 or 7 bits with fixed ranges to float32 weights: what was rounded stays rounded.

For comparing what ships with another implementation of the same network, and for training on from it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import onnx
from onnx import numpy_helper

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    Weights = dict[str, NDArray[np.float32]]

BERT = {"attention.self": ("query", "key", "value")}


def constants(files: list[Path]) -> Weights:
    """Every tensor that is stored in a graph, by its name there; ``files`` are its parts in order."""
    graph = onnx.load_from_string(b"".join(file.read_bytes() for file in files)).graph
    return {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}


def restored(found: Weights, joined: Mapping[str, tuple[str, ...]]) -> Weights:
    """Dense layers, norms and word vectors under the names that `transformers` gives them.

    Args:
        found: what `constants` read.
        joined: the end of the name of a layer that holds several side by side, and their own ends.

    Raises:
        KeyError: the graph is not one that `int8.StaticStorage` wrote.
    """
    told: Weights = {"embeddings.word_embeddings.weight": found["words"].astype(np.float32) * found["words.scale"]}
    for name in found:
        if name.endswith(".smooth"):
            told |= _dense(found, name.removesuffix(".smooth"), joined)
        elif name.endswith("LayerNorm.w"):
            layer = name.removesuffix(".w")
            told |= {f"{layer}.weight": found[name], f"{layer}.bias": found[f"{layer}.b"]}
    return told


def _dense(found: Weights, layer: str, joined: Mapping[str, tuple[str, ...]]) -> Weights:
    codes = found[f"{layer}.weight"].astype(np.float32) * found[f"{layer}.scale"]
    weight, bias = np.ascontiguousarray((codes * found[f"{layer}.smooth"][:, None]).T), found[f"{layer}.bias"]
    end = next((end for end in joined if layer.endswith(f".{end}")), None)
    if end is None:
        return {f"{layer}.weight": weight, f"{layer}.bias": bias}
    at = layer.removesuffix(end) + (f"{end}." if end in BERT else "")
    parts = zip(joined[end], np.split(weight, len(joined[end])), np.split(bias, len(joined[end])), strict=True)
    return {
        f"{at}{part}.{kind}": value
        for part, *both in parts
        for kind, value in zip(("weight", "bias"), both, strict=True)
    }


def bert(files: list[Path]) -> Weights:
    """The weights of an exported sentence encoder, as `transformers.BertModel` names them.

    Token types are part of the positions: the table of types is zero.
    """
    found = constants(files)
    told = restored(found, BERT) | {"embeddings.position_embeddings.weight": found["positions"]}
    told["embeddings.token_type_embeddings.weight"] = np.zeros((2, found["positions"].shape[1]), np.float32)
    return told
