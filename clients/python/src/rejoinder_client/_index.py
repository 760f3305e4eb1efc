"""The signed index, and the models that go with it."""

from __future__ import annotations

from collections.abc import Generator
from os import PathLike
from pathlib import Path
from typing import Any

from rejoinder_client import _routes as routes
from rejoinder_client._calls import Call
from rejoinder_client._files import Kept
from rejoinder_client._methods import Group, R, call
from rejoinder_client.models.bodies import IndexQuery


class Index(Group[R]):
    """Every published record with its vectors, for programs that check claims by themselves.

    Nothing is verified here: `docs/reference/index-format.md` says how the signature and the hashes are.
    """

    @call
    def save(self, path: str | PathLike[str], *, since: int = 0) -> Generator[Call[Any], Any, int]:
        """Save the signed index to a file, which appears when it is whole.

        Args:
            path: the file; what is there is replaced.
            since: the position of the document before, for what has changed since; 0 for the whole.

        Returns:
            How many bytes were written.
        """
        with Kept(Path(path)) as kept:
            yield from routes.READ_INDEX(query=IndexQuery(since=since), sink=kept)
            return kept.keep()

    @call
    def save_file(self, sha256: str, path: str | PathLike[str]) -> Generator[Call[Any], Any, int]:
        """Save a file of the models that the index names, by the SHA-256 of its content; how many bytes it has."""
        with Kept(Path(path)) as kept:
            yield from routes.READ_INDEX_FILE(sha256, sink=kept)
            return kept.keep()
