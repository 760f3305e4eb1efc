"""The index of vectors and the index of words: both follow the store, which is the truth."""

from __future__ import annotations

import itertools
import logging
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from embeddings.index import IndexCorrupt, IndexStale, VectorIndex
from service.domain import Rebuttal
from service.passages import passages
from service.postings import Postings, PostingsFileError
from service.store import Store, VectorChange
from service.words import words

_LOG: Final = logging.getLogger(__name__)
_CHUNK: Final = 500
# Removed rows still count in the statistics of words: past this share they are built anew.
_MOST_STALE: Final = 0.2


class Indexes:
    """The vector index and the word index of one store and one encoder.

    Opening takes what an earlier process saved, if it is whole and of this store, and catches up from there.

    Attributes:
        vectors: replaced whole when it is rebuilt; take it once for one search.
        words: as ``vectors``.
        position: how far of the store's feed of changes both have come.
    """

    def __init__(self, store: Store, *, model: str, dim: int, path: Path) -> None:
        self._store = store
        self._model = model
        self._path = path
        self._words_path = path.with_name(path.name + ".words.npz")
        self._saved = -1
        self.vectors = VectorIndex(dim, model=model, store=store.id)
        self.words = Postings()
        self.position = 0
        self._open()

    def catch_up(self) -> None:
        """Apply what has changed in the store since the last time."""
        if self.position == self._store.position():
            return
        vectors, words, position = self.vectors, self.words, self.position
        if self.words.stale > _MOST_STALE:  # built aside: searches go on in the old ones meanwhile
            vectors, words, position = self._empty()
        changes = self._store.vector_changes(self._model, position)
        while chunk := list(itertools.islice(changes, _CHUNK)):
            self._apply(chunk, vectors, words)
            position = chunk[-1].position
        self.vectors, self.words, self.position = vectors, words, position

    def save(self) -> None:
        """Write both files, unless they are up to date already. A failure costs the next start some time, no data."""
        if self._saved == self.position:
            return
        try:
            self.vectors.save(self._path, self.position)
            self.words.save(self._words_path, self._stamp())
        except OSError as error:
            _LOG.warning("The index could not be saved (%s); the next start rebuilds it.", error)
        else:
            self._saved = self.position

    def _open(self) -> None:
        try:
            vectors = VectorIndex.open(self._path, model=self._model, store=self._store.id)
            self.position = vectors.position
            self.words = Postings.open(self._words_path, self._stamp())
            self.vectors = vectors
            self._saved = self.position
        except FileNotFoundError:
            self.position = 0
        except (IndexCorrupt, IndexStale, PostingsFileError) as error:
            _LOG.warning("%s; rebuilding the index from the store.", error)
            self.position = 0
        if self.position > self._store.position():
            _LOG.warning("The index is ahead of the store; rebuilding it.")
            self.vectors, self.words, self.position = self._empty()

    def _empty(self) -> tuple[VectorIndex, Postings, int]:
        return VectorIndex(self.vectors.dim, model=self._model, store=self._store.id), Postings(), 0

    def _apply(self, changes: list[VectorChange], vectors: VectorIndex, postings: Postings) -> None:
        """Put a chunk of changes into both indexes."""
        latest = {change.id: change for change in changes}
        records = self._store.get_many([name for name, change in latest.items() if change.vectors is not None])
        keys: list[str] = []
        fields: list[NDArray[np.uint8]] = []
        rows: list[NDArray[np.float32]] = []
        for name, change in latest.items():
            # A record may have changed between the two reads: then it comes again, further on in the feed.
            if change.vectors is None or change.fields is None or name not in records:
                postings.remove(name)
                continue
            keys += [name] * len(change.vectors)
            fields.append(change.fields)
            rows.append(change.vectors)
            postings.add(name, record_words(records[name]))
        vectors.remove(latest.keys() - set(keys))
        if rows:
            vectors.add(keys, np.concatenate(fields).tolist(), np.concatenate(rows))

    def _stamp(self) -> str:
        return f"{self._store.id}:{self.position}"


def record_words(record: Rebuttal) -> list[str]:
    """What a record is found by: the words of its passages and of its quote."""
    texts = [passage.text for passage in passages(record)] + [record.quote or ""]
    return [word for text in texts for word in words(text)]
