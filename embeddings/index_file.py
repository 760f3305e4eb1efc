"""The file of a vector index: the arrays of each segment behind the header of `checked_file`.

The header has one checksum of all arrays but the float32 rows; those have one each, in an array. So a large file opens
at once, sound as far as it is in memory from then on, and the rows are checked whenever they are read.
"""

from __future__ import annotations

import json
import mmap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from embeddings import checked_file
from embeddings.floats import DamagedRows, Floats
from embeddings.lists import Lists
from embeddings.segment import Segment

MAGIC = b"RJVINDEX"
FORMAT = 3
# Type, and what a row of it is counted by: names of numbers in the header.
ARRAYS = {
    "keys": ("|u1", ("key_bytes",)),
    "dead": ("<i4", ("dead",)),
    "key_of_row": ("<i4", ("rows",)),
    "fields": ("|u1", ("rows",)),
    "ordinals": ("<i4", ("rows",)),
    "codes": ("|i1", ("rows", "dim")),
    "factors": ("<f4", ("rows",)),
    "checksums": ("<u8", ("rows",)),
    "centroids": ("|i1", ("lists", "dim")),
    "scales": ("<f4", ("lists",)),
    "starts": ("<i8", ("bounds",)),
}
FLOATS = ("<f4", ("rows", "dim"))
# Bytes of float32 rows that are checked at the opening: some hundredths of a second.
CHECKED_AT_ONCE = 256_000_000


class IndexCorrupt(RuntimeError):  # noqa: N818 - reads as what it is where it is caught
    """The file is not an index, or its bytes are not those that were written."""


class IndexStale(RuntimeError):  # noqa: N818 - as above
    """The file is a sound index of other vectors: another model, store or format."""


class Stamp(NamedTuple):
    """What an index was made from.

    Attributes:
        model: encoder as ``name@revision``.
        store: identifies the store.
        position: how far of the store's changes the index knows.
        mark: what the store can be asked about that place; says nothing to the index.
        dim: length of a vector.
    """

    model: str
    store: str
    position: int
    mark: str
    dim: int


def write(path: Path, segments: Sequence[Segment], stamp: Stamp) -> None:
    """Replace the file at once: whoever opens it finds the old one or the new one, whole.

    Args:
        path: in an existing folder.
        segments: what the index consists of.
        stamp: what the vectors were made from.

    Raises:
        OSError: the file cannot be written; the old one is untouched.
        DamagedRows: a row is not what was written; likewise.
    """
    parts = [_columns(segment) for segment in segments]
    header: dict[str, Any] = {"format": FORMAT, **stamp._asdict(), "segments": [_sizes(part) for part in parts]}
    header["checksum"] = _checksum(parts)
    checked_file.write(path, MAGIC, header, _pieces(segments, parts))


def _pieces(
    segments: Sequence[Segment], parts: Sequence[Mapping[str, NDArray[Any]]]
) -> Iterator[Iterable[NDArray[Any]]]:
    """What follows the header: each array of each segment, and its rows piece by piece."""
    for segment, part in zip(segments, parts, strict=True):
        yield from ([array] for array in part.values())
        yield segment.floats.pieces()


def _columns(segment: Segment) -> dict[str, NDArray[Any]]:
    """All arrays of a segment but the float32 rows, in the order of the file."""
    dim = segment.floats.dim
    lists = segment.lists or Lists(np.empty((0, dim), np.int8), np.empty(0, np.float32), np.empty(0, np.int64))
    found: dict[str, NDArray[Any]] = {
        "keys": np.frombuffer(json.dumps(list(segment.keys)).encode(), np.uint8),
        "dead": np.array(sorted(segment.dead), np.int32),
        "checksums": segment.floats.checksums,
        "centroids": lists.centroids,
        "scales": lists.scales,
        "starts": lists.starts,
    }
    return {name: found[name] if name in found else getattr(segment, name) for name in ARRAYS}


def _sizes(part: Mapping[str, NDArray[Any]]) -> dict[str, int]:
    return {
        "key_bytes": len(part["keys"]),
        "dead": len(part["dead"]),
        "rows": len(part["codes"]),
        "lists": len(part["scales"]),
        "bounds": len(part["starts"]),
    }


def read(path: Path) -> tuple[list[Segment], Stamp]:
    """Map a file that `write` made, after checking it; of a large one, all but the float32 rows.

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
        found = list(_arrays(mapped, start, header))
    except (KeyError, ValueError, TypeError) as error:
        raise IndexCorrupt(f"{path} is truncated or damaged: {error}") from error
    if _checksum([part for part, _ in found]) != header["checksum"]:
        raise IndexCorrupt(f"{path}: its bytes do not have the checksum in its header")
    segments = [_segment(_held(part), rows, mapped) for part, rows in found]
    if sum(rows.nbytes for _, rows in found) <= CHECKED_AT_ONCE:
        _check([segment.floats for segment in segments], path)
    for segment in segments:
        segment.prepare()
        segment.floats.forget()  # the whole file: little of what has been read is needed again
    return segments, stamp


def _held(part: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """What searches need all the time, in memory: it is not to be read from the disk again."""
    scanned_packed = len(part["scales"]) == 0
    return {
        name: array if name == "keys" or (name == "codes" and scanned_packed) else array.copy()
        for name, array in part.items()
    }


def _segment(part: Mapping[str, NDArray[Any]], rows: NDArray[np.float32], mapped: mmap.mmap) -> Segment:
    floats = Floats(rows, part["checksums"], mapped)
    lists = Lists(part["centroids"], part["scales"], part["starts"]) if len(part["scales"]) else None
    return Segment(
        json.loads(part["keys"].tobytes()),
        part["key_of_row"],
        part["fields"],
        part["ordinals"],
        part["codes"],
        part["factors"],
        floats,
        lists,
        frozenset(part["dead"].tolist()),
    )


def _check(all_floats: Sequence[Floats], path: Path) -> None:
    try:
        for floats in all_floats:
            for _ in floats.pieces():
                pass
    except DamagedRows as error:
        raise IndexCorrupt(f"{path}: {error}") from error


def _header(mapped: mmap.mmap, path: Path) -> tuple[dict[str, Any], int]:
    try:
        header, start = checked_file.read_header(mapped, MAGIC)
    except ValueError as error:
        raise IndexCorrupt(f"{path} is no index of vectors: {error}") from error
    if header["format"] != FORMAT:
        raise IndexStale(f"{path} has format {header['format']}, this program writes {FORMAT}")
    return header, start


def _arrays(
    mapped: mmap.mmap, start: int, header: Mapping[str, Any]
) -> Iterator[tuple[dict[str, NDArray[Any]], NDArray[np.float32]]]:
    """The arrays of each segment, and its float32 rows."""
    for sizes in header["segments"]:
        counts = {**sizes, "dim": header["dim"]}
        arrays: dict[str, NDArray[Any]] = {}
        for name, (dtype, counted) in {**ARRAYS, "floats": FLOATS}.items():
            shape = [counts[count] for count in counted]
            start = checked_file.aligned(start)
            array = np.frombuffer(mapped, dtype, int(np.prod(shape)), start) if 0 not in shape else np.empty(0, dtype)
            start += array.nbytes
            arrays[name] = array.reshape(shape)
        floats = arrays.pop("floats")
        yield arrays, floats


def _checksum(parts: Sequence[Mapping[str, NDArray[Any]]]) -> str:
    return checked_file.checksum(array for part in parts for array in part.values())
