"""The file of an index of words: arrays behind the header of `embeddings.checked_file`, mapped when it is read."""

from __future__ import annotations

import mmap
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from embeddings import checked_file

ARRAYS: Final = {
    "words": "<u8",
    "starts": "<i8",
    "rows": "<u4",
    "counts": "|u1",
    "lengths": "<u2",
    "keys": "|u1",
    "ends": "<i8",
    "key_hashes": "<u8",
    "key_rows": "<u4",
    "sizes": "<u2",
    "alive": "|u1",
}
_MAGIC: Final = b"RJWORDS\0"
_FORMAT: Final = 3

Arrays = dict[str, NDArray[Any]]


class PostingsFileError(RuntimeError):
    """The file is missing, damaged or of another format: build the index from the store."""


def write(path: Path, stamp: str, arrays: Mapping[str, NDArray[Any]]) -> None:
    """Replace the file at once: whoever opens it finds the old one or the new one, whole.

    Args:
        path: in an existing folder.
        stamp: what the arrays were made from.
        arrays: all of `ARRAYS`.

    Raises:
        OSError: the file cannot be written; the old one is untouched.
    """
    columns = {name: np.ascontiguousarray(arrays[name], dtype) for name, dtype in ARRAYS.items()}
    counts = {name: len(column) for name, column in columns.items()}
    checksum = checked_file.checksum(columns.values())
    header = {"format": _FORMAT, "stamp": stamp, "counts": counts, "checksum": checksum}
    checked_file.write(path, _MAGIC, header, ([column] for column in columns.values()))


def read(path: Path, stamp: str) -> Arrays:
    """Map a file that `write` made for the same stamp, after checking every byte of it.

    Raises:
        PostingsFileError: it is not there, or not this.
    """
    try:
        with path.open("rb") as file:
            mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        header, start = checked_file.read_header(mapped, _MAGIC)
        if (header["format"], header["stamp"]) != (_FORMAT, stamp):
            raise PostingsFileError(f"{path} is of another state of the store, or of another version of this program")
        arrays = _arrays(mapped, start, header["counts"])
        if checked_file.checksum(arrays.values()) != header["checksum"]:
            raise PostingsFileError(f"{path}: its bytes do not have the checksum in its header")
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise PostingsFileError(f"{path} cannot be read: {error}") from error
    # All of it has been read by now: what searches need of it comes back by itself.
    if hasattr(mapped, "madvise"):
        mapped.madvise(mmap.MADV_DONTNEED)
    return arrays


def _arrays(mapped: mmap.mmap, start: int, counts: Mapping[str, int]) -> Arrays:
    arrays: Arrays = {}
    for name, dtype in ARRAYS.items():
        start = checked_file.aligned(start)
        arrays[name] = np.frombuffer(mapped, dtype, counts[name], start)
        start += arrays[name].nbytes
    return arrays
