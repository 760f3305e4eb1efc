"""Claims in, verdicts out, over HTTP: the shapes that clients rely on."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from support.api import Api, open_api
from support.records import GEM_ORE, content

from service.api.checks import BatchResults
from service.api.search import Results
from service.check import Comparison
from service.domain import CheckResult


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    with open_api(tmp_path_factory.mktemp("checks")) as api:
        other = content("bakery", rumor="The town bakery closes for ever.", variants=(), topics=("bread",))
        assert api.put_in(GEM_ORE, other)["created"] == 2
        yield api


def post(api: Api, path: str, body: object) -> dict[str, Any]:
    answer = api.client.post(path, json=body)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/json"
    document: dict[str, Any] = answer.json()
    return document


def test_a_claim_gets_its_rebuttal_and_its_sources(api: Api) -> None:
    answer = post(api, "/v1/check", {"claim": GEM_ORE.rumor, "limit": 1})
    result = msgspec.convert(answer, CheckResult)
    assert result.claim == GEM_ORE.rumor
    assert result.verdict.label == "rebutted"
    assert result.matches[0].rebuttal.id == "gem-ore"
    assert result.matches[0].rebuttal.citations == GEM_ORE.citations
    assert result.store_version == api.runtime.store.head()


def test_nothing_near_is_unmatched(api: Api) -> None:
    answer = post(api, "/v1/check", {"claim": "Zebras graze quietly"})
    assert answer["verdict"]["label"] == "unmatched"
    assert answer["matches"] == []


def test_right_to_left_overrides_are_text_like_any_other(api: Api) -> None:
    claim = "\u202ePakistan handed rare earth samples\u202c"
    assert post(api, "/v1/check", {"claim": claim})["claim"] == claim


def test_a_batch_answers_in_order_under_the_names_given(api: Api) -> None:
    claims = [{"id": "z", "text": GEM_ORE.rumor}, {"id": "a", "text": "Zebras graze quietly"}]
    answer = post(api, "/v1/check/batch", {"claims": claims, "limit": 1})
    results = msgspec.convert(answer, BatchResults).results
    assert [result.id for result in results] == ["z", "a"]
    assert answer["results"][0]["verdict"]["label"] == "rebutted"
    assert answer["results"][1] == {
        "id": "a",
        "verdict": answer["results"][1]["verdict"],
        "matches": [],
        "verdict_id": answer["results"][1]["verdict_id"],
    }


def test_a_batch_says_the_same_as_single_checks(api: Api) -> None:
    texts = [GEM_ORE.rumor, "The town bakery closes for ever.", "Ministry denies rare earth samples", "😀"]
    claims = [{"id": str(at), "text": text} for at, text in enumerate(texts)]
    together = post(api, "/v1/check/batch", {"claims": claims, "limit": 3})["results"]
    alone = [post(api, "/v1/check", {"claim": text, "limit": 3}) for text in texts]
    assert [result["verdict"] for result in together] == [result["verdict"] for result in alone]


def test_one_bad_claim_does_not_fail_the_batch(api: Api) -> None:
    claims = [
        {"id": "good", "text": GEM_ORE.rumor},
        {"id": "long", "text": "x" * 5001},
        {"id": "empty", "text": ""},
        {"text": "no id"},
        {"id": "more", "text": "x", "colour": "red"},
        "no object",
        {"id": "last", "text": "Zebras graze quietly"},
    ]
    results = post(api, "/v1/check/batch", {"claims": claims})["results"]
    assert [result["id"] for result in results] == ["good", "long", "empty", None, "more", None, "last"]
    assert ["error" in result for result in results] == [False, True, True, True, True, True, False]
    assert results[1]["error"]["status"] == 422
    assert results[1]["error"]["errors"][0]["field"] == "$.claims[1].text"
    assert "xxx" not in str(results[1])


def test_a_batch_of_bad_claims_only_is_answered(api: Api) -> None:
    results = post(api, "/v1/check/batch", {"claims": [{"id": "a", "text": " "}]})["results"]
    assert results[0]["error"]["type"] == "/docs#invalid-body"


@pytest.mark.parametrize("count", [0, 257])
def test_a_batch_has_1_to_256_claims(api: Api, count: int) -> None:
    answer = api.client.post("/v1/check/batch", json={"claims": [{"id": "a", "text": "b"}] * count})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "$.claims"


def test_a_batch_of_long_claims_in_escapes_is_taken(api: Api) -> None:
    text = "\N{CJK UNIFIED IDEOGRAPH-7A00}" * 5000
    body = msgspec.json.encode({"claims": [{"id": str(at), "text": "@"} for at in range(80)]})
    escaped = body.replace(b"@", text.encode("ascii", "backslashreplace"))
    answer = api.client.post("/v1/check/batch", content=escaped, headers={"Content-Type": "application/json"})
    assert answer.status_code == 200
    assert len(answer.json()["results"]) == 80


def test_two_texts_are_compared(api: Api) -> None:
    answer = post(api, "/v1/compare", {"claim": "Ministry denies the samples", "rumor": "The samples"})
    comparison = msgspec.convert(answer, Comparison)
    assert comparison.stance == "denies"
    assert sum(comparison.probabilities.values()) == pytest.approx(1)


def test_search_ranks_and_filters(api: Api) -> None:
    found = post(api, "/v1/search", {"query": GEM_ORE.rumor, "limit": 5})
    hits = msgspec.convert(found, Results).results
    assert hits[0].rebuttal.id == "gem-ore"
    filtered = post(api, "/v1/search", {"query": "rare earth samples", "filters": {"topic": "bread"}})
    assert {hit["rebuttal"]["id"] for hit in filtered["results"]} <= {"bakery"}


def test_verdicts_are_counted_and_claims_are_not_told(api: Api, caplog: pytest.LogCaptureFixture) -> None:
    claim = "Somebody's private plan for tomorrow"
    with caplog.at_level(logging.DEBUG):
        post(api, "/v1/check", {"claim": claim})
        api.client.post("/v1/check", json={"claim": claim, "nope": 1})
    told = caplog.text + api.client.get("/metrics").text
    assert "private plan" not in told
    assert 'rejoinder_verdicts_total{label="unmatched"}' in told
    assert 'rejoinder_requests_total{method="POST",route="/v1/check",status="422"}' in told
    assert f"rejoinder_store_version {api.runtime.store.head()}.0" in told


def test_claims_are_logged_when_the_operator_wants_it(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with open_api(tmp_path, log_claims=True) as api, caplog.at_level(logging.INFO, logger="rejoinder.claims"):
        post(api, "/v1/check", {"claim": "A claim for the log"})
    assert "A claim for the log" in caplog.text
