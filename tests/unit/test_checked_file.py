"""What maps a file finds the whole work of one writer, and nobody's leftovers stay."""

from __future__ import annotations

import mmap
import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from embeddings import checked_file

MAGIC = b"TESTFILE"


def written(path: Path) -> tuple[str, bytes]:
    """Who wrote the file, and the one part that it has."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
        header, end = checked_file.read_header(mapped, MAGIC)
        return header["by"], mapped[checked_file.aligned(end) :]


def test_two_writers_with_the_same_number_of_a_process_each_write_their_own(tmp_path: Path) -> None:
    path = tmp_path / "index"

    def interrupted() -> Iterator[list[NDArray[np.uint8]]]:
        checked_file.write(path, MAGIC, {"by": "the other"}, [[np.full(9, 2, np.uint8)]])
        assert written(path) == ("the other", bytes([2] * 9))
        yield [np.full(300, 1, np.uint8)]

    checked_file.write(path, MAGIC, {"by": "this one"}, interrupted())
    assert written(path) == ("this one", bytes([1] * 300))
    assert [one.name for one in tmp_path.iterdir()] == ["index"]


def test_leftovers_are_found_whatever_a_store_is_called(tmp_path: Path) -> None:
    left = tmp_path / "news [2026].index.1-ab.tmp"
    left.write_bytes(b"half")
    os.utime(left, (0, 0))
    checked_file.write(tmp_path / "news [2026].index", MAGIC, {}, [])
    assert [one.name for one in tmp_path.iterdir()] == ["news [2026].index"]
