"""Candidates for a claim: vectors and words searched side by side, and fused. Keeps the index in step with the store."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from embeddings.batcher import Batcher
from embeddings.encoder import Encoder
from embeddings.index import IndexCorrupt, IndexStale, VectorIndex
from service.calibration import Nearness
from service.passages import FIELDS
from service.store import Store

_LOG: Final = logging.getLogger(__name__)
_DEEP: Final = 50
# Another process may write to the store; its event number is asked for this often, so a write is seen within a second.
_LOOK_EVERY_S: Final = 0.25
_GROUP: Final = 64


class Candidate(Struct, frozen=True, kw_only=True):
    """A record that may be about the claim.

    Attributes:
        id: the record's.
        passage: which of its texts is nearest, a position in `service.passages.passages` of the record.
        similarity: cosine of the claim and that text.
        words: the word score of the record, 0 where no word is shared.
        nearness: both, fused into a probability.
    """

    id: str
    passage: int
    similarity: float
    words: float
    nearness: float


class Finder:
    """The first stage of the cascade, shared by every request; safe to use from several threads."""

    def __init__(self, store: Store, encoder: Encoder, nearness: Nearness, *, index_path: Path) -> None:
        self.store = store
        self.encoder = encoder
        self.model = f"{encoder.name}@{encoder.revision}"
        self.batcher: Batcher[str, NDArray[np.float32]] = Batcher(encoder.encode, name="encoder", max_batch=_GROUP)
        self.version = -1
        self._nearness = nearness
        self._path = index_path
        self._index = self._open()
        self._refreshing = threading.Lock()
        self._looked = 0.0
        self._pool = ThreadPoolExecutor(max_workers=4, thread_name_prefix="finder")
        self.refresh()

    async def find(self, texts: Sequence[str], limit: int = _DEEP) -> list[list[Candidate]]:
        """The nearest records of each text, the nearest first.

        Raises:
            Overloaded: more texts are waiting than the queue holds.
        """
        loop = asyncio.get_running_loop()
        worded = loop.run_in_executor(self._pool, self._words, texts, limit)
        try:
            vectors = await self.batcher.run(texts)
        except BaseException:
            worded.cancel()
            raise
        by_word = await worded
        return await loop.run_in_executor(self._pool, self._fuse, np.stack(vectors), by_word, limit)

    async def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Vectors of many texts, in groups small enough to let a waiting claim through between two of them.

        Returns:
            Shape ``(len(texts), dim)``, in the order of the texts.
        """
        order = sorted(range(len(texts)), key=lambda at: len(texts[at]))
        vectors = np.empty((len(texts), self.encoder.dim), dtype=np.float32)
        groups = [order[at : at + _GROUP] for at in range(0, len(order), _GROUP)]
        ahead = asyncio.Semaphore(2)

        async def one(group: list[int]) -> None:
            async with ahead:
                vectors[group] = await self.batcher.run([texts[at] for at in group])

        await asyncio.gather(*(one(group) for group in groups))
        return vectors

    def refresh(self) -> None:
        """Bring the index up to the store. Cheap when nothing has changed."""
        with self._refreshing:
            version, position = self.store.head(), self.store.position()
            if position != self._index.position:
                self._catch_up()
            self.version = version
            self._looked = time.monotonic()

    async def keep_up(self) -> int:
        """Look, at most every quarter of a second, whether the store has changed. Returns its version."""
        if time.monotonic() - self._looked > _LOOK_EVERY_S:
            await asyncio.get_running_loop().run_in_executor(self._pool, self.refresh)
        return self.version

    def save(self) -> None:
        """Write the index beside the store, so that the next start need not rebuild it."""
        with self._refreshing:
            self._index.save(self._path, store=self.store.id, model=self.model)

    def close(self) -> None:
        """Stop the worker and the threads; requests still waiting get an error."""
        self.batcher.close()
        self._pool.shutdown()

    def _words(self, texts: Sequence[str], limit: int) -> list[dict[str, float]]:
        return [{hit.id: hit.score for hit in self.store.search_words(text, limit)} for text in texts]

    def _fuse(self, vectors: NDArray[np.float32], by_word: list[dict[str, float]], limit: int) -> list[list[Candidate]]:
        index = self._index
        found = index.search(vectors, limit)
        return [
            self._ranked(index, vector, hits, words) for vector, hits, words in zip(vectors, found, by_word, strict=True)
        ]

    def _ranked(self, index: VectorIndex, vector: NDArray[np.float32], hits: list, words: dict[str, float]) -> list[Candidate]:
        only_words = [key for key in words if key not in {hit.key for hit in hits}]
        hits = hits + index.score(vector, only_words)
        candidates = [
            Candidate(
                id=hit.key,
                passage=hit.ordinal,
                similarity=hit.cosine,
                words=(shared := words.get(hit.key, 0.0)),
                nearness=self._nearness(hit.cosine, shared),
            )
            for hit in hits
        ]
        return sorted(candidates, key=lambda candidate: (-candidate.nearness, candidate.id))
