"""What a claim says otherwise than a record, for people to read."""

from __future__ import annotations

import pytest
from support.records import content

from service.differences import differences

RECORD = content(
    "gem-ore",
    rumor="Pakistan presented rare earth samples to the US president in 2025.",
    variants=(),
    statement="The stones were gem ore samples that staff had bought in Pakistan.",
)


@pytest.mark.parametrize(
    ("claim", "kind", "words"),
    [
        ("It was Afghanistan that gave rare earth samples to the US president", "name", ("Afghanistan",)),
        ("Pakistan presented rare earth samples in 2019 already", "number", ("2019",)),
        ("Pakistan did not present rare earth samples", "negation", ("not",)),
    ],
)
def test_names_the_difference(claim: str, kind: str, words: tuple[str, ...]) -> None:
    assert [(found.kind, found.claim) for found in differences(claim, RECORD)] == [(kind, words)]


def test_a_name_that_begins_the_sentence_is_a_name() -> None:
    (found,) = differences("India presented rare earth samples to the US president", RECORD)
    assert (found.kind, found.claim, found.spans) == ("name", ("India",), ((0, 5),))


def test_giver_and_receiver_exchanged_is_a_difference_of_order() -> None:
    record = content("order", rumor="Pakistan presented rare earth samples to Washington.", variants=())
    (found,) = differences("Washington presented rare earth samples to Pakistan", record)
    assert (found.kind, found.claim, found.record) == (
        *("order", ("Washington", "Pakistan")),
        ("Pakistan", "Washington"),
    )


def test_spans_are_places_in_the_text_that_was_sent() -> None:
    original = "BREAKING https://t.co/x  Afghanistan 🪨 gave rare earth samples to the US president"
    (found,) = differences("Afghanistan gave rare earth samples to the US president", RECORD, original)
    ((start, end),) = found.spans
    assert original[start:end] == "Afghanistan"


def test_nothing_differs_in_the_same_words() -> None:
    assert differences("Pakistan presented rare earth samples to the US president", RECORD) == ()


def test_the_capitals_of_a_title_are_not_names() -> None:
    assert differences("Stones Shown In Washington Were Gifts From Islamabad", RECORD) == ()


def test_thousands_are_the_same_number_however_they_are_set() -> None:
    assert differences("They printed 1200000 ballots", content("b", rumor="They printed 1,200,000 ballots")) == ()


def test_a_people_and_its_country_are_one_name() -> None:
    assert differences("It was Pakistani leaders who presented samples", RECORD) == ()
