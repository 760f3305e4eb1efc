"""Networks whose large tensors stay in their files: same answers, less memory, and what is no network."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnxruntime as ort
import pytest
from hypothesis import given
from hypothesis import strategies as st

from embeddings.mapped import Part, leave_in_files, mapped
from embeddings.onnx import DEFAULT, OnnxEncoder
from embeddings.session import MANY, TOKENS, by_length, mask
from embeddings.stance import DEFAULT as STANCE

CLAIM = "Pakistan handed rare earth samples to the US president."
NETWORK = DEFAULT / "model.onnx"
FOLDER = "session.model_external_initializers_file_folder_path"


def vectors(network: bytes, folder: Path) -> np.ndarray:
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    options.add_session_config_entry(FOLDER, str(folder))
    session = ort.InferenceSession(network, options, providers=["CPUExecutionProvider"])
    ids = np.arange(1_000, 1_016, dtype=np.int64)[None]
    found: np.ndarray = session.run(None, {"input_ids": ids, "attention_mask": mask(ids.tolist())})[0]
    return found


def test_the_network_is_the_same_and_small() -> None:
    whole = NETWORK.read_bytes()
    left = leave_in_files([Part(mapped(NETWORK), NETWORK.name)])
    assert len(left) < len(whole) / 15  # its matrices; numbers of four bytes stay
    np.testing.assert_array_equal(vectors(left, DEFAULT), vectors(whole, DEFAULT))


@pytest.mark.parametrize("cut", [1, 1_000, 9_000_000, 20_000_000])
def test_a_tensor_that_lies_in_two_files_is_held(cut: int, tmp_path: Path) -> None:
    whole = NETWORK.read_bytes()
    parts = {"a": whole[:cut], "b": whole[cut:]}
    for name, content in parts.items():
        (tmp_path / name).write_bytes(content)
    left = leave_in_files([Part(content, name) for name, content in parts.items()])
    np.testing.assert_array_equal(vectors(left, tmp_path), vectors(whole, tmp_path))


def test_files_without_a_name_are_held_whole() -> None:
    whole = NETWORK.read_bytes()
    np.testing.assert_array_equal(vectors(leave_in_files([Part(whole, None)]), DEFAULT), vectors(whole, DEFAULT))


@pytest.mark.parametrize("size", [1, 40, 30_000, 20_000_000])
def test_a_network_that_ends_early_is_no_network(size: int) -> None:
    with pytest.raises(ValueError, match="network"):
        leave_in_files([Part(NETWORK.read_bytes()[:size], NETWORK.name)])


@given(st.binary(max_size=200))
def test_bytes_are_refused_or_kept(content: bytes) -> None:
    """What can be read comes out as it is: nothing in it is large. Only numbers may be written another way."""
    try:
        once = leave_in_files([Part(content, "a")])
    except ValueError:
        return
    assert leave_in_files([Part(once, "a")]) == once


def test_links_to_another_folder_are_followed(tmp_path: Path) -> None:
    for file in DEFAULT.iterdir():
        (tmp_path / file.name).symlink_to(file)
    np.testing.assert_array_equal(OnnxEncoder.load(tmp_path).encode([CLAIM]), OnnxEncoder.load().encode([CLAIM]))


def test_links_to_several_folders_are_followed(tmp_path: Path) -> None:
    """As caches lay files out that they name by their content."""
    manifest = json.loads((DEFAULT / "manifest.json").read_text())
    whole = NETWORK.read_bytes()
    weights = tmp_path / "weights"
    weights.mkdir()
    shutil.copy(DEFAULT / "tokenizer.json", weights)
    del manifest["files"]["model.onnx"]
    for name, content in {"model.onnx.1": whole[:9_000_000], "model.onnx.2": whole[9_000_000:]}.items():
        manifest["files"][name] = hashlib.sha256(content).hexdigest()
        place = tmp_path / manifest["files"][name]
        place.mkdir()
        (place / "data").write_bytes(content)
        (weights / name).symlink_to(place / "data")
    (weights / "manifest.json").write_text(json.dumps(manifest))
    np.testing.assert_array_equal(OnnxEncoder.load(weights).encode([CLAIM]), OnnxEncoder.load().encode([CLAIM]))


def test_weights_in_a_relative_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(DEFAULT.parent)
    encoder = OnnxEncoder.load(Path(DEFAULT.name))
    monkeypatch.chdir(os.sep)
    assert encoder.encode([CLAIM]).shape == (1, encoder.dim)


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_session_holds_less_than_its_weights_and_a_fifth() -> None:
    """The matrices are rearranged and the rest is mapped. Holding all took twice the size of the files."""
    size = sum(path.stat().st_size for path in STANCE.glob("model.onnx.*"))
    program = (
        "import re; from pathlib import Path\n"
        "from embeddings.heap import trim; from embeddings.session import Weights\n"
        "def own():\n"
        "    trim()\n"
        "    return int(re.search(r'RssAnon:\\s+(\\d+)', Path('/proc/self/status').read_text())[1]) * 1024\n"
        f"before = own(); session = Weights(Path({str(STANCE)!r})).session(threads=1); print(own() - before)"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=120)
    assert int(run.stdout) < 1.2 * size


@given(st.lists(st.integers(0, 600), max_size=120), st.integers(1, 40))
def test_every_row_is_in_one_batch_and_none_is_too_large(lengths: list[int], most: int) -> None:
    rows = [[0] * length for length in lengths]
    batches = list(by_length(rows, most))
    assert sorted(position for batch in batches for position in batch) == list(range(len(rows)))
    for batch in batches:
        longest = max(lengths[position] for position in batch)
        assert len(batch) <= most
        assert len(batch) == 1 or len(batch) * longest <= TOKENS


def test_memory_is_given_back_after_many_passes_only(monkeypatch: pytest.MonkeyPatch) -> None:
    trims: list[None] = []
    monkeypatch.setattr("embeddings.session.trim", lambda: trims.append(None))
    list(by_length([[0] * TOKENS] * (MANY - 1), 8))
    assert not trims
    list(by_length([[0] * TOKENS] * MANY, 8))
    assert len(trims) == 1
