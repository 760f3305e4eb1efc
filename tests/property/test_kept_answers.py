"""An answer that is kept is, byte for byte but for its time, what the claim would be answered without keeping any."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import NamedTuple

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from msgspec import structs
from support.api import CALIBRATION, WordStance, open_runtime
from support.records import GEM_ORE, content

from service.check import Checker
from service.domain import CheckResult, Claim
from service.settings import Settings

RUMOR = GEM_ORE.rumor
TEXTS = (
    RUMOR,
    f"{RUMOR.removesuffix('.')} in Zanzibar on 14 May.",
    f"China denies that {RUMOR}",
    f"{RUMOR} — Ann Example (@ann) January 6, 2020",
    f"{RUMOR} — Bob Example (@bob) January 6, 2020",
    '"took_ms":0 took_ms \\ "verdict_id"',
    "Rain is expected over the weekend.",
    "https://example.org/",
)
# What stands around or between words and is nothing that the models see.
UNSEEN = st.sampled_from(
    ["", " ", "\n\t", " https://example.org/a?b=1 ", "\u200b", "\u2060 ", " \U0001f600 ", "\u00a0"]
)


class Judges(NamedTuple):
    """Two over the same records: one keeps answers, one keeps none."""

    keeping: Checker
    other: Checker


@pytest.fixture(scope="module")
def judges(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Judges]:
    folder = tmp_path_factory.mktemp("kept")
    runtime = open_runtime(Settings(db=folder / "store.db", starter=False))
    other = Checker(runtime.finder, WordStance(), CALIBRATION, cache_size=0)
    rumor = f"{RUMOR.removesuffix('.')} from Balochistan"
    records = (GEM_ORE, content("sister", rumor=rumor, contested_with=("gem-ore",)))
    asyncio.run(runtime.catalog.write_chunk(records, "test"))
    try:
        yield Judges(runtime.checker, other)
    finally:
        other.close()
        runtime.close()


@st.composite
def claims(draw: st.DrawFn) -> Claim:
    first, _, rest = draw(st.sampled_from(TEXTS)).partition(" ")
    text = f"{draw(UNSEEN)}{first} {draw(UNSEEN)}{rest}"
    torn = text.replace("rare ", "rare\u200b ").replace("Z", "\u200bZ")
    changed = draw(st.sampled_from([text, text.upper(), torn]))
    return Claim(
        claim=changed + draw(UNSEEN),
        language=draw(st.sampled_from([None, "en", "EN", "en-GB", "de"])),
        limit=draw(st.sampled_from([1, 2, 5])),
    )


def timeless(result: CheckResult, took_ms: float) -> bytes:
    return msgspec.json.encode(structs.replace(result, took_ms=took_ms))


@settings(deadline=None, max_examples=150)
@given(st.lists(claims(), min_size=1, max_size=4))
@example([Claim(claim=TEXTS[1]), Claim(claim=f"\n\n {TEXTS[1]}"), Claim(claim=TEXTS[1])])
def test_it_is_the_answer_that_would_be_worked_out(judges: Judges, asked: list[Claim]) -> None:
    for claim in asked:
        found, body = asyncio.run(judges.keeping.check_encoded(claim))
        expected = asyncio.run(judges.other.check(claim))
        took = msgspec.json.decode(body)["took_ms"]
        assert body == timeless(expected, took)
        assert (found.verdict, [match.rebuttal.id for match in found.matches]) == (
            expected.verdict,
            [match.rebuttal.id for match in expected.matches],
        )
        again = asyncio.run(judges.keeping.check(claim))
        assert timeless(again, 0) == timeless(expected, 0)


def test_places_of_words_are_those_of_the_claim_as_it_was_sent(judges: Judges) -> None:
    text = TEXTS[1]
    for claim in (text, f"\u200b  {text}", text.replace(" ", "  "), text):
        result = msgspec.json.decode(asyncio.run(judges.keeping.check_encoded(Claim(claim=claim)))[1], type=CheckResult)
        told = [one for match in result.matches for one in match.why.differs if one.spans]
        assert told
        for one in told:
            assert [claim[start:end].casefold() for start, end in one.spans] == [word.casefold() for word in one.claim]
