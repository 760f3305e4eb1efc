"""Other people's ratings: the words before the number, and never a denial of what a review calls true."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.domain import Rating
from service.ingest.claimreview.ratings import Scale, judge, outcomes
from service.ingest.claimreview.words import PHRASES

WORDS: list[tuple[str, Rating | None]] = [
    ("Mostly false", "false"),
    ("MOSTLY FALSE.", "false"),
    ("Falsch", "false"),
    ("Größtenteils falsch", "false"),
    ("虚假", "false"),
    ("不属实", "false"),
    ("Fake", "false"),
    ("Not true", "false"),
    ("That isn’t true", "false"),
    ("Untrue", "false"),
    ("Pants on Fire!", "false"),
    ("Four Pinocchios", "false"),
    ("Fact check: False", "false"),
    ("No, false", "false"),
    ("C'est faux", "false"),
    ("Фейк", "false"),
    ("غير صحيح", "false"),
    ("झूठ", "false"),
    ("Misleading", "misleading"),
    ("Partly false", "misleading"),
    ("Not entirely true", "misleading"),
    ("Misleading, missing context", "misleading"),
    ("Missing context", "missing_context"),
    ("missing_context", "missing_context"),
    ("Out of Context", "missing_context"),
    ("断章取义", "missing_context"),
    ("Scam", "scam"),
    ("Fake offer: a scam", "scam"),
    ("Betrug", "scam"),
    ("Unproven", "unproven"),
    ("No evidence", "unproven"),
    ("未经证实", "unproven"),
    ("True", None),
    ("Mostly True", None),
    ("Half true", None),
    ("Mixture", None),
    ("Not false", None),
    ("This is not misleading", None),
    ("Nicht falsch", None),
    ("Pas faux", None),
    ("Richtig", None),
    ("属实", None),
    ("部分属实", None),
    ("صحيح", None),
    ("Correct Attribution", None),
    ("True, though the photo is fake", None),
    ("Research in progress", None),
    ("Zork", None),
    ("", None),
]


@pytest.mark.parametrize(("words", "rating"), WORDS)
def test_what_words_mean(words: str, rating: Rating | None) -> None:
    ruling = judge([words], None)
    assert ruling.rating == rating
    assert (ruling.refused is None) == (rating is not None)


@pytest.mark.parametrize("phrase", [phrase for line in PHRASES["true"] for phrase in line.split("|")])
def test_no_word_for_true_becomes_a_denial(phrase: str) -> None:
    # A scale that is used the wrong way round must not turn it over either.
    assert judge([phrase], Scale(1, 1, 5)).rating is None


@settings(deadline=None)  # the first example may load a library
@given(
    st.sampled_from([phrase for name in ("true", "mixed") for line in PHRASES[name] for phrase in line.split("|")]),
    st.sampled_from(["{}", "{}!", "Rating: {}", "“{}”", "{} (updated)", "Verdict – {}", "*{}*", "  {}  "]),
    st.sampled_from([str, str.upper, str.title]),
    st.none() | st.builds(Scale, st.integers(-1, 6), st.sampled_from([0, 1, 5]), st.sampled_from([0, 1, 5, 10])),
)  # fmt: skip
def test_praise_in_any_dress_is_no_denial(phrase: str, dress: str, case: object, scale: Scale | None) -> None:
    assert callable(case)
    assert judge([dress.format(case(phrase))], scale).rating is None


def test_no_phrase_has_two_meanings() -> None:
    listed = [(phrase, outcome) for outcome, lines in PHRASES.items() for phrase in "|".join(lines).split("|")]
    assert len({phrase for phrase, _ in listed}) == len(set(listed))


@pytest.mark.parametrize(
    ("phrase", "outcome"), [(p, o) for o, ls in PHRASES.items() for li in ls for p in li.split("|")]
)
def test_every_phrase_is_read_as_what_it_stands_for(phrase: str, outcome: str) -> None:
    assert outcomes(phrase) == {outcome}


@pytest.mark.parametrize(
    ("scale", "rating"),
    [
        (Scale(1, 1, 5), "false"),
        (Scale(2, 1, 5), "false"),
        (Scale(2.5, 1, 5), "misleading"),
        (Scale(3, 1, 5), None),
        (Scale(5, 1, 5), None),
        (Scale(5, 5, 1), "false"),  # inverted: 1 is the best
        (Scale(1, 5, 1), None),
        (Scale(0, 0, 1), "false"),
        (Scale(-1, 1, 5), None),  # on no scale: "hard to say"
        (Scale(1, 1, 1), None),
    ],
)
def test_a_number_counts_on_its_own_scale(scale: Scale, rating: Rating | None) -> None:
    assert judge([], scale).rating == rating
    assert judge(["Zork"], scale).rating == rating


def test_words_decide_before_the_number() -> None:
    assert judge(["False"], Scale(5, 1, 5)).rating == "false"
    assert judge(["True"], Scale(1, 1, 5)).rating is None


def test_the_first_words_that_are_known_decide() -> None:
    assert judge(["Zork", "Falsch"], None).rating == "false"
    assert judge(["True", "False"], None).rating is None


@settings(deadline=None)  # the first example may load a library
@given(st.text(max_size=300))
def test_any_text_is_read(text: str) -> None:
    judge([text], None)
