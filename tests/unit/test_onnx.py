"""The encoder that ships: shapes, lengths, hostile text, damaged weights."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from embeddings.encoder import Encoder, WeightsError, load_encoder
from embeddings.onnx import BATCH, DEFAULT, OnnxEncoder

CLAIM = "Pakistan handed rare earth samples to the US president."


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    return load_encoder()


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    return Path(shutil.copytree(DEFAULT, tmp_path / "weights"))


def test_the_default_is_an_encoder_of_unit_vectors(encoder: Encoder) -> None:
    assert isinstance(encoder, Encoder)
    assert encoder.name == "claims-minilm-l6-int8"
    vectors = encoder.encode([CLAIM, "", "\N{SPARKLES}", "巴基斯坦"])
    assert vectors.shape == (4, encoder.dim)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_no_texts_give_no_vectors(encoder: Encoder) -> None:
    assert encoder.encode([]).shape == (0, encoder.dim)


def test_a_vector_does_not_depend_on_its_neighbours(encoder: Encoder) -> None:
    texts = [f"{CLAIM} {'word ' * (number % 40)}{number}" for number in range(2 * BATCH + 3)]
    alone = np.concatenate([encoder.encode([text]) for text in texts])
    np.testing.assert_allclose(encoder.encode(texts), alone, atol=1e-5)


def test_meaning_counts(encoder: Encoder) -> None:
    claim, paraphrase, unrelated = encoder.encode(
        [CLAIM, "The American president got samples of rare earths from Pakistan.", "The ferry to the island is late."]
    )
    assert claim @ paraphrase > 0.75
    assert claim @ unrelated < 0.25


def test_special_tokens_in_a_text_are_plain_characters(encoder: Encoder) -> None:
    typed, spaced = encoder.encode([f"{CLAIM} [SEP] [PAD]", f"{CLAIM} [ SEP ] [ PAD ]"])
    np.testing.assert_allclose(typed, spaced, atol=1e-6)


def test_text_past_the_maximum_is_cut(encoder: Encoder) -> None:
    filled = "mineral " * 300
    short, long = encoder.encode([filled, filled + "Nothing of this is read any more."])
    np.testing.assert_array_equal(short, long)


def test_lone_surrogates_and_nul_are_encoded(encoder: Encoder) -> None:
    surrogate, mark = encoder.encode(["a \ud800 b\x00", "a ? b"])
    np.testing.assert_allclose(surrogate, mark, atol=1e-6)


def test_a_flipped_byte_is_noticed(copied: Path) -> None:
    model = bytearray((copied / "model.onnx").read_bytes())
    model[len(model) // 2] ^= 1
    (copied / "model.onnx").write_bytes(model)
    with pytest.raises(WeightsError, match=r"model\.onnx has sha256"):
        OnnxEncoder.load(copied)


@pytest.mark.parametrize("name", ["manifest.json", "model.onnx", "tokenizer.json"])
def test_a_missing_file_is_named(copied: Path, name: str) -> None:
    (copied / name).unlink()
    with pytest.raises(WeightsError, match=name):
        OnnxEncoder.load(copied)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"files": 3}'])
def test_a_broken_manifest_is_a_weights_error(copied: Path, text: str) -> None:
    (copied / "manifest.json").write_text(text)
    with pytest.raises(WeightsError):
        OnnxEncoder.load(copied)


def test_a_manifest_without_a_needed_key_says_which(copied: Path) -> None:
    manifest = json.loads((copied / "manifest.json").read_text())
    del manifest["dim"]
    (copied / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(WeightsError, match="'dim'"):
        OnnxEncoder.load(copied)


def test_a_file_that_is_no_model_is_a_weights_error(copied: Path) -> None:
    manifest = json.loads((copied / "manifest.json").read_text())
    for name in manifest["files"]:
        (copied / name).write_bytes(b"{}")
        manifest["files"][name] = hashlib.sha256(b"{}").hexdigest()
    (copied / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(WeightsError, match="cannot load"):
        OnnxEncoder.load(copied)


def test_serving_imports_neither_torch_nor_transformers() -> None:
    program = "import sys; from embeddings.encoder import load_encoder as e; e().encode(['a']); print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    heavy = {"torch", "transformers", "sentence_transformers", "onnx"}
    assert not heavy & set(run.stdout.split())
