"""ClaimReview over HTTP: out, in, there and back, and feeds with much that is broken."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.api import PROBLEM, Api, open_api
from support.records import content
from support.reviews import REVIEW, rated, review

from service.ingest.claimreview import findings

LD_JSON = "application/ld+json"


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    folder = tmp_path_factory.mktemp("interchange")
    publisher = {"publisher_name": "The Desk", "publisher_url": "https://desk.example"}
    with open_api(folder, starter=True, public_url="https://facts.example", **publisher) as api:
        yield api


def take(api: Api, body: bytes | str, kind: str = LD_JSON, query: str = "", role: str = "editor") -> dict[str, Any]:
    answer = api.client.post(
        f"/v1/rebuttals/import{query}",
        content=body,
        headers={"Content-Type": kind, **api.key(role)},  # type: ignore[arg-type]
    )
    assert answer.status_code == 200, answer.text
    report: dict[str, Any] = answer.json()
    return report


def test_a_record_is_read_as_a_claim_review(api: Api) -> None:
    answer = api.client.get("/v1/rebuttals/cn-mfa-pakistan-rare-earth-samples-us/claimreview")
    assert answer.headers["content-type"] == LD_JSON
    review = answer.json()
    assert findings(review, "facts.example") == []
    assert review["url"] == "https://facts.example/rebuttals/cn-mfa-pakistan-rare-earth-samples-us"
    assert review["author"] == {"@type": "Organization", "name": "The Desk", "url": "https://desk.example"}
    assert not set("<>&") & set(answer.text)
    again = api.client.get(answer.url.path, headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_drafts_are_for_editors_and_what_is_missing_is_not_found(api: Api) -> None:
    api.put_in(content("hidden", status="draft"))
    for part in ("claimreview", "provenance"):
        assert api.client.get(f"/v1/rebuttals/hidden/{part}").status_code == 404
        assert api.client.get(f"/v1/rebuttals/hidden/{part}", headers=api.key("editor")).status_code == 200
        assert api.client.get(f"/v1/rebuttals/nothing/{part}").status_code == 404


def test_export_import_export_gives_the_same_bytes(api: Api, tmp_path: Path) -> None:
    first = api.client.get("/v1/rebuttals/export?format=claimreview")
    assert first.headers["content-type"] == LD_JSON
    feed = first.json()
    published = [record.id for record in api.runtime.store.scan() if record.status == "published"]
    assert [item["item"]["identifier"] for item in feed["dataFeedElement"]] == published
    settings = {
        "public_url": "https://facts.example",
        "publisher_name": "The Desk",
        "publisher_url": "https://desk.example",
    }
    with open_api(tmp_path, **settings) as copy:
        assert take(copy, first.content)["created"] == len(published)
        assert copy.client.get("/v1/rebuttals/export?format=claimreview").content == first.content
        assert take(copy, first.content)["unchanged"] == len(published)


def test_a_feed_leaves_out_what_does_not_stand_unless_it_is_asked_for(api: Api) -> None:
    api.put_in(content("gone", status="retracted", topics=("withdrawn",)))
    plain = api.client.get("/v1/rebuttals/export?format=claimreview&topic=withdrawn").json()
    assert plain["dataFeedElement"] == []
    asked = api.client.get("/v1/rebuttals/export?format=claimreview&topic=withdrawn&status=retracted").json()
    assert [item["item"]["creativeWorkStatus"] for item in asked["dataFeedElement"]] == ["retracted"]


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        (LD_JSON, json.dumps(review(url="https://check.example/ld"))),
        ("application/json", json.dumps([review(url="https://check.example/json")])),
        ("text/html; charset=utf-8", f'<script type="{LD_JSON}">{json.dumps(review(url="https://check.example/page"))}</script>'),
        ("text/csv", "claim,verdict,explanation,source,url\nMoon,Fake,Rock,Check,https://check.example/csv\n"),
        ("text/tab-separated-values", "claim\tverdict\tfact check\tsource\turl\nMars\tFake\tRock\tCheck\thttps://check.example/t\n"),
        ("application/x-ndjson", json.dumps({"rumor": "Moon", "statement": "Rock", "authority": {"name": "X"},
                                            "citations": [{"url": "https://x.example", "publisher": "X"}]})),
    ],
)  # fmt: skip
def test_every_form_is_taken_and_its_source_kept(api: Api, kind: str, body: str) -> None:
    head = api.runtime.store.head()
    assert take(api, body, kind, "?source=https://check.example/feed")["created"] == 1
    assert take(api, body, kind, "?source=https://check.example/feed")["unchanged"] == 1
    (event,) = api.runtime.store.events(head, 10)
    (kept,) = api.client.get(f"/v1/rebuttals/{event.rebuttal_id}/provenance").json()["items"]
    assert (kept["source"], kept["actor"]) == ("https://check.example/feed", "key:editor-key")


def test_what_is_imported_as_a_draft_answers_no_claim(api: Api) -> None:
    claim = {"claim": "Purple giraffes govern Luxembourg since Monday"}
    body = json.dumps(review(claimReviewed=claim["claim"], url="https://check.example/giraffes"))
    take(api, body, query="?as_draft=true")
    assert api.client.post("/v1/check", json=claim).json()["verdict"]["label"] == "unmatched"
    # The same file, imported to publish, is the publisher's step.
    assert take(api, body)["rejected_total"] == 1
    assert take(api, body, role="publisher")["updated"] == 1
    assert api.client.post("/v1/check", json=claim).json()["verdict"]["label"] == "rebutted"


def test_a_feed_with_much_that_is_broken_keeps_all_that_is_good(tmp_path: Path) -> None:
    broken = [
        "{not json}",
        json.dumps(rated("True", ratingValue=1, bestRating=5, worstRating=1)),
        json.dumps(review(url=None)),
        '{"@type": "DataFeedItem", "item": []}',
        '{"@type": "ClaimReview", "claimReviewed": "\\ud800"}',
    ]
    elements = [
        broken[at % len(broken)]
        if at % 10 == 0
        else json.dumps(review(url=f"https://check.example/{at}", claimReviewed=f"Claim {at}"))
        for at in range(3_000)
    ]
    body = f'{{"@context": "https://schema.org", "@type": "DataFeed", "dataFeedElement": [{",".join(elements)}]}}'
    with open_api(tmp_path) as api:
        report = take(api, body)
        assert (report["created"], report["rejected_total"]) == (2_700, 300)
        assert [rejected["line"] for rejected in report["rejected"]] == list(range(1, 3_001, 10))
        assert all(rejected["error"] for rejected in report["rejected"])
        assert take(api, body)["unchanged"] == 2_700


@pytest.mark.parametrize("mark", [b"PK\x03\x04", b"\x1f\x8b\x08\x00", b"BZh9", b"\xfd7zXZ\x00", b"(\xb5/\xfd"])
def test_an_archive_is_not_opened(api: Api, mark: bytes) -> None:
    for kind in (LD_JSON, "text/csv", "text/html", "application/x-ndjson"):
        headers = {"Content-Type": kind, **api.key()}
        answer = api.client.post("/v1/rebuttals/import", content=mark + b"x" * 100, headers=headers)
        assert (answer.status_code, answer.headers["content-type"]) == (415, PROBLEM)
        assert "unpack" in answer.json()["detail"]


def test_a_compressed_body_and_an_unknown_form_are_refused(api: Api) -> None:
    for headers in ({"Content-Type": LD_JSON, "Content-Encoding": "gzip"}, {"Content-Type": "application/pdf"}):
        answer = api.client.post("/v1/rebuttals/import", content=b"x", headers={**headers, **api.key()})
        assert answer.status_code == 415


def test_a_body_without_anything_in_it_is_told(api: Api) -> None:
    for kind in (LD_JSON, "text/html"):
        assert take(api, b"", kind)["rejected_total"] == 1
    assert take(api, json.dumps({"@type": "WebPage"}))["rejected"][0]["error"].startswith("There is no ClaimReview")


def test_a_review_of_ours_within_somebody_s_page_comes_back(api: Api) -> None:
    text = api.client.get("/v1/rebuttals/cn-mfa-pakistan-rare-earth-samples-us/claimreview").text
    page = f"<html><script type='{LD_JSON}'>{text}</script></html>"
    assert take(api, page, "text/html")["unchanged"] == 1
    assert REVIEW["claimReviewed"] not in text
