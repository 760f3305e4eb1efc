"""Feedback over HTTP: who may give it, what is kept of it, who may read it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from support.api import PROBLEM, Api, open_api
from support.records import GEM_ORE, content

from service.api.feedback import Allowance
from service.api.rates import Buckets

CLAIM = "Pakistan handed rare earth samples to the US president, whatever"


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    with open_api(tmp_path_factory.mktemp("feedback")) as api:
        api.put_in(GEM_ORE, content("draft", rumor="The moon is hollow.", status="draft"))
        yield api


@pytest.fixture(scope="module")
def verdict_id(api: Api) -> str:
    return name_of(api)


def name_of(api: Api, **more: object) -> str:
    answer = api.client.post("/v1/check", json={"claim": CLAIM, **more}).json()
    return str(answer["verdict_id"])


def give(api: Api, body: dict[str, Any], headers: dict[str, str] | None = None) -> httpx.Response:
    return api.client.post("/v1/feedback", json=body, headers=headers or {})


def test_a_verdict_has_the_same_name_wherever_it_is_given(api: Api, verdict_id: str) -> None:
    claims = [{"id": "a", "text": CLAIM}, {"id": "b", "text": "Zebras graze quietly"}]
    batch = api.client.post("/v1/check/batch", json={"claims": claims}).json()["results"]
    assert batch[0]["verdict_id"] == verdict_id == name_of(api, limit=1)
    assert batch[1]["verdict_id"].startswith("v1~unmatched~")
    assert len({verdict_id, batch[1]["verdict_id"], name_of(api, language="en")}) == 3


def test_feedback_says_which_verdict_it_is_about_without_the_claim(api: Api, verdict_id: str) -> None:
    answer = give(api, {"verdict_id": verdict_id, "rating": "wrong"})
    assert answer.status_code == 201
    kept = answer.json()
    assert (kept["label"], kept["rebuttal_id"], kept["rating"]) == ("rebutted", "gem-ore", "wrong")
    assert (kept["claim"], kept["comment"], kept["actor"]) == (None, None, None)
    files = Path(api.runtime.settings.db).parent.glob("store.db*")
    assert all(b"whatever" not in file.read_bytes() for file in files)


def test_a_claim_is_kept_where_it_is_given_and_never_logged(
    api: Api, verdict_id: str, caplog: pytest.LogCaptureFixture
) -> None:
    body = {"verdict_id": verdict_id, "rating": "wrong", "expected": "related", "claim": CLAIM, "comment": "see §2"}
    with caplog.at_level(logging.DEBUG):
        kept = give(api, body, api.key("reader")).json()
    assert {**kept, **body} == kept
    assert kept["actor"] == "reader-key"
    assert CLAIM not in caplog.text


def test_editors_read_it_newest_first_page_by_page(api: Api, verdict_id: str) -> None:
    for comment in ("one", "two", "three"):
        give(api, {"verdict_id": verdict_id, "rating": "right", "comment": comment}, api.key("reader"))
    first = api.client.get("/v1/feedback?limit=2", headers=api.key("editor")).json()
    assert [one["comment"] for one in first["items"]] == ["three", "two"]
    url = f"/v1/feedback?limit=1&cursor={first['next_cursor']}"
    assert api.client.get(url, headers=api.key("editor")).json()["items"][0]["comment"] == "one"
    assert api.client.get("/v1/feedback").status_code == 401
    assert api.client.get("/v1/feedback", headers=api.key("reader")).status_code == 403


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"rating": "right"}, "$.verdict_id"),
        ({"verdict_id": "v1~rebutted~1~x~gem-ore~y", "rating": "right"}, "$.verdict_id"),
        ({"verdict_id": "x" * 400, "rating": "right"}, "$.verdict_id"),
        ({"verdict_id": "ID", "rating": "so so"}, "$.rating"),
        ({"verdict_id": "ID"}, "$.rating"),
        ({"verdict_id": "ID", "rating": "wrong", "expected": "false"}, "$.expected"),
        ({"verdict_id": "ID", "rating": "right", "expected": "consistent"}, "$.expected"),
        ({"verdict_id": "ID", "rating": "wrong", "about": "no-such-record"}, "$.about"),
        ({"verdict_id": "ID", "rating": "wrong", "about": "draft"}, "$.about"),
        ({"verdict_id": "ID", "rating": "wrong", "comment": "x" * 2_001}, "$.comment"),
        ({"verdict_id": "ID", "rating": "wrong", "comment": " "}, "$.comment"),
        ({"verdict_id": "ID", "rating": "wrong", "claim": "x" * 5_001}, "$.claim"),
        ({"verdict_id": "ID", "rating": "wrong", "text": "x"}, "$.text"),
    ],
)
def test_what_breaks_a_rule_is_named(api: Api, verdict_id: str, body: dict[str, Any], field: str) -> None:
    if body.get("verdict_id") == "ID":
        body = {**body, "verdict_id": verdict_id}
    answer = give(api, body)
    assert (answer.status_code, answer.headers["content-type"]) == (422, PROBLEM), answer.text
    assert [fault["field"] for fault in answer.json()["errors"]] == [field]


def test_a_body_is_bounded_and_the_longest_one_fits(api: Api, verdict_id: str) -> None:
    text = "\\ud83d\\ude00"
    body = f'{{"verdict_id": "{verdict_id}", "rating": "wrong", "comment": "{text * 2000}", "claim": "{text * 5000}"}}'
    headers = {"Content-Type": "application/json", **api.key("reader")}
    assert api.client.post("/v1/feedback", content=body, headers=headers).status_code == 201
    assert api.client.post("/v1/feedback", content=body + " " * 100_000, headers=headers).status_code == 413


@pytest.mark.parametrize("body", [b"", b"{", b'{"comment": "\xff"}', b'{"comment": "\\ud800"}', b"[" * 50_000])
def test_what_is_not_json_is_400(api: Api, body: bytes) -> None:
    answer = api.client.post("/v1/feedback", content=body, headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["type"]) == (400, "/docs#malformed-body")


@pytest.mark.parametrize("cursor", ["", "x", "MTpnZW0tb3Jl"])
def test_a_cursor_of_another_list_is_refused(api: Api, cursor: str) -> None:
    answer = api.client.get(f"/v1/feedback?cursor={cursor}", headers=api.key("editor"))
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "cursor")


def test_without_a_key_only_so_much_is_taken(tmp_path: Path) -> None:
    with open_api(tmp_path, feedback_per_minute=2, max_feedback=4) as api:
        body = {"verdict_id": name_of(api), "rating": "right"}
        assert [give(api, body).status_code for _ in range(3)] == [201, 201, 429]
        refused = give(api, body)
        assert refused.json()["type"] == "/docs#too-many"
        assert 1 <= int(refused.headers["Retry-After"]) <= 30
        assert [give(api, body, api.key("reader")).status_code for _ in range(3)] == [201, 201, 507]
        assert give(api, body, api.key("reader")).json()["type"] == "/docs#feedback-full"


def test_an_operator_may_take_none_without_a_key_or_close_reads_altogether(tmp_path: Path) -> None:
    (tmp_path / "closed").mkdir()
    with open_api(tmp_path, feedback_per_minute=0) as api:
        refused = give(api, {"verdict_id": name_of(api), "rating": "right"})
        assert (refused.status_code, "Retry-After" in refused.headers) == (429, False)
    with open_api(tmp_path / "closed", reads_need_key=True) as api:
        assert give(api, {"verdict_id": "x", "rating": "right"}).status_code == 401


def test_an_allowance_fills_again(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr("service.api.rates.time.monotonic", lambda: now)
    allowance = Allowance(60, Buckets().take_here)

    def take() -> float:
        return asyncio.run(allowance.take())

    assert [take() for _ in range(60)] == [0.0] * 60
    assert take() == pytest.approx(1.0)
    now += 1.0
    assert take() == 0.0
    now += 3_600
    assert [take() > 0 for _ in range(61)] == [False] * 60 + [True]
