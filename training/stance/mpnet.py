"""MPNet as an ONNX graph: BERT's layers with a bias for the distance of two tokens, and no segment ids."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "encoder"))
from graph import Bert
from linear import CONTRIB, Dense

if TYPE_CHECKING:
    from numpy.typing import NDArray

LONGEST = 256  # tokens that the table of distances covers
FIRST_POSITION = 2  # positions 0 and 1 belong to padding
BUCKETS, EXACT, FARTHEST = 16, 8, 128


def bucket(distance: NDArray[np.int64]) -> NDArray[np.int64]:
    """Bucket 0..31 of each signed distance (key minus query): exact near by, logarithmic farther off, 16 a side.

    Source: Raffel et al. 2020 (arXiv:1910.10683), as MPNet (arXiv:2004.09297) uses it.
    """
    away = np.abs(distance)
    scale = np.log(np.maximum(away, 1) / EXACT) / np.log(FARTHEST / EXACT)
    far = np.minimum(EXACT + (scale * (BUCKETS - EXACT)).astype(np.int64), BUCKETS - 1)
    return np.where(distance > 0, BUCKETS, 0) + np.where(away < EXACT, away, far)


class Mpnet(Bert):
    """The layers of an MPNet model whose weights carry the names of ``transformers.MPNetModel``."""

    epsilon = 1e-5
    _bias = ""

    def hidden(self, ids: str, mask: str, types: str | None = None) -> str:
        """Last hidden state, float32 of shape (batch, tokens, hidden); at most `LONGEST` tokens."""
        self._bias = self._distances(ids)
        return super().hidden(ids, mask, types)

    def _distances(self, ids: str) -> str:
        """The bias of every pair of tokens, float32 of shape (1, heads, tokens, tokens)."""
        g = self._graph
        away = np.arange(-LONGEST + 1, LONGEST)
        table = g.constant("distances", self._weights["encoder.relative_attention_bias.weight"][bucket(away)])
        length = g.node("Squeeze", [g.node("Shape", [ids], start=1, end=2)])
        place = g.node("Range", [g.constant("first", np.array(0)), length, g.constant("step", np.array(1))])
        column = g.node("Unsqueeze", [place, g.constant("last", np.array([1]))])
        offset = g.constant("offset", np.array(LONGEST - 1))
        rows = g.node("Add", [g.node("Sub", [place, column]), offset])
        bias = g.node("Transpose", [g.node("Gather", [table, rows])], perm=[2, 0, 1])
        return g.node("Unsqueeze", [bias, g.constant("front", np.array([0]))])

    def _embed(self, ids: str, types: str | None) -> str:
        del types  # MPNet has none
        g = self._graph
        words = self._storage.table(g, "words", self._weights["embeddings.word_embeddings.weight"], ids)
        positions = self._weights["embeddings.position_embeddings.weight"][FIRST_POSITION : FIRST_POSITION + LONGEST]
        places = g.constant("positions", positions)
        start, axes = g.constant("start", np.array([0])), g.constant("axis", np.array([0]))
        x = g.node("Add", [words, g.node("Slice", [places, start, g.node("Shape", [ids], start=1, end=2), axes])])
        return g.node("LayerNormalization", [x, *self._norm("embeddings.LayerNorm")], epsilon=self.epsilon, axis=-1)

    def _layer(self, at: str, x: str, mask: str) -> str:
        mixed = self._attention(at, x, mask)
        x = self._add_norm(f"{at}.attention.LayerNorm", x, self.linear(f"{at}.attention.attn.o", mixed))
        return self._feed_forward(at, x)

    def _attention(self, at: str, x: str, mask: str) -> str:
        g = self._graph
        weight = np.concatenate([self._matrix(f"{at}.attention.attn.{p}") for p in "qkv"], axis=1)
        bias = np.concatenate([self._weights[f"{at}.attention.attn.{p}.bias"] for p in "qkv"])
        joined = self._storage.linear(g, Dense(f"{at}.attention.attn.qkv", weight, bias), x)
        parts = g.nodes("Split", [joined], 3, axis=2)
        inputs = [*parts, "", mask, self._bias]
        return g.node("MultiHeadAttention", inputs, domain=CONTRIB, num_heads=self._heads)
