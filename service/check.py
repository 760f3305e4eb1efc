"""The cascade: normalise, find, judge, calibrate, explain. From a claim to a verdict that can be defended."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from msgspec import Struct, structs
from numpy.typing import NDArray

from embeddings.batcher import Batcher
from embeddings.stance import StanceModel, StancePair
from service.cache import AnswerCache
from service.calibration import Calibration
from service.differences import differences
from service.domain import CheckResult, Claim, Filters, Hit, Match, Rebuttal, Stance
from service.finder import DEEP, Candidate, Finder
from service.judgement import Judged, contest, decide
from service.language import language_of, primary
from service.normalise import clean, normalise
from service.passages import FIELDS, passages

_DEEPEST = 20_000


class Comparison(Struct, frozen=True, kw_only=True):
    """The stance of a claim towards a rumor that need not be in the store."""

    stance: Stance
    probabilities: dict[str, float]


class _Task(NamedTuple):
    """A claim on its way through the cascade."""

    claim: Claim
    text: str
    nearest: float
    candidates: list[Candidate]
    records: dict[str, Rebuttal]
    language: str


class Checker:
    """Everything that a question needs. One for the whole process."""

    def __init__(self, finder: Finder, stance: StanceModel, calibration: Calibration, *, cache_size: int) -> None:
        self._finder = finder
        self._stance = stance
        self._calibration = calibration
        self._cache = AnswerCache(cache_size)
        self.judges: Batcher[StancePair, NDArray[np.float32]] = Batcher(
            lambda pairs: list(stance.predict(pairs)), name="stance", max_batch=32
        )
        self.model = f"{finder.model}+{stance.name}@{stance.revision}"

    async def check(self, claim: Claim) -> CheckResult:
        """Judge one claim. Raises `Overloaded` when too much is waiting."""
        return (await self.check_many([claim]))[0]

    async def check_many(self, claims: Sequence[Claim]) -> list[CheckResult]:
        """Judge claims together, in order: one batch for each model."""
        began = time.perf_counter()
        version = await self._finder.keep_up()
        answers = [self._cache.get(claim, version) for claim in claims]
        fresh = [at for at, answer in enumerate(answers) if answer is None]
        for at, answer in zip(fresh, await self._answer([claims[at] for at in fresh], version), strict=True):
            answers[at] = answer
            self._cache.put(claims[at], version, answer)
        took = (time.perf_counter() - began) * 1000
        return [structs.replace(answer, took_ms=round(took, 2)) for answer in answers if answer is not None]

    async def compare(self, claim: str, rumor: str, statement: str | None) -> Comparison:
        """The stance model's own reading of a pair; no store and no calibration of matching involved."""
        pair = StancePair(clean(claim), clean(rumor), clean(statement) if statement else None)
        asserts, denies, other = (await self.judges.run([pair]))[0].tolist()
        probabilities = {"asserts": asserts, "denies": denies, "other": other}
        stance: Stance = max(("other", "denies", "asserts"), key=probabilities.__getitem__)
        return Comparison(stance=stance, probabilities=probabilities)

    async def search(self, query: str, *, limit: int, filters: Filters) -> list[Hit]:
        """The nearest records, published ones only, without a verdict."""
        text = normalise(query).text or query
        deep = max(DEEP, 2 * limit)
        while True:
            candidates = (await self._finder.find([text], deep))[0]
            records = self._finder.store.get_many([candidate.id for candidate in candidates])
            hits = [
                Hit(rebuttal=records[candidate.id], score=round(candidate.nearness, 6))
                for candidate in candidates
                if candidate.id in records and fits(records[candidate.id], filters)
            ]
            if len(hits) >= limit or len(candidates) < deep or deep >= _DEEPEST:
                return hits[:limit]
            deep *= 8

    def close(self) -> None:
        """Stop the stance worker."""
        self.judges.close()

    async def _answer(self, claims: Sequence[Claim], version: int) -> list[CheckResult]:
        cleaned = [normalise(claim.claim) for claim in claims]
        asked = [at for at, text in enumerate(cleaned) if text.junk is None]
        # By vectors and by words: twice what is judged is found, and nothing that nobody will look at.
        deep = max([2 * self._calibration.judged, *(claim.limit for claim in claims)])
        deep = DEEP if any(claim.as_of for claim in claims) else deep
        found = await self._finder.find([cleaned[at].text for at in asked], deep) if asked else []
        near = dict(zip(asked, found, strict=True))
        tasks = [
            self._prepare(claim, text.text, near.get(at, []))
            for at, (claim, text) in enumerate(zip(claims, cleaned, strict=True))
        ]
        judged = await self._judge(tasks)
        return [self._result(task, verdicts, version) for task, verdicts in zip(tasks, judged, strict=True)]

    def _prepare(self, claim: Claim, text: str, candidates: list[Candidate]) -> _Task:
        """Keep the candidates that are worth judging, and fetch their records."""
        nearest = candidates[0].nearness if candidates else 0.0
        near = [candidate for candidate in candidates if candidate.nearness >= self._calibration.gate]
        most = max(claim.limit, self._calibration.judged)
        near = near[: most if claim.as_of is None else len(near)]
        if not near:
            return _Task(claim, text, nearest, [], {}, "")
        records = self._finder.store.get_many([candidate.id for candidate in near])
        records = {key: record for key, record in records.items() if answers(record, claim)}
        kept = [candidate for candidate in near if candidate.id in records][:most]
        language = primary(claim.language) if claim.language else language_of(text)
        return _Task(claim, text, nearest, kept, records, language)

    async def _judge(self, tasks: Sequence[_Task]) -> list[list[Judged]]:
        """Read every claim that the model can read against its nearest records, all in one batch."""
        pairs: list[StancePair] = []
        places: list[dict[str, int]] = []
        for task in tasks:
            place: dict[str, int] = {}
            if task.language in self._stance.languages:
                for candidate in task.candidates[: self._calibration.judged]:
                    if pair := self._pair(task.text, task.records[candidate.id]):
                        place[candidate.id] = len(pairs)
                        pairs.append(pair)
            places.append(place)
        raw = await self.judges.run(pairs) if pairs else []
        return [
            [self._judged(task, candidate, raw, place.get(candidate.id)) for candidate in task.candidates]
            for task, place in zip(tasks, places, strict=True)
        ]

    def _pair(self, text: str, record: Rebuttal) -> StancePair | None:
        """The record in a language that the model reads; None where it has no such wording."""
        reads = self._stance.languages
        if primary(record.language) in reads:
            return StancePair(text, record.rumor, record.statement)
        readable = [variant for variant in record.variants if language_of(variant, assumed="") in reads]
        return StancePair(text, readable[0], None) if readable else None

    def _judged(self, task: _Task, candidate: Candidate, raw: Sequence[NDArray[np.float32]], at: int | None) -> Judged:
        record = task.records[candidate.id]
        texts = passages(record)
        same = [passage for passage in texts if passage.field == FIELDS[candidate.field]]
        probabilities = None
        if at is not None:
            probabilities = self._calibration.stance_probabilities(raw[at], candidate.similarity, candidate.words)
        return Judged(
            record=record,
            candidate=candidate,
            # The record may have changed since the index was searched: its first text, the rumor, is always there.
            passage=same[candidate.ordinal] if candidate.ordinal < len(same) else texts[0],
            differs=differences(task.text, record),
            probabilities=probabilities,
            unread=None if at is not None else self._why_unread(task, record, candidate),
        )

    def _why_unread(self, task: _Task, record: Rebuttal, candidate: Candidate) -> str:
        if task.language not in self._stance.languages:
            return f"The stance model does not read the language of the claim ({task.language})."
        if candidate not in task.candidates[: self._calibration.judged]:
            return "Not among the nearest records, so not read against the claim."
        return f"The stance model does not read the language of the record ({record.language})."

    def _result(self, task: _Task, judged: list[Judged], version: int) -> CheckResult:
        verdict, matches = decide(judged, self._calibration, nearest=task.nearest)
        verdict, matches = contest(verdict, matches, self._disputing(matches))
        return CheckResult(
            claim=task.claim.claim,
            verdict=verdict,
            matches=tuple(matches[: task.claim.limit]),
            model=self.model,
            store_version=version,
            took_ms=0.0,
        )

    def _disputing(self, matches: list[Match]) -> Rebuttal | None:
        """The published record that disputes the best match, if it names one."""
        if not matches or not matches[0].rebuttal.contested_with:
            return None
        others = self._finder.store.get_many(matches[0].rebuttal.contested_with).values()
        return next((other for other in others if other.status == "published"), None)


def answers(record: Rebuttal, claim: Claim) -> bool:
    """Whether a record may answer a claim: it is published, and had been stated by the day asked for."""
    by_then = claim.as_of is None or record.stated_on is None or record.stated_on <= claim.as_of
    return record.status == "published" and by_then


def fits(record: Rebuttal, filters: Filters) -> bool:
    """Whether a published record passes every filter that is given."""
    wanted = (
        (filters.status or "published", record.status),
        (filters.authority, record.authority.name),
        (filters.country, record.authority.country),
        (filters.language and primary(filters.language), primary(record.language)),
    )
    dated = filters.stated_from or filters.stated_to
    return (
        all(want is None or want == have for want, have in wanted)
        and (filters.topic is None or filters.topic in record.topics)
        and (not dated or record.stated_on is not None)
        and (record.stated_on is None or not filters.stated_from or record.stated_on >= filters.stated_from)
        and (record.stated_on is None or not filters.stated_to or record.stated_on <= filters.stated_to)
    )
