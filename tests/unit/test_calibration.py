"""From raw scores to probabilities, and the file of fitted numbers that ships."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from embeddings.encoder import load_encoder
from embeddings.stance import load_stance
from service.calibration import Nearness, Readings, Sides, load_calibration

P = st.floats(0, 1)


RAW = st.lists(P, min_size=3, max_size=3).map(lambda raw: np.array(raw, np.float32))


@given(st.builds(Readings, RAW, RAW), P)
def test_probabilities_sum_to_one(readings: Readings, nearness: float) -> None:
    found = load_calibration().stance_probabilities(readings, nearness)
    assert sum(found.values()) == pytest.approx(1)
    assert all(0 <= probability <= 1 for probability in found.values())


@pytest.mark.parametrize("side", ["asserts", "denies"])
def test_what_the_model_is_surer_of_becomes_more_probable(side: str) -> None:
    at = ("asserts", "denies", "other").index(side)
    raws = [np.array([0.05, 0.05, 0.05], np.float32) for _ in range(2)]
    raws[0][at], raws[1][at] = 0.5, 0.95
    low, high = (load_calibration().stance_probabilities(Readings(raw, raw), 0.7)[side] for raw in raws)
    assert high > low


def test_a_reading_that_sees_another_claim_makes_an_accusation_less_probable() -> None:
    asserts, other = np.array([0.98, 0.01, 0.01], np.float32), np.array([0.01, 0.01, 0.98], np.float32)
    calibration = load_calibration()
    both, beside, alone = (
        calibration.stance_probabilities(Readings(*raw), 0.9)["asserts"]
        for raw in ((asserts, asserts), (asserts, other), (other, asserts))
    )
    assert max(beside, alone) < both
    assert beside < calibration.rebutted <= both


@given(st.floats(-1, 1), st.floats(0, 100))
def test_nearness_is_a_probability_that_grows_with_similarity(similarity: float, evidence: float) -> None:
    nearness = load_calibration().nearness
    assert 0 <= nearness(similarity, evidence, 400) <= nearness(similarity + 0.1, evidence, 400) <= 1


def test_what_comes_near_among_many_records_means_less() -> None:
    nearness = load_calibration().nearness
    assert nearness(0.6, 2.0, 100_000) < nearness(0.6, 2.0, 100)


def test_extreme_scores_do_not_overflow() -> None:
    assert Nearness(bias=0, similarity=1e4, evidence=0, size=0)(-1, 0, 1) == pytest.approx(0)
    assert Nearness(bias=0, similarity=1e4, evidence=0, size=0)(1, 0, 1) == pytest.approx(1)


def test_the_numbers_that_ship_were_fitted_for_the_models_that_ship() -> None:
    calibration = load_calibration()
    assert calibration.encoder == load_encoder().name
    assert calibration.stance == load_stance().name


@pytest.mark.parametrize("weights", [[1.0] * 4, [1.0] * 7])
def test_weights_for_other_features_are_refused(weights: list[float]) -> None:
    with pytest.raises(msgspec.ValidationError, match="length"):
        msgspec.convert({"asserts": weights, "denies": [1.0] * 6}, Sides)
