"""An encoder without a model: texts that share words or letter sequences are near each other, meaning plays no part."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from zlib import crc32

import numpy as np

from embeddings.encoder import Vectors


class HashingEncoder:
    """Counts hashed words and letter triples; the same vectors in every process and on every machine.

    Source of the method: Weinberger et al. 2009, "Feature Hashing for Large Scale Multitask Learning".
    """

    name = "hashing"

    def __init__(self, dim: int = 128) -> None:
        self.dim = dim
        self.revision = f"1-{dim}"  # a store may hold vectors of two dimensions: they are two models'

    def encode(self, texts: Sequence[str]) -> Vectors:
        """See `embeddings.encoder.Encoder`."""
        vectors = np.zeros((len(texts), self.dim), np.float32)
        for vector, text in zip(vectors, texts, strict=True):
            vector[0] = 1e-3  # a text without any letter still gets a direction
            for feature, weight in _features(text):
                code = crc32(feature.encode("utf-8", "replace"))
                vector[code % self.dim] += weight if code & 1 << 31 else -weight
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def _features(text: str) -> Iterator[tuple[str, float]]:
    for word in re.findall(r"\w+", text.casefold()):
        yield word, 1.0
        padded = f" {word} "
        yield from ((padded[start : start + 3], 0.2) for start in range(len(padded) - 2))
