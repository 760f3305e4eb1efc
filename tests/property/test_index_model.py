"""The vector index behaves like a dictionary from key to texts, whatever is done to it in whatever order."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from embeddings.encoder import Vectors
from embeddings.index import VectorIndex

DIM = 16
MODEL = "model@1"
keys = st.sampled_from([f"key {number}" for number in range(12)] + ["κλειδί", "a\nb", ""])
texts = st.lists(st.tuples(keys, st.integers(0, 255), st.integers(0, 10_000)), max_size=30)


def vector(seed: int) -> Vectors:
    values = np.random.default_rng(seed).standard_normal(DIM)
    return (values / np.linalg.norm(values)).astype(np.float32)


class IndexMachine(RuleBasedStateMachine):
    """Runs the index beside a plain dictionary."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.index = VectorIndex(DIM, model=MODEL)
        self.expected: dict[str, list[tuple[int, int, Vectors]]] = {}
        self.saves = 0

    @rule(rows=texts)
    def add(self, rows: list[tuple[str, int, int]]) -> None:
        vectors = np.array([vector(seed) for _, _, seed in rows], np.float32).reshape(-1, DIM)
        self.index.add([key for key, _, _ in rows], [field for _, field, _ in rows], vectors)
        new: dict[str, list[tuple[int, int, Vectors]]] = {}
        for (key, field, _), row in zip(rows, vectors, strict=True):
            mine = new.setdefault(key, [])
            mine.append((field, sum(other == field for other, _, _ in mine), row))
        self.expected |= new

    @rule(gone=st.lists(keys, max_size=8))
    def remove(self, gone: list[str]) -> None:
        self.index.remove(gone)
        for key in gone:
            self.expected.pop(key, None)

    @rule()
    def save_and_open(self) -> None:
        self.saves += 1
        self.index.save(self.folder / "index", self.saves)
        self.index = VectorIndex.open(self.folder / "index", model=MODEL)
        assert self.index.position == self.saves

    @rule(seed=st.integers(0, 10_000), limit=st.integers(1, 20), exclude=st.lists(keys, max_size=3))
    def search(self, seed: int, limit: int, exclude: list[str]) -> None:
        query = vector(seed)
        (hits,) = self.index.search(query[None], limit, exclude=exclude)
        best = {key: max(float(row @ query) for _, _, row in rows) for key, rows in self.expected.items()}
        wanted = sorted((cosine for key, cosine in best.items() if key not in exclude), reverse=True)[:limit]
        np.testing.assert_allclose([hit.cosine for hit in hits], wanted, atol=1e-5)
        for hit in hits:
            named = {(field, ordinal): row for field, ordinal, row in self.expected[hit.key]}
            assert abs(float(named[hit.field, hit.ordinal] @ query) - hit.cosine) < 1e-5

    @invariant()
    def knows_the_same_keys(self) -> None:
        assert sorted(self.index.keys()) == sorted(self.expected)
        assert len(self.index) == len(self.expected)
        assert self.index.rows == sum(map(len, self.expected.values()))

    def teardown(self) -> None:
        shutil.rmtree(self.folder)


IndexMachine.TestCase.settings = settings(max_examples=40, stateful_step_count=20, deadline=None)
TestIndexMachine = IndexMachine.TestCase
