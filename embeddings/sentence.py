"""Any sentence-transformers model as an `Encoder`. The only file of the package that imports torch."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from embeddings.encoder import Vectors
from embeddings.session import encodable

try:
    from sentence_transformers import SentenceTransformer
except ImportError as error:
    raise ImportError(
        "this encoder needs sentence-transformers: pip install 'rejoinder[models]'"
        " (install a CPU build of torch first, or pip fetches the CUDA one)"
    ) from error


# Their model cards ask for it where both sides are of one kind; without it their vectors are worse.
_E5 = re.compile(r"(?:^|[-_])e5[-_]", re.IGNORECASE)


def prompt_for(name: str) -> str | None:
    """What a model wants to read before every text: ``query: `` for the E5 family, else whatever the model says."""
    return "query: " if _E5.search(name) else None


class SentenceTransformersEncoder:
    """See `embeddings.encoder.Encoder`.

    Args:
        name_or_folder: a model's name on the hub, or a folder that holds one.
        device: where torch runs it.

    Raises:
        OSError: there is no such model.
    """

    def __init__(self, name_or_folder: str | Path, *, device: str = "cpu") -> None:
        self._model = SentenceTransformer(str(name_or_folder), device=device)
        self.name = Path(name_or_folder).name
        self._prompt = prompt_for(self.name)
        self.dim = int(self._model.encode(["dimension"]).shape[1])
        self.revision = self._digest()

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Encode texts in one call.

        Args:
            texts: any number of texts; each is cut to the model's own maximum length.

        Returns:
            Float32 array of shape ``(len(texts), dim)``; every row has Euclidean length 1.
        """
        if not texts:
            return np.empty((0, self.dim), np.float32)
        vectors = self._model.encode(
            encodable(texts),
            prompt=self._prompt,
            normalize_embeddings=True,
            convert_to_numpy=True,
            show_progress_bar=False,
        )
        return np.asarray(vectors, np.float32)

    def _digest(self) -> str:
        # From the values, not from files: the same weights have one revision under any name, folder or format.
        digest = hashlib.sha256()
        for key, tensor in sorted(self._model.state_dict().items()):
            digest.update(key.encode())
            digest.update(tensor.detach().cpu().float().contiguous().numpy().tobytes())
        return digest.hexdigest()[:12]
