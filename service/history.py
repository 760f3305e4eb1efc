"""Questions about a day that is past: what was published and not retracted at that time decides.

The indexes hold what is published now. A record that was withdrawn since, or worded otherwise then, is scored beside
them, in memory, for questions about a day alone; a question without one costs nothing more.
"""

from __future__ import annotations

import asyncio
import datetime as dt
from collections import Counter, OrderedDict
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

import numpy as np
from msgspec import structs
from numpy.typing import NDArray

from service.domain import Match, Rebuttal
from service.finder import Candidate, Finder, Wording
from service.passages import FIELDS, passages, record_words
from service.store import Standing

MOST_WITHDRAWN: Final = 500
"""Withdrawn records that are considered for a day, the last withdrawn first."""
_MOST_ENCODED: Final = 2_000
"""Texts that are encoded for one question, when the store has no vectors of that wording: some seconds of work."""
_KEPT_WORDINGS: Final = 2 * MOST_WITHDRAWN
_KEPT_DAYS: Final = 4
_ENDINGS: Final = {
    "retracted": "Retracted since",
    "superseded": "Superseded since",
    "draft": "Made a draft again since",
}


class Question(NamedTuple):
    """A claim about a day: its text after normalisation, and what the indexes of today have found for it."""

    day: dt.date
    text: str
    found: list[Candidate]


class Past(NamedTuple):
    """What stood on the day of a question: the candidates, nearest first, and their records in the wording of then."""

    candidates: list[Candidate]
    records: dict[str, Rebuttal]


class History:
    """Answers for days that are past, over one finder. Used from one event loop."""

    def __init__(self, finder: Finder) -> None:
        self._finder = finder
        self._wordings: OrderedDict[tuple[str, int], Wording] = OrderedDict()
        self._withdrawn: OrderedDict[tuple[int, dt.date], list[Standing]] = OrderedDict()

    async def recall(self, questions: Sequence[Question], version: int) -> list[Past]:
        """What stood on the day of each question, in order.

        Args:
            questions: of any days.
            version: of the store, as the indexes have it.

        Raises:
            Overloaded: more texts are waiting for the encoder than its queue holds.
        """
        if not questions:
            return []
        stood = {day: await self._stood(day, questions, version) for day in {one.day for one in questions}}
        changed = [one for day in stood.values() for one in day.values() if _changed(one)]
        wordings = await self._worded(changed)
        vectors = await self._finder.encode([one.text for one in questions]) if wordings else [None] * len(questions)
        return await asyncio.to_thread(
            lambda: [
                self._past(question, vector, stood[question.day], wordings)
                for question, vector in zip(questions, vectors, strict=True)
            ]
        )

    def standing(self, ids: Sequence[str], day: dt.date) -> dict[str, Rebuttal]:
        """Records as they stood at the end of a day; those that did not are left out."""
        found = self._finder.store.standing(ids, day, model=self._finder.model)
        return {one.rebuttal.id: one.rebuttal for one in found}

    def told(self, matches: Sequence[Match], day: dt.date) -> list[Match]:
        """The matches, each with what became of its record since the day in front of its ``why.reason``."""
        ids = [match.rebuttal.id for match in matches]
        stood = {one.rebuttal.id: one for one in self._finder.store.standing(ids, day, model=self._finder.model)}
        return [_told(match, since(stood.get(match.rebuttal.id))) for match in matches]

    async def _stood(self, day: dt.date, questions: Sequence[Question], version: int) -> dict[str, Standing]:
        """All that may answer a question about the day: what the indexes found for it, and what was withdrawn since."""
        store, model = self._finder.store, self._finder.model
        key = (version, day)
        withdrawn = self._withdrawn.pop(key, None)
        if withdrawn is None:
            withdrawn = await asyncio.to_thread(store.withdrawn_after, day, model=model, limit=MOST_WITHDRAWN)
        self._withdrawn[key] = withdrawn
        while len(self._withdrawn) > _KEPT_DAYS or next(iter(self._withdrawn))[0] != version:
            self._withdrawn.popitem(last=False)
        ids = list(dict.fromkeys(near.id for one in questions if one.day == day for near in one.found))
        found = await asyncio.to_thread(store.standing, ids, day, model=model)
        return {one.rebuttal.id: one for one in [*withdrawn, *found]}

    async def _worded(self, stood: Iterable[Standing]) -> dict[tuple[str, int], Wording]:
        """Vectors and words of these wordings: kept from before, from the store, or made now."""
        wanted = {_key(one): one for one in stood}
        known = {key: kept for key in wanted if (kept := self._wordings.get(key))}
        missing = {key: one for key, one in wanted.items() if key not in known}
        texts = {key: [passage.text for passage in passages(one.rebuttal)] for key, one in missing.items()}
        bare = [key for key, one in missing.items() if one.vectors is None]
        while sum(len(texts[key]) for key in bare) > _MOST_ENCODED:
            del missing[bare.pop()]
        made = await self._finder.encode([text for key in bare for text in texts[key]]) if bare else None
        at = 0
        for key, one in missing.items():
            rows = one.vectors
            if rows is None and made is not None:
                rows, at = made[at : at + len(texts[key])], at + len(texts[key])
            if rows is not None:
                known[key] = _wording(one.rebuttal, rows)
        for key, wording in known.items():
            self._wordings[key] = wording
            self._wordings.move_to_end(key)
        while len(self._wordings) > _KEPT_WORDINGS:
            self._wordings.popitem(last=False)
        return known

    def _past(
        self,
        question: Question,
        vector: NDArray[np.float32] | None,
        stood: dict[str, Standing],
        wordings: dict[tuple[str, int], Wording],
    ) -> Past:
        """Only its own finds and what was withdrawn count for a question: a batch answers as single questions do."""
        found = {one.id: one for one in question.found if one.id in stood}
        own = [one for one in stood.values() if one.rebuttal.id in found or one.ended is not None]
        other = [wordings[_key(one)] for one in own if _key(one) in wordings]
        near = {name: one for name, one in found.items() if _key(stood[name]) not in wordings}
        if vector is not None:
            near |= {one.id: one for one in self._finder.score(question.text, vector, other)}
        ranked = sorted(near.values(), key=lambda one: (-one.nearness, one.id))
        return Past(ranked, {one.id: stood[one.id].rebuttal for one in ranked})


def since(standing: Standing | None) -> str | None:
    """What became of a record since a day, as a sentence; None where it stands as it did."""
    if standing is None or not _changed(standing):
        return None
    ended = standing.ended
    if ended is None:
        then, now = standing.rebuttal.revision, standing.now
        return f"Edited since: this is revision {then}, which stood then; revision {now} stands now."
    what = f"{_ENDINGS[ended.rebuttal.status]}, on {ended.at.date()}"
    if ended.rebuttal.superseded_by and ended.rebuttal.status == "superseded":
        what += f", by the record {ended.rebuttal.superseded_by}"
    said = f"{what}: {ended.reason.strip()}" if ended.reason and ended.reason.strip() else what
    return said if said.endswith((".", "!", "?")) else f"{said}."


def _told(match: Match, what: str | None) -> Match:
    if what is None:
        return match
    reason = f"{what} {match.why.reason}" if match.why.reason else what
    return structs.replace(match, why=structs.replace(match.why, reason=reason))


def _changed(standing: Standing) -> bool:
    return standing.rebuttal.revision != standing.now


def _key(standing: Standing) -> tuple[str, int]:
    return standing.rebuttal.id, standing.rebuttal.revision


def _wording(record: Rebuttal, vectors: NDArray[np.float32]) -> Wording:
    fields = [FIELDS.index(passage.field) for passage in passages(record)]
    return Wording(record.id, fields, vectors, Counter(record_words(record)))
