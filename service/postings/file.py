"""The file of an index of words: one header, then arrays, each at a multiple of 64 bytes, mapped when it is read.

Layout: 8 bytes magic, then little-endian uint32 length and uint32 CRC-32 of a JSON header, the header, the arrays.
"""

from __future__ import annotations

import hashlib
import json
import mmap
import os
import struct
import time
import zlib
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

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
_PREFIX: Final = struct.Struct("<8sII")
_ALIGNMENT: Final = 64
_BLOCK: Final = 1 << 16  # 64-bit words under one sum of the checksum
_FORGOTTEN_S: Final = 3600.0

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
    header = {"format": _FORMAT, "stamp": stamp, "counts": counts, "checksum": _checksum(columns)}
    encoded = json.dumps(header).encode()
    _forget(path)
    unfinished = path.with_name(f"{path.name}.{os.getpid()}.unfinished")
    try:
        with unfinished.open("wb") as file:
            file.write(_PREFIX.pack(_MAGIC, len(encoded), zlib.crc32(encoded)) + encoded)
            for column in columns.values():
                file.write(bytes(-file.tell() % _ALIGNMENT))
                file.write(column.data)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
    except BaseException:
        with suppress(OSError):
            unfinished.unlink(missing_ok=True)
        raise


def read(path: Path, stamp: str) -> Arrays:
    """Map a file that `write` made for the same stamp, after checking every byte of it.

    Raises:
        PostingsFileError: it is not there, or not this.
    """
    try:
        with path.open("rb") as file:
            mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        header, start = _header(mapped)
        if (header["format"], header["stamp"]) != (_FORMAT, stamp):
            raise PostingsFileError(f"{path} is of another state of the store, or of another version of this program")
        arrays = _arrays(mapped, start, header["counts"])
        if _checksum(arrays) != header["checksum"]:
            raise PostingsFileError(f"{path}: its bytes do not have the checksum in its header")
    except (OSError, ValueError, KeyError, TypeError, struct.error) as error:
        raise PostingsFileError(f"{path} cannot be read: {error}") from error
    # All of it has been read by now: what searches need of it comes back by itself.
    if hasattr(mapped, "madvise"):
        mapped.madvise(mmap.MADV_DONTNEED)
    return arrays


def _header(mapped: mmap.mmap) -> tuple[dict[str, Any], int]:
    magic, length, crc = _PREFIX.unpack_from(mapped)
    encoded = mapped[_PREFIX.size : _PREFIX.size + length]
    if magic != _MAGIC or zlib.crc32(encoded) != crc:
        raise ValueError("not an index of words, or its header is damaged")
    header: dict[str, Any] = json.loads(encoded)
    return header, _PREFIX.size + length


def _arrays(mapped: mmap.mmap, start: int, counts: Mapping[str, int]) -> Arrays:
    arrays: Arrays = {}
    for name, dtype in ARRAYS.items():
        start += -start % _ALIGNMENT
        arrays[name] = np.frombuffer(mapped, dtype, counts[name], start)
        start += arrays[name].nbytes
    return arrays


def _checksum(arrays: Mapping[str, NDArray[Any]]) -> str:
    # A sum of words runs at the speed of memory; any one flipped bit changes it, and the digest over the sums of blocks
    # notices blocks that changed places.
    digest = hashlib.sha256()
    for array in arrays.values():
        data = array.view(np.uint8)
        whole = len(data) // 8 * 8
        words = data[:whole].view(np.uint64)
        if len(words):
            digest.update(np.add.reduceat(words, np.arange(0, len(words), _BLOCK)).tobytes())
        digest.update(data[whole:].tobytes() + struct.pack("<Q", len(data)))
    return digest.hexdigest()


def _forget(path: Path) -> None:
    """Remove what processes that were killed while writing left behind."""
    for left in path.parent.glob(f"{path.name}.*.unfinished"):
        with suppress(OSError):
            if time.time() - left.stat().st_mtime > _FORGOTTEN_S:
                left.unlink()
