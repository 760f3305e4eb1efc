"""Drafts from articles of many sorts: who denies what, in whose words and when; nothing that no text says."""

from __future__ import annotations

import datetime as dt
import json
import time
from pathlib import Path

import pytest

from service.ingest.extract import Draft, Extraction, ExtractionError, Given, extract
from service.ingest.extract.model import MAX_TEXT

ARTICLES = Path(__file__).resolve().parents[1] / "data" / "articles"
SHARED = Path(__file__).resolve().parents[3] / "shared" / "data" / "articles"
PUBLISHED = dt.date(2026, 3, 4)


def given(name: str, published: dt.date | None = PUBLISHED, **known: object) -> Given:
    text = (ARTICLES / name).read_text("utf-8")
    known = {"address": f"https://news.example/{name}", "publisher": "News Example", "name": name} | known
    body = {"html": text} if name.endswith(".html") else {"text": text}
    return Given(**body, published_on=published, **known)  # type: ignore[arg-type]


def of(name: str, published: dt.date | None = PUBLISHED) -> tuple[Draft, ...]:
    return extract(given(name, published)).drafts


def check_places(extraction: Extraction) -> None:
    """Every place lies in its source, and those of verbatim fields slice to exactly the field."""
    for draft in extraction.drafts:
        for field, places in draft.offsets.items():
            for place in places:
                text = extraction.sources[place.source].text[place.start : place.end]
                assert text, field
                if field == "quote":
                    assert text == draft.quote
                if field == "speaker.name" and draft.speaker:
                    assert text == draft.speaker.name


# rumor, quote, speaker, role, authority, kind, country, stated on
EXPECTED = {
    "central-bank.txt": [
        (
            "The Reserve Bank of Zimbabwe will withdraw 20-dollar notes from circulation at the end of the month.",
            "The Reserve Bank has not issued any notice on the withdrawal of banknotes",
            ("Tendai Moyo", "governor"),
            ("Reserve Bank of Zimbabwe", "central_bank", "ZW"),
        )
    ],
    "airline.txt": [
        (
            "Volta Air grounded its fleet after an engine fault was found.",
            "No aircraft has been taken out of service, and all flights are operating as scheduled",
            ("Priya Nair", "spokeswoman"),
            ("Volta Air", "company", None),
        )
    ],
    "election-body.txt": [
        (
            "Ballot papers were pre-marked before Saturday's by-election in Kisumu.",
            "Those papers were used to train polling clerks in April",
            ("Grace Otieno", "Commission chairperson"),
            ("Electoral Commission of Kenya", "election_body", "KE"),
        ),
        (
            "Voting machines have been connected to the internet.",
            "The kits cannot go online while polls are open",
            ("Grace Otieno", "Commission chairperson"),
            ("Electoral Commission of Kenya", "election_body", "KE"),
        ),
    ],
    "health-agency.txt": [
        (
            "The measles vaccine causes infertility.",
            "The vaccine does not affect fertility in any way",
            ("Lars Ek", "epidemiologist"),
            ("Public Health Agency of Sweden", "agency", "SE"),
        ),
        (
            "Children were given the vaccine without consent.",
            None,
            ("Lars Ek", "epidemiologist"),
            ("Public Health Agency of Sweden", "agency", "SE"),
        ),
    ],
    "police.txt": [
        (
            "A child was abducted at the Easter fair.",
            "We have not received any report of an abduction",
            ("Tom Hale", "chief superintendent"),
            ("Manchester police", "agency", None),
        ),
        (
            "The loud bang that visitors heard was caused by a bomb.",
            None,
            ("Tom Hale", "chief superintendent"),
            ("Manchester police", "agency", None),
        ),
    ],
    "court.txt": [
        (
            "The Court has delivered judgment in this matter.",
            "The Court has not delivered judgment in this matter",
            ("Meera Iyer", "registrar general"),
            ("Supreme Court of India", "court", "IN"),
        ),
        (
            "The Court has struck down the law.",
            "Reports that the Court has struck down the law are false.",
            ("Meera Iyer", "registrar general"),
            ("Supreme Court of India", "court", "IN"),
        ),
    ],
    "transcript.txt": [
        (
            "The government will ration fuel from next week.",
            "These reports are false. The government has no plans to ration fuel. Our reserves cover 45 days.",
            None,
            ("Ministry of Energy of Peru", "ministry", "PE"),
        ),
        (
            "The Talara refinery was shut because of a cyberattack.",
            "No. The refinery was stopped for scheduled maintenance, not because of an attack.",
            None,
            ("Ministry of Energy of Peru", "ministry", "PE"),
        ),
    ],
    "company-statement.txt": [
        (
            "Harbour Foods plc’s milk contains plastic particles.",
            None,
            None,
            ("Harbour Foods plc", "company", None),
        )
    ],
    "page.html": [
        (
            "TransPennine Railways has been selling the travel data of its passengers to advertisers.",
            "We have never sold or shared any personal data",
            ("Martin Shaw", "chief executive"),
            ("TransPennine Railways", "company", None),
        )
    ],
}


@pytest.mark.parametrize("name", EXPECTED)
def test_who_denies_what_in_whose_words(name: str) -> None:
    extraction = extract(given(name))
    check_places(extraction)
    found = [
        (
            draft.rumor,
            draft.quote,
            (draft.speaker.name, draft.speaker.role) if draft.speaker else None,
            (draft.authority.name, draft.authority.kind, draft.authority.country) if draft.authority else None,
        )
        for draft in extraction.drafts
    ]
    assert found == EXPECTED[name]
    assert all(draft.missing == () for draft in extraction.drafts)


@pytest.mark.parametrize(
    ("name", "published", "stated"),
    [
        ("central-bank.txt", dt.date(2026, 1, 15), dt.date(2026, 1, 14)),
        ("airline.txt", dt.date(2026, 3, 4), dt.date(2026, 3, 3)),
        ("election-body.txt", None, dt.date(2026, 6, 7)),
        ("transcript.txt", None, dt.date(2026, 5, 12)),
        ("police.txt", dt.date(2026, 4, 6), dt.date(2026, 4, 6)),
        ("police.txt", None, None),
        ("company-statement.txt", dt.date(2026, 2, 4), None),
    ],
)
def test_the_day_is_counted_from_publication_or_stays_open(
    name: str, published: dt.date | None, stated: dt.date | None
) -> None:
    drafts = of(name, published)
    assert {draft.stated_on for draft in drafts} == {stated}
    if stated is None:
        assert all(any("day" in note for note in draft.notes) for draft in drafts)


def test_a_weekday_that_is_none_and_two_days_are_told() -> None:
    (draft,) = of("two-days.txt", dt.date(2026, 4, 15))
    details = " ".join(conflict.detail for conflict in draft.conflicts)
    assert draft.stated_on == dt.date(2026, 4, 14)
    assert "2026-04-14 was a Tuesday" in details
    assert "2026-04-15 (Wednesday)" in details


MATTERS = (
    ("Norway’s new licensing rules for kelp", "Norway’s new licensing rules for kelp have nothing to do with Iceland"),
    ("Iceland’s dealings with Canada will", "will never damage Norway’s interests or hold up joint projects."),
    ("Iceland has given kelp samples to Canada.", "The samples that Iceland’s leaders showed to Canada’s president"),
)


def test_two_reports_of_one_briefing_collapse_to_the_same_drafts() -> None:
    question = given("ministry-question.txt", dt.date(2026, 5, 11))
    report = given("ministry-report.txt", dt.date(2026, 5, 12))
    extraction = extract(question, report)
    check_places(extraction)
    assert len(extraction.drafts) == len(MATTERS)
    for draft, (rumor, quote) in zip(extraction.drafts, MATTERS, strict=True):
        assert draft.rumor.startswith(rumor)
        assert draft.quote is not None
        assert draft.quote.startswith(quote)
        assert draft.speaker is not None
        assert (draft.speaker.name, draft.speaker.role) == ("Ana Mirel", "Foreign Ministry spokesperson")
        assert draft.authority is not None
        assert draft.authority.name == "Norway's Foreign Ministry"
        assert (draft.authority.kind, draft.authority.country) == ("ministry", "NO")
        assert [citation.source for citation in draft.citations] == [0, 1]
        assert draft.stated_on == dt.date(2026, 5, 12)
        # What was published on the 11th cannot have been said on the 12th.
        assert any("2026-05-11" in conflict.detail for conflict in draft.conflicts)


@pytest.mark.parametrize("name", ["ministry-question.txt", "ministry-report.txt", "airline.txt", "page.html"])
def test_nothing_of_the_page_gets_into_a_draft(name: str) -> None:
    extraction = extract(given(name))
    told = json.dumps([str(draft) for draft in extraction.drafts]).lower() + extraction.sources[0].text.lower()
    for furniture in (
        "leave a reply",
        "must read",
        "please enter",
        "disclaimer",
        "informational",
        "subscribe",
        "rights",
    ):
        assert furniture not in told
    assert "injected" not in told


def test_a_text_without_a_denial_gives_no_draft_and_says_so() -> None:
    extraction = extract(given("no-denial.txt"))
    assert extraction.drafts == ()
    assert "no denial" in extraction.notes[0]


@pytest.mark.parametrize("name", ["chino.txt", "spanish.txt"])
def test_other_languages_are_read_in_part_and_that_is_said(name: str) -> None:
    extraction = extract(given(name))
    check_places(extraction)
    (draft,) = extraction.drafts
    assert "in part only" in extraction.notes[0]
    assert draft.quote
    assert draft.quote in extraction.sources[0].text
    assert draft.statement in extraction.sources[0].text
    assert draft.rumor in extraction.sources[0].text
    assert ("rumor" in draft.missing) == (draft.rumor == "")


def test_a_language_without_a_table_is_not_read() -> None:
    text = "Die Zentralbank hat Berichte dementiert, sie wolle alte Scheine einziehen. „Das ist falsch“, sagte sie."
    extraction = extract(Given(text=text, language="de"))
    assert extraction.drafts == ()
    assert "not read" in extraction.notes[0]


def test_what_is_not_known_is_missing_and_never_made_up() -> None:
    text = 'Reports that the bridge at Elm Row has collapsed are false, a caller said. "They are invented," he said.'
    for draft in extract(Given(text=text)).drafts:
        assert draft.speaker is None
        assert draft.stated_on is None
        assert set(draft.missing) >= {"citations.url", "citations.publisher"}


@pytest.mark.parametrize(
    ("text", "detail"),
    [("", "no text"), ("Share\nSubscribe\n", "no text"), ("x " * MAX_TEXT, "too long"), ("\u200b\n", "no text")],
)
def test_a_text_that_is_none_is_refused(text: str, detail: str) -> None:
    with pytest.raises(ExtractionError, match=detail):
        extract(Given(text=text))


@pytest.mark.parametrize(
    "unit",
    [
        *(
            "“",
            "“a” ",
            '"a ',
            "Word ",
            "reports that ",
            "China denied reports that ",
            "is not ",
            "China said that not ",
        ),
        *("a b\n", "Q: A? B:\n", "Aa " * 40 + ":\n", "on Monday 3 May ", "Ministry of ", "Ministry and "),
        *("China denied reports that " + "x, not " * 30 + ". ", "Reports that a is false " * 20 + ". "),
    ],
)
def test_time_grows_with_the_length_of_a_text_not_with_its_square(unit: str) -> None:
    def seconds(length: int) -> float:
        began = time.process_time()
        extract(Given(text=(unit * (length // len(unit) + 1))[:length], language="en"))
        return time.process_time() - began

    seconds(1_000)
    short = max(seconds(8_000), 0.05)
    assert seconds(32_000) < 10 * short


def test_years_that_cannot_be_leave_no_date() -> None:
    page = (ARTICLES / "page.html").read_text("utf-8").replace("2026-02-11T08:00:00Z", "0000-00-00T00:00:00Z")
    extraction = extract(Given(html=page))
    assert extraction.sources[0].published_on is None
    assert all(draft.stated_on is None for draft in extraction.drafts)
    assert extract(given("police.txt", dt.date(1, 1, 1))).drafts[0].stated_on is None


@pytest.mark.skipif(not SHARED.is_dir(), reason="the articles that came with the project are not beside it")
def test_the_two_reports_on_the_gem_ores() -> None:
    known = {entry["file"]: entry for entry in json.loads((SHARED / "sources.json").read_text("utf-8"))}
    articles = [
        Given(
            text=(SHARED / name).read_text("utf-8"),
            address=entry["url"],
            publisher=entry["publisher"],
            published_on=dt.date.fromisoformat(entry["published_on"]) if entry["published_on"] else None,
            remark=entry["note"],
            name=name,
        )
        for name, entry in known.items()
    ]
    extraction = extract(*articles)
    check_places(extraction)
    controls, mining, samples = extraction.drafts
    assert "export control" in controls.rumor
    assert "have nothing to do with Pakistan" in (controls.quote or "")
    assert mining.quote == "will never harm China’s interests or its cooperation with China."
    assert "rare earth samples" in samples.rumor
    assert "gem ores purchased by staff" in (samples.quote or "")
    for draft in extraction.drafts:
        assert draft.speaker is not None
        assert draft.authority is not None
        assert (draft.speaker.name, draft.speaker.role) == ("Lin Jian", "Foreign Ministry spokesperson")
        assert (draft.authority.name, draft.authority.kind) == ("China's Foreign Ministry", "ministry")
        assert draft.authority.country == "CN"
        assert len(draft.citations) == 2
        assert draft.stated_on == dt.date(2025, 10, 14)
        assert any("2025-10-13" in conflict.detail for conflict in draft.conflicts)
        assert "Readers are advised" not in str(draft)
        assert "LEAVE A REPLY" not in str(draft)
