"""Texts in the mode `document`: what is found where, and what is taken back. The quick models know words alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from support.api import PROBLEM, Api, open_api
from support.records import GEM_ORE, content

from service.document import MOST_SENTENCES, DocumentResult

RUMOR = GEM_ORE.rumor
BREAD = "The town bakery closes for ever."
ASIDE = "Cotton was on the table as well, for three long hours."


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    with open_api(tmp_path_factory.mktemp("documents")) as api:
        api.put_in(
            GEM_ORE,
            content("bakery", rumor=BREAD, variants=(), topics=("bread",), quote=None, citations=GEM_ORE.citations),
        )
        yield api


def check(api: Api, text: str, **more: object) -> dict[str, Any]:
    answer = api.client.post("/v1/check", json={"claim": text, "mode": "document", **more})
    assert answer.status_code == 200, answer.text
    document: dict[str, Any] = answer.json()
    msgspec.convert(document, DocumentResult)
    return document


def told(document: dict[str, Any]) -> list[tuple[str, str]]:
    return [(one["verdict"]["label"], one["text"]) for one in document["findings"]]


def test_each_finding_says_which_sentence_and_where(api: Api) -> None:
    text = f"😀 {ASIDE}\n\n{RUMOR} {ASIDE} {BREAD}"
    document = check(api, text, limit=1)
    assert sorted(told(document)) == sorted([("rebutted", RUMOR), ("rebutted", BREAD)])
    for one in document["findings"]:
        assert text[one["start"] : one["end"]] == one["text"]
        assert one["read"] == {"start": one["start"], "end": one["end"]}
        assert one["note"] is None
        assert len(one["matches"]) == 1
    assert (document["sentences"], document["checked"], document["truncated"]) == (4, 3, False)
    assert document["store_version"] == api.runtime.store.head()


def test_the_text_has_the_verdict_of_its_strongest_finding(api: Api) -> None:
    document = check(api, f"{BREAD} {ASIDE} {ASIDE} The ministry denies that {RUMOR}")
    assert [label for label, _ in told(document)] == ["rebutted", "consistent"]
    assert document["verdict"] == document["findings"][0]["verdict"]


def test_a_sentence_says_in_a_text_what_it_says_alone(api: Api) -> None:
    alone = api.client.post("/v1/check", json={"claim": RUMOR}).json()
    (finding,) = check(api, f"{ASIDE} {RUMOR}")["findings"]
    assert [finding[name] for name in ("verdict", "matches", "verdict_id")] == [
        alone[name] for name in ("verdict", "matches", "verdict_id")
    ]


@pytest.mark.parametrize(
    "text",
    [
        f"{RUMOR} Pakistan denies that.",
        f"{RUMOR} That is not true, the ministry said.",
        f"The story of the rare earth samples is baseless. {RUMOR} {ASIDE}",
        f"Fact check: stones in a box\n\n{ASIDE} {RUMOR} {ASIDE}",
        f"{RUMOR} {ASIDE} Cotton again, and again for hours. Later China denies that {RUMOR}",
    ],
    ids=["beside, as the model reads it", "behind", "before", "headline", "far away"],
)
def test_a_text_that_reports_the_denial_is_not_accused(api: Api, text: str) -> None:
    document = check(api, text)
    labels = {label for label, _ in told(document)}
    assert labels
    assert labels <= {"consistent", "related"}
    (finding,) = (one for one in document["findings"] if one["text"] == RUMOR)
    assert finding["note"].startswith("Read alone, the sentence says what was denied")
    assert finding["matches"][0]["rebuttal"]["id"] == "gem-ore"
    assert f"~{finding['verdict']['label']}~" in finding["verdict_id"]
    assert api.client.post("/v1/feedback", json={"verdict_id": finding["verdict_id"], "rating": "right"}).is_success


def test_a_denial_of_something_else_does_not_excuse_what_is_far_from_it(api: Api) -> None:
    text = f"{RUMOR} {ASIDE} The bakers were glad. A guild denies that the town bakery closes for ever."
    assert ("rebutted", RUMOR) in told(check(api, text))


def test_a_rumor_beside_the_denial_of_another_is_background(api: Api) -> None:
    document = check(api, f"The ministry denies that {RUMOR} {BREAD}")
    assert [label for label, _ in told(document)] == ["consistent", "related"]
    assert document["findings"][1]["matches"][0]["rebuttal"]["id"] == "bakery"


def test_a_sentence_that_leans_is_read_with_the_one_before(api: Api) -> None:
    text = "Pakistan handed rare earth samples over at noon. They went to the US president, the samples did."
    document = check(api, text)
    finding = document["findings"][0]
    assert finding["text"].startswith("Pakistan handed")
    assert len(document["findings"]) == 1


def test_of_several_sentences_that_a_record_is_background_to_one_is_told(api: Api) -> None:
    text = "Rare earth samples lay on a desk in Ankara. Rare earth samples lay on a table in Ankara, to the president."
    labels = [label for label, _ in told(check(api, text))]
    assert labels.count("related") <= 1


@pytest.mark.parametrize("text", ["Subscribe now", "😀", "No.", "Zebras graze quietly there"])
def test_a_text_without_anything_to_find_is_unmatched(api: Api, text: str) -> None:
    document = check(api, text)
    assert (document["verdict"]["label"], document["findings"], document["checked"]) == ("unmatched", [], 1)
    assert document["verdict_id"].startswith("v1~unmatched~")


def test_more_sentences_than_are_checked_are_said_to_be_left_out(api: Api) -> None:
    text = " ".join(f"Zebra number {number} grazes quietly." for number in range(MOST_SENTENCES + 5))
    document = check(api, text)
    assert (document["sentences"], document["checked"], document["truncated"]) == (
        MOST_SENTENCES + 5,
        MOST_SENTENCES,
        True,
    )


def test_the_longest_text_is_taken_and_a_longer_one_refused(api: Api) -> None:
    text = ("Zebras graze. " * 3_572)[:50_000]
    assert check(api, text)["checked"] == 1
    for claim, mode in ((text + "x", "document"), ("x" * 5_001, "claim")):
        answer = api.client.post("/v1/check", json={"claim": claim, "mode": mode})
        assert (answer.status_code, answer.headers["content-type"]) == (422, PROBLEM)
        (fault,) = answer.json()["errors"]
        assert fault["field"] == "$.claim"
        assert "length <=" in fault["detail"]


@pytest.mark.parametrize("more", [{"mode": "page"}, {"mode": None}, {"sentences": 3}])
def test_what_is_no_mode_or_no_field_is_refused(api: Api, more: dict[str, object]) -> None:
    answer = api.client.post("/v1/check", json={"claim": "x", **more})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == f"$.{next(iter(more))}"
