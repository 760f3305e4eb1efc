"""The first step of the cascade: what is left of a claim, and what is not worth asking about."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.normalise import normalise, sought

ANY_TEXT = st.text(st.characters(codec=None), max_size=300)  # type: ignore[arg-type] # codec=None admits surrogates


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Rare earths for #WhiteHouse https://t.co/abc", "Rare earths for White House"),
        ("Stones shown pic.twitter.com/0eJtwJyS1J — Center (@Center) January 14, 2020", "Stones shown"),
        ("Gem ores, not rare earths 😤😤", "Gem ores, not rare earths"),
        ("Pakistan\u202e gave\u200b it\x07", "Pakistan gave it"),
        ("Ｆｕｌｌ ｗｉｄｔｈ claim here", "Full width claim here"),
        ("two\nlines\tof text", "two lines of text"),
    ],
)
def test_says_what_is_left(text: str, expected: str) -> None:
    assert normalise(text) == (expected, None)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Ban it! https://t.co/a — Ilhan Omar (@IlhanMN) January 6, 2020", "Ban it! — Ilhan Omar"),
        ("Ban it! — (@IlhanMN) January 6, 2020", "Ban it!"),
        ("Rare earths for #WhiteHouse", "Rare earths for White House"),
        ("Stones - shown in January 2020", "Stones - shown in January 2020"),
    ],
)
def test_searches_with_the_speaker_named_in_a_signature(text: str, expected: str) -> None:
    assert sought(text) == expected


@pytest.mark.parametrize(
    ("text", "junk"),
    [
        ("", "no words"),
        ("😀 🎉 !!!", "no words"),
        ("12:30 — 14/02", "no words"),
        ("Subscribe now", "page furniture"),
        ("MOST READ", "page furniture"),
        ("Sign up for our newsletter", "page furniture"),
        ("5 min read", "page furniture"),
        ("Pakistan", "too short"),
    ],
)
def test_knows_junk(text: str, junk: str) -> None:
    assert normalise(text).junk == junk


@pytest.mark.parametrize(
    "text",
    [
        "Pakistan gave rare earths",
        "Vaccines cause autism",
        "中国向美国出口稀土",
        "باكستان سلمت معادن نادرة",
        "More people die of videos this year",
    ],
)
def test_lets_a_claim_through(text: str) -> None:
    assert normalise(text).junk is None


@given(ANY_TEXT)
def test_any_text_comes_out_as_one_clean_line(text: str) -> None:
    cleaned = normalise(text).text
    assert "\n" not in cleaned
    assert cleaned == cleaned.strip()
    assert not any(unicodedata.category(letter) in {"Cc", "Cs", "So"} for letter in cleaned)
    cleaned.encode()


@given(ANY_TEXT)
def test_is_idempotent_on_plain_text(text: str) -> None:
    once = normalise(text).text
    if not any(mark in once for mark in "@#/.—–-"):
        assert normalise(once).text == once
