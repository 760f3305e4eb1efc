"""The cascade: normalise, find, judge, calibrate, explain. From a claim to a verdict that can be defended."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from msgspec import Struct, structs
from numpy.typing import NDArray

from embeddings.batcher import Batcher
from embeddings.stance import StanceModel, StancePair
from service.cache import AnswerCache, Kept, question
from service.cache import Question as Asked
from service.calibration import Calibration, Nearness, Readings, log_odds
from service.differences import differences
from service.domain import MAX_BATCH, CheckResult, Claim, Filters, Hit, Match, Rebuttal, Stance
from service.finder import DEEP, Candidate, Finder, Found
from service.history import History, Past, Question
from service.indexes import Reached
from service.judgement import Judged, affirming, contest, decide, may_affirm, probability, settles
from service.language import first_in, language_of, primary
from service.normalise import clean, junk_of, normalise, sought
from service.passages import FIELDS, passages
from service.verdict_id import VerdictIds
from service.versions import records_at

_DEEPEST = 20_000
# Where a filter lets at most so many records through, the store names them and all of them are compared.
_NAMED = 10_000
_TRIES = 3
# So many requests of the largest size find room before the stance model, each claim with both readings of a record.
_FULL_BATCHES = 4
_BY_WORDS = " Nor does the encoder, so only shared words and names count; the extra `multilingual` finds by meaning."


class Comparison(Struct, frozen=True, kw_only=True):
    """The stance of a claim towards a rumor that need not be in the store."""

    stance: Stance
    probabilities: dict[str, float]


class Lens(NamedTuple):
    """What a text is searched with, and from which nearness on a record counts.

    Attributes:
        finder: knows the language of the text.
        nearness: the fusion of cosine and words that was fitted for it.
        gate: below it a record is not judged.
        related: from it on a record is on the matter of the text.
    """

    finder: Finder
    nearness: Nearness
    gate: float
    related: float


class _Task(NamedTuple):
    """A claim on its way through the cascade."""

    claim: Claim
    text: str
    nearest: float
    candidates: list[Candidate]
    records: dict[str, Rebuttal]
    language: str
    reached: Reached


class Checker:
    """Everything that a question needs. One for the whole process."""

    def __init__(self, finder: Finder, stance: StanceModel, calibration: Calibration, *, cache_size: int) -> None:
        self._finder = finder
        self._stance = stance
        self.reads = stance.languages
        self._calibration = calibration
        self._cache = AnswerCache(cache_size)
        self._history = History(finder)
        self.judges: Batcher[StancePair, NDArray[np.float32]] = Batcher(
            lambda pairs: list(stance.predict(pairs)),
            name="stance",
            max_batch=32,
            max_queue=_FULL_BATCHES * MAX_BATCH * len(Readings._fields),
        )
        self.model = f"{finder.model}+{stance.name}@{stance.revision}"
        self.ids = VerdictIds(finder.store.id, calibration)

    async def check(self, claim: Claim) -> CheckResult:
        """Judge one claim. Raises `Overloaded` when too much is waiting."""
        return (await self.check_many([claim]))[0]

    async def check_many(self, claims: Sequence[Claim]) -> list[CheckResult]:
        """Judge claims together, in order: one batch for each model."""
        began = time.perf_counter()
        kept = await self._kept(claims)
        took = _since(began)
        return [one.result(claim.claim, took) for one, claim in zip(kept, claims, strict=True)]

    async def check_encoded(self, claim: Claim) -> tuple[CheckResult, bytes]:
        """As `check`, for whoever sends the answer on: with its JSON, of which a headline asked again has most ready.

        Returns:
            An answer to the same question, whose claim and time may be another asker's; the JSON of the answer to this.
        """
        began = time.perf_counter()
        kept = (await self._kept([claim]))[0]
        return kept.answer, kept.encode(claim.claim, _since(began))

    async def compare(self, claim: str, rumor: str, statement: str | None) -> Comparison:
        """The stance model's own reading of a pair; no store and no calibration of matching involved."""
        pair = StancePair(clean(claim), clean(rumor), clean(statement) if statement else None)
        asserts, denies, other = (await self.judges.run([pair]))[0].tolist()
        probabilities = {"asserts": asserts, "denies": denies, "other": other}
        stance: Stance = max(("other", "denies", "asserts"), key=probabilities.__getitem__)
        return Comparison(stance=stance, probabilities=probabilities)

    async def search(self, query: str, *, limit: int, filters: Filters) -> list[Hit]:
        """The nearest records, published ones only, without a verdict."""
        await self._finder.keep_up()
        text = sought(query) or query
        deep = max(DEEP, 2 * limit)
        only = None
        while True:
            candidates = (await self._finder.find([text], deep, only))[0]
            ids = [candidate.id for candidate in candidates]
            records = self._finder.store.read(lambda store, ids=ids: store.get_many(ids))  # type: ignore[misc]
            found = [
                (candidate, records[candidate.id])
                for candidate in candidates
                if candidate.id in records and fits(records[candidate.id], filters)
            ]
            if len(found) >= limit or len(candidates) < deep or deep >= _DEEPEST:
                return (await self._reread(normalise(query).text or query, found))[:limit]
            deep *= 8
            only = self._named(filters) if only is None else only

    def _named(self, filters: Filters) -> frozenset[str] | None:
        """All records that pass the filters, if they are few."""
        language = filters.language and primary(filters.language)  # as `fits` reads it
        published = structs.replace(filters, status=filters.status or "published", language=language)
        ids = self._finder.store.read(lambda store: store.ids(published, _NAMED + 1))
        return None if len(ids) > _NAMED else frozenset(ids)

    async def _reread(self, text: str, found: list[tuple[Candidate, Rebuttal]]) -> list[Hit]:
        """Put the nearest few in the order of both stages' odds; alone, neither ranks as well as the two together.

        Whether it is the same matter is seen best by the rumor alone, so they are read without the statement.
        """
        few = found[: self._calibration.reranked] if language_of(text) in self._stance.languages else []
        pairs = [self._pair(text, record) for _, record in few]
        read = [pair._replace(statement=None) for pair in pairs if pair]
        raw = iter(await self.judges.run(read) if read else [])
        scores = {}
        for (candidate, record), pair in zip(few, pairs, strict=True):
            same = candidate.nearness
            if pair:
                alone = next(raw)
                same = 1 - self._calibration.stance_probabilities(Readings(alone, alone), candidate.nearness)["other"]
            scores[record.id] = probability((log_odds(same) + log_odds(candidate.nearness)) / 2)
        # What was not read again keeps its place behind what was.
        lowest = min(scores.values(), default=1.0)
        hits = [
            Hit(rebuttal=record, score=round(scores.get(record.id, min(candidate.nearness, lowest)), 6))
            for candidate, record in found
        ]
        return sorted(hits, key=lambda hit: -scores.get(hit.rebuttal.id, 0.0))

    def lens(self, text: str, language: str | None = None) -> Lens:  # noqa: ARG002 - here one finder reads all
        """What a text, in a language that its sender may have named, is searched with."""
        fitted = self._calibration
        return Lens(self._finder, fitted.nearness, fitted.gate, fitted.related)

    def close(self) -> None:
        """Stop the stance worker."""
        self.judges.close()

    async def _kept(self, claims: Sequence[Claim]) -> list[Kept]:
        """The answer to each claim's question: the one that is kept, or a new one."""
        await self._finder.keep_up()
        reached = self._finder.reached
        asked = [question(claim) for claim in claims]
        found = [self._cache.get(one, reached) for one in asked]
        for _ in range(2):  # again where the store was written to meanwhile: what was kept is of before that
            behind = _behind(found)
            if not behind:
                break
            answers = await self._answer([claims[at] for at in behind], [asked[at] for at in behind], reached)
            for at, (answer, searched) in zip(behind, answers, strict=True):
                named = structs.replace(answer, verdict_id=self.ids.of(claims[at], answer))
                found[at] = self._cache.put(asked[at], searched, named)
        return [one for one in found if one is not None]

    async def _answer(
        self, claims: Sequence[Claim], asked: Sequence[Asked], reached: Reached, tries: int = _TRIES
    ) -> list[tuple[CheckResult, Reached]]:
        """Answer each claim from one version of the store, that of the search; nothing is searched for junk.

        Returns:
            Each answer, and how far of the store was searched for it.
        """
        worth = [at for at, one in enumerate(asked) if junk_of(one.text) is None]
        # By vectors and by words: twice what is judged is found, and nothing that nobody will look at.
        deep = max([2 * self._calibration.judged, *(claim.limit for claim in claims)])
        if any(claim.as_of for claim in claims):
            deep = DEEP
            # What stood is read from the store of now: the search must not be of an earlier one.
            await asyncio.to_thread(self._finder.store.saw, reached.version)
        found = await self._finder.look([asked[at].sought for at in worth], deep) if worth else []
        near = dict(zip(worth, found, strict=True))
        nothing = Found([], found[0].reached if found else reached)
        dated = {at: Question(day, asked[at].sought, near[at].candidates) for at in worth if (day := claims[at].as_of)}
        past = dict(zip(dated, await self._history.recall(list(dated.values()), reached.version), strict=True))
        tasks = [
            self._prepare(claim, one.text, near.get(at, nothing), past.get(at))
            for at, (claim, one) in enumerate(zip(claims, asked, strict=True))
        ]
        judged = await self._judge(tasks)
        answers = [self._result(task, verdicts) for task, verdicts in zip(tasks, judged, strict=True)]
        if dated and tries > 1 and any(one.store_version != self._finder.store.head() for one in answers):
            # What stood on a day is read from the store of now, which has changed meanwhile.
            await asyncio.to_thread(self._finder.refresh)
            return await self._answer(claims, asked, self._finder.reached, tries - 1)
        return [(answer, task.reached) for answer, task in zip(answers, tasks, strict=True)]

    def _prepare(self, claim: Claim, text: str, found: Found, past: Past | None) -> _Task:
        """Keep the candidates that are worth judging, and fetch their records; of a past day, those that stood."""
        candidates = found.candidates if past is None else past.candidates
        nearest = candidates[0].nearness if candidates else 0.0
        near = [candidate for candidate in candidates if candidate.nearness >= self._calibration.gate]
        most = max(claim.limit, self._calibration.judged)
        near = near[:most]
        if not near:
            return _Task(claim, text, nearest, [], {}, "", found.reached)
        ids = [one.id for one in near]
        records = records_at(self._finder.store, ids, found.version) if past is None else past.records
        kept = [one for one in near if one.id in records and records[one.id].status == "published"]
        language = primary(claim.language) if claim.language else language_of(text)
        return _Task(claim, text, nearest, kept, records, language, found.reached)

    async def _judge(self, tasks: Sequence[_Task]) -> list[list[Judged]]:
        """Read every claim against its nearest record, all in one batch; what that leaves open, against the next."""
        read: list[dict[str, dict[str, float]]] = [{} for _ in tasks]
        for depth in range(self._calibration.judged):
            asked = [
                (known, task.candidates[depth], pair)
                for task, known in zip(tasks, read, strict=True)
                if (pair := self._wanted(task, known, depth))
            ]
            readings = await self._read([pair for _, _, pair in asked], admitted=depth > 0)
            for (known, candidate, _), both in zip(asked, readings, strict=True):
                known[candidate.id] = self._calibration.stance_probabilities(both, candidate.nearness)
        return [
            [self._judged(task, candidate, known) for candidate in task.candidates]
            for task, known in zip(tasks, read, strict=True)
        ]

    def _wanted(self, task: _Task, known: dict[str, dict[str, float]], depth: int) -> StancePair | None:
        """What to read of a task's candidate; None where it cannot be read, or what was read settles the claim."""
        if depth >= len(task.candidates) or task.language not in self._stance.languages:
            return None
        record = task.records[task.candidates[depth].id]
        settling = [task.records[name] for name, sides in known.items() if settles(sides)]
        accused = [one for one in settling if known[one.id]["asserts"] >= known[one.id]["denies"]]
        if settling and not any(may_affirm(record, one) for one in accused):
            return None
        return self._pair(task.text, record)

    async def _read(self, pairs: Sequence[StancePair], *, admitted: bool = False) -> list[Readings]:
        """The model's readings of every pair, beside the statement and without it, all in one batch.

        Args:
            pairs: to be read.
            admitted: see `embeddings.batcher.Batcher.run`.
        """
        alone = [pair._replace(statement=None) for pair in pairs]
        places = {pair: at for at, pair in enumerate(dict.fromkeys([*pairs, *alone]))}
        raw = await self.judges.run(list(places), admitted=admitted) if places else []
        return [Readings(raw[places[one]], raw[places[other]]) for one, other in zip(pairs, alone, strict=True)]

    def _pair(self, text: str, record: Rebuttal) -> StancePair | None:
        """The record in a language that the model reads; None where it has no such wording."""
        reads = self._stance.languages
        if primary(record.language) in reads:
            return StancePair(text, record.rumor, record.statement)
        readable = first_in(record.variants, reads)
        return StancePair(text, readable, None) if readable else None

    def _judged(self, task: _Task, candidate: Candidate, known: dict[str, dict[str, float]]) -> Judged:
        record = task.records[candidate.id]
        texts = passages(record)
        same = [passage for passage in texts if passage.field == FIELDS[candidate.field]]
        return Judged(
            record=record,
            candidate=candidate,
            # The record may have changed since the index was searched: its first text, the rumor, is always there.
            passage=same[candidate.ordinal] if candidate.ordinal < len(same) else texts[0],
            differs=differences(task.text, record, task.claim.claim),
            probabilities=known.get(candidate.id),
            unread=None if candidate.id in known else self._why_unread(task, record, candidate, known),
        )

    def _why_unread(
        self, task: _Task, record: Rebuttal, candidate: Candidate, known: dict[str, dict[str, float]]
    ) -> str:
        if task.language not in self._stance.languages:
            reads = self._finder.encoder_languages
            by_words = "" if reads is None or task.language in reads else _BY_WORDS
            return f"The stance model does not read the language of the claim ({task.language}).{by_words}"
        if candidate not in task.candidates[: self._calibration.judged]:
            return "Not among the nearest records, so not read against the claim."
        if self._pair(task.text, record) is None:
            return f"The stance model does not read the language of the record ({record.language})."
        nearer = next(name for name, sides in known.items() if settles(sides))
        return f"Not read against the claim: the record {nearer} settles it."

    def _result(self, task: _Task, judged: list[Judged]) -> CheckResult:
        verdict, matches = decide(judged, self._calibration, nearest=task.nearest)
        verdict, matches = contest(
            verdict, matches, self._disputing(matches, task) or affirming(matches, self._calibration)
        )
        if task.claim.as_of is not None:
            matches = self._history.told(matches[: task.claim.limit], task.claim.as_of)
        return CheckResult(
            claim=task.claim.claim,
            verdict=verdict,
            matches=tuple(matches[: task.claim.limit]),
            model=self.model,
            store_version=task.reached.version,
            took_ms=0.0,
        )

    def _disputing(self, matches: list[Match], task: _Task) -> Rebuttal | None:
        """The published record that disputes the best match, if it names one; of a day, one that stood then."""
        store, as_of = self._finder.store, task.claim.as_of
        if not matches or not matches[0].rebuttal.contested_with:
            return None
        named = matches[0].rebuttal.contested_with
        others = self._history.standing(named, as_of) if as_of else records_at(store, named, task.reached.version)
        return next((other for other in others.values() if other.status == "published"), None)


def _behind(found: Sequence[Kept | None]) -> list[int]:
    """Places without an answer; where all have one, those whose answer is of an earlier version than another's."""
    missing = [at for at, one in enumerate(found) if one is None]
    versions = [one.answer.store_version for one in found if one is not None]
    latest = max(versions, default=0)
    return missing or [at for at, version in enumerate(versions) if version < latest]


def _since(began: float) -> float:
    """Milliseconds, as answers tell them."""
    return round((time.perf_counter() - began) * 1000, 2)


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
