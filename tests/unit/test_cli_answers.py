"""A verdict on paper: who said what, safely shown, and never in our own voice."""

from __future__ import annotations

import io
import json
import sys

import pytest
from msgspec import structs
from support.records import GEM_ORE, stored

from service.cli.answers import as_json, for_people, headline
from service.cli.plain import article, visible
from service.domain import (
    Authority,
    CheckResult,
    Citation,
    Difference,
    Label,
    Match,
    RebuttalContent,
    Stance,
    Verdict,
    Why,
)

INDIA = structs.replace(
    GEM_ORE,
    id="in-says-otherwise",
    authority=Authority(name="Ministry of External Affairs of India", kind="ministry", country="IN"),
    speaker=None,
)


def match(content: RebuttalContent = GEM_ORE, stance: Stance = "asserts", **why: object) -> Match:
    reasons = Why(
        field="variant",
        text="Munir gives Trump a box of rare earths",
        similarity=0.91,
        words=3.2,
        probabilities={"asserts": 0.97, "denies": 0.01, "other": 0.02},
    )
    return Match(rebuttal=stored(content), stance=stance, score=0.97, why=structs.replace(reasons, **why))


def result(label: Label, *matches: Match, claim: str = "Pakistan handed over rare earths") -> CheckResult:
    return CheckResult(
        claim=claim,
        verdict=Verdict(label=label, confidence=0.97, summary="", according_to=None),
        matches=matches,
        model="m",
        store_version=171,
        took_ms=1.0,
    )


def shown(capsys: pytest.CaptureFixture[str], answer: CheckResult, *, several: bool = False) -> str:
    for_people(several=several)(answer)
    return capsys.readouterr().out


CHINA = "Ministry of Foreign Affairs of China (Lin Jian, 13 Oct 2025)"


@pytest.mark.parametrize(
    ("label", "line"),
    [
        ("rebutted", f"Rebutted - denied by the {CHINA}"),
        (
            "consistent",
            f"Consistent - in line with what the {CHINA} said",
        ),
        ("related", f"Related - on the same matter, but not settling this claim: {CHINA}"),
        (
            "contested",
            f"Contested - denied by the {CHINA}, and another",
        ),
    ],
)
def test_the_headline_says_who_said_it(label: Label, line: str) -> None:
    assert headline(result(label, match(), match(INDIA))).startswith(line)


def test_an_answer_holds_what_a_reader_asks_for(capsys: pytest.CaptureFixture[str]) -> None:
    out = " ".join(shown(capsys, result("rebutted", match(), match(INDIA))).split())
    for part in (
        GEM_ORE.rumor,
        GEM_ORE.statement,
        "“The reports are misinformed.”",
        "Example News, 14 Oct 2025: Ministry rejects reports on rare earth samples https://example.org/briefing",
        "97% that the claim says what was denied",
        "similarity 0.91. Read against rumor and statement: asserts 97%, denies 1%, other 2%.",
        "gem-ore, revision 1; store version 171",
        "See also Ministry of External Affairs of India (13 Oct 2025):",
    ):
        assert part in out


def test_no_answer_speaks_of_truth_in_our_own_voice(capsys: pytest.CaptureFixture[str]) -> None:
    labels: list[Label] = ["rebutted", "consistent", "contested", "related", "unmatched"]
    for label in labels:
        words = shown(capsys, result(label, *([match(), match(INDIA)] if label != "unmatched" else []))).lower().split()
        assert not {"true", "false", "fake", "lie"} & {word.strip(".,:;") for word in words}


def test_silence_says_that_it_means_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    out = shown(capsys, result("unmatched"))
    assert out.startswith("No match - no official rebuttal in the store is about this claim\n")
    assert "says nothing of whether it is so" in " ".join(out.split())


def test_both_sides_of_a_dispute_are_shown(capsys: pytest.CaptureFixture[str]) -> None:
    denial = structs.replace(INDIA, statement="The samples were rare earths.")
    out = shown(capsys, result("contested", match(), match(denial, "other", reason="Disputes the record gem-ore.")))
    assert "Against it Ministry of External Affairs of India" in " ".join(out.split())
    assert "The samples were rare earths." in out
    assert "gem ores" in out


def test_what_the_claim_says_otherwise_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    differs = (
        Difference(kind="name", claim=("India",)),
        Difference(kind="number", claim=("7",), record=("5",)),
        Difference(kind="negation", record=("not",)),
    )
    out = " ".join(
        shown(capsys, result("related", match(differs=differs, reason="The model did not read it."))).split()
    )
    assert "Name that only the claim has: India. Number that only the claim has: 7; the rumor has 5." in out
    assert "is open; the model did not read it" in out


def test_primary_sources_come_first_and_the_rest_is_counted(capsys: pytest.CaptureFixture[str]) -> None:
    reports = [Citation(url=f"https://example.org/{n}", publisher=f"Paper {n}") for n in range(6)]
    own = Citation(
        url="https://example.org/own", publisher="Ministry", kind="primary", archived_url="https://a.example/1"
    )
    out = shown(capsys, result("rebutted", match(structs.replace(GEM_ORE, citations=(*reports, own)))))
    assert "Sources    Ministry, undated [the authority's own]\n" in out
    assert "https://a.example/1\n" in out
    assert "and 2 more: --json lists all" in out


def test_a_link_is_never_broken(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    address = "https://example.org/" + "long/" * 40
    source = Citation(url=address, publisher="Example News")
    out = shown(capsys, result("rebutted", match(structs.replace(GEM_ORE, citations=(source,)))))
    assert any(line.endswith(address) for line in out.splitlines())
    assert max(len(line) for line in out.splitlines() if address not in line) <= 40


def test_several_claims_are_told_apart(capsys: pytest.CaptureFixture[str]) -> None:
    assert shown(capsys, result("unmatched", claim="One\nline"), several=True).startswith("> One line\nNo match")


def test_a_terminal_without_the_characters_still_gets_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="ascii"))
    for_people(several=True)(result("rebutted", match(), claim="巴基斯坦"))
    assert raw.getvalue().startswith(b"> ????\nRebutted")


def test_json_is_one_object_a_line_in_utf8(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    show = as_json()
    show(result("rebutted", match(), claim="巴基斯坦"))
    show(result("unmatched"))
    first, second = capfdbinary.readouterr().out.splitlines()
    assert "巴基斯坦".encode() in first
    assert json.loads(first)["matches"][0]["rebuttal"]["id"] == "gem-ore"
    assert json.loads(second)["verdict"]["label"] == "unmatched"


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("plain  text\nin lines", "plain text in lines"),
        ("\x1b[2Jcleared", "�[2Jcleared"),
        ("abc\u202edcba", "abc�dcba"),
        ("one\u2028two\x85three", "one two three"),
        ("bell\x07", "bell�"),
        ("half \ud800", "half �"),
        ("العربية 中文 é", "العربية 中文 é"),
    ],
)
def test_no_text_commands_the_terminal(text: str, safe: str) -> None:
    assert visible(text) == safe


@pytest.mark.parametrize(
    ("name", "kind", "expected"),
    [
        ("Ministry of Defence of Pakistan", "ministry", "the "),
        ("World Health Organization", "international_body", "the "),
        ("Elections Canada", "election_body", ""),
        ("The Coca-Cola Company", "company", ""),
        ("Google", "company", ""),
        ("Office of US Representative Chuck Edwards", "other", "the "),
        ("Nagai City", "other", ""),
    ],
)
def test_articles(name: str, kind: str, expected: str) -> None:
    assert article(Authority(name=name, kind=kind)) == expected
