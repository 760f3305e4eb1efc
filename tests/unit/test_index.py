"""The vector index: ranking, replacement, filters, its file, and what damaged files do."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numkong
import numpy as np
import pytest

from embeddings.encoder import Vectors
from embeddings.index import IndexCorrupt, IndexStale, VectorIndex
from embeddings.index_file import FORMAT

DIM = 48
MODEL = "hashing@1"


def unit(rows: int, *, dim: int = DIM, seed: int = 0) -> Vectors:
    """Random directions around a few centres, so that neighbours are close, as texts are."""
    random = np.random.default_rng(seed)
    vectors = random.standard_normal((rows, dim)) + 2 * random.standard_normal((8, dim))[random.integers(0, 8, rows)]
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def filled(records: int = 40, texts: int = 3) -> VectorIndex:
    index = VectorIndex(DIM, model=MODEL, store="store")
    keys = [f"record-{number // texts}" for number in range(records * texts)]
    index.add(keys, [number % 2 for number in range(len(keys))], unit(len(keys)))
    return index


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    filled().save(tmp_path / "index", 17)
    return tmp_path / "index"


def test_the_best_text_of_a_key_counts() -> None:
    index = VectorIndex(2, model=MODEL)
    index.add(["a", "b", "a", "a"], [0, 0, 1, 1], np.array([[0, 1], [0.6, 0.8], [0.8, 0.6], [1, 0]], np.float32))
    (hits,) = index.search(np.array([[1, 0]], np.float32), 5)
    assert hits == [("a", 1, 1, pytest.approx(1.0)), ("b", 0, 0, pytest.approx(0.6))]


@pytest.mark.parametrize("rows", [30, 2500])
def test_recall_against_float32_is_complete(rows: int) -> None:
    vectors, queries = unit(rows, seed=1), unit(50, seed=2)
    index = VectorIndex(DIM, model=MODEL)
    index.add([str(row) for row in range(rows)], [0] * rows, vectors)
    exact = np.argsort(-(queries @ vectors.T), axis=1)[:, :10]
    found = [[int(hit.key) for hit in hits] for hits in index.search(queries, 10)]
    assert [set(row) for row in found] == [set(row) for row in exact.tolist()]


@pytest.fixture
def plain_processor() -> Iterator[None]:
    """Turn off every kernel that needs instructions which not all processors have."""
    special = [name for name, on in numkong.get_capabilities().items() if on and name != "serial"]
    for name in special:
        numkong.disable_capability(name)
    yield
    for name in special:
        numkong.enable_capability(name)


@pytest.mark.usefixtures("plain_processor")
def test_results_are_the_same_on_a_plain_processor() -> None:
    vectors, queries = unit(200, seed=1), unit(5, seed=2)
    index = VectorIndex(DIM, model=MODEL)
    index.add([str(row) for row in range(200)], [0] * 200, vectors)
    exact = np.argsort(-(queries @ vectors.T), axis=1)[:, :10]
    assert [[int(hit.key) for hit in hits] for hits in index.search(queries, 10)] == exact.tolist()


def test_cosines_are_exact() -> None:
    index, query = filled(), unit(1, seed=3)
    best = dict.fromkeys((f"record-{number}" for number in range(40)), -1.0)
    for number, cosine in enumerate((unit(120) @ query[0]).tolist()):
        best[f"record-{number // 3}"] = max(best[f"record-{number // 3}"], cosine)
    found = {hit.key: hit.cosine for hit in index.search(query, 40)[0]}
    assert found == pytest.approx(best, abs=1e-6)


def test_many_texts_of_one_key_do_not_crowd_out_others() -> None:
    index = VectorIndex(DIM, model=MODEL)
    index.add(["loud"] * 500, [0] * 500, np.repeat(unit(1), 500, axis=0))
    index.add(["quiet"], [0], unit(1, seed=4))
    assert [hit.key for hit in index.search(unit(1), 2)[0]] == ["loud", "quiet"]


def test_adding_a_key_again_replaces_all_its_texts() -> None:
    index = filled()
    index.add(["record-3"], [5], unit(1, seed=9))
    assert (len(index), index.rows) == (40, 40 * 3 - 2)
    (hit,) = index.search(unit(1, seed=9), 1)[0]
    assert (hit.key, hit.field, hit.ordinal) == ("record-3", 5, 0)


def test_removed_keys_are_not_found() -> None:
    index = filled()
    index.remove([f"record-{number}" for number in range(1, 40)] + ["unknown"])
    assert list(index.keys()) == ["record-0"]
    assert "record-0" in index
    assert "record-1" not in index
    assert [hit.key for hit in index.search(unit(1), 10)[0]] == ["record-0"]


def test_allow_and_exclude() -> None:
    index = filled()
    allow = {"record-1", "record-2", "record-3", "nobody"}
    found = index.search(unit(2), 10, allow=allow, exclude=["record-2"])
    assert [{hit.key for hit in hits} for hits in found] == [{"record-1", "record-3"}] * 2
    assert index.search(unit(1), 10, allow=[]) == [[]]


def test_score_names_the_nearest_text_of_given_keys() -> None:
    index, query = filled(), unit(1, seed=5)
    wanted = {"record-7", "record-8"}
    expected = index.search(query, 10, allow=wanted)[0]
    found = index.score(query[0], [*wanted, "nobody"])
    assert [hit[:3] for hit in found] == [hit[:3] for hit in expected]
    assert [hit.cosine for hit in found] == pytest.approx([hit.cosine for hit in expected])
    assert index.score(query[0], []) == []


def test_nothing_to_search() -> None:
    empty = VectorIndex(DIM, model=MODEL)
    assert empty.search(unit(2), 3) == [[], []]
    assert filled().search(unit(0), 3) == []
    assert filled().search(unit(1), 0) == [[]]
    empty.add([], [], unit(0))
    assert len(empty) == 0


@pytest.mark.parametrize(
    ("keys", "vectors"), [(["a"], unit(2)), (["a"], unit(1, dim=7)), (["a"], np.full((1, DIM), np.nan, np.float32))]
)
def test_vectors_that_do_not_fit_are_refused(keys: list[str], vectors: Vectors) -> None:
    with pytest.raises(ValueError, match="vector"):
        VectorIndex(DIM, model=MODEL).add(keys, [0] * len(keys), vectors)


def test_a_saved_index_answers_like_the_original(saved: Path) -> None:
    opened = VectorIndex.open(saved, model=MODEL, store="store")
    assert (opened.position, opened.store, len(opened), opened.rows) == (17, "store", 40, 120)
    assert opened.search(unit(5, seed=6), 7) == filled().search(unit(5, seed=6), 7)


def test_an_opened_index_can_change_and_be_saved_again(saved: Path) -> None:
    opened = VectorIndex.open(saved, model=MODEL)
    opened.remove(["record-1"])
    opened.add(["über"], [0], unit(1, seed=7))
    opened.save(saved, 18)
    again = VectorIndex.open(saved, model=MODEL)
    assert set(again.keys()) == set(opened.keys())
    assert again.position == 18
    assert again.search(unit(3, seed=8), 9) == opened.search(unit(3, seed=8), 9)


def test_an_empty_index_can_be_saved(tmp_path: Path) -> None:
    VectorIndex(DIM, model=MODEL).save(tmp_path / "index", 0)
    assert len(VectorIndex.open(tmp_path / "index", model=MODEL)) == 0


def test_another_model_store_or_format_is_stale(saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(IndexStale, match="hashing@1, the encoder is other@2"):
        VectorIndex.open(saved, model="other@2")
    with pytest.raises(IndexStale, match="elsewhere"):
        VectorIndex.open(saved, model=MODEL, store="elsewhere")
    monkeypatch.setattr("embeddings.index_file.FORMAT", FORMAT + 1)
    with pytest.raises(IndexStale, match="format"):
        VectorIndex.open(saved, model=MODEL)


def test_every_truncation_is_noticed(saved: Path) -> None:
    whole = saved.read_bytes()
    for length in [0, 5, 16, 100, len(whole) // 2, len(whole) - 1]:
        saved.write_bytes(whole[:length])
        with pytest.raises(IndexCorrupt):
            VectorIndex.open(saved, model=MODEL)


def test_a_flipped_bit_anywhere_is_noticed(saved: Path) -> None:
    whole = saved.read_bytes()
    padding = alignment_gaps(whole)
    for place in range(0, len(whole), 97):
        damaged = bytearray(whole)
        damaged[place] ^= 0x10
        saved.write_bytes(damaged)
        if place not in padding:
            with pytest.raises((IndexCorrupt, IndexStale)):
                VectorIndex.open(saved, model=MODEL)


def alignment_gaps(whole: bytes) -> set[int]:
    """Places between the arrays, which carry nothing: runs of zeros up to a multiple of 64."""
    gaps = set()
    for end in range(64, len(whole) + 1, 64):
        start = end - (64 - len(whole[end - 64 : end].rstrip(b"\0")))
        gaps.update(range(start, end))
    return gaps


def test_what_a_killed_process_left_is_cleared_away(tmp_path: Path) -> None:
    old, young = (tmp_path / f"index.{number}.tmp" for number in (1, 2))
    for left in (old, young):
        left.write_bytes(b"half")
    os.utime(old, (0, 0))
    filled().save(tmp_path / "index", 1)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["index", "index.2.tmp"]


def test_no_file_is_the_callers_to_know(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        VectorIndex.open(tmp_path / "nothing", model=MODEL)


def test_a_save_that_fails_leaves_the_old_file(saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    before = saved.read_bytes()
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        filled(3).save(saved, 99)
    assert saved.read_bytes() == before
    assert list(saved.parent.iterdir()) == [saved]


SAVE_FOREVER = """
import itertools, pathlib, sys
from embeddings.index import VectorIndex
path, model = pathlib.Path(sys.argv[1]), sys.argv[2]
index = VectorIndex.open(path, model=model)
for position in itertools.count(100):
    index.save(path, position)
    print(position, flush=True)
"""


def test_killed_while_saving_leaves_a_whole_file(saved: Path) -> None:
    saver = subprocess.Popen([sys.executable, "-c", SAVE_FOREVER, saved, MODEL], stdout=subprocess.PIPE)
    assert saver.stdout is not None
    for _ in range(5):
        assert saver.stdout.readline()
    saver.kill()
    saver.communicate(timeout=10)
    opened = VectorIndex.open(saved, model=MODEL)
    assert len(opened) == 40
    assert opened.position >= 104


def in_threads(*works: Callable[[], None]) -> list[Exception]:
    failures: list[Exception] = []

    def guarded(work: Callable[[], None]) -> None:
        try:
            work()
        except Exception as error:  # noqa: BLE001 - handed to the test
            failures.append(error)

    threads = [threading.Thread(target=guarded, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return failures


def test_a_search_never_sees_half_a_change() -> None:
    index = filled()
    vector = unit(1, seed=11)
    index.add(["changing"] * 2, [0, 1], np.repeat(vector, 2, axis=0))
    stop = threading.Event()

    def change() -> None:
        try:
            for turn in range(150):
                index.add(["changing"] * 2, [turn] * 2, np.repeat(vector, 2, axis=0))
                index.add([f"other-{turn}"], [0], unit(1, seed=1000 + turn))
        finally:
            stop.set()

    def search() -> None:
        while not stop.is_set():
            (best, *_) = index.search(vector, 3)[0]
            assert best.key == "changing"
            assert best.cosine == pytest.approx(1, abs=1e-5)

    assert in_threads(change, search, search) == []
    assert len(index) == 40 + 1 + 150
