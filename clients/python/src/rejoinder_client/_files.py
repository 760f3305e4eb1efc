"""Files that are sent and files that are received, a piece at a time."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import IO, Final, Self

_PIECE: Final = 65_536
_MEDIA_TYPES: Final = {
    ".ndjson": "application/x-ndjson",
    ".jsonl": "application/x-ndjson",
    ".jsonld": "application/ld+json",
    ".json": "application/ld+json",
    ".html": "text/html",
    ".htm": "text/html",
    ".csv": "text/csv",
}


def media_type_of(path: Path) -> str:
    """What a file to import is, by the end of its name. Raises `ValueError` where that does not say it."""
    try:
        return _MEDIA_TYPES[path.suffix.lower()]
    except KeyError:
        raise ValueError(f"{path.name}: say what it is (media_type); known are {', '.join(_MEDIA_TYPES)}.") from None


def pieces_of(path: Path) -> Iterator[bytes]:
    """A file's content. Raises `OSError`."""
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            yield piece


class Kept:
    """A file that is written beside its place and put there when it is whole: never half of one."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
        self._file: IO[bytes] | None = None

    def __enter__(self) -> Self:
        # Made by us alone, with the rights that any new file gets.
        self._file = self._beside.open("xb")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()
        self._beside.unlink(missing_ok=True)

    def begin(self) -> None:
        """Forget what was written."""
        self._open.seek(0)
        self._open.truncate()

    def write(self, piece: bytes, /) -> None:
        """Write the next piece."""
        self._open.write(piece)

    def keep(self) -> int:
        """Put the file in its place; how many bytes it has."""
        file = self._open
        size = file.tell()
        file.flush()
        os.fsync(file.fileno())
        self._beside.replace(self._path)
        return size

    @property
    def _open(self) -> IO[bytes]:
        assert self._file is not None, "only within `with`"  # noqa: S101 - a mistake of ours
        return self._file
