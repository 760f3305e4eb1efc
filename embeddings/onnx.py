"""The default encoder on ONNX Runtime: the serving path, which imports neither torch nor transformers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Self

import numpy as np
import onnxruntime as ort
from tokenizers import Tokenizer

from embeddings.encoder import Vectors
from embeddings.session import WEIGHTS, Weights, by_length, encodable, mask, pad

DEFAULT = WEIGHTS / "claims-minilm-l6"
BATCH = 32


class OnnxEncoder:
    """A sentence encoder whose graph pools and normalises; see `embeddings.encoder.Encoder`.

    Attributes:
        passes: how many calls of `encode` may run at once, in as many threads. A pass itself keeps to one: a headline
            is too little work to be shared, and of two batches each is done sooner in a thread of its own.
    """

    def __init__(self, weights: Weights, *, threads: int) -> None:
        self.languages = frozenset({"en"})
        self.name = str(weights.setting("name"))
        self.revision = str(weights.setting("revision"))
        self.dim = int(weights.setting("dim"))
        self._tokenizer: Tokenizer = weights.tokenizer()
        self._tokenizer.enable_truncation(int(weights.setting("max_tokens")))
        self.passes = threads
        self._session: ort.InferenceSession = weights.session(threads=1)

    @classmethod
    def load(cls, folder: Path | None = None, *, threads: int = 1) -> Self:
        """Load the encoder that ships with the package, or one that `training/encoder/export.py` wrote.

        Args:
            folder: holds model.onnx, tokenizer.json and manifest.json; None for the one that ships.
            threads: processor cores that it may use, one for each call of `encode` at a time.

        Raises:
            WeightsError: a file is missing, damaged or not the one that the manifest names.
        """
        return cls(Weights(folder or DEFAULT), threads=threads)

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Encode texts; a text's vector does not depend on which others are encoded with it.

        Args:
            texts: any number of texts; each is cut to the model's maximum of tokens.

        Returns:
            Float32 array of shape ``(len(texts), dim)``; every row has Euclidean length 1.
        """
        vectors = np.empty((len(texts), self.dim), np.float32)
        rows = [encoding.ids for encoding in self._tokenizer.encode_batch_fast(encodable(texts))]
        for batch in by_length(rows, BATCH):
            ids = [rows[position] for position in batch]
            (vectors[batch],) = self._session.run(None, {"input_ids": pad(ids), "attention_mask": mask(ids)})
        return vectors
