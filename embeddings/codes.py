"""Vectors in 8 bits, and the names of the arrays that the index is made of."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]
Codes = NDArray[np.int8]
Rows = NDArray[np.intp]
Scores = NDArray[np.float32]
LARGEST_CODE = 127


def quantise(vectors: Vectors) -> tuple[Codes, NDArray[np.float32]]:
    """Codes of the same shape, and per vector the factor that turns them back; a vector of zeros keeps zeros."""
    factors = np.maximum(np.abs(vectors).max(axis=1), np.finfo(np.float32).tiny) / LARGEST_CODE
    return np.rint(vectors / factors[:, None]).astype(np.int8), factors.astype(np.float32)
