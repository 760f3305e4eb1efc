"""Writing records with their vectors: what is written is searchable when the call returns."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
from msgspec import structs
from numpy.typing import NDArray

from service.domain import Rebuttal, RebuttalContent
from service.finder import Finder
from service.passages import passages
from service.store import Write, Written

CHUNK: Final = 256
"""Records that are encoded and written together."""


class Recorder:
    """Writes to the store, and brings every index up to it.

    Args:
        finder: its encoder's vectors are written with the record.
        also: finders with encoders of their own; their vectors follow before the write returns. A crash in between
            leaves them missing until `encode_missing`.
    """

    def __init__(self, finder: Finder, also: Sequence[Finder]) -> None:
        self.store = finder.store
        self._finder = finder
        self._also = tuple(also)

    def join(self, finder: Finder) -> None:
        """From now on make this finder's vectors too."""
        self._also = (*self._also, finder)

    def leave(self, finder: Finder) -> None:
        """From now on make them no longer."""
        self._also = tuple(one for one in self._also if one is not finder)

    async def write(self, writes: Sequence[Write], *, actor: str) -> list[Written]:
        """Write all or nothing, in one transaction. Raises as `service.store.Store.write` does."""
        vectors = await _vectors([write.content for write in writes], self._finder)
        model = self._finder.model
        made = [structs.replace(write, vectors=its, model=model) for write, its in zip(writes, vectors, strict=True)]
        written = await asyncio.to_thread(self.store.write, made, actor=actor)
        records = [one.rebuttal for one in written if one.outcome != "unchanged" and one.rebuttal.status == "published"]
        for finder in self._also:
            await self._complete(records, finder)
        await self._refresh()
        return written

    async def encode_missing(self, on_progress: Callable[[int, int], None] | None = None) -> None:
        """Make the vectors that are missing: of the starter corpus on first use, of all records for a new encoder."""
        total = self.store.count()
        for finder in (self._finder, *self._also):
            done = 0
            while records := await asyncio.to_thread(self.store.without_vectors, finder.model, CHUNK):
                await self._complete(records, finder)
                done += len(records)
                if on_progress:
                    on_progress(done, max(total, done))
        await self._refresh()

    async def _complete(self, records: Sequence[Rebuttal], finder: Finder) -> None:
        vectors = await _vectors(records, finder)
        made = [(record.id, record.revision, its) for record, its in zip(records, vectors, strict=True)]
        await asyncio.to_thread(self.store.put_vectors, finder.model, made)

    async def _refresh(self) -> None:
        for finder in (self._finder, *self._also):
            await asyncio.to_thread(finder.refresh)


async def _vectors(contents: Sequence[RebuttalContent], finder: Finder) -> list[NDArray[np.float32]]:
    texts = [[passage.text for passage in passages(content)] for content in contents]
    flat = await finder.encode([text for own in texts for text in own])
    ends = np.cumsum([len(own) for own in texts])
    return list(np.split(flat, ends[:-1])) if texts else []


def content_of(record: RebuttalContent) -> RebuttalContent:
    """A record without what the store says of it."""
    return RebuttalContent(**{name: getattr(record, name) for name in RebuttalContent.__struct_fields__})
