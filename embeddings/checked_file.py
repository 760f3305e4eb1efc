"""A file of arrays behind a header: written whole or not at all, and known to be what was written when it is mapped.

Layout: 8 bytes magic, then little-endian uint32 length and uint32 CRC-32 of a JSON header, the header, and its parts,
each at a multiple of 64 bytes. What stands in the header, and which parts there are, is the caller's.
"""

from __future__ import annotations

import glob
import hashlib
import json
import mmap
import os
import secrets
import struct
import time
import zlib
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

PREFIX: Final = struct.Struct("<8sII")
_ALIGNMENT: Final = 64
_BLOCK: Final = 1 << 16  # 64-bit words under one sum of the checksum
_FORGOTTEN_S: Final = 3600.0


def write(path: Path, magic: bytes, header: Mapping[str, Any], parts: Iterable[Iterable[NDArray[Any]]]) -> None:
    """Replace the file at once: whoever opens it finds the old one or the new one, whole.

    Args:
        path: in an existing folder.
        magic: 8 bytes that say what the file is.
        header: to be kept as JSON.
        parts: each is the arrays that follow one another without a gap.

    Raises:
        OSError: the file cannot be written; the old one is untouched, as after any error that ``parts`` raises.
    """
    encoded = json.dumps(header).encode()
    _forget(path)
    # The number alone is not enough: in containers that share a folder, two processes often have the same.
    temporary = path.with_name(f"{path.name}.{os.getpid()}-{secrets.token_hex(4)}.tmp")
    try:
        with temporary.open("wb") as file:
            file.write(PREFIX.pack(magic, len(encoded), zlib.crc32(encoded)) + encoded)
            for part in parts:
                file.write(bytes(aligned(file.tell()) - file.tell()))
                for array in part:
                    file.write(_bytes_of(array).data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def read_header(mapped: mmap.mmap, magic: bytes) -> tuple[dict[str, Any], int]:
    """The header of a file, and where it ends.

    Raises:
        ValueError: the file is too short, is not this, or its header is damaged.
    """
    if len(mapped) < PREFIX.size:
        raise ValueError("it is too short")
    found, length, crc = PREFIX.unpack_from(mapped)
    encoded = mapped[PREFIX.size : PREFIX.size + length]
    if found != magic or zlib.crc32(encoded) != crc:
        raise ValueError("it is something else, or its header is damaged")
    header: dict[str, Any] = json.loads(encoded)
    return header, PREFIX.size + length


def aligned(start: int) -> int:
    """Where the part begins that follows after so many bytes."""
    return start + -start % _ALIGNMENT


def checksum(arrays: Iterable[NDArray[Any]]) -> str:
    """A digest of the bytes of arrays."""
    # A sum of words runs at the speed of memory, ten times that of CRC-32 in Python; any one flipped bit changes
    # it, and the digest over the sums of blocks notices blocks that changed places.
    digest = hashlib.sha256()
    for array in arrays:
        data = _bytes_of(array)
        whole = len(data) // 8 * 8
        words = data[:whole].view(np.uint64)
        if len(words):
            digest.update(np.add.reduceat(words, np.arange(0, len(words), _BLOCK)).tobytes())
        digest.update(data[whole:].tobytes() + struct.pack("<Q", len(data)))
    return digest.hexdigest()


def _bytes_of(array: NDArray[Any]) -> NDArray[np.uint8]:
    return np.ascontiguousarray(array).reshape(-1).view(np.uint8)


def _forget(path: Path) -> None:
    """Remove what processes that were killed while writing left behind."""
    for left in path.parent.glob(f"{glob.escape(path.name)}.*.tmp"):
        with suppress(OSError):
            if time.time() - left.stat().st_mtime > _FORGOTTEN_S:
                left.unlink()


def _sync_folder(folder: Path) -> None:
    # Without this a crash of the machine can lose the renaming. Not every system lets a folder be opened.
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
