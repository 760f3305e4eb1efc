"""Candidates for a claim: vectors and words, searched side by side and fused."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from embeddings.batcher import Batcher
from embeddings.encoder import Encoder
from embeddings.index import Hit
from service.calibration import Nearness
from service.errors import StoreError
from service.indexes import Indexes, Near, Reached, Searched, Sought
from service.postings import WordHit
from service.priority import ASIDE, give_way
from service.store import Store
from service.words import query_words

_LOG: Final = logging.getLogger(__name__)
DEEP: Final = 50
_LOOK_EVERY_S: Final = 0.25
"""Another process may write to the store: so often it is looked at, aside."""
_UNSEEN_S: Final = 0.75
"""What was written so long before a request came is in its answer: it waits for a look where the last one is older."""
_AGAIN_S: Final = 1.0
"""After a look that failed nobody begins one aside for so long."""
_GROUP: Final = 64
# Claims are computed in batches as small as the encoder is quick with: a lone one never waits behind many.
_AT_ONCE: Final = 16
# A database may be written to while it searches: so often are texts searched for again to have all of one version.
_TRIES: Final = 3


class Query(NamedTuple):
    """A text to be searched for, how deep, and among which records; None for all."""

    text: str
    limit: int
    only: frozenset[str] | None = None


class Candidate(Struct, frozen=True, kw_only=True):
    """A record that may be about the claim.

    Attributes:
        id: the record's.
        field: which field its nearest text stands in, a position in `service.passages.FIELDS`.
        ordinal: which text of that field it is.
        similarity: cosine of the claim and that text.
        words: share of the claim's words that the record covers; 0 where no word is shared.
        evidence: what the words prove, `service.postings.WordHit.evidence`.
        nearness: all of these, fused into a probability.
        records: how many there were to choose from.
    """

    id: str
    field: int
    ordinal: int
    similarity: float
    words: float
    evidence: float
    nearness: float
    records: int


class Found(NamedTuple):
    """What was found for a text.

    Attributes:
        candidates: the nearest first.
        reached: how far of the store was searched: all indexes stood there.
        sought: what was searched for, to search again without encoding; None where nothing was.
    """

    candidates: list[Candidate]
    reached: Reached
    sought: Sought | None = None

    @property
    def version(self) -> int:
        """Number of the last event that the indexes knew."""
        return self.reached.version


class _Look(NamedTuple):
    """A look at the store, and when it began."""

    taken: Future[None]
    began: float


class Wording(NamedTuple):
    """The texts of a record as the indexes do not hold them, ready to be scored.

    Attributes:
        id: the record's.
        fields: for each row of ``vectors``, the place of its field in `service.passages.FIELDS`.
        vectors: shape (passages, dim), rows of length 1.
        words: how often each word stands in the record.
    """

    id: str
    fields: list[int]
    vectors: NDArray[np.float32]
    words: Counter[str]


class Finder:
    """The first stage of the cascade, shared by every request; safe to use from several threads."""

    def __init__(  # noqa: PLR0913 - each is a part of what is searched
        self,
        store: Store,
        encoder: Encoder,
        nearness: Nearness,
        *,
        index_path: Path,
        cut: Callable[[str], list[str]] = query_words,
        indexes: Searched | None = None,
    ) -> None:
        self.store = store
        self.encoder = encoder
        self.model = f"{encoder.name}@{encoder.revision}"
        # An encoder that says nothing of it is asked by one thread.
        passes = getattr(encoder, "passes", 1)
        self.batcher = Batcher(self._nearest, name="finder", max_batch=_AT_ONCE, workers=passes)
        # Records are encoded apart, so that no claim waits behind an import.
        self.bulk: Batcher[str, NDArray[np.float32]] = Batcher(self._vectors, name="encoder", max_batch=_GROUP)
        # An encoder of many languages does not list them.
        self.encoder_languages: frozenset[str] | None = getattr(encoder, "languages", None)
        self._nearness = nearness
        self._cut = cut
        self._indexes = indexes or Indexes(store, model=self.model, dim=encoder.dim, path=index_path)
        self._refreshing = threading.Lock()
        self._looked = 0.0
        self._starting = threading.Lock()
        self._look: _Look | None = None
        self._failed: float | None = None
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="refresh")
        self.refresh()

    @property
    def version(self) -> int:
        """Of the store, as the indexes know it: the number of the last event."""
        return self._indexes.reached.version

    @property
    def reached(self) -> Reached:
        """How far of the store the indexes know: what is found changes with that, and with nothing else of it."""
        return self._indexes.reached

    async def find(
        self, texts: Sequence[str], limit: int = DEEP, only: frozenset[str] | None = None
    ) -> list[list[Candidate]]:
        """As `look`, without the version."""
        return [found.candidates for found in await self.look(texts, limit, only)]

    async def look(self, texts: Sequence[str], limit: int = DEEP, only: frozenset[str] | None = None) -> list[Found]:
        """The nearest records of each text, the nearest first; all of one version, unless a database never rests.

        Args:
            texts: normalised claims.
            limit: how many candidates to take by vectors, and how many by words.
            only: see `service.indexes.Sought`.

        Raises:
            Overloaded: more texts are waiting than the queue holds.
        """
        order = sorted(range(len(texts)), key=lambda at: len(texts[at]))
        found = await self.batcher.run([Query(texts[at], limit, only) for at in order])
        placed = dict(zip(order, await self._leveled(found), strict=True))
        return [placed[at] for at in range(len(texts))]

    async def _leveled(self, found: list[Found]) -> list[Found]:
        """Of one version all that was searched in several batches, between which the store may have been written to."""
        for left in reversed(range(_TRIES)):
            latest = max((one.version for one in found), default=0)
            behind = [at for at, one in enumerate(found) if one.version < latest]
            if not behind:
                break
            # At last all in one search: indexes in memory do not change within one.
            again = behind if left else list(range(len(found)))
            sought = [one for at in again if (one := found[at].sought)]
            fresh = dict(zip(again, await asyncio.to_thread(self._search, sought), strict=True))
            found = [fresh.get(at, one) for at, one in enumerate(found)]
        return found

    async def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Vectors of the texts of records, in groups of similar length.

        Returns:
            Shape ``(len(texts), dim)``, in the order of the texts.
        """
        order = sorted(range(len(texts)), key=lambda at: len(texts[at]))
        vectors = np.empty((len(texts), self.encoder.dim), dtype=np.float32)
        groups = [order[at : at + _GROUP] for at in range(0, len(order), _GROUP)]
        ahead = asyncio.Semaphore(2)

        async def one(group: list[int]) -> None:
            async with ahead:
                vectors[group] = await self.bulk.run([texts[at] for at in group])

        await asyncio.gather(*(one(group) for group in groups))
        return vectors

    def score(self, text: str, vector: NDArray[np.float32], wordings: Sequence[Wording]) -> list[Candidate]:
        """How near wordings that are not in the indexes are to a claim, on the scale of `find`.

        Args:
            text: a normalised claim.
            vector: its vector, shape (dim,).
            wordings: of distinct records.
        """
        weighed, records = self._indexes.weigh(self._cut(text), {one.id: one.words for one in wordings})
        worded = {hit.key: hit for hit in weighed}
        hits = [_nearest_text(one, vector) for one in wordings]
        return [self._candidate(hit, worded.get(hit.key), records) for hit in hits]

    def refresh(self) -> None:
        """Bring the indexes up to the store. Cheap when nothing has changed."""
        with self._refreshing:
            began = time.monotonic()
            self._indexes.catch_up()
            # All that was written by then is in the indexes; of what came later, some may not be.
            self._looked = began
            self._failed = None

    async def keep_up(self) -> int:
        """Let what others have written come into the indexes, at most every quarter of a second.

        Nobody waits for that, unless the last look at the store is so long ago that the answer would lack what was
        written well before its question came: with the time of the answer itself, a write is used within a second.

        Returns:
            The store's version, as the indexes know it.

        Raises:
            StoreError: the store cannot be read, and has not been since.
        """
        came = time.monotonic()
        self.look_aside()
        for _ in range(2):  # the look that is under way may have begun long ago; the next one begins later
            # Below 0 there is nothing to search by, however lately that was found out: looking again says why.
            if self.version >= 0 and came - self._looked <= _UNSEEN_S:
                break
            look = self._under_way()
            try:
                # Shielded: others wait for the same look.
                await asyncio.shield(asyncio.wrap_future(look.taken))
            except Exception:
                if look.began >= came:  # of one that began before, the store may be well again
                    raise
        return self.version

    def look_aside(self) -> None:
        """Begin to look at the store, if that is due and nobody does. What goes wrong, whoever has to wait learns."""
        now, failed = time.monotonic(), self._failed
        if now - self._looked > _LOOK_EVERY_S and (failed is None or now - failed > _AGAIN_S):
            self._under_way()

    def _under_way(self) -> _Look:
        """The look that is being taken, or else a new one."""
        with self._starting:
            if self._look is None or self._look.taken.done():
                began = time.monotonic()
                self._look = _Look(self._pool.submit(self._take), began)
            return self._look

    def _take(self) -> None:
        try:
            self.refresh()
        except Exception as error:
            before, self._failed = self._failed, time.monotonic()
            if before is None:  # not again and again for as long as it lasts
                told = error.detail if isinstance(error, StoreError) else type(error).__name__
                _LOG.warning("The store cannot be looked at for what others have written: %s", told)
            raise

    def save(self) -> None:
        """Write the indexes beside the store, so that the next start need not rebuild them."""
        with self._refreshing:
            self._indexes.save()

    def close(self) -> None:
        """Stop the worker and the threads; requests still waiting get an error."""
        self.batcher.close()
        self.bulk.close()
        self._pool.shutdown()
        self._indexes.close()

    def _vectors(self, texts: Sequence[str]) -> list[NDArray[np.float32]]:
        give_way(ASIDE)  # it costs a microsecond, and only here is the thread known
        return list(self.encoder.encode(texts))

    def _nearest(self, queries: Sequence[Query]) -> list[Found]:
        """Encode and search in one go: a change of thread costs more than the search of a small store."""
        encoded = self.encoder.encode([query.text for query in queries])
        sought = [
            Sought(vector, self._cut(query.text), query.limit, query.only)
            for query, vector in zip(queries, encoded, strict=True)
        ]
        return self._search(sought)

    def _search(self, sought: Sequence[Sought]) -> list[Found]:
        return [self._found(one, near) for one, near in zip(sought, self._indexes.search(sought), strict=True)]

    def _found(self, sought: Sought, near: Near) -> Found:
        candidates = [self._candidate(hit, worded, near.records) for hit, worded in near.hits]
        candidates.sort(key=lambda candidate: (-candidate.nearness, candidate.id))
        return Found(candidates, near.reached, sought)

    def _candidate(self, hit: Hit, worded: WordHit | None, records: int) -> Candidate:
        evidence = worded.evidence if worded else 0.0
        return Candidate(
            id=hit.key,
            field=hit.field,
            ordinal=hit.ordinal,
            similarity=hit.cosine,
            words=worded.coverage if worded else 0.0,
            evidence=evidence,
            nearness=self._nearness(hit.cosine, evidence, records),
            records=records,
        )


def _nearest_text(wording: Wording, vector: NDArray[np.float32]) -> Hit:
    """As the index gives it: the best text of the record, and which of its field it is."""
    cosines = wording.vectors @ vector
    best = int(cosines.argmax())
    field = wording.fields[best]
    return Hit(wording.id, field, wording.fields[:best].count(field), float(cosines[best]))
