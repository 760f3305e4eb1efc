"""The index of vectors and the index of words: both follow the store, which is the truth."""

from __future__ import annotations

import itertools
import logging
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from embeddings.index import DamagedRows, Hit, IndexCorrupt, IndexStale, VectorIndex
from service.errors import StoreError
from service.passages import record_words
from service.postings import Postings, PostingsFileError, WordHit
from service.store import Store, VectorChange

_LOG: Final = logging.getLogger(__name__)
_CHUNK: Final = 500
# Removed records still count in the statistics of words: past this share they are taken out.
_MOST_STALE: Final = 0.2
# Writes that come while one catches up are caught up with at once; a round takes far less time than a write.
_MOST_ROUNDS: Final = 50
# Taking texts apart keeps other threads of Python waiting: after so many records, some milliseconds, they have a turn.
_TURN: Final = 32
_TURN_S: Final = 0.001
# Changes that are read before searches have to wait, and put in together: some 40 MB at most.
_MOST_READ: Final = 4_000
_LONGEST: Final = 18  # digits of a number that a store can be asked for


class Sought(NamedTuple):
    """What is searched for.

    Attributes:
        vector: of the claim, float32 of shape (dim,), of length 1.
        words: of the claim, distinct.
        limit: how many records to take by vectors, and how many by words.
        only: no other records than these, where the search can be told; None for all. Who asks drops others.
    """

    vector: NDArray[np.float32]
    words: Sequence[str]
    limit: int
    only: frozenset[str] | None = None


class Reached(NamedTuple):
    """How far of the store is known: what is found depends on nothing else of it.

    Attributes:
        version: number of the last event; -1 where nothing can be searched.
        position: in the feed of changes, which vectors that are made after the fact move too, and no event.
    """

    version: int
    position: int


class Near(NamedTuple):
    """The records near to what was sought, in no order, and the one state of the store that they were found in.

    Attributes:
        hits: the nearest text of each record, and what its words prove where those are why it is here.
        reached: how far of the store was searched.
        records: how many there were to choose from.
    """

    hits: list[tuple[Hit, WordHit | None]]
    reached: Reached
    records: int

    @property
    def version(self) -> int:
        """Number of the last event up to which it was searched."""
        return self.reached.version


class Searched(Protocol):
    """Where candidates come from: indexes in memory, or a database that searches.

    Attributes:
        reached: how far of the store is known; its version is -1 before the first `catch_up`.
    """

    reached: Reached

    def catch_up(self) -> None:
        """Learn what has changed in the store. From one thread at a time."""
        ...

    def search(self, sought: Sequence[Sought]) -> list[Near]:
        """What is near, for each in order."""
        ...

    def weigh(self, words: Sequence[str], records: Mapping[str, Counter[str]]) -> tuple[list[WordHit], int]:
        """As `Postings.weigh`; and how many records there are."""
        ...

    def save(self) -> None:
        """Keep what the next start would otherwise have to make again."""
        ...

    def close(self) -> None:
        """Let go of what is held."""
        ...


class _Piece(NamedTuple):
    """Part of the feed, ready to be put into both indexes.

    Attributes:
        position: how far it reaches.
        keys: of each row, in the order of ``fields`` and ``rows``.
        fields: as `VectorChange` has them, for each record.
        rows: its vectors, for each record.
        words: of each record that answers claims.
        gone: records that do not, or not with what the indexes hold.
    """

    position: int
    keys: list[str]
    fields: list[NDArray[np.uint8]]
    rows: list[NDArray[np.float32]]
    words: dict[str, list[str]]
    gone: set[str]


class _Reading(NamedTuple):
    """What the feed had from a position on.

    Attributes:
        pieces: in the order in which they are to be put in.
        position: how far they reach.
        version: of the store, once they are in; where they are not ``whole``, not yet.
        whole: nothing was written since before the reading.
    """

    pieces: list[_Piece]
    position: int
    version: int
    whole: bool


def vectors_dropped() -> StoreError:
    """What a process says that searches by what the store does not have any more: nothing would be found."""
    return StoreError(
        "The vectors of this process's encoder were let go of (`rejoinder reindex drop`). Start the process again: it "
        "makes them anew, or takes the encoder that the store says."
    )


class Indexes:
    """The vector index and the word index of one store and one encoder.

    Opening takes what an earlier process saved, if it is whole and of this store, and catches up from there.

    Attributes:
        steady: while it is held, neither index changes, and both hold the records of one version of the store.
        vectors: replaced whole when it is rebuilt; take it once for one search.
        words: as ``vectors``.
        position: how far of the store's feed of changes both have come.
        reached: how far they are to be searched: both hold all of it. Its version is -1 before the first `catch_up`.
    """

    def __init__(self, store: Store, *, model: str, dim: int, path: Path) -> None:
        self._store = store
        self._model = model
        self._path = path
        self._words_path = path.with_name(path.name + ".words")
        self._saved = -1
        self._dropped = store.encodings.dropped(model)
        self._quiet = store.encodings.quiet(model)  # before anything is read
        self.vectors = VectorIndex(dim, model=model, store=store.id, folder=path.parent)
        self.words = Postings()
        self.steady = threading.Lock()
        self.position = 0
        self.reached = Reached(-1, 0)
        self._open()

    @property
    def version(self) -> int:
        """Number of the last event that both know."""
        return self.reached.version

    def catch_up(self) -> None:
        """Apply what has changed in the store since the last time. From one thread at a time."""
        if self.version >= 0 and self.position == self._store.position() and not self.vectors.damaged:
            return
        # Built aside: searches go on in the old ones meanwhile.
        worn, gone = self.vectors.damaged, self._store.encodings.dropped(self._model) != self._dropped
        if worn and gone:
            raise vectors_dropped()  # the store has not what this index was made of any more
        anew = worn or (self._far_behind() and not gone)
        words = self.words.purged() if self.words.stale > _MOST_STALE and not anew else self.words
        fresh = self._anew() if anew else (self.vectors, words, self.position)
        read = self._read_on(fresh[2], turns=self.version >= 0)  # at first nobody waits
        if anew:
            self.vectors.close()
            self._saved = -1  # what was saved may be what is damaged
        with self.steady:
            self.vectors, self.words, self.position = fresh
            self._put(read)
            while not read.whole:
                read = self._read_on(self.position, turns=False)  # who searches waits for this
                self._put(read)
            self.reached = Reached(read.version, self.position)

    def search(self, sought: Sequence[Sought]) -> list[Near]:
        """What is near, for each in order; all of one version."""
        if not sought:
            return []
        with self.steady:
            return self._search(sought)

    def _search(self, sought: Sequence[Sought]) -> list[Near]:
        index, words, records = self.vectors, self.words, len(self.vectors)
        found = []
        for one, hits in zip(sought, _near(index, sought), strict=True):
            worded = {
                hit.key: hit for hit in words.search(one.words, one.limit) if one.only is None or hit.key in one.only
            }
            only_words = worded.keys() - {hit.key for hit in hits}
            every = [*hits, *index.score(one.vector, only_words)]
            found.append(Near([(hit, worded.get(hit.key)) for hit in every], self.reached, records))
        return found

    def weigh(self, words: Sequence[str], records: Mapping[str, Counter[str]]) -> tuple[list[WordHit], int]:
        """See `Searched`."""
        return self.words.weigh(words, records), len(self.vectors)

    def close(self) -> None:
        """See `Searched`."""
        self.vectors.close()

    def save(self) -> None:
        """Write both files, unless they are up to date already. A failure costs the next start some time, no data."""
        if self._saved == self.position:
            return
        try:
            mark = f"{self.version}:{self._store.seal(self.version)}:{self._quiet}"
            self.vectors.save(self._path, self.position, mark)
            self.words.save(self._words_path, self._stamp(self.position, mark))
        except (OSError, DamagedRows, StoreError) as error:
            _LOG.warning("The index could not be saved (%s); the next start rebuilds it.", error)
        else:
            self._saved = self.position

    def _open(self) -> None:
        try:
            vectors = VectorIndex.open(self._path, model=self._model, store=self._store.id)
            words = Postings.open(self._words_path, self._stamp(vectors.position, vectors.mark))
        except FileNotFoundError:
            return
        except (IndexCorrupt, IndexStale, PostingsFileError) as error:
            _LOG.warning("%s; rebuilding the index from the store.", error)
            return
        if not self._passed(vectors.mark, vectors.position):
            _LOG.warning("%s is not of what the store holds now; rebuilding the index from the store.", self._path)
            for path in (self._path, self._words_path):
                with suppress(OSError):
                    path.unlink(missing_ok=True)
            return
        self.vectors, self.words, self.position = vectors, words, vectors.position
        self._saved = self.position

    def _passed(self, mark: str, position: int) -> bool:
        """Whether the store has come by the place that an index was saved at, and nothing was put in before it since.

        A store that was put back to a backup may not have, however far it has come by now.
        """
        version, seal, quiet = [*mark.split(":"), "", ""][:3]
        if not version.isdecimal() or len(version) > _LONGEST or quiet != self._quiet:
            return False
        return self._store.passed(int(version), seal, position)

    def _far_behind(self) -> bool:
        """Whether more has changed than the indexes hold: made anew they take no more room, and nobody waits for it."""
        changed = self._store.position() - self.position
        return self.version >= 0 and changed > max(_MOST_READ, len(self.vectors))

    def _anew(self) -> tuple[VectorIndex, Postings, int]:
        self._quiet = self._store.encodings.quiet(self._model)
        vectors, words, position = self._empty()
        for piece in self._pieces(0, turns=True):
            _apply(piece, vectors, words)
            position = piece.position
        return vectors, words, position

    def _empty(self) -> tuple[VectorIndex, Postings, int]:
        vectors = VectorIndex(self.vectors.dim, model=self._model, store=self._store.id, folder=self._path.parent)
        return vectors, Postings(), 0

    def _put(self, read: _Reading) -> None:
        for piece in read.pieces:
            _apply(piece, self.vectors, self.words)
            self.position = piece.position
        self.position = read.position

    def _read_on(self, since: int, *, turns: bool) -> _Reading:
        """Read the feed from a position on, until nothing was written since before the reading.

        Args:
            since: the position.
            turns: let other threads have one now and then. Not while they wait for this.
        """
        room = _CHUNK if self.version < 0 else _MOST_READ  # at first nobody searches yet
        pieces: list[_Piece] = []
        for _ in range(_MOST_ROUNDS):
            version, reach = self._store.head(), self._store.position()
            for piece in self._pieces(since, turns=turns):
                pieces.append(piece)
                since = piece.position
                room -= len(piece.words) + len(piece.gone)
                if room <= 0:
                    return _Reading(pieces, since, version, whole=False)
            # The feed leaves out drafts that an index never knew: it has been read up to here all the same.
            since = max(since, reach)
            if (self._store.head(), self._store.position()) == (version, since):
                break  # what was read is the state of that version
        return _Reading(pieces, since, version, whole=True)

    def _pieces(self, since: int, *, turns: bool) -> Iterator[_Piece]:
        changes = self._store.vector_changes(self._model, since)
        while chunk := list(itertools.islice(changes, _CHUNK)):
            yield self._read(chunk, turns=turns)

    def _read(self, changes: list[VectorChange], *, turns: bool) -> _Piece:
        latest = {change.id: change for change in changes}
        records = self._store.get_many([name for name, change in latest.items() if change.vectors is not None])
        piece = _Piece(changes[-1].position, [], [], [], {}, set())
        for name, change in latest.items():
            # A record may have changed between the two reads: then it comes again, further on in the feed.
            if change.vectors is None or change.fields is None or name not in records:
                piece.gone.add(name)
                continue
            piece.keys.extend([name] * len(change.vectors))
            piece.fields.append(change.fields)
            piece.rows.append(change.vectors)
            piece.words[name] = record_words(records[name])
            if turns and len(piece.words) % _TURN == 0:
                time.sleep(_TURN_S)
        return piece

    def _stamp(self, position: int, mark: str) -> str:
        return f"{self._store.id}:{position}:{mark}"


def _near(index: VectorIndex, sought: Sequence[Sought]) -> list[list[Hit]]:
    """By vectors. Together where all records may be found: that is faster than one by one."""
    limit, vectors = max(one.limit for one in sought), np.stack([one.vector for one in sought])
    if all(one.only is None for one in sought):
        found = index.search(vectors, limit)
        return [hits[: one.limit] for hits, one in zip(found, sought, strict=True)]
    return [
        index.search(vector[None], one.limit, allow=one.only)[0] for vector, one in zip(vectors, sought, strict=True)
    ]


def _apply(piece: _Piece, vectors: VectorIndex, postings: Postings) -> None:
    """Put a piece of the feed into both indexes."""
    postings.change(piece.gone, piece.words)
    vectors.remove(piece.gone)
    if piece.rows:
        vectors.add(piece.keys, np.concatenate(piece.fields).tolist(), np.concatenate(piece.rows))
