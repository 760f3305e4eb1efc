"""Which watches a changed record is near to: cheap, so that only those few are looked at closely."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from service.check import Lens
from service.domain import Filters, Rebuttal
from service.finder import Wording
from service.normalise import sought
from service.passages import FIELDS, passages, record_words
from service.store import Store
from service.watches.steps import name_of
from service.words import query_words

_MARGIN: Final = 0.02
"""Of a cosine: the index rounds vectors to eight bits, these are not rounded."""


class Asked(NamedTuple):
    """A text that is watched, as it was given, and its vector, shape (dim,)."""

    text: str
    vector: NDArray[np.float32]


class Nearby:
    """Records of one piece of the log, ready to be held against many texts by one finder.

    Args:
        lens: the finder and its numbers.
        wordings: of the records, named by `name_of`.
        records: how many the store answers from.

    Attributes:
        wordings: as they were given.
    """

    def __init__(self, lens: Lens, wordings: Sequence[Wording], records: int) -> None:
        self._lens = lens
        self.wordings = wordings
        self._records = records
        self._rows = np.concatenate([one.vectors for one in wordings]) if wordings else None
        self._starts = np.cumsum([0, *(len(one.vectors) for one in wordings)])[:-1]
        self._holding: dict[str, set[int]] = {}
        for at, one in enumerate(wordings):
            for word in one.words:
                self._holding.setdefault(word, set()).add(at)

    def near(self, asked: Sequence[Asked], bars: Sequence[float]) -> list[set[str]]:
        """For each text, the names of the records whose nearness to it reaches its bar."""
        if self._rows is None or not asked:
            return [set() for _ in asked]
        cosines = np.stack([one.vector for one in asked]) @ self._rows.T
        best = np.maximum.reduceat(cosines, self._starts, axis=1)
        least = {bar: self._least_cosine(bar) for bar in set(bars)}
        floors = np.array([least[bar] for bar in bars], np.float32)
        close = best >= floors[:, None]
        return [self._reaching(one, bar, row) for one, bar, row in zip(asked, bars, close, strict=True)]

    def _reaching(self, one: Asked, bar: float, close: NDArray[np.bool_]) -> set[str]:
        """Score exactly what is close by its vector alone, or shares a word: nothing else can be near."""
        places = set(np.flatnonzero(close).tolist())
        for word in query_words(one.text):
            places |= self._holding.get(word, set())
        if not places:
            return set()
        few = [self.wordings[at] for at in sorted(places)]
        scored = self._lens.finder.score(sought(one.text), one.vector, few)
        return {candidate.id for candidate in scored if candidate.nearness >= bar}

    def _least_cosine(self, bar: float) -> float:
        """The cosine from which a record without a common word reaches a bar, by bisection; nearness rises with it."""
        low, high = -1.0, 1.0
        for _ in range(20):
            middle = (low + high) / 2
            low, high = (low, middle) if self._lens.nearness(middle, 0.0, self._records) >= bar else (middle, high)
        return high - _MARGIN


async def nearby(store: Store, lens: Lens, states: Iterable[Rebuttal]) -> Nearby:
    """Take the vectors of records from the store, and make those that it does not have."""
    distinct = {name_of(record): record for record in states}
    ids = list({record.id for record in distinct.values()})
    kept = await asyncio.to_thread(store.watches.vectors, lens.finder.model, ids)
    texts = {name: [passage.text for passage in passages(record)] for name, record in distinct.items()}
    rows: dict[str, NDArray[np.float32]] = {}
    for name, record in distinct.items():
        revision, vectors = kept.get(record.id, (0, None))
        if vectors is not None and revision == record.revision and len(vectors) == len(texts[name]):
            rows[name] = vectors
    missing = [name for name in distinct if name not in rows]
    if missing:
        made = await lens.finder.encode([text for name in missing for text in texts[name]])
        ends = np.cumsum([len(texts[name]) for name in missing])[:-1]
        rows |= dict(zip(missing, np.split(made, ends), strict=True))
    records = await asyncio.to_thread(store.count, Filters(status="published"))
    return Nearby(lens, [_wording(name, record, rows[name]) for name, record in distinct.items()], records)


def _wording(name: str, record: Rebuttal, vectors: NDArray[np.float32]) -> Wording:
    fields = [FIELDS.index(passage.field) for passage in passages(record)]
    return Wording(name, fields, vectors, Counter(record_words(record)))
