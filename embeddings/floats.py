"""The float32 rows of a segment, in memory or in a mapped file, each with a checksum that every reading looks at.

So a large file opens at once: what is damaged is noticed when it is read, and not before every byte has been.
"""

from __future__ import annotations

import logging
import mmap
from collections.abc import Iterator
from contextlib import suppress
from typing import Final

import numpy as np
from numpy.typing import NDArray

from embeddings.codes import Rows, Vectors

_LOG: Final = logging.getLogger(__name__)
# Rows that searches have read from a file before they are given back. The system maps 64 KB around each, so 130 MB are
# resident at most; giving them back takes about as long as a search, once in a hundred.
_KEPT = 2_000
_PIECE = 4_096


class DamagedRows(RuntimeError):  # noqa: N818 - reads as what it is where it is caught
    """Float32 rows do not have their checksums: the index has to be made again from its texts."""


class Floats:
    """Float32 rows of shape ``(rows, dim)``.

    Args:
        rows: in memory, or a view of ``mapped``.
        checksums: those of `checksums_of`, from when the rows were written; None for rows that have just been made.
        mapped: the file that the rows lie in.

    Attributes:
        damaged: whether a row has been read that is not what was written.
    """

    def __init__(
        self, rows: Vectors, checksums: NDArray[np.uint64] | None = None, mapped: mmap.mmap | None = None
    ) -> None:
        self._rows = rows
        self._mapped = mapped if hasattr(mapped, "madvise") else None
        self._offset = 0 if mapped is None else rows.ctypes.data - np.frombuffer(mapped, np.uint8).ctypes.data
        self._width = rows.strides[0]
        self._read = 0
        self.checksums = checksums_of(rows) if checksums is None else checksums
        self.damaged = False
        if self._mapped is not None:
            # One row here and one there: reading ahead would read hundreds of times as much.
            self._mapped.madvise(mmap.MADV_RANDOM)

    def __len__(self) -> int:
        return len(self._rows)

    @property
    def dim(self) -> int:
        """Length of a row."""
        return int(self._rows.shape[1])

    def take(self, rows: Rows) -> tuple[Vectors, NDArray[np.bool_]]:
        """Some rows, and which of them are not what was written."""
        found = self._rows[rows]
        bad: NDArray[np.bool_] = checksums_of(found) != self.checksums[rows]
        if bad.any() and not self.damaged:
            _LOG.error("The index is damaged: a float32 row does not have the checksum that it was written with.")
            self.damaged = True
        self._read += len(rows)
        if self._read > _KEPT:
            self.forget()
        return found, bad

    def sound(self, rows: Rows) -> Vectors:
        """Some rows, all of them what was written.

        Raises:
            DamagedRows: one is not.
        """
        found, bad = self.take(rows)
        if bad.any():
            raise DamagedRows(f"{int(bad.sum())} float32 rows do not have their checksums")
        return found

    def pieces(self) -> Iterator[Vectors]:
        """All rows, some megabytes at a time; raises as `sound` does."""
        for start in range(0, len(self), _PIECE):
            stop = min(start + _PIECE, len(self))
            self._expect(stop, min(stop + _PIECE, len(self)))
            yield self.sound(np.arange(start, stop))

    def _expect(self, start: int, stop: int) -> None:
        """Have a range of rows read from the disk, without waiting for it."""
        if self._mapped is None or start >= stop:
            return
        first, last = self._offset + start * self._width, self._offset + stop * self._width
        aligned = first - first % mmap.PAGESIZE
        with suppress(OSError):
            self._mapped.madvise(mmap.MADV_WILLNEED, aligned, last - aligned)

    def forget(self) -> None:
        """Take what has been read of the file out of this process's memory."""
        self._read = 0
        if self._mapped is not None:
            self._mapped.madvise(mmap.MADV_DONTNEED)


def checksums_of(rows: Vectors) -> NDArray[np.uint64]:
    """A sum of words for each row: any one flipped bit changes it, and it is made at the speed of memory."""
    whole = rows.shape[1] % 2 == 0
    words = np.ascontiguousarray(rows).view(np.uint64 if whole else np.uint32)
    sums: NDArray[np.uint64] = words.sum(axis=1, dtype=np.uint64)
    return sums
