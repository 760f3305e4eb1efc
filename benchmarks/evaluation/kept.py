"""Vectors kept from run to run: encoding two archives is most of the work, and an encoder seldom changes."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from embeddings.encoder import Encoder, Vectors


class KeptEncoder:
    """An encoder that looks into a file first.

    Args:
        encoder: makes what is missing; vectors of another revision are in another file.
        folder: where the file is; made if need be.
    """

    def __init__(self, encoder: Encoder, folder: Path) -> None:
        self.name, self.revision, self.dim = encoder.name, encoder.revision, encoder.dim
        self._encoder = encoder
        self._path = folder / f"{encoder.name}-{encoder.revision}.npz"
        self._known: dict[bytes, Vectors] = {}
        self._saved = 0
        if self._path.exists():
            with np.load(self._path, allow_pickle=False) as arrays:
                keys, vectors = arrays["keys"], arrays["vectors"]
            self._known = dict(zip((key.tobytes() for key in keys), vectors, strict=True))
            self._saved = len(self._known)

    def encode(self, texts: Sequence[str]) -> Vectors:
        """See `embeddings.encoder.Encoder.encode`."""
        keys = [hashlib.sha256(text.encode("utf-8", "replace")).digest() for text in texts]
        missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in self._known}
        if missing:
            made = self._encoder.encode(list(missing.values()))
            self._known.update(zip(missing, made, strict=True))
        return np.stack([self._known[key] for key in keys]) if keys else np.empty((0, self.dim), np.float32)

    def save(self) -> None:
        """Write the file, whole or not at all. Raises OSError where that fails."""
        if len(self._known) == self._saved:
            return
        self._path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = self._path.with_suffix(".unfinished")
        keys = np.array([np.frombuffer(key, np.uint8) for key in self._known])
        with unfinished.open("wb") as file:
            np.savez(file, keys=keys, vectors=np.stack(list(self._known.values())))
        unfinished.replace(self._path)
        self._saved = len(self._known)
