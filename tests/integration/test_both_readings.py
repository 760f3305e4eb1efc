"""Every pair is read twice, beside the authority's statement and with the rumor alone, before anyone is accused."""

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

from embeddings.stance import Probabilities, StancePair
from service.calibration import Sides
from service.catalog import Catalog
from service.check import Checker
from service.domain import Claim
from service.finder import Finder
from service.store.sqlite import SqliteStore

RUMOR = "Aliens built the harbor bridge in one night"
CLAIMS = [f"{RUMOR}, says a {who}" for who in ("plumber", "denying baker", "gardener")]
BESIDE = Sides(asserts=(1.0, 0.0, 0.0, 0.0, 0.0, 0.0), denies=(0.0, 1.0, 0.0, 0.0, 0.0, 0.0))
ALONE = Sides(asserts=(0.0, 0.0, 1.0, 0.0, 0.0, 0.0), denies=(0.0, 0.0, 0.0, 1.0, 0.0, 0.0))


class Wavering:
    """Takes a claim for the rumor beside a statement, and for another claim without one; a denial for a denial."""

    name = "wavering"
    revision = "1"
    languages = frozenset({"en"})

    def __init__(self) -> None:
        self.asked: list[list[StancePair]] = []

    def predict(self, pairs: Sequence[StancePair]) -> Probabilities:
        """See `embeddings.stance.StanceModel.predict`."""
        self.asked.append(list(pairs))
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


def labels(finder: Finder, sides: Sides = CALIBRATION.sides) -> tuple[list[str], list[list[StancePair]]]:
    """What every claim comes to, asked together, and what the model was asked."""
    stance = Wavering()
    checker = Checker(finder, stance, structs.replace(CALIBRATION, sides=sides), cache_size=0)
    answers = asyncio.run(checker.check_many([Claim(claim=text) for text in CLAIMS]))
    checker.close()
    return [answer.verdict.label for answer in answers], stance.asked


def test_each_reading_counts_for_what_its_weights_say(finder: Finder) -> None:
    assert labels(finder, BESIDE)[0] == ["rebutted", "consistent", "rebutted"]
    assert labels(finder, ALONE)[0] == ["related", "consistent", "related"]


def test_an_accusation_has_to_survive_both(finder: Finder) -> None:
    assert labels(finder)[0] == ["related", "consistent", "related"]


def test_both_readings_of_all_claims_are_one_batch(finder: Finder) -> None:
    (asked,) = labels(finder)[1]
    assert sorted((pair.claim, pair.statement is None) for pair in asked) == sorted(
        (claim, alone) for claim in CLAIMS for alone in (False, True)
    )


def test_a_record_without_a_wording_to_read_beside_is_read_once(finder: Finder) -> None:
    foreign = structs.replace(
        content("bridge"), rumor="Die Br\u00fccke", statement="Nein.", language="de", variants=(RUMOR,)
    )
    asyncio.run(Catalog(finder, max_line=100_000).write_chunk([foreign], "test"))
    found, asked = labels(finder, BESIDE)
    assert found == ["related", "consistent", "related"]
    assert [pair.statement for batch in asked for pair in batch] == [None] * len(CLAIMS)
