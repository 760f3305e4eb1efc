"""The file of a vector index: one header, then the arrays of one segment, each at a multiple of 64 bytes.

Layout: 8 bytes magic, then little-endian uint32 length and uint32 CRC-32 of a JSON header, the header, the arrays.
"""

from __future__ import annotations

import hashlib
import json
import mmap
import os
import struct
import zlib
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from embeddings.segment import Segment

MAGIC = b"RJVINDEX"
FORMAT = 1
PREFIX = struct.Struct("<8sII")
ALIGNMENT = 64
ARRAYS = {
    "key_of_row": "<i4",
    "fields": "|u1",
    "ordinals": "<i4",
    "codes": "|i1",
    "factors": "<f4",
    "floats": "<f4",
}
MATRICES = {"codes", "floats"}
BLOCK = 1 << 16  # 64-bit words under one sum of the checksum


class IndexCorrupt(RuntimeError):  # noqa: N818 - reads as what it is where it is caught
    """The file is not an index, or its bytes are not those that were written."""


class IndexStale(RuntimeError):  # noqa: N818 - as above
    """The file is a sound index of other vectors: another model, store or format."""


class Stamp(NamedTuple):
    """What an index was made from.

    Attributes:
        model: encoder as ``name@revision``.
        store: identifies the store.
        position: number of the store's last event that the index knows.
        dim: length of a vector.
    """

    model: str
    store: str
    position: int
    dim: int


def write(path: Path, segment: Segment, stamp: Stamp) -> None:
    """Replace the file at once: whoever opens it finds the old one or the new one, whole.

    Args:
        path: in an existing folder.
        segment: without removed keys.
        stamp: what the vectors were made from.

    Raises:
        OSError: the file cannot be written; the old one is untouched.
    """
    keys = np.frombuffer(json.dumps(list(segment.keys)).encode(), np.uint8)
    arrays = {"keys": keys, **{name: getattr(segment, name) for name in ARRAYS}}
    header = {"format": FORMAT, **stamp._asdict(), "rows": segment.rows, "key_bytes": len(keys)}
    header["checksum"] = _checksum(arrays)
    encoded = json.dumps(header).encode()
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("wb") as file:
            file.write(PREFIX.pack(MAGIC, len(encoded), zlib.crc32(encoded)) + encoded)
            for array in arrays.values():
                file.write(bytes(-file.tell() % ALIGNMENT))
                file.flush()  # `tofile` writes to the descriptor, past Python's buffer
                np.ascontiguousarray(array).tofile(file)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def read(path: Path) -> tuple[Segment, Stamp]:
    """Map a file that `write` made, after checking every byte of it.

    Raises:
        FileNotFoundError: there is none.
        IndexCorrupt: truncated, damaged, or not an index.
        IndexStale: of another format.
    """
    with path.open("rb") as file:
        if not path.stat().st_size:
            raise IndexCorrupt(f"{path} is empty")
        mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    header, start = _header(mapped, path)
    try:
        stamp = Stamp(*(header[name] for name in Stamp._fields))
        arrays = _arrays(mapped, start, header)
    except (KeyError, ValueError) as error:
        raise IndexCorrupt(f"{path} is truncated or damaged: {error}") from error
    if _checksum(arrays) != header["checksum"]:
        raise IndexCorrupt(f"{path}: its bytes do not have the checksum in its header")
    keys: list[str] = json.loads(arrays["keys"].tobytes())
    columns: dict[str, Any] = {name: arrays[name] for name in ARRAYS}
    segment = Segment(keys=keys, **columns)
    segment.prepare()
    # All of the file has been read by now, and little of it is needed again: scans use the packed codes.
    if hasattr(mapped, "madvise"):
        mapped.madvise(mmap.MADV_DONTNEED)
    return segment, stamp


def _header(mapped: mmap.mmap, path: Path) -> tuple[dict[str, Any], int]:
    if len(mapped) < PREFIX.size:
        raise IndexCorrupt(f"{path} is too short for an index")
    magic, length, crc = PREFIX.unpack_from(mapped)
    encoded = mapped[PREFIX.size : PREFIX.size + length]
    if magic != MAGIC or zlib.crc32(encoded) != crc:
        raise IndexCorrupt(f"{path} is not an index, or its header is damaged")
    header: dict[str, Any] = json.loads(encoded)
    if header["format"] != FORMAT:
        raise IndexStale(f"{path} has format {header['format']}, this program writes {FORMAT}")
    return header, PREFIX.size + length


def _arrays(mapped: mmap.mmap, start: int, header: Mapping[str, Any]) -> dict[str, NDArray[Any]]:
    rows, dim = header["rows"], header["dim"]
    arrays: dict[str, NDArray[Any]] = {}
    for name, dtype in {"keys": "|u1", **ARRAYS}.items():
        start += -start % ALIGNMENT
        count = header["key_bytes"] if name == "keys" else rows * (dim if name in MATRICES else 1)
        array = np.frombuffer(mapped, dtype, count, start)
        start += array.nbytes
        arrays[name] = array.reshape(rows, dim) if name in MATRICES else array
    return arrays


def _checksum(arrays: Mapping[str, NDArray[Any]]) -> str:
    # A sum of words runs at the speed of memory, ten times that of CRC-32 in Python; any one flipped bit changes
    # it, and the digest over the sums of blocks notices blocks that changed places.
    digest = hashlib.sha256()
    for array in arrays.values():
        data = np.ascontiguousarray(array).reshape(-1).view(np.uint8)
        whole = len(data) // 8 * 8
        words = data[:whole].view(np.uint64)
        if len(words):
            digest.update(np.add.reduceat(words, np.arange(0, len(words), BLOCK)).tobytes())
        digest.update(data[whole:].tobytes() + struct.pack("<Q", len(data)))
    return digest.hexdigest()


def _sync_folder(folder: Path) -> None:
    # Without this a crash of the machine can lose the renaming. Not every system lets a folder be opened.
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
