"""Articles in, drafts out over HTTP: what is proposed, what is kept, what is refused."""

from __future__ import annotations

import http.server
import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from support.api import PROBLEM, Api, open_api

from service.api.draft_examples import EXTRACT
from service.api.drafts import Extracted

ARTICLES = Path(__file__).resolve().parents[1] / "data" / "articles"
BANK = {
    "text": (ARTICLES / "central-bank.txt").read_text("utf-8"),
    "address": "https://news.example/notes",
    "publisher": "News Example",
    "published_on": "2026-01-15",
}


@pytest.fixture
def api(tmp_path: Path) -> Iterator[Api]:
    with open_api(tmp_path) as api:
        yield api


def extract(api: Api, headers: dict[str, str] | None = None, /, **body: Any) -> httpx.Response:  # noqa: ANN401 - JSON
    return api.client.post("/v1/drafts/extract", json=body, headers=api.key("editor") if headers is None else headers)


def records(api: Api) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = api.client.get("/v1/rebuttals?limit=100", headers=api.key()).json()["items"]
    return items


def test_a_draft_is_proposed_with_the_places_of_its_fields(api: Api) -> None:
    answer = extract(api, **BANK)
    assert answer.status_code == 200, answer.text
    body = answer.json()
    (draft,) = body["drafts"]
    (place,) = draft["offsets"]["quote"]
    assert body["source"]["text"][place["start"] : place["end"]] == draft["quote"]
    assert draft["quote"] == "The Reserve Bank has not issued any notice on the withdrawal of banknotes"
    assert draft["speaker"] == {"name": "Tendai Moyo", "role": "governor"}
    assert draft["authority"] == {"name": "Reserve Bank of Zimbabwe", "kind": "central_bank", "country": "ZW"}
    assert draft["stated_on"] == "2026-01-14"
    assert draft["missing"] == []
    assert body["saved"] == []
    assert records(api) == []


def test_saving_keeps_drafts_that_answer_nothing_and_their_text(api: Api) -> None:
    body = extract(api, **BANK, save=True).json()
    (record,) = body["saved"]
    assert record["status"] == "draft"
    assert record["citations"][0]["url"] == BANK["address"]
    assert [kept["id"] for kept in records(api)] == [record["id"]]
    assert api.client.get(f"/v1/rebuttals/{record['id']}").status_code == 404, "the public sees no draft"
    checked = api.client.post("/v1/check", json={"claim": record["rumor"]}).json()
    assert checked["verdict"]["label"] == "unmatched"
    kept = api.client.get(f"/v1/drafts/{record['id']}/source", headers=api.key("editor")).json()
    assert kept["sources"][0]["text"] == body["source"]["text"]
    assert kept["actor"] == "key:editor-key"
    (place,) = kept["offsets"]["quote"]
    assert kept["sources"][place["source"]]["text"][place["start"] : place["end"]] == record["quote"]


def test_saving_the_same_article_twice_changes_nothing(api: Api) -> None:
    extract(api, **BANK, save=True)
    before = records(api)
    again = extract(api, **BANK, save=True)
    assert again.status_code == 409
    assert records(api) == before


def test_a_draft_that_lacks_something_is_not_saved_and_neither_is_the_other(api: Api) -> None:
    text = (ARTICLES / "transcript.txt").read_text("utf-8")
    answer = extract(api, text=text, publisher="Ministry", save=True)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == PROBLEM
    assert {error["field"] for error in answer.json()["errors"]} == {
        "$.drafts[0].citations.url",
        "$.drafts[1].citations.url",
    }
    assert records(api) == []


def test_a_page_brings_its_own_title_publisher_and_date_and_runs_nothing(api: Api) -> None:
    body = extract(api, html=(ARTICLES / "page.html").read_text("utf-8")).json()
    source = body["source"]
    assert source["publisher"] == "The Northern Post"
    assert source["title"] == "Rail operator denies selling passenger data"
    assert source["published_on"] == "2026-02-11"
    assert source["address"] == "https://northern.example/rail-data"
    told = msgspec.json.encode(body).decode()
    assert "Injected" not in told
    assert "newsletter" not in told
    assert "Must Read" not in told


def test_only_editors_extract_and_read_sources(api: Api) -> None:
    assert extract(api, {}, **BANK).status_code == 401
    assert extract(api, api.key("reader"), **BANK).status_code == 403
    name = extract(api, **BANK, save=True).json()["saved"][0]["id"]
    assert api.client.get(f"/v1/drafts/{name}/source").status_code == 401
    assert api.client.get(f"/v1/drafts/{name}/source", headers=api.key("reader")).status_code == 403
    assert api.client.get("/v1/drafts/no-such/source", headers=api.key("editor")).status_code == 404


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "$"),
        ({"text": "a b", "html": "<p>a"}, "$"),
        ({"text": " \n "}, "$.text"),
        ({"text": "Share\nSubscribe\n"}, "$.text"),
        ({"html": "<html></html>"}, "$.html"),
        ({"html": "<div>" * 5_000 + "text"}, "$.html"),
        ({"text": "x", "published_on": "0000-00-00"}, "$.published_on"),
        ({"text": "x", "published_on": "0000-01-01"}, "$.published_on"),
        ({"text": "x", "address": "file:///etc/passwd"}, "$.address"),
        ({"url": "https://news.example/a"}, "$.url"),
        ({"text": "x", "publish": True}, "$.publish"),
        ({"text": "a " * 300_000}, "$.text"),
    ],
)
def test_what_cannot_be_read_is_refused_by_field(api: Api, body: dict[str, Any], field: str) -> None:
    answer = extract(api, **body)
    assert answer.status_code == 422, answer.text
    assert [error["field"] for error in answer.json()["errors"]] == [field]


def test_an_article_of_50_mb_is_refused_before_it_is_read(api: Api) -> None:
    began = time.monotonic()
    answer = extract(api, text="x" * 50_000_000)
    assert answer.status_code == 413
    assert time.monotonic() - began < 5


def test_the_text_is_never_logged(api: Api, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    extract(api, **BANK, save=True)
    extract(api, html="<div>" * 5_000 + "banknotes")
    assert "banknotes" not in caplog.text


class Page(http.server.BaseHTTPRequestHandler):
    """Serves the page of the tests, a redirect, an error, and what is no text."""

    def do_GET(self) -> None:
        if self.path == "/away":
            self.send_response(302)
            self.send_header("Location", "http://localhost.localdomain.example/page")
            self.end_headers()
            return
        self.send_response({"/gone": 410}.get(self.path, 200))
        kind = "image/png" if self.path == "/image" else "text/html; charset=utf-8"
        self.send_header("Content-Type", kind)
        self.end_headers()
        self.wfile.write((ARTICLES / "page.html").read_bytes())

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def web() -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


def test_a_page_is_fetched_from_hosts_that_the_operator_named(tmp_path: Path) -> None:
    with web() as address, open_api(tmp_path, fetch_hosts=("127.0.0.1",), outbound_private=True) as api:
        body = extract(api, url=f"{address}/page").json()
        assert body["source"]["title"] == "Rail operator denies selling passenger data"
        assert body["drafts"][0]["speaker"]["name"] == "Martin Shaw"
        for path in ("/gone", "/image", "/away"):
            refused = extract(api, url=f"{address}{path}")
            assert refused.status_code == 422, path
            assert refused.json()["errors"][0]["field"] == "$.url"
        assert extract(api, url="https://news.example/a").status_code == 422


def test_private_addresses_are_not_fetched_even_if_their_host_is_named(tmp_path: Path) -> None:
    with web() as address, open_api(tmp_path, fetch_hosts=("127.0.0.1",)) as api:
        refused = extract(api, url=f"{address}/page")
        assert refused.status_code == 422
        assert "address is closed" in refused.json()["detail"]


def test_without_named_hosts_the_setting_is_named(api: Api) -> None:
    assert "fetch_hosts" in extract(api, url="https://news.example/a").json()["detail"]


def test_the_example_answers_have_the_shape_of_answers() -> None:
    for example in EXTRACT.values():
        if example.answer:
            msgspec.convert(example.answer, Extracted)
