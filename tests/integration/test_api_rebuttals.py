"""Records over HTTP: created, read, changed without losing anybody's work, taken out of use, never deleted."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from support.api import PROBLEM, Api, open_api
from support.records import GEM_ORE, content

from service.domain import Rebuttal


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    with open_api(tmp_path_factory.mktemp("records")) as api:
        yield api


def body(name: str, **changes: object) -> dict[str, Any]:
    record: dict[str, Any] = msgspec.to_builtins(content(name, **changes))
    return record


def create(api: Api, name: str, **changes: object) -> Rebuttal:
    answer = api.client.post("/v1/rebuttals", json=body(name, **changes), headers=api.key("editor"))
    assert answer.status_code == 201, answer.text
    return msgspec.json.decode(answer.content, type=Rebuttal)


def test_a_created_record_is_where_the_answer_says(api: Api) -> None:
    answer = api.client.post("/v1/rebuttals", json=body("created"), headers=api.key("editor"))
    assert answer.status_code == 201
    assert answer.headers["location"] == "/v1/rebuttals/created"
    assert answer.headers["etag"] == '"1"'
    read = api.client.get(answer.headers["location"])
    assert read.json() == answer.json()
    assert read.headers["etag"] == '"1"'
    found = api.client.post("/v1/search", json={"query": GEM_ORE.rumor}).json()["results"]
    assert "created" in {hit["rebuttal"]["id"] for hit in found}


def test_a_record_without_id_gets_one(api: Api) -> None:
    record = {**body("x", rumor="A rumor of its own"), "id": None}
    answer = api.client.post("/v1/rebuttals", json=record, headers=api.key("editor"))
    assert answer.status_code == 201
    assert api.client.get(answer.headers["location"]).status_code == 200


def test_an_id_is_given_once(api: Api) -> None:
    create(api, "once")
    answer = api.client.post("/v1/rebuttals", json=body("once"), headers=api.key("editor"))
    assert (answer.status_code, answer.json()["type"]) == (409, "/docs#conflict")


def test_nothing_new_is_304(api: Api) -> None:
    create(api, "cached")
    for known in ('"1"', 'W/"1"', '"7", "1"', "*"):
        answer = api.client.get("/v1/rebuttals/cached", headers={"If-None-Match": known})
        assert (answer.status_code, answer.content) == (304, b"")
    assert api.client.get("/v1/rebuttals/cached", headers={"If-None-Match": '"2"'}).status_code == 200


def put(api: Api, name: str, record: dict[str, Any], tag: str | None) -> Any:  # noqa: ANN401 - an answer
    match = {} if tag is None else {"If-Match": tag}
    return api.client.put(f"/v1/rebuttals/{name}", json=record, headers={**api.key("editor"), **match})


def test_an_update_makes_a_revision(api: Api) -> None:
    create(api, "changed")
    answer = put(api, "changed", body("changed", rating="misleading"), '"1"')
    assert (answer.status_code, answer.headers["etag"]) == (200, '"2"')
    items = api.client.get("/v1/rebuttals/changed/revisions").json()["items"]
    assert [(item["revision"], item["rebuttal"]["rating"]) for item in items] == [(2, "misleading"), (1, "false")]
    assert items[0]["actor"] == "key:editor-key"


def test_a_lost_update_is_refused_and_says_where_the_record_is(api: Api) -> None:
    create(api, "raced")
    assert put(api, "raced", body("raced", rating="misleading"), '"1"').status_code == 200
    answer = put(api, "raced", body("raced", rating="scam"), '"1"')
    assert (answer.status_code, answer.headers["content-type"]) == (412, PROBLEM)
    assert answer.json()["current_revision"] == 2
    assert api.client.get("/v1/rebuttals/raced").json()["rating"] == "misleading"


def test_an_update_must_say_what_it_was_made_from(api: Api) -> None:
    create(api, "unseen")
    assert put(api, "unseen", body("unseen"), None).status_code == 428
    assert put(api, "unseen", body("unseen"), "1").status_code == 400
    assert put(api, "unseen", body("unseen"), '"one"').status_code == 400
    assert put(api, "unseen", body("unseen", rating="scam"), "*").status_code == 200
    assert put(api, "unseen", body("unseen", rating="false"), 'W/"2"').status_code == 200


def test_an_update_cannot_rename_or_create(api: Api) -> None:
    create(api, "named")
    assert put(api, "named", body("other-name"), '"1"').json()["errors"][0]["field"] == "$.id"
    assert put(api, "not-there", body("not-there"), "*").status_code == 404


def test_a_retracted_record_is_read_but_answers_nothing(api: Api) -> None:
    rumor = "The moon landing dust was sold at the harbour market"
    create(api, "wrong", rumor=rumor, variants=())
    answer = api.client.post(
        "/v1/rebuttals/wrong/retract", json={"reason": "Wrong source."}, headers=api.key("publisher")
    )
    assert (answer.status_code, answer.json()["status"], answer.headers["etag"]) == (200, "retracted", '"2"')
    assert api.client.get("/v1/rebuttals/wrong").json()["status"] == "retracted"
    assert api.client.get("/v1/rebuttals/wrong/revisions").json()["items"][0]["reason"] == "Wrong source."
    found = api.client.post("/v1/search", json={"query": rumor}).json()["results"]
    assert "wrong" not in {hit["rebuttal"]["id"] for hit in found}
    again = api.client.post("/v1/rebuttals/wrong/retract", json={"reason": "x"}, headers=api.key("publisher"))
    assert again.status_code == 409


def test_a_record_is_superseded_by_a_published_one(api: Api) -> None:
    create(api, "older")
    create(api, "newer")
    url, key = "/v1/rebuttals/older/supersede", api.key("publisher")
    assert api.client.post(url, json={"by": "nowhere"}, headers=key).json()["errors"][0]["field"] == "$.by"
    stale = api.client.post(url, json={"by": "newer"}, headers={**key, "If-Match": '"4"'})
    assert stale.status_code == 412
    answer = api.client.post(url, json={"by": "newer", "reason": "More was said."}, headers=key)
    assert (answer.status_code, answer.json()["superseded_by"]) == (200, "newer")


def test_a_list_is_walked_page_by_page(api: Api) -> None:
    for at in range(5):
        create(api, f"page-{at}", topics=("pages",))
    seen: list[str] = []
    cursor = ""
    while True:
        page = api.client.get(f"/v1/rebuttals?topic=pages&limit=2{cursor}").json()
        assert len(page["items"]) <= 2
        seen += [item["id"] for item in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert seen == [f"page-{at}" for at in range(5)]


def test_drafts_are_for_editors(api: Api) -> None:
    create(api, "draft", status="draft", topics=("unfinished",))
    for headers in ({}, api.key("reader")):
        assert api.client.get("/v1/rebuttals/draft", headers=headers).status_code == 404
        assert api.client.get("/v1/rebuttals/draft/revisions", headers=headers).status_code == 404
        assert api.client.get("/v1/rebuttals?topic=unfinished", headers=headers).json()["items"] == []
        assert api.client.get("/v1/rebuttals/export?topic=unfinished", headers=headers).content == b""
        assert api.client.get("/v1/rebuttals?status=draft", headers=headers).status_code == 401
    editor = api.key("editor")
    assert api.client.get("/v1/rebuttals/draft", headers=editor).json()["status"] == "draft"
    assert len(api.client.get("/v1/rebuttals?status=draft", headers=editor).json()["items"]) == 1
    assert b'"draft"' in api.client.get("/v1/rebuttals/export?topic=unfinished", headers=editor).content
