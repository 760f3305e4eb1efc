"""Every pair is read twice, beside the authority's statement and with the rumor alone, before anyone is accused."""

from __future__ import annotations

import asyncio
import threading
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
from service.domain import MAX_BATCH, Authority, CheckResult, Claim
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


def test_the_name_of_an_answer_goes_with_the_numbers_that_it_came_of(finder: Finder) -> None:
    def name(rebutted: float) -> str:
        thresholds = {"balanced": structs.replace(CALIBRATION.profiles["balanced"], rebutted=rebutted)}
        checker = Checker(finder, Wavering(), structs.replace(CALIBRATION, profiles=thresholds), cache_size=0)
        answer = asyncio.run(checker.check(Claim(claim=CLAIMS[0])))
        checker.close()
        return answer.verdict_id

    assert name(0.8) == name(0.8) != name(0.81)


class Held(Wavering):
    """Reads nothing until it may."""

    def __init__(self) -> None:
        super().__init__()
        self.may = threading.Event()

    def predict(self, pairs: Sequence[StancePair]) -> Probabilities:
        """See `embeddings.stance.StanceModel.predict`."""
        assert self.may.wait(120)
        return super().predict(pairs)


@pytest.mark.parametrize("judged", [1, 3])
def test_several_of_the_largest_requests_find_room_at_once(finder: Finder, judged: int) -> None:
    records = [
        structs.replace(content(f"bridge-{at}"), rumor=f"{RUMOR} {at}", statement=f"No. {at}") for at in range(judged)
    ]
    asyncio.run(Catalog(finder, max_line=100_000).write_chunk(records, "test"))
    stance = Held()
    open_ = structs.replace(CALIBRATION, judged=judged, sides=ALONE)  # no record settles anything: all are read
    checker = Checker(finder, stance, open_, cache_size=0)
    claims = [[Claim(claim=f"{RUMOR}, {who} {at}") for at in range(MAX_BATCH)] for who in ("x", "y", "z")]

    async def scenario() -> list[list[CheckResult]]:
        asked = [asyncio.create_task(checker.check_many(few)) for few in claims]
        waiting = 3 * MAX_BATCH * 2  # the nearest record of each first
        while checker.judges.depth < waiting - 32 and not any(one.done() for one in asked):  # noqa: ASYNC110 - see below
            await asyncio.sleep(0.01)  # the depth of a queue is no event
        stance.may.set()
        return await asyncio.gather(*asked)

    answers = asyncio.run(scenario())
    checker.close()
    assert [len(few) for few in answers] == [MAX_BATCH] * 3
    assert sum(len(batch) for batch in stance.asked) == 3 * MAX_BATCH * judged * 2


def test_a_record_without_a_wording_to_read_beside_is_read_once(finder: Finder) -> None:
    foreign = structs.replace(
        content("bridge"), rumor="Die Br\u00fccke", statement="Nein.", language="de", variants=(RUMOR,)
    )
    asyncio.run(Catalog(finder, max_line=100_000).write_chunk([foreign], "test"))
    found, asked = labels(finder, BESIDE)
    assert found == ["related", "consistent", "related"]
    assert [pair.statement for batch in asked for pair in batch] == [None] * len(CLAIMS)


SISTER = "Aliens built the harbor bridge in one night, it is said"


def claims_read(finder: Finder, sides: Sides, authority: str) -> list[str]:
    """Rumors that a plumber's claim is read against where a sister record lies beside the first."""
    sister = structs.replace(
        content("sister"), rumor=SISTER, statement="No.", authority=Authority(name=authority), variants=()
    )
    asyncio.run(Catalog(finder, max_line=100_000).write_chunk([sister], "test"))
    stance = Wavering()
    checker = Checker(finder, stance, structs.replace(CALIBRATION, sides=sides), cache_size=0)
    answer = asyncio.run(checker.check_many([Claim(claim=f"{RUMOR}, says a plumber", limit=2)]))[0]
    checker.close()
    assert len(answer.matches) == 2
    return list(dict.fromkeys(pair.rumor for batch in stance.asked for pair in batch))


def test_what_the_nearest_record_settles_is_read_against_no_other(finder: Finder) -> None:
    (authority,) = {content("bridge").authority.name}
    assert len(claims_read(finder, BESIDE, authority)) == 1


def test_another_authority_is_asked_before_anyone_is_accused(finder: Finder) -> None:
    assert sorted(claims_read(finder, BESIDE, "Harbor office")) == sorted([RUMOR, SISTER])


def test_what_the_nearest_record_leaves_open_is_read_against_the_next(finder: Finder) -> None:
    (authority,) = {content("bridge").authority.name}
    assert sorted(claims_read(finder, ALONE, authority)) == sorted([RUMOR, SISTER])
