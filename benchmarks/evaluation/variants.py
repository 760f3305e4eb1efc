"""The cascade with a stage taken out or a number changed."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Literal, NamedTuple, cast

import numpy as np
from msgspec import structs
from numpy.typing import NDArray

from embeddings.batcher import Batcher
from embeddings.encoder import Encoder
from evaluation.searching import VectorSearch, WordSearch
from service.calibration import Calibration, Readings
from service.finder import DEEP, Candidate, Finder, Found
from service.runtime import Runtime

Query = tuple[str, int]


class Expected(NamedTuple):
    """What one kind of score lets expect of the other: weights of least squares over candidates.

    A stage that is taken out leaves numbers that were fitted with its scores. To set those scores to 0 would punish the
    other stage for a calibration that was not made for it; to expect the usual does not.

    Attributes:
        similarity: of word share, evidence and one.
        words: of similarity and one.
        evidence: as ``words``.
    """

    similarity: tuple[float, ...]
    words: tuple[float, ...]
    evidence: tuple[float, ...]

    @classmethod
    def of(cls, candidates: Sequence[Candidate]) -> Expected:
        """Fit on the nearest candidates of some claims."""
        similarity = [candidate.similarity for candidate in candidates]
        words = [candidate.words for candidate in candidates]
        evidence = [candidate.evidence for candidate in candidates]
        one = [1.0] * len(candidates)
        by_cosine, by_words = np.column_stack([similarity, one]), np.column_stack([words, evidence, one])
        return cls(_fit(by_words, similarity), _fit(by_cosine, words), _fit(by_cosine, evidence))


class Partial(ABC):
    """A finder by one signal; in all but `find` and `look` it is the finder that it stands in for."""

    def __init__(self, runtime: Runtime, calibration: Calibration, expected: Expected) -> None:
        self._whole = runtime.finder
        self._nearness = calibration.nearness
        self._expected = expected
        self._batcher: Batcher[Query, list[Candidate]] = Batcher(self._nearest, name="partial", max_batch=64)

    def __getattr__(self, name: str) -> object:
        return getattr(self._whole, name)

    async def find(self, texts: Sequence[str], limit: int = DEEP) -> list[list[Candidate]]:
        """See `service.finder.Finder.find`."""
        return [found.candidates for found in await self.look(texts, limit)]

    async def look(self, texts: Sequence[str], limit: int = DEEP) -> list[Found]:
        """See `service.finder.Finder.look`."""
        candidates = await self._batcher.run([(text, limit) for text in texts])
        return [Found(each, self._whole.reached) for each in candidates]

    def close(self) -> None:
        """Stop the worker."""
        self._batcher.close()

    def as_finder(self) -> Finder:
        """Itself, for what asks for a `Finder`."""
        return cast("Finder", self)

    @abstractmethod
    def _nearest(self, queries: Sequence[Query]) -> list[list[Candidate]]:
        """See `service.finder.Finder`."""

    def _ranked(self, candidates: list[Candidate]) -> list[Candidate]:
        """With their nearness, the nearest first."""
        fused = [
            structs.replace(one, nearness=self._nearness(one.similarity, one.evidence, one.records))
            for one in candidates
        ]
        return sorted(fused, key=lambda one: (-one.nearness, one.id))


class WithoutWords(Partial):
    """Vectors alone: what only words would find is not found, and words say nothing of what is."""

    def __init__(self, runtime: Runtime, calibration: Calibration, expected: Expected, encoder: Encoder) -> None:
        self._search = VectorSearch.of_store(runtime, encoder)
        super().__init__(runtime, calibration, expected)

    def _nearest(self, queries: Sequence[Query]) -> list[list[Candidate]]:
        found = self._search.hits([text for text, _ in queries], max(limit for _, limit in queries))
        return [
            self._ranked([self._candidate(hit.key, hit.field, hit.ordinal, hit.cosine) for hit in hits])
            for hits in found
        ]

    def _candidate(self, key: str, field: int, ordinal: int, cosine: float) -> Candidate:
        words, evidence = (max(_weigh(weights, (cosine, 1.0)), 0.0) for weights in self._expected[1:])
        scores = {"similarity": cosine, "words": words, "evidence": evidence, "nearness": 0.0}
        return Candidate(id=key, field=field, ordinal=ordinal, records=len(self._search.index), **scores)


class WithoutEncoder(Partial):
    """Words alone: no vector is made of the claim."""

    def __init__(self, runtime: Runtime, calibration: Calibration, expected: Expected) -> None:
        self._search = WordSearch(runtime)
        super().__init__(runtime, calibration, expected)

    def _nearest(self, queries: Sequence[Query]) -> list[list[Candidate]]:
        found = [self._search.hits([text], limit)[0] for text, limit in queries]
        return [self._ranked([self._candidate(hit.key, hit.coverage, hit.evidence) for hit in hits]) for hits in found]

    def _candidate(self, key: str, words: float, evidence: float) -> Candidate:
        similarity = _weigh(self._expected.similarity, (words, evidence, 1.0))
        scores = {"similarity": min(similarity, 1.0), "words": words, "evidence": evidence, "nearness": 0.0}
        return Candidate(id=key, field=0, ordinal=0, records=len(self._search.postings), **scores)


class Uncalibrated(Calibration, frozen=True, kw_only=True):
    """The stance model's own probabilities beside the statement, as they are."""

    def stance_probabilities(self, readings: Readings, nearness: float) -> dict[str, float]:
        """See `service.calibration.Calibration.stance_probabilities`."""
        del nearness
        return dict(zip(("asserts", "denies", "other"), map(float, readings.beside), strict=True))


class OneReading(Calibration, frozen=True, kw_only=True):
    """What is read alone counts as if it had been read beside the statement as well, or the other way round."""

    kept: Literal["beside", "alone"]

    def stance_probabilities(self, readings: Readings, nearness: float) -> dict[str, float]:
        """See `service.calibration.Calibration.stance_probabilities`."""
        raw = getattr(readings, self.kept)
        return super().stance_probabilities(Readings(raw, raw), nearness)


def one_reading(calibration: Calibration, kept: Literal["beside", "alone"]) -> Calibration:
    """Every pair read in one way only."""
    return OneReading(**structs.asdict(calibration), kept=kept)


def uncalibrated(calibration: Calibration) -> Calibration:
    """The stance model taken at its word: no calibration, and the side that is more probable than all else."""
    return with_thresholds(Uncalibrated(**structs.asdict(calibration)), 0.5, 0.5)


def with_thresholds(calibration: Calibration, rebutted: float, consistent: float) -> Calibration:
    """The same with other probabilities from which a side is taken."""
    usual = calibration.profiles[calibration.profile]
    changed = structs.replace(usual, rebutted=rebutted, consistent=consistent)
    return structs.replace(calibration, profiles={**calibration.profiles, calibration.profile: changed})


def _fit(features: NDArray[np.float64], values: Sequence[float]) -> tuple[float, ...]:
    return tuple(np.linalg.lstsq(features, np.array(values), rcond=None)[0].tolist())


def _weigh(weights: Sequence[float], values: Sequence[float]) -> float:
    return sum(weight * value for weight, value in zip(weights, values, strict=True))
