"""The life of a record over HTTP: draft, published, cited again, merged, superseded, retracted; by whom, and why."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from support.api import Api, ndjson, open_api
from support.records import GEM_ORE, content

from service.domain import Role


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    with open_api(tmp_path_factory.mktemp("lifecycle")) as api:
        yield api


def body(name: str, **changes: object) -> dict[str, Any]:
    record: dict[str, Any] = msgspec.to_builtins(content(name, **changes))
    return record


def create(api: Api, name: str, **changes: object) -> None:
    answer = api.client.post("/v1/rebuttals", json=body(name, **changes), headers=api.key("editor"))
    assert answer.status_code == 201, answer.text


def step(api: Api, name: str, route: str, json: dict[str, Any], role: Role = "publisher", **headers: str) -> Any:  # noqa: ANN401 - an answer
    tags = {key.replace("_", "-"): value for key, value in headers.items()}
    return api.client.post(f"/v1/rebuttals/{name}/{route}", json=json, headers={**api.key(role), **tags})


def put(api: Api, name: str, record: dict[str, Any], role: Role, reason: str = "") -> Any:  # noqa: ANN401 - an answer
    headers = {**api.key(role), "If-Match": "*"}
    return api.client.put(f"/v1/rebuttals/{name}{reason}", json=record, headers=headers)


def log(api: Api, name: str) -> list[tuple[str, str, str | None]]:
    items = api.client.get(f"/v1/rebuttals/{name}/revisions", headers=api.key()).json()["items"]
    return [(item["action"], item["actor"], item["reason"]) for item in reversed(items)]


def test_a_draft_answers_claims_once_it_is_published(api: Api) -> None:
    rumor = "The harbour master sells sea fog in bottles"
    create(api, "fog", rumor=rumor, variants=(), status="draft")
    assert found(api, rumor) == []
    answer = step(api, "fog", "publish", {"reason": "Checked against the source."}, If_Match='"1"')
    assert (answer.status_code, answer.json()["status"], answer.headers["etag"]) == (200, "published", '"2"')
    assert found(api, rumor) == ["fog"]
    assert log(api, "fog") == [
        ("create", "key:editor-key", None),
        ("publish", "key:publisher-key", "Checked against the source."),
    ]
    assert step(api, "fog", "publish", {}).status_code == 409


def found(api: Api, claim: str) -> list[str]:
    matches = api.client.post("/v1/check", json={"claim": claim}).json()["matches"]
    return [match["rebuttal"]["id"] for match in matches if match["rebuttal"]["rumor"] == claim]


def test_publishing_is_the_publisher_s_by_every_road(api: Api) -> None:
    create(api, "unread", status="draft")
    published = body("unread", status="published")
    assert step(api, "unread", "publish", {}, role="editor").status_code == 403
    refused = put(api, "unread", published, "editor")
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (403, "$.status")
    report = api.client.post(
        "/v1/rebuttals/import",
        content=ndjson(published),
        headers={**api.key("editor"), "Content-Type": "application/x-ndjson"},
    ).json()
    assert (report["updated"], [line["id"] for line in report["rejected"]]) == (0, ["unread"])
    assert put(api, "unread", body("unread", status="draft", rating="scam"), "editor").status_code == 200
    assert put(api, "unread", published, "publisher", "?reason=Read.").status_code == 200
    assert log(api, "unread")[-1] == ("publish", "key:publisher-key", "Read.")


def test_a_published_record_leaves_use_by_a_publisher_only(api: Api) -> None:
    create(api, "in-use")
    assert put(api, "in-use", body("in-use", status="draft"), "editor").status_code == 403
    assert step(api, "in-use", "retract", {"reason": "x"}, role="editor").status_code == 403
    assert put(api, "in-use", body("in-use", status="retracted"), "publisher").status_code == 409
    assert put(api, "in-use", body("in-use", status="draft"), "publisher").status_code == 200


def test_an_import_does_not_bring_back_what_was_retracted(api: Api) -> None:
    create(api, "withdrawn")
    assert step(api, "withdrawn", "retract", {"reason": "The source withdrew it."}).status_code == 200
    report = api.put_in(body("withdrawn", rating="scam"), body("brought-along"))
    assert (report["created"], report["updated"]) == (1, 0)
    assert [(line["line"], line["id"]) for line in report["rejected"]] == [(1, "withdrawn")]
    assert "retracted" in report["rejected"][0]["error"]


def test_no_record_hides_behind_a_route(api: Api) -> None:
    routes = {path.split("/")[3] for path in api.app.state["openapi"]["paths"] if path.startswith("/v1/rebuttals/")}
    assert len(routes) > 3
    for name in routes - {"{rebuttal_id}"}:
        answer = api.client.post("/v1/rebuttals", json=body(name), headers=api.key())
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "$.id")
        assert [line["id"] for line in api.put_in(body(name))["rejected"]] == [name]


def test_a_change_says_why(api: Api) -> None:
    answer = api.client.post(
        "/v1/rebuttals", params={"reason": "Vom Pressegespräch."}, json=body("why"), headers=api.key()
    )
    assert answer.status_code == 201
    assert put(api, "why", body("why", rating="scam"), "editor", "?reason=The+ministry%27s+word.").status_code == 200
    assert [reason for _, _, reason in log(api, "why")] == ["Vom Pressegespräch.", "The ministry's word."]
    assert put(api, "why", body("why"), "editor", "?reason=").status_code == 422
    assert put(api, "why", body("why"), "editor", "?reasons=x").status_code == 422


@pytest.mark.parametrize(
    ("route", "json"),
    [
        ("publish", {}),
        ("retract", {"reason": "x"}),
        ("supersede", {"by": "locked-other"}),
        ("citations", {"citations": [{"url": "https://example.org/2", "publisher": "Example"}]}),
        ("merge", {"other": "locked-other"}),
    ],
)
def test_every_step_is_locked_by_the_revision_that_was_read(api: Api, route: str, json: dict[str, Any]) -> None:
    name = f"locked-{route}"
    create(api, name, status="draft" if route == "publish" else "published")
    if not api.client.get("/v1/rebuttals/locked-other").is_success:
        create(api, "locked-other")
    stale = step(api, name, route, json, If_Match='"2"')
    assert (stale.status_code, stale.json()["current_revision"]) == (412, 1)
    assert step(api, name, route, json, If_Match="2").status_code == 400
    assert step(api, name, route, json, If_Match='"1"').status_code == 200


def test_further_outlets_become_citations(api: Api) -> None:
    create(api, "cited")
    more = {
        "citations": [
            {"url": f"{GEM_ORE.citations[0].url}?utm_source=feed", "publisher": "Feed", "quote": "Gem ores."},
            {"url": "https://example.com/report", "publisher": "Other News", "published_on": "2025-10-15"},
        ],
        "reason": "Two more outlets.",
    }
    first = step(api, "cited", "citations", more, role="editor")
    assert [one["publisher"] for one in first.json()["citations"]] == ["Example News", "Other News"]
    assert first.json()["citations"][0]["quote"] == "Gem ores."
    again = step(api, "cited", "citations", more, role="editor")
    assert (first.headers["etag"], again.headers["etag"]) == ('"2"', '"2"')
    assert log(api, "cited")[-1] == ("cite", "key:editor-key", "Two more outlets.")
    bad = step(api, "cited", "citations", {"citations": [{"url": "ftp://x", "publisher": "y"}]}, role="editor")
    assert (bad.status_code, bad.json()["errors"][0]["field"]) == (422, "$.citations[0].url")
    assert step(api, "nowhere", "citations", more, role="editor").status_code == 404


def test_two_records_of_one_statement_become_one(api: Api) -> None:
    create(api, "kept", contested_with=())
    create(api, "third", contested_with=("absorbed",))
    second = {
        "url": "https://example.com/second",
        "publisher": "Second",
        "quote": "Ores.",
        "published_on": "2025-10-16",
    }
    create(api, "absorbed", rumor="A box of rare earths went to Trump", contested_with=("third",), topics=("gems",))
    assert step(api, "absorbed", "citations", {"citations": [second]}).status_code == 200
    stale = step(api, "kept", "merge", {"other": "absorbed", "other_revision": 1})
    assert (stale.status_code, stale.json()["current_revision"]) == (412, 2)
    answer = step(api, "kept", "merge", {"other": "absorbed", "other_revision": 2, "reason": "The same briefing."})
    kept = answer.json()
    assert answer.status_code == 200
    assert [(one["publisher"], one["quote"], one["published_on"]) for one in kept["citations"]] == [
        ("Example News", None, "2025-10-14"),
        ("Second", "Ores.", "2025-10-16"),
    ]
    assert "A box of rare earths went to Trump" in kept["variants"]
    assert kept["topics"] == ["rare earths", "gems"]
    absorbed = api.client.get("/v1/rebuttals/absorbed").json()
    assert (absorbed["status"], absorbed["superseded_by"]) == ("superseded", "kept")
    assert api.client.get("/v1/rebuttals/third").json()["contested_with"] == ["kept"]
    assert log(api, "absorbed")[-1] == ("supersede", "key:publisher-key", "The same briefing.")
    assert step(api, "kept", "merge", {"other": "absorbed"}).status_code == 409


def test_who_may_merge_what(api: Api) -> None:
    for name, status in (("public", "published"), ("one-draft", "draft"), ("two-draft", "draft")):
        create(api, name, status=status)
    assert step(api, "public", "merge", {"other": "one-draft"}, role="editor").status_code == 403
    assert step(api, "one-draft", "merge", {"other": "public"}).status_code == 409
    assert step(api, "one-draft", "merge", {"other": "one-draft"}).json()["errors"][0]["field"] == "$.other"
    assert step(api, "one-draft", "merge", {"other": "nowhere"}).status_code == 404
    assert step(api, "one-draft", "merge", {"other": "two-draft"}, role="editor").status_code == 200
    assert step(api, "public", "merge", {"other": "one-draft"}, role="publisher").status_code == 200


def test_which_record_stands_in_for_another_is_the_publishers_word(api: Api) -> None:
    for name in ("successor", "usurper", "succeeded"):
        create(api, name)
    assert step(api, "succeeded", "supersede", {"by": "successor"}).status_code == 200
    changed = body("succeeded", status="superseded", superseded_by="usurper")
    assert put(api, "succeeded", changed, "editor").status_code == 403
    line = {**api.key("editor"), "Content-Type": "application/x-ndjson"}
    report = api.client.post("/v1/rebuttals/import", content=ndjson(changed), headers=line).json()
    assert (report["updated"], report["rejected_total"]) == (0, 1)
    assert (
        put(api, "succeeded", {**changed, "superseded_by": "successor", "rating": "scam"}, "editor").status_code == 200
    )
    assert put(api, "succeeded", changed, "publisher").status_code == 200
