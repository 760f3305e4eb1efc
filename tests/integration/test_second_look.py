"""A claim that looks like an assertion beside the statement is read once more, without it, before anyone is accused."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from msgspec import structs
from support.api import CALIBRATION
from support.hashing import HashingEncoder
from support.records import content

from embeddings.batcher import Overloaded
from embeddings.stance import Probabilities, StancePair
from service.calibration import SecondLook
from service.catalog import Catalog
from service.check import Checker
from service.domain import Claim
from service.finder import Finder
from service.store.sqlite import SqliteStore

RUMOR = "Aliens built the harbor bridge in one night"
CLAIMS = [f"{RUMOR}, says a {who}" for who in ("plumber", "denying baker", "gardener")]
LOOK = SecondLook(least=0.1, weight=0.5)


class Wavering:
    """Takes a claim for the rumor beside a statement, and for another claim without one; a denial for a denial."""

    name = "wavering"
    revision = "1"
    languages = frozenset({"en"})

    def __init__(self) -> None:
        self.asked: list[StancePair] = []

    def predict(self, pairs: Sequence[StancePair]) -> Probabilities:
        """See `embeddings.stance.StanceModel.predict`."""
        self.asked += pairs
        return np.asarray([self._judge(pair) for pair in pairs], np.float32)

    def _judge(self, pair: StancePair) -> tuple[float, float, float]:
        if "denying" in pair.claim:
            return (0.01, 0.98, 0.01)
        return (0.98, 0.01, 0.01) if pair.statement else (0.02, 0.01, 0.97)


@pytest.fixture
def finder(tmp_path: Path) -> Iterator[Finder]:
    store = SqliteStore.open(tmp_path / "store.db")
    finder = Finder(store, HashingEncoder(), CALIBRATION.nearness, index_path=tmp_path / "store.index")
    record = structs.replace(content("bridge"), rumor=RUMOR, statement="The city built the bridge in two years.")
    asyncio.run(Catalog(finder, max_line=100_000).write_chunk([record], "test"))
    yield finder
    finder.close()
    store.close()


def labels(finder: Finder, look: SecondLook | None) -> tuple[list[str], list[StancePair]]:
    """What every claim comes to, asked together, and what the model was asked."""
    stance = Wavering()
    checker = Checker(finder, stance, structs.replace(CALIBRATION, second_look=look), cache_size=0)
    answers = asyncio.run(checker.check_many([Claim(claim=text) for text in CLAIMS]))
    checker.close()
    return [answer.verdict.label for answer in answers], stance.asked


def test_an_accusation_has_to_survive_both_readings(finder: Finder) -> None:
    assert labels(finder, None)[0] == ["rebutted", "consistent", "rebutted"]
    assert labels(finder, LOOK)[0] == ["related", "consistent", "related"]


def test_only_what_leans_to_an_assertion_is_read_again(finder: Finder) -> None:
    _, asked = labels(finder, LOOK)
    again = [pair.claim for pair in asked if pair.statement is None]
    assert sorted(again) == sorted([CLAIMS[0], CLAIMS[2]])
    assert sum(pair.statement is not None for pair in asked) == len(CLAIMS)


def test_a_second_reading_of_no_weight_changes_nothing(finder: Finder) -> None:
    assert labels(finder, SecondLook(least=0.1, weight=0.0))[0] == labels(finder, None)[0]


def test_a_full_queue_does_not_refuse_the_second_look(finder: Finder, monkeypatch: pytest.MonkeyPatch) -> None:
    stance = Wavering()
    checker = Checker(finder, stance, structs.replace(CALIBRATION, second_look=LOOK), cache_size=0)
    read = stance.predict

    def predict_and_fill(pairs: Sequence[StancePair]) -> Probabilities:
        checker.judges._max_queue = 0  # noqa: SLF001 - as if as many as it takes had come meanwhile
        return read(pairs)

    monkeypatch.setattr(stance, "predict", predict_and_fill)
    answers = asyncio.run(checker.check_many([Claim(claim=text) for text in CLAIMS]))
    with pytest.raises(Overloaded):
        checker.judges.submit([StancePair("a", "b", None)])
    checker.close()
    assert [answer.verdict.label for answer in answers] == labels(finder, LOOK)[0]
