"""BERT as an ONNX graph, node by node, in the fused operators that ONNX Runtime would otherwise find at every start."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
from linear import CONTRIB, Dense
from onnx import TensorProto, helper, numpy_helper

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from linear import Storage
    from numpy.typing import NDArray

    Weights = Mapping[str, NDArray[np.float32]]


class Graph:
    """A list of nodes and constants under construction; every method returns names of tensors."""

    def __init__(self) -> None:
        self._nodes: list[onnx.NodeProto] = []
        self._constants: dict[str, onnx.TensorProto] = {}

    def constant(self, name: str, value: NDArray[Any]) -> str:
        """Store a tensor once and return its name."""
        self._constants[name] = numpy_helper.from_array(np.asarray(value, order="C"), name)
        return name

    def nodes(
        self, op: str, inputs: Sequence[str], outputs: int, *, domain: str = "", **attributes: object
    ) -> list[str]:
        """Add an operator with several outputs."""
        names = [f"{op}_{len(self._nodes)}_{i}" for i in range(outputs)]
        self._nodes.append(helper.make_node(op, inputs, names, domain=domain, **attributes))
        return names

    def node(self, op: str, inputs: Sequence[str], *, domain: str = "", **attributes: object) -> str:
        """Add an operator with one output."""
        return self.nodes(op, inputs, 1, domain=domain, **attributes)[0]

    def model(self, inputs: Sequence[str], output: str, name: str, width: int) -> onnx.ModelProto:
        """Close the graph: int64 inputs of shape (batch, tokens), one float32 output of shape (batch, width)."""
        self._nodes.append(helper.make_node("Identity", [output], [name]))
        ids = [helper.make_tensor_value_info(i, TensorProto.INT64, ["batch", "tokens"]) for i in inputs]
        out = helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", width])
        graph = helper.make_graph(self._nodes, "bert", ids, [out], list(self._constants.values()))
        opsets = [helper.make_opsetid("", 17), helper.make_opsetid(CONTRIB, 1)]
        return helper.make_model(graph, opset_imports=opsets, ir_version=8, producer_name="rejoinder")


class Bert:
    """The layers of a BERT model whose weights carry the names of ``transformers.BertModel``.

    Source: Devlin et al. 2019 (arXiv:1810.04805), with post-layer normalisation and exact GELU.
    """

    epsilon = 1e-12

    def __init__(self, graph: Graph, weights: Weights, storage: Storage, *, heads: int) -> None:
        self._graph = graph
        self._weights = weights
        self._storage = storage
        self._heads = heads
        layers = {key.split(".")[2] for key in weights if key.startswith("encoder.layer.")}
        self._layers = [f"encoder.layer.{n}" for n in sorted(layers, key=int)]

    def hidden(self, ids: str, mask: str, types: str | None = None) -> str:
        """Last hidden state, float32 of shape (batch, tokens, hidden)."""
        int_mask = self._graph.node("Cast", [mask], to=TensorProto.INT32)
        x = self._embed(ids, types)
        for layer in self._layers:
            x = self._layer(layer, x, int_mask)
        return x

    def _embed(self, ids: str, types: str | None) -> str:
        words = self._weights["embeddings.word_embeddings.weight"]
        positions = self._weights["embeddings.position_embeddings.weight"]
        segments = self._weights["embeddings.token_type_embeddings.weight"]
        g = self._graph
        x = self._storage.table(g, "words", words, ids)
        # Without segment ids every token has type 0, which is then a constant of its position.
        places = g.constant("positions", positions if types is not None else positions + segments[0])
        start, axes = g.constant("start", np.array([0])), g.constant("axis", np.array([0]))
        length = g.node("Shape", [ids], start=1, end=2)
        x = g.node("Add", [x, g.node("Slice", [places, start, length, axes])])
        if types is not None:
            x = g.node("Add", [x, g.node("Gather", [g.constant("segments", segments), types])])
        gain, offset = self._norm("embeddings.LayerNorm")
        return g.node("LayerNormalization", [x, gain, offset], epsilon=self.epsilon)

    def _layer(self, at: str, x: str, mask: str) -> str:
        mixed = self._attention(at, x, mask)
        x = self._add_norm(f"{at}.attention.output.LayerNorm", x, self.linear(f"{at}.attention.output.dense", mixed))
        return self._feed_forward(at, x)

    def _attention(self, at: str, x: str, mask: str) -> str:
        weight = np.concatenate([self._matrix(f"{at}.attention.self.{p}") for p in ("query", "key", "value")], axis=1)
        bias = np.concatenate([self._weights[f"{at}.attention.self.{p}.bias"] for p in ("query", "key", "value")])
        projections = Dense(f"{at}.attention.self", weight, bias)
        return self._storage.attention(self._graph, projections, x, mask, self._heads)

    def _feed_forward(self, at: str, x: str) -> str:
        wide = self._graph.node("Gelu", [self.linear(f"{at}.intermediate.dense", x)], domain=CONTRIB)
        return self._add_norm(f"{at}.output.LayerNorm", x, self.linear(f"{at}.output.dense", wide))

    def linear(self, at: str, x: str) -> str:
        """The dense layer that the weights hold under ``at``."""
        return self._storage.linear(self._graph, Dense(at, self._matrix(at), self._weights[f"{at}.bias"]), x)

    def _matrix(self, at: str) -> NDArray[np.float32]:
        return np.ascontiguousarray(self._weights[f"{at}.weight"].T)

    def _norm(self, at: str) -> tuple[str, str]:
        g = self._graph
        return g.constant(f"{at}.w", self._weights[f"{at}.weight"]), g.constant(f"{at}.b", self._weights[f"{at}.bias"])

    def _add_norm(self, at: str, x: str, update: str) -> str:
        inputs = [x, update, *self._norm(at)]
        return self._graph.node("SkipLayerNormalization", inputs, domain=CONTRIB, epsilon=self.epsilon)


def sentence_encoder(weights: Weights, storage: Storage, *, heads: int, dim: int) -> onnx.ModelProto:
    """Token ids and attention mask in, ``embedding`` out: mean over the tokens that are not padding, length 1."""
    graph = Graph()
    hidden = Bert(graph, weights, storage, heads=heads).hidden("input_ids", "attention_mask")
    mask = graph.node("Cast", ["attention_mask"], to=TensorProto.FLOAT)
    # (batch, 1, tokens) @ (batch, tokens, hidden) sums the wanted tokens. Division by their number would be undone
    # by the normalisation that follows.
    row = graph.node("Unsqueeze", [mask, graph.constant("one", np.array([1]))])
    total = graph.node("Squeeze", [graph.node("MatMul", [row, hidden]), "one"])
    unit = graph.node("LpNormalization", [total], axis=1, p=2)
    return graph.model(["input_ids", "attention_mask"], unit, "embedding", dim)
