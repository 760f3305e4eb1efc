"""Weights in 8 or 7 bits: with activations quantised per call, per block, or by ranges fixed at export."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from linear import CONTRIB, FLOAT, Dense, FloatStorage, Storage

if TYPE_CHECKING:
    from collections.abc import Mapping

    from graph import Graph
    from numpy.typing import NDArray

# Processors without VNNI add two products of an unsigned and a signed byte in 16 bits (vpmaddubsw), and saturate.
# Weights of 7 bits cannot: 2 * 255 * 64 = 32,640 < 32,767.
SEVEN_BITS, EIGHT_BITS = 64, 127
TINY = 1e-5


class Range(NamedTuple):
    """Least and greatest value seen in each input channel of a layer, each of shape (inputs,)."""

    low: NDArray[np.float32]
    high: NDArray[np.float32]


def quantise(weight: NDArray[np.float32], limit: int, axis: int) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Signed codes in -limit..limit and the scales along ``axis`` (kept as an axis of length 1)."""
    scale = np.maximum(np.abs(weight).max(axis=axis, keepdims=True), 1e-12) / limit
    return np.round(weight / scale).astype(np.int8), scale.astype(np.float32)


class Int8Storage:
    """Activations quantised per call ("dynamic"): one scale for the whole batch, so neighbours matter.

    The embedding table has one scale per row: rows differ in length by a factor of ten, and one scale for all of
    them costs more accuracy than all the products together.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit

    def table(self, graph: Graph, name: str, rows: NDArray[np.float32], ids: str) -> str:
        """See `Storage`."""
        codes, scale = quantise(rows, EIGHT_BITS, axis=1)
        found = graph.node("Cast", [graph.node("Gather", [graph.constant(name, codes), ids])], to=FLOAT)
        return graph.node("Mul", [found, graph.node("Gather", [graph.constant(f"{name}.scale", scale), ids])])

    def _weight(self, graph: Graph, dense: Dense) -> list[str]:
        codes, scale = quantise(dense.weight, self._limit, axis=0)
        named = {"weight": codes, "scale": scale[0], "bias": dense.bias}
        return [graph.constant(f"{dense.name}.{part}", value) for part, value in named.items()]

    def linear(self, graph: Graph, dense: Dense, x: str) -> str:
        """See `Storage`."""
        codes, scale, bias = self._weight(graph, dense)
        return graph.node("DynamicQuantizeMatMul", [x, codes, scale, "", bias], domain=CONTRIB)

    def attention(self, graph: Graph, dense: Dense, x: str, mask: str, heads: int) -> str:
        """See `Storage`."""
        codes, scale, bias = self._weight(graph, dense)
        quantised, x_scale, zero = graph.nodes("DynamicQuantizeLinear", [x], 3)
        inputs = [quantised, codes, bias, x_scale, scale, mask, zero]
        return graph.node("QAttention", inputs, domain=CONTRIB, num_heads=heads)


class BlockStorage(Int8Storage):
    """One weight scale per block of inputs, and one activation scale per token and block."""

    def __init__(self, block: int) -> None:
        super().__init__(EIGHT_BITS)
        self._block = block

    def _product(self, graph: Graph, name: str, x: str, weight: NDArray[np.float32]) -> str:
        inputs, outputs = weight.shape
        blocks = np.ascontiguousarray(weight.T).reshape(outputs, inputs // self._block, self._block)
        signed, scale = quantise(blocks, EIGHT_BITS, axis=2)
        codes = (signed.astype(np.int16) + 128).astype(np.uint8)
        names = [x, graph.constant(f"{name}.weight", codes), graph.constant(f"{name}.scale", scale[..., 0])]
        sizes = {"K": inputs, "N": outputs, "bits": 8, "block_size": self._block, "accuracy_level": 4}
        return graph.node("MatMulNBits", names, domain=CONTRIB, **sizes)

    def linear(self, graph: Graph, dense: Dense, x: str) -> str:
        """See `Storage`."""
        product = self._product(graph, dense.name, x, dense.weight)
        return graph.node("Add", [product, graph.constant(f"{dense.name}.bias", dense.bias)])

    def attention(self, graph: Graph, dense: Dense, x: str, mask: str, heads: int) -> str:
        """See `Storage`."""
        thirds = enumerate(np.split(dense.weight, 3, axis=1))
        parts = [self._product(graph, f"{dense.name}.{i}", x, third) for i, third in thirds]
        inputs = [*parts, graph.constant(f"{dense.name}.bias", dense.bias), mask]
        return graph.node("MultiHeadAttention", inputs, domain=CONTRIB, num_heads=heads)


class StaticStorage(Int8Storage):
    """Activation ranges fixed at export, so a text's vector is the same alone and in any batch.

    Each input channel is divided by a factor that its weights are multiplied with, which evens out channels of very
    different range (SmoothQuant, Xiao et al. 2023, arXiv:2211.10438; ``strength`` is its alpha).
    """

    def __init__(self, limit: int, ranges: Mapping[str, Range], *, strength: float = 0.8) -> None:
        super().__init__(limit)
        self._ranges = ranges
        self._strength = strength

    def _quantised(self, graph: Graph, dense: Dense, x: str) -> tuple[str, str, str, list[str]]:
        low, high = self._ranges[dense.name]
        peak = np.maximum(np.maximum(-low, high), TINY)
        column = np.maximum(np.abs(dense.weight).max(axis=1), TINY)
        smooth = (peak**self._strength / column ** (1 - self._strength)).astype(np.float32)
        floor, ceiling = min((low / smooth).min(), 0), (high / smooth).max()
        step = np.float32((ceiling - floor) / 255)
        scale = graph.constant(f"{dense.name}.x_scale", np.array(step))
        zero = graph.constant(f"{dense.name}.x_zero", np.array(np.clip(round(-floor / step), 0, 255), np.uint8))
        even = graph.node("Mul", [x, graph.constant(f"{dense.name}.smooth", 1 / smooth)])
        weight = self._weight(graph, Dense(dense.name, dense.weight * smooth[:, None], dense.bias))
        return graph.node("QuantizeLinear", [even, scale, zero]), scale, zero, weight

    def linear(self, graph: Graph, dense: Dense, x: str) -> str:
        """See `Storage`."""
        quantised, x_scale, zero, (codes, scale, bias) = self._quantised(graph, dense, x)
        return graph.node("MatMulIntegerToFloat", [quantised, codes, x_scale, scale, zero, "", bias], domain=CONTRIB)

    def attention(self, graph: Graph, dense: Dense, x: str, mask: str, heads: int) -> str:
        """See `Storage`."""
        quantised, x_scale, zero, (codes, scale, bias) = self._quantised(graph, dense, x)
        inputs = [quantised, codes, bias, x_scale, scale, mask, zero]
        return graph.node("QAttention", inputs, domain=CONTRIB, num_heads=heads)


def storages(ranges: Mapping[str, Range]) -> dict[str, Storage]:
    """Every variant by name, given the activation ranges that `calibrate.ranges` measured."""
    return {
        "fp32": FloatStorage(np.float32),
        "fp16": FloatStorage(np.float16),
        "int8-dynamic": Int8Storage(EIGHT_BITS),
        "int8-dynamic-7bit": Int8Storage(SEVEN_BITS),
        "int8-block": BlockStorage(128),
        "int8-static": StaticStorage(EIGHT_BITS, ranges),
        "int8-static-7bit": StaticStorage(SEVEN_BITS, ranges),
    }
