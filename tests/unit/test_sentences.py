"""Sentences: where they begin and end, which are worth checking, which need the one before."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.sentences import LONGEST, Sentence, checkable, leans, reports_denial, split


def texts(document: str, language: str | None = "en") -> list[str]:
    return [sentence.text for sentence in split(document, language)]


def alone(text: str) -> Sentence:
    return Sentence(text, 0, len(text))


@pytest.mark.parametrize(
    ("document", "language", "expected"),
    [
        ("It rained. Then it snowed!", "en", ["It rained.", "Then it snowed!"]),
        ("The U.S. met Gen. Munir on Oct. 10. He left.", "en", ["The U.S. met Gen. Munir on Oct. 10.", "He left."]),
        ("Talks on Pakistan-U.S. trade went on.", "en", ["Talks on Pakistan-U.S. trade went on."]),
        ("“It is false. We deny it,” he said. So be it.", "en", ["“It is false. We deny it,” he said.", "So be it."]),
        ("样品是宝石矿石。这不是真的！", "zh-Hans", ["样品是宝石矿石。", "这不是真的！"]),
        ("یہ سچ نہیں ہے۔ وزارت نے کہا۔", "ur", ["یہ سچ نہیں ہے۔", "وزارت نے کہا۔"]),
        ("यह सच नहीं है। मंत्रालय ने कहा।", "hi", ["यह सच नहीं है।", "मंत्रालय ने कहा।"]),
        (
            "A headline without an end\n\n  • A point\r\nBody text.",
            "en",
            ["A headline without an end", "A point", "Body text."],
        ),
        ("", "en", []),
        (" \n\t\n • ", "en", []),
    ],
)
def test_where_sentences_end(document: str, language: str, expected: list[str]) -> None:
    assert texts(document, language) == expected


def test_a_text_wrapped_at_a_width_is_put_together() -> None:
    wrapped = (
        "The ministry rejected on Monday what it called baseless reports that\nPakistan had given rare earths away.\n"
    )
    assert texts(wrapped) == [wrapped.strip()]
    assert len(texts(wrapped.replace("reports that\n", "reports that\n\n"))) == 2


def test_a_short_line_is_a_headline_and_no_wrap() -> None:
    assert texts("Stones for the president\nThe ministry in Beijing said on Monday that they were gem ores.")[0] == (
        "Stones for the president"
    )


def test_what_has_no_full_stop_is_cut_at_spaces() -> None:
    pieces = texts("word " * 1_000)
    assert max(map(len, pieces)) <= LONGEST
    assert " ".join(pieces).split() == ["word"] * 1_000
    assert [len(piece) for piece in texts("x" * 2_500)] == [1_000, 1_000, 500]


def test_a_long_text_on_one_line_is_cut_between_its_sentences() -> None:
    said = [f"The talks of day {number} went on for hours." for number in range(500)]
    assert texts(" ".join(said)) == said


def test_an_unknown_language_is_split_all_the_same() -> None:
    assert len(texts("One is here. Two is there.", "qqq")) == 2


@given(st.text(st.one_of(st.characters(codec="utf-8"), st.sampled_from('.!?\n\r “”"。')), max_size=200))
def test_places_are_true_in_order_and_nothing_is_lost(document: str) -> None:
    found = split(document, "en")
    assert all(document[one.start : one.end] == one.text for one in found)
    assert all(one.end <= other.start for one, other in pairwise(found))
    letters = [char for char in document if char.isalnum()]
    assert [char for one in found for char in one.text if char.isalnum()] == letters


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("Pakistan handed rare earth samples to the US president.", True),
        ("I think that Pakistan gave rare earths to the Americans.", True),
        ("Thank you, Islamabad gave 30 tonnes", True),
        ("巴基斯坦向美国出口稀土。", True),
        ("Subscribe now", False),
        ("Please enter your comment!", False),
        ("Thank you so much for reading!", False),
        ("I love this so much.", False),
        ("He said so.", False),
        ("假的。", False),
        ("😀 🎉 !!!", False),
    ],
)
def test_what_is_worth_checking(text: str, kept: bool) -> None:  # noqa: FBT001 - parametrized
    assert checkable([alone(text)]) == ([0] if kept else [])


def test_what_was_said_before_is_not_checked_again() -> None:
    said = ["The bridge is closed to traffic.", "It opens again in May.", "THE BRIDGE is closed to traffic!"]
    assert checkable([alone(text) for text in said]) == [0, 1]


@pytest.mark.parametrize(
    ("text", "needs"),
    [
        ("He gave the president a box of stones.", True),
        ("“They are just baseless,” the spokesman said.", True),
        ("and that was that for the day", True),
        ("The story has no foundation at all, officials say.", True),
        ("the jabs they give to toddlers are harmful", False),
        ("We never gave them anything,” he went on.", True),
        ("Pakistan gave the president a box of stones.", False),
        ("Theresa gave the president a box of stones.", False),
        ("“The stones are gem ores,” he said.", False),
    ],
)
def test_what_needs_the_sentence_before(text: str, needs: bool) -> None:  # noqa: FBT001 - parametrized
    assert leans(alone(text)) is needs


@pytest.mark.parametrize(
    "text",
    [
        "That is not true, the ministry said.",
        "Beijing denies it.",
        "Baseless rumours!",
        "No, it did not.",
        "Fact-check: no.",
    ],
)
def test_words_of_denial_are_seen(text: str) -> None:
    assert reports_denial(text)
    assert not reports_denial("The two sides spoke of cotton and of tariffs.")
