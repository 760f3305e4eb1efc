"""Agencies' copy and releases. The rumors were written down before the rules were run on the articles.

The rules were mended after that: this holds what was reached. Of the other fields, None stands also where a reader
could know more: the first draft of ``wire-passive.txt`` names the bank alone, though its governor speaks further on.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest

from service.ingest.extract import Extraction, Given, extract
from service.ingest.extract.grammar import affirm
from service.ingest.extract.sense import is_rumor

ARTICLES = Path(__file__).resolve().parents[1] / "data" / "articles"


class Expected(NamedTuple):
    """A draft as a reader of the article would write it; None where the article does not say."""

    rumor: str
    quote: str | None
    speaker: str | None
    role: str | None
    authority: str | None


FINANCE = "Ministry of Finance"
BANK = "Central Bank of Kenya"
ADLER = "Adler Motoren AG"
EXPECTED = {
    # A report "dismissed as 'baseless'", its newspaper between report and clause, a quotation split by "he added".
    "wire-agency.txt": [
        Expected(
            "Ankara has agreed to station troops in Kazakhstan.",
            "There is no such agreement",
            "Deniz Aral",
            "spokesperson",
            "Turkey's Defence Ministry",
        )
    ],
    # A relative clause with a verb of saying in it, a spokesperson without a name, ", rejecting reports that".
    "wire-relative-clause.txt": [
        Expected(
            "The licensing rules which Norway announced last week are connected with Iceland.",
            "The reports are either based on false information or made up",
            "Ana Mirel",
            "spokesperson",
            None,
        ),
        Expected(
            "Reykjavik has passed Norwegian cutting machines to Ottawa.",
            "The reports are either based on false information or made up",
            "Ana Mirel",
            "spokesperson",
            None,
        ),
    ],
    # A release: nobody says it, the ministry that issues it does.
    "ministry-release.txt": [
        Expected(
            "The government has sold half of the gold reserves.",
            "The gold held by the Bank of Ghana has not been sold, pledged or swapped",
            "Kwame Adu",
            "minister for finance",
            FINANCE,
        )
    ],
    # "Claims that … are false", the bank's short name, and reports "dismissed by the governor".
    "wire-passive.txt": [
        Expected("A new 5,000-shilling note will be introduced in July.", None, None, None, BANK),
        Expected(
            "Commercial banks have been told to stop accepting old coins.", None, "Wanjiru Odede", "governor", BANK
        ),
    ],
    # "Contrary to reports" with nobody named as saying it.
    "company-release.txt": [
        Expected(
            "Adler Motoren AG is planning to close its plant in Zwickau.",
            "We are investing 200 million euros in Zwickau this year",
            "Jana Vogt",
            "chief executive",
            ADLER,
        ),
        Expected(
            "Adler Motoren AG was in talks with a Chinese carmaker about a sale of the plant.", None, None, None, ADLER
        ),
    ],
    # "denied that …, terming the reports circulating on …".
    "court-registrar.txt": [
        Expected(
            "The chief justice has resigned.",
            "The Chief Justice is performing his duties",
            "Abdul Rasheed",
            "registrar",
            "Lahore High Court",
        )
    ],
}
FURNITURE = ("LEAVE A", "Read more", "Photo:", "Follow us", "Most read", "Published in", "Editing by", "contact", "END")


def read(name: str) -> Extraction:
    text = (ARTICLES / name).read_text("utf-8")
    return extract(Given(text=text, address=f"https://wire.example/{name}", publisher="Wire Example"))


@pytest.mark.parametrize("name", EXPECTED)
def test_a_reader_would_have_written_the_same(name: str) -> None:
    found = [
        Expected(
            draft.rumor,
            draft.quote,
            draft.speaker.name if draft.speaker else None,
            draft.speaker.role if draft.speaker else None,
            draft.authority.name if draft.authority else None,
        )
        for draft in read(name).drafts
    ]
    assert sorted(found, key=str) == sorted(EXPECTED[name], key=str)


@pytest.mark.parametrize("name", EXPECTED)
def test_quotations_stand_where_they_are_said_to_and_nothing_is_the_pages(name: str) -> None:
    extraction = read(name)
    for draft in extraction.drafts:
        for place in draft.offsets.get("quote", ()):
            assert extraction.sources[place.source].text[place.start : place.end] == draft.quote
        for text in (draft.rumor, draft.statement, draft.quote or "", *draft.variants):
            assert not any(words in text for words in FURNITURE), text
        assert all(is_rumor(variant) for variant in draft.variants)


def test_without_a_sentence_of_its_own_the_rumor_is_left_open() -> None:
    text = 'Norway on Tuesday rejected reports that it was to them. "It will never be sold to them," Norway said.\n'
    for draft in extract(Given(text=text)).drafts:
        assert draft.rumor == "" or is_rumor(draft.rumor)
        assert ("rumor" in draft.missing) == (draft.rumor == "")
        assert ("rumor" in draft.offsets) == (draft.rumor != "")


@pytest.mark.parametrize(
    "wording",
    [
        "Last week are connected with Pakistan.",
        "There is rare earth samples handed to Washington.",
        "There is a such agreement.",
        "Commercial banks have been told to stop accepting old coins were also.",
        "Last week are connected with Pakistan, a foreign ministry spokesperson said on Tuesday.",
        "It was sold.",
        "These are in Norway.",
        "Any samples were handed over.",
        "Of the mine has been sold.",
        "The samples was handed over.",
        "The mine (which was sold.",
    ],
)
def test_what_is_no_sentence_is_no_rumor(wording: str) -> None:
    assert not is_rumor(wording)


@pytest.mark.parametrize(
    "wording",
    [
        "Rare earth samples were handed to Washington.",
        "There has been looting in Weymouth.",
        "There are plans to ration fuel.",
        "There is a bank run in Oslo.",
        "Last year’s election was rigged.",
        "It is true that the port was sold.",
        "The measles vaccine causes infertility.",
        "The United States has sold the port.",
    ],
)
def test_a_plain_sentence_is_a_rumor(wording: str) -> None:
    assert is_rumor(wording)


@pytest.mark.parametrize(
    ("denied", "rumor"),
    [
        ("No rare earth samples handed to Washington", "rare earth samples were handed to Washington"),
        ("the port is ours and will not be leased to any navy", "the port will be leased to a navy"),
        ("the company has no intention of selling the mine", "the company has an intention of selling the mine"),
        ("there is no restriction on withdrawals", "there is a restriction on withdrawals"),
        ("the bank has not issued a note since 2019", None),
    ],
)
def test_a_denied_clause_is_made_affirmative_or_left_alone(denied: str, rumor: str | None) -> None:
    assert affirm(denied) == rumor
