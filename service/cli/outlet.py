"""Where an export goes: all of it or nothing."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from service.domain import Filters
from service.errors import RejoinderError
from service.ingest.claimreview import Publisher, data_feed
from service.settings import Settings
from service.store import Store


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


def reviews(store: Store, settings: Settings, base: str | None) -> Iterator[bytes]:
    """What is published as a DataFeed of ClaimReviews.

    Raises:
        RejoinderError: nobody has said at which address the records' pages are.
    """
    address = base or settings.public_url
    if not address or not address.startswith(("http://", "https://")):
        raise RejoinderError(
            "A ClaimReview needs the address of its page: give --base https://… or set REJOINDER_PUBLIC_URL."
        )
    publisher = Publisher(settings.publisher_name, settings.publisher_url)
    return data_feed(store.scan(Filters(status="published")), address, publisher)
