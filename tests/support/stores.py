"""What the tests of the store share."""

from __future__ import annotations

import datetime as dt

import numpy as np
from numpy.typing import NDArray

from service.domain import RebuttalContent
from service.passages import passages
from service.store import Write

MODEL = "test@1"


class Days:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = dt.datetime(2025, 11, 1, tzinfo=dt.UTC)

    def __call__(self) -> dt.datetime:
        return self.now

    def set(self, day: int, time: str = "12:00:00") -> None:
        """A moment of November 2025, in UTC."""
        self.now = dt.datetime.fromisoformat(f"2025-11-{day:02}T{time}+00:00")


def put(*contents: RebuttalContent) -> list[Write]:
    """Writes as an import makes them."""
    return [Write(content=content, action="import") for content in contents]


def unit_rows(content: RebuttalContent, seed: int = 0, dim: int = 8) -> NDArray[np.float32]:
    """A unit vector for each passage of a record, by chance."""
    rows = np.random.default_rng(seed).standard_normal((len(passages(content)), dim), dtype=np.float32)
    unit: NDArray[np.float32] = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return unit


def with_vectors(content: RebuttalContent, seed: int = 0, model: str = MODEL) -> Write:
    """A write that brings its vectors."""
    return Write(content=content, action="create", vectors=unit_rows(content, seed), model=model)
