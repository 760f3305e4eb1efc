"""Large segments: the rows of several, grouped into lists, with their float32 rows in a file."""

from __future__ import annotations

import mmap
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from embeddings.codes import Rows, Vectors
from embeddings.floats import Floats, checksums_of
from embeddings.lists import Lists, assign, train
from embeddings.segment import COLUMNS, Segment, merge_keys

# Float32 rows that are copied in one step: 6 MB.
_STEP = 4096


class _Joined:
    """The live rows of several segments under one numbering, in their order."""

    def __init__(self, segments: Sequence[Segment]) -> None:
        self.segments = segments
        self._live = [np.flatnonzero(segment.live) for segment in segments]
        self._ends = np.cumsum([len(rows) for rows in self._live])

    def __len__(self) -> int:
        return int(self._ends[-1])

    def take(self, name: str, rows: Rows) -> NDArray[Any]:
        """One column of some rows."""
        like = getattr(self.segments[0], name)
        taken = np.empty((len(rows), *like.shape[1:]), like.dtype)
        for at, segment, its in self._places(rows):
            taken[at] = getattr(segment, name)[its]
        return taken

    def floats(self, rows: Rows) -> Vectors:
        """The float32 rows; raises `DamagedRows` for one that is not what was written."""
        taken = np.empty((len(rows), self.segments[0].floats.dim), np.float32)
        for at, segment, its in self._places(rows):
            taken[at] = segment.floats.sound(its)
        return taken

    def _places(self, rows: Rows) -> Iterator[tuple[Rows, Segment, Rows]]:
        """For each segment that some of the rows are in: which of them, the segment, and its own numbers for them."""
        of = np.searchsorted(self._ends, rows, side="right")
        for number in np.unique(of).tolist():
            at = np.flatnonzero(of == number)
            before = int(self._ends[number - 1]) if number else 0
            yield at, self.segments[number], self._live[number][rows[at] - before]

    def vectors(self, rows: Rows) -> Vectors:
        """What the codes stand for; the floats may have to come from a disk."""
        decoded: Vectors = self.take("codes", rows) * self.take("factors", rows)[:, None]
        return decoded


def group(segments: Sequence[Segment], folder: Path | None, *, pause: Callable[[], None]) -> Segment:
    """Make one segment with lists of the live rows of several.

    Args:
        segments: at least one live row in all.
        folder: where the float32 rows are put, into a file that nobody else sees and that goes with the segment; None
            keeps them in memory.
        pause: called between steps of some milliseconds; what it raises ends the work.

    Raises:
        DamagedRows: a row is not what was written.
        OSError: the rows cannot be written.
    """
    joined = _Joined(segments)
    ungrouped = Lists(*train(joined.vectors, len(joined), pause=pause), np.zeros(1, np.int64))
    belongs = np.concatenate(
        [assign(ungrouped, joined.take("codes", rows), pause=pause) for rows in _steps(len(joined))]
    )
    order = np.argsort(belongs, kind="stable")
    starts = np.concatenate([[0], np.cumsum(np.bincount(belongs, minlength=len(ungrouped)))]).astype(np.int64)
    keys, key_of_row = merge_keys(segments)
    fields, ordinals, codes, factors = (_column(joined, name, order, pause) for name in COLUMNS)
    floats = _floats(joined, order, folder, pause)
    lists = Lists(ungrouped.centroids, ungrouped.scales, starts)
    return Segment(keys, key_of_row[order], fields, ordinals, codes, factors, floats, lists)


def _steps(rows: int) -> Iterator[Rows]:
    return (np.arange(start, min(start + _STEP, rows)) for start in range(0, rows, _STEP))


def _column(joined: _Joined, name: str, order: Rows, pause: Callable[[], None]) -> NDArray[Any]:
    """One column in a new order. In place, piece by piece: the codes of all rows are the greater part of the memory."""
    first = joined.take(name, order[:0])
    column = np.empty((len(order), *first.shape[1:]), first.dtype)
    for rows in _steps(len(order)):
        column[rows] = joined.take(name, order[rows])
        pause()
    return column


def _floats(joined: _Joined, order: Rows, folder: Path | None, pause: Callable[[], None]) -> Floats:
    """The float32 rows in a new order, checked on the way."""
    if folder is None:
        return Floats(np.concatenate([joined.floats(order[rows]) for rows in _steps(len(order))]))
    # Nobody else can open it, and the system removes it with the mapping, whatever becomes of this process.
    with tempfile.TemporaryFile(dir=folder) as file:
        checksums = []
        for rows in _steps(len(order)):
            floats = joined.floats(order[rows])
            checksums.append(checksums_of(floats))
            file.write(floats.data)
            pause()
        file.flush()
        mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    for segment in joined.segments:
        segment.floats.forget()
    rows_of_file = np.frombuffer(mapped, np.float32).reshape(len(order), -1)
    return Floats(rows_of_file, np.concatenate(checksums), mapped)
