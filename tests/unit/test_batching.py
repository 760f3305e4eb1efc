"""Which texts are computed together, and by how many threads."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from support.api import CALIBRATION
from support.hashing import HashingEncoder

from embeddings.encoder import Vectors
from embeddings.onnx import OnnxEncoder
from embeddings.session import PASS, TOKENS, by_length
from embeddings.stance import OnnxStanceModel, StancePair
from service.finder import Finder
from service.settings import Settings, SettingsError
from service.store.sqlite import SqliteStore

CLAIM = "Pakistan gave the United States rare earth samples"


def lengths_of(lengths: list[int]) -> list[list[int]]:
    rows = [[0] * length for length in lengths]
    return [[lengths[at] for at in batch] for batch in by_length(rows, 32)]


def test_texts_of_one_length_are_computed_together() -> None:
    assert lengths_of([12] * 8) == [[12] * 8]


def test_a_text_much_longer_than_the_others_is_computed_alone() -> None:
    """Two of twelve tokens would be padded with more than a pass costs."""
    assert lengths_of([12, 12 + PASS, 12]) == [[12, 12], [12 + PASS]]
    assert lengths_of([12, 12 + PASS]) == [[12, 12 + PASS]]


def test_a_pass_is_bounded_in_tokens() -> None:
    assert lengths_of([TOKENS // 4] * 5) == [[TOKENS // 4] * 4, [TOKENS // 4]]
    assert lengths_of([2 * TOKENS]) == [[2 * TOKENS]]


def test_threads_change_no_vector_and_no_probability() -> None:
    texts = [f"{CLAIM} {'and more ' * (at % 9)}" for at in range(20)]
    one, two = OnnxEncoder.load(threads=1), OnnxEncoder.load(threads=2)
    assert (one.passes, two.passes) == (1, 2)
    assert np.array_equal(one.encode(texts), two.encode(texts))
    pairs = [StancePair(text, CLAIM, "These were gem ores.") for text in texts[:3]]
    alone, shared = (OnnxStanceModel.load(threads=threads).predict(pairs) for threads in (1, 2))
    assert np.array_equal(alone, shared)


class Together(HashingEncoder):
    """Says that two calls may run at once, and finishes the first two only when both run."""

    passes = 2

    def __init__(self) -> None:
        super().__init__()
        self.barrier: threading.Barrier | None = None

    def encode(self, texts: Sequence[str]) -> Vectors:
        if self.barrier:
            self.barrier.wait(10)
        return super().encode(texts)


def test_the_finder_uses_as_many_threads_as_the_encoder_allows(tmp_path: Path) -> None:
    store, encoder = SqliteStore.open(tmp_path / "store.db"), Together()
    finder = Finder(store, encoder, CALIBRATION.nearness, index_path=tmp_path / "index")
    encoder.barrier = threading.Barrier(2)

    async def two() -> None:
        await asyncio.wait_for(asyncio.gather(finder.find(["one text"]), finder.find(["another text"])), 20)

    asyncio.run(two())
    finder.close()
    store.close()


def test_threads_follow_the_cores_and_the_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.settings._cores", lambda: 8)
    assert [Settings(workers=workers).threads for workers in (1, 4, 5, 16)] == [2, 2, 1, 1]
    assert Settings(threads=3, workers=8).threads == 3
    monkeypatch.setattr("service.settings._cores", lambda: 1)
    assert Settings().threads == 1
    assert Settings.from_environment({"REJOINDER_THREADS": "2"}).threads == 2
    with pytest.raises(SettingsError, match="threads"):
        Settings.from_environment({"REJOINDER_THREADS": "-1"})


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="the system has no affinity")
def test_cores_are_those_that_the_process_may_use() -> None:
    mine = os.sched_getaffinity(0)
    try:
        os.sched_setaffinity(0, {min(mine)})
        assert Settings().threads == 1
    finally:
        os.sched_setaffinity(0, mine)
