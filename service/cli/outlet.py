"""Where an export goes: all of it or nothing."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path


def to_stdout(lines: Iterable[bytes]) -> int:
    """Write lines as they come. Returns how many."""
    written = 0
    for line in lines:
        sys.stdout.buffer.write(line)
        written += 1
    sys.stdout.buffer.flush()
    return written


def to_file(lines: Iterable[bytes], path: Path) -> int:
    """Write a file that appears when it is complete: until then an older one of that name stays.

    Returns:
        How many lines it has.

    Raises:
        OSError: the folder cannot be written, or the disk is full.
    """
    written = 0
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
        try:
            for line in lines:
                file.write(line)
                written += 1
            file.flush()
            os.fsync(file.fileno())
            Path(file.name).replace(path)
        except BaseException:
            Path(file.name).unlink()
            raise
    return written
