"""From raw scores to probabilities: the numbers that were fitted, and how they are applied.

Nothing here is chosen by hand: ``training/cascade/calibrate.py`` fits every number on the dev data and writes
``calibration.json``, with a report beside the script. The form is multinomial
logistic regression on a few scores (Platt 1999 for one score).
"""

from __future__ import annotations

import math
from importlib import resources
from typing import Annotated, Final, NamedTuple

import msgspec
import numpy as np
from msgspec import Meta, Struct, structs
from numpy.typing import NDArray

from service.domain import Profile

FILE: Final = "calibration.json"
_LEAST: Final = 1e-6  # no probability counts as less: logarithms stay finite
_FEATURES: Final = 6
_USUAL: Final = 1_000  # records; only a unit, so that the bias is that of a store of this size


Weights = Annotated[tuple[float, ...], Meta(min_length=_FEATURES, max_length=_FEATURES)]


class Nearness(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How likely a candidate is the matter of a claim, from the first stage alone."""

    bias: float
    similarity: float
    evidence: float
    size: float

    def __call__(self, similarity: float, evidence: float, records: int) -> float:
        """Probability in 0..1 that a candidate is the matter of a claim.

        Args:
            similarity: cosine of the claim and the candidate's nearest text.
            evidence: of their words, `service.postings.WordHit.evidence`.
            records: how many there are: among more of them, some come near by chance.
        """
        logit = self.bias + self.similarity * similarity + self.evidence * evidence
        logit += self.size * math.log(max(records, 1) / _USUAL)
        return 1 / (1 + math.exp(-max(min(logit, 700.0), -700.0)))  # beyond that, exp overflows


class Readings(NamedTuple):
    """The stance model's own probabilities of one pair, shape (3,): asserts, denies, other.

    Beside the statement and without it the model makes different mistakes, so every pair is read both ways.

    Attributes:
        beside: with the authority's statement; as `alone` where there is none.
        alone: with the rumor alone.
    """

    beside: NDArray[np.float32]
    alone: NDArray[np.float32]


class Sides(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Weights of the stance calibration: rows ``asserts`` and ``denies`` against ``other``, columns the features."""

    asserts: Weights
    denies: Weights


class Thresholds(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """From which probability on a side is taken, and the false accusations that this was chosen for.

    Attributes:
        rebutted: probability from which a claim is said to assert the rumor.
        consistent: probability from which it is said to deny it.
        budget: wrong accusations aimed at, among claims that accuse nobody, hard ones, when the numbers were fitted. No
            threshold is set above .97, so ``strict`` may come out above its budget.
    """

    rebutted: Annotated[float, Meta(ge=0, le=1)]
    consistent: Annotated[float, Meta(ge=0, le=1)]
    budget: Annotated[float, Meta(ge=0, le=1)]


class Calibration(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Every fitted number of the cascade, and what it was fitted for.

    Attributes:
        encoder: name of the encoder whose cosines these are.
        stance: name of the stance model whose outputs these are.
        nearness: the fusion of cosine and words.
        gate: below this nearness a candidate is not worth the stance model.
        related: from this nearness on, a record that does not settle the claim is offered as background.
        sides: the stance calibration.
        profiles: thresholds by how careful the operator wants to be.
        judged: how many candidates the stance model sees.
        reranked: how many of the nearest records of a search the stance model reads as well.
        profile: which of the profiles applies.
    """

    encoder: str
    stance: str
    nearness: Nearness
    gate: Annotated[float, Meta(ge=0, le=1)]
    related: Annotated[float, Meta(ge=0, le=1)]
    sides: Sides
    profiles: dict[Profile, Thresholds]
    judged: Annotated[int, Meta(ge=1, le=20)]
    reranked: Annotated[int, Meta(ge=0, le=50)] = 0
    profile: Profile = "balanced"

    @property
    def rebutted(self) -> float:
        """Probability from which a claim is said to assert the rumor."""
        return self.profiles[self.profile].rebutted

    @property
    def consistent(self) -> float:
        """Probability from which a claim is said to deny the rumor."""
        return self.profiles[self.profile].consistent

    def stance_probabilities(self, readings: Readings, nearness: float) -> dict[str, float]:
        """Calibrated probabilities of asserts, denies and other.

        Args:
            readings: of the pair, by the stance model.
            nearness: of the candidate, from the first stage.
        """
        features = stance_features(readings, nearness)
        logits = (_dot(self.sides.asserts, features), _dot(self.sides.denies, features), 0.0)
        top = max(logits)
        weights = [math.exp(logit - top) for logit in logits]
        total = sum(weights)
        return {name: weight / total for name, weight in zip(("asserts", "denies", "other"), weights, strict=True)}


def stance_features(readings: Readings, nearness: float) -> tuple[float, ...]:
    """What the stance calibration looks at, of both readings and the first stage.

    The log odds of asserts and of denies against other, beside the statement and alone; those of the nearness; one.
    Cosine and words apart were no better on unseen rumors, and know nothing of the size of the store.
    """
    return (*_odds(readings.beside), *_odds(readings.alone), log_odds(nearness), 1.0)


def _odds(raw: NDArray[np.float32]) -> tuple[float, float]:
    asserts, denies, other = (max(float(p), _LEAST) for p in raw)
    return math.log(asserts / other), math.log(denies / other)


def log_odds(probability: float) -> float:
    """Natural logarithm of p / (1 - p), finite for 0 and 1."""
    kept = min(max(probability, _LEAST), 1 - _LEAST)
    return math.log(kept / (1 - kept))


def load_calibration(profile: Profile = "balanced") -> Calibration:
    """The numbers that ship, with the thresholds of a profile."""
    fitted = msgspec.json.decode((resources.files("service") / FILE).read_bytes(), type=Calibration)
    return structs.replace(fitted, profile=profile)


def _dot(weights: tuple[float, ...], features: tuple[float, ...]) -> float:
    return sum(weight * feature for weight, feature in zip(weights, features, strict=True))
