"""Names of verdicts: the same for the same question, telling of nothing else, and not to be made up."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from service.calibration import load_calibration
from service.domain import Claim
from service.verdict_id import LONGEST, Said, VerdictIds

KEY = "0123456789abcdef"
IDS = VerdictIds(KEY)
CLAIM = Claim(claim="Pakistan handed rare earth samples to the US president")
SAID = Said("rebutted", "cn-mfa-gem-ore", 171)


def named(claim: Claim, said: Said, *, model: str = "encoder@1+stance@2", ids: VerdictIds = IDS) -> str:
    return ids.make(claim, said, model=model)


def test_a_name_tells_label_record_and_store_version_but_not_the_claim() -> None:
    name = named(CLAIM, SAID)
    assert IDS.read(name) == SAID
    assert "akistan" not in name
    assert named(CLAIM, Said("unmatched", None, 0)) != name
    assert IDS.read(named(CLAIM, Said("unmatched", None, 0))) == Said("unmatched", None, 0)


def test_the_same_question_has_the_same_name_and_another_has_not() -> None:
    name = named(CLAIM, SAID)
    assert named(structs.replace(CLAIM, claim=f"  {CLAIM.claim} 😀 https://t.co/x", limit=1), SAID) == name
    others = [
        named(structs.replace(CLAIM, claim="Pakistan gave nothing"), SAID),
        named(structs.replace(CLAIM, language="en"), SAID),
        named(structs.replace(CLAIM, as_of=dt.date(2025, 1, 1)), SAID),
        named(CLAIM, SAID._replace(store_version=172)),
        named(CLAIM, SAID._replace(label="consistent")),
        named(CLAIM, SAID, model="encoder@2"),
        named(CLAIM, SAID, ids=VerdictIds("another store")),
        named(CLAIM, SAID, ids=VerdictIds(KEY, load_calibration())),
        named(CLAIM, SAID, ids=VerdictIds(KEY, load_calibration("strict"))),
        named(CLAIM, SAID, ids=VerdictIds(KEY, structs.replace(load_calibration(), gate=0.123))),
    ]
    assert len({name, *others}) == len(others) + 1
    assert named(CLAIM, SAID, ids=VerdictIds(KEY, load_calibration())) in others


def test_the_longest_name_has_its_place() -> None:
    assert len(named(CLAIM, Said("consistent", "x" * 200, 2**63))) <= LONGEST


@pytest.mark.parametrize("name", ["", "~", "v1~rebutted~171~x~-~y", "~~~~~", "v1~~~~~", "é~" * 6, "x" * 5_000])
def test_what_is_no_name_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="not a verdict"):
        IDS.read(name)


@given(st.integers(0, 200), st.characters(codec="ascii"))
def test_a_name_that_was_changed_anywhere_is_refused(at: int, letter: str) -> None:
    name = named(CLAIM, SAID)
    changed = name[: at % len(name)] + letter + name[at % len(name) + 1 :]
    if changed != name:
        with pytest.raises(ValueError, match="not a verdict"):
            IDS.read(changed)


def test_a_name_of_another_store_is_refused() -> None:
    with pytest.raises(ValueError, match="not a verdict"):
        VerdictIds("another store").read(named(CLAIM, SAID))
