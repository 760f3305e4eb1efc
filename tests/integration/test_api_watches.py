"""Standing questions over HTTP: who may ask, what is kept, what is told when the store changes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from msgspec import structs
from support.api import PROBLEM, Api, open_api
from support.receiver import receiving
from support.records import GEM_ORE, content
from support.stores import put as put_in

from service.domain import RebuttalContent

CLAIM = "Pakistan handed rare earth samples to the US president"
ELSEWHERE = content(
    "moon",
    rumor="The moon is hollow.",
    variants=(),
    statement="It is rock throughout.",
    quote=None,
    topics=("space",),
    citations=(structs.replace(GEM_ORE.citations[0], title=None),),
)


@pytest.fixture
def api(tmp_path: Path) -> Iterator[Api]:
    with open_api(tmp_path, outbound_private=True) as api:
        yield api


def ask(api: Api, role: str = "reader", **body: object) -> dict[str, Any]:
    answer = api.client.post("/v1/watches", json=body, headers=api.key(role))  # type: ignore[arg-type]
    assert answer.status_code == 201, answer.text
    asked: dict[str, Any] = answer.json()
    return asked


def feed(api: Api, watch: dict[str, Any] | None = None, cursor: str | None = None) -> dict[str, Any]:
    path = f"/v1/watches/{watch['id']}/events" if watch else "/v1/events/watches"
    answer = api.client.get(path, params={"cursor": cursor} if cursor else {}, headers=api.key("reader"))
    assert answer.status_code == 200, answer.text
    page: dict[str, Any] = answer.json()
    return page


def events(api: Api, watch: dict[str, Any], count: int) -> list[dict[str, Any]]:
    """The events of a watch, once there are so many."""
    items: list[dict[str, Any]] = []

    def enough() -> bool:
        items[:] = feed(api, watch)["items"]
        return len(items) >= count

    wait_until(enough)
    return items


def wait_until(condition: Callable[[], bool], seconds: float = 20) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "it does not come"
        time.sleep(0.02)


def settled(api: Api) -> None:
    """Wait until the worker has come to the end of the log."""
    wait_until(lambda: not api.runtime.store.watches.backlog().behind)


def put(api: Api, *records: RebuttalContent) -> None:
    api.put_in(*records)


def retract(api: Api, name: str) -> None:
    headers = {**api.key(), "If-Match": "*"}
    answer = api.client.post(f"/v1/rebuttals/{name}/retract", json={"reason": "The source withdrew."}, headers=headers)
    assert answer.status_code == 200, answer.text


def supersede(api: Api, name: str, by: str) -> None:
    headers = {**api.key(), "If-Match": "*"}
    answer = api.client.post(f"/v1/rebuttals/{name}/supersede", json={"by": by, "reason": "Fuller."}, headers=headers)
    assert answer.status_code == 200, answer.text


def test_a_claim_is_told_of_the_record_that_settles_it_and_of_its_end(api: Api) -> None:
    put(api, ELSEWHERE)
    watch = ask(api, kind="claim", text=CLAIM)
    assert watch["verdict"]["label"] == "unmatched"
    put(api, GEM_ORE, content("sun", rumor="The sun is cold.", variants=(), statement="It is hot.", topics=()))
    events(api, watch, 1)
    retract(api, "gem-ore")
    told = events(api, watch, 2)
    assert [one["type"] for one in told] == ["rebuttal.published", "rebuttal.retracted"]
    published, retracted = (one["data"] for one in told)
    assert published["rebuttal"]["id"] == retracted["rebuttal"]["id"] == "gem-ore"
    assert (published["before"]["label"], published["after"]["label"]) == ("unmatched", "rebutted")
    assert (retracted["before"]["rebuttal_id"], retracted["after"]["label"]) == ("gem-ore", "unmatched")
    assert retracted["reason"] == "The source withdrew."
    assert published["watch"] == {"id": watch["id"], "kind": "claim", "text": CLAIM}


def test_a_claim_is_not_told_of_what_was_there_or_is_of_another_matter(api: Api) -> None:
    put(api, GEM_ORE)
    watch = ask(api, kind="claim", text=CLAIM)
    assert watch["verdict"] == {
        "label": "rebutted",
        "rebuttal_id": "gem-ore",
        "summary": watch["verdict"]["summary"],
        "according_to": watch["verdict"]["according_to"],
    }
    put(api, ELSEWHERE)
    settled(api)
    assert feed(api, watch)["items"] == []
    put(api, structs.replace(GEM_ORE, rating="misleading"))
    (changed,) = events(api, watch, 1)
    assert changed["type"] == "rebuttal.changed"
    assert changed["data"]["rebuttal"]["rating"] == "misleading"


def test_a_topic_is_told_of_every_change_and_its_filters_hold(api: Api) -> None:
    everything = ask(api, kind="topic", text="Rare Earths")
    chinese = ask(
        api, kind="topic", text="rare earths", authority="ministry of foreign affairs of china", language="en"
    )
    french = ask(api, kind="topic", text="rare earths", language="fr")
    put(api, GEM_ORE, ELSEWHERE)
    put(api, structs.replace(GEM_ORE, topics=("gems",)))
    put(api, content("better"))
    supersede(api, "gem-ore", "better")
    kinds = ["rebuttal.published", "rebuttal.changed", "rebuttal.published"]
    assert [one["type"] for one in events(api, everything, 3)] == kinds
    settled(api)
    assert [one["type"] for one in feed(api, chinese)["items"]] == kinds
    assert feed(api, everything)["items"][1]["data"]["rebuttal"]["topics"] == ["gems"]
    assert feed(api, french)["items"] == []


def test_a_query_is_told_of_what_is_near_it(api: Api) -> None:
    watch = ask(api, kind="query", text="rare earth samples US president Pakistan")
    put(api, ELSEWHERE, GEM_ORE)
    (published,) = events(api, watch, 1)
    assert published["data"]["rebuttal"]["id"] == "gem-ore"
    assert published["data"]["rebuttal"]["sources"] == [
        {"url": "https://example.org/briefing", "publisher": "Example News"}
    ]
    put(api, content("better", rating="scam"))
    supersede(api, "gem-ore", "better")
    told = events(api, watch, 3)
    assert [(one["type"], one["data"]["rebuttal"]["id"]) for one in told[1:]] == [
        ("rebuttal.published", "better"),
        ("rebuttal.superseded", "gem-ore"),
    ]
    assert told[2]["data"]["rebuttal"]["superseded_by"] == "better"
    settled(api)
    assert len(feed(api, watch)["items"]) == 3


def test_a_claim_is_told_what_changes_come_to(api: Api) -> None:
    """Its verdict is that of the store as it is: what came and went before anybody could look has not been."""
    watch = ask(api, kind="claim", text=CLAIM)
    put(api, *(structs.replace(GEM_ORE, id=f"r{number}", status="draft") for number in range(3)))
    store = api.runtime.store
    store.write(put_in(GEM_ORE, structs.replace(GEM_ORE, status="retracted"), ELSEWHERE), actor="ed")
    settled(api)
    assert feed(api, watch)["items"] == []


def test_drafts_are_nobody_s_to_hear_of(api: Api) -> None:
    watch = ask(api, kind="topic", text="rare earths")
    put(api, structs.replace(GEM_ORE, status="draft"))
    put(api, structs.replace(GEM_ORE, status="draft", rating="scam"))
    put(api, GEM_ORE)
    put(api, structs.replace(GEM_ORE, status="draft", statement="Not yet public."))
    told = events(api, watch, 2)
    assert [one["type"] for one in told] == ["rebuttal.published", "rebuttal.retracted"]
    assert told[1]["data"]["rebuttal"]["status"] == "draft"
    assert "Not yet public" not in str(told)


def check(api: Api, claim: str, **more: object) -> httpx.Response:
    return api.client.post("/v1/check", json={"claim": claim, **more}, headers=api.key("reader"))


def test_whoever_got_a_verdict_learns_that_it_would_be_another_one(api: Api) -> None:
    answer = check(api, CLAIM, notify={}, limit=1).json()
    assert answer["verdict"]["label"] == "unmatched"
    watch = answer["watch"]
    assert watch["secret"].startswith("whsec_")
    put(api, ELSEWHERE)
    put(api, GEM_ORE)
    events(api, watch, 1)
    put(api, content("later", rating="scam"))
    supersede(api, "gem-ore", "later")
    first, second = events(api, watch, 2)
    assert (first["type"], first["data"]["before"]["label"]) == ("verdict.changed", "unmatched")
    assert (first["data"]["after"]["label"], first["data"]["after"]["rebuttal_id"]) == ("rebutted", "gem-ore")
    assert first["data"]["rebuttal"]["id"] == "gem-ore"
    assert second["data"]["before"] == first["data"]["after"]
    assert (second["data"]["after"]["label"], second["data"]["after"]["rebuttal_id"]) == ("rebutted", "later")
    retract(api, "later")
    third = events(api, watch, 3)[2]
    assert third["data"]["after"]["label"] == "unmatched"
    assert "rebuttal" not in third["data"]


def test_a_verdict_that_is_disputed_later_is_another_one(api: Api) -> None:
    put(api, structs.replace(GEM_ORE, contested_with=("other-side",)))
    watch = check(api, CLAIM, notify={}).json()["watch"]
    put(api, structs.replace(ELSEWHERE, id="other-side"))
    (told,) = events(api, watch, 1)
    assert (told["data"]["before"]["label"], told["data"]["after"]["label"]) == ("rebutted", "contested")
    retract(api, "other-side")
    assert events(api, watch, 2)[1]["data"]["after"]["label"] == "rebutted"


def test_a_verdict_is_remembered_once_for_one_address(api: Api) -> None:
    first = check(api, CLAIM, notify={}).json()["watch"]
    again = check(api, CLAIM, notify={}).json()["watch"]
    assert again == {"id": first["id"], "secret": None}
    elsewhere = check(api, CLAIM, notify={"url": "http://127.0.0.1:9/hook"}).json()["watch"]
    assert elsewhere["id"] != first["id"]
    assert "watch" not in check(api, CLAIM).json()


def test_notify_needs_a_key_and_a_verdict_of_today(api: Api) -> None:
    body = {"claim": CLAIM, "notify": {}}
    refused = api.client.post("/v1/check", json=body)
    assert (refused.status_code, refused.json()["type"]) == (401, "/docs#key-needed")
    for more in ({"mode": "document"}, {"as_of": "2025-10-31"}):
        answer = check(api, CLAIM, notify={}, **more)
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "$.notify")
    assert check(api, "x" * 5_001, notify={}).json()["errors"][0]["field"] == "$.claim"
    assert check(api, CLAIM, notify={"url": "ftp://example.org"}).status_code == 422
    assert api.client.get("/v1/watches", headers=api.key("reader")).json()["items"] == []


def test_a_watch_belongs_to_its_key(api: Api) -> None:
    watch = ask(api, kind="topic", text="rare earths")
    place = f"/v1/watches/{watch['id']}"
    assert api.client.get("/v1/watches").status_code == 401
    for method, path in (
        ("GET", place),
        ("GET", f"{place}/events"),
        ("GET", f"{place}/deliveries"),
        ("POST", f"{place}/test"),
        ("POST", f"{place}/rotate-secret"),
        ("POST", f"{place}/enable"),
        ("DELETE", place),
    ):
        refused = api.client.request(method, path, headers=api.key("editor"))
        assert (refused.status_code, refused.headers["content-type"]) == (404, PROBLEM), path
    assert api.client.get("/v1/watches", headers=api.key("editor")).json()["items"] == []
    mine = api.client.get("/v1/watches", headers=api.key("reader")).json()
    assert mine == {"items": [{k: v for k, v in watch.items() if k != "secret"}], "next_cursor": None}
    assert api.client.delete(place, headers=api.key("reader")).status_code == 204
    assert api.client.get(place, headers=api.key("reader")).status_code == 404


def test_lists_and_feeds_go_on_from_their_cursor(api: Api) -> None:
    watches = [ask(api, kind="topic", text=text) for text in ("rare earths", "space", "rare earths")]
    headers = api.key("reader")
    first = api.client.get("/v1/watches?limit=2", headers=headers).json()
    rest = api.client.get(f"/v1/watches?limit=2&cursor={first['next_cursor']}", headers=headers).json()
    assert [one["id"] for one in first["items"] + rest["items"]] == [one["id"] for one in watches]
    empty = feed(api)
    assert (empty["items"], empty["more"]) == ([], False)
    put(api, GEM_ORE, ELSEWHERE)
    wait_until(lambda: len(feed(api)["items"]) == 3)
    page = api.client.get(f"/v1/events/watches?limit=2&cursor={empty['next_cursor']}", headers=headers).json()
    assert (len(page["items"]), page["more"]) == (2, True)
    last = feed(api, cursor=page["next_cursor"])
    assert (len(last["items"]), last["more"]) == (1, False)
    assert len({one["id"] for one in page["items"] + last["items"]}) == 3
    assert feed(api, cursor=last["next_cursor"]) == {"items": [], "next_cursor": last["next_cursor"], "more": False}
    assert api.client.get("/v1/events/watches?cursor=x", headers=headers).json()["errors"][0]["field"] == "cursor"


@pytest.mark.parametrize(
    ("field", "body"),
    [
        ("$.text", {"kind": "query", "text": "x" * 501}),
        ("$.text", {"kind": "claim", "text": "x" * 5_001}),
        ("$.text", {"kind": "claim", "text": " "}),
        ("$.text", {"kind": "topic"}),
        ("$.authority", {"kind": "claim", "text": "x", "authority": "y"}),
        ("$.kind", {"kind": "verdict", "text": "x"}),
        ("$.webhook.url", {"kind": "topic", "text": "x", "webhook": {"url": "javascript:alert(1)"}}),
        ("$.webhook.url", {"kind": "topic", "text": "x", "webhook": {"url": "https://me:pass@example.org/"}}),
        ("$.webhook.secret", {"kind": "topic", "text": "x", "webhook": {"url": "https://example.org", "secret": "a"}}),
    ],
)
def test_a_watch_that_breaks_a_rule_is_refused(api: Api, field: str, body: dict[str, Any]) -> None:
    answer = api.client.post("/v1/watches", json=body, headers=api.key("reader"))
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, field)


def test_private_addresses_are_refused_unless_the_operator_allows_them(tmp_path: Path) -> None:
    with open_api(tmp_path) as api:
        for url in ("http://127.0.0.1/hook", "https://localhost/hook", "https://10.0.0.1/hook", "http://example.org/"):
            for path, body in (
                ("/v1/watches", {"kind": "topic", "text": "x", "webhook": {"url": url}}),
                ("/v1/check", {"claim": CLAIM, "notify": {"url": url}}),
            ):
                refused = api.client.post(path, json=body, headers=api.key("reader"))
                assert (refused.status_code, refused.json()["errors"][0]["field"][-4:]) == (422, ".url"), (path, url)
        ask(api, kind="topic", text="x", webhook={"url": "https://newsroom.example.org/hook"})


def test_there_are_only_so_many_for_a_key_and_in_all(tmp_path: Path) -> None:
    with open_api(tmp_path, max_watches=3, max_watches_per_key=2) as api:
        body = {"kind": "topic", "text": "x"}
        given = [api.client.post("/v1/watches", json=body, headers=api.key("reader")) for _ in range(3)]
        assert [one.status_code for one in given] == [201, 201, 507]
        assert given[2].json()["type"] == "/docs#watches-full"
        given = [api.client.post("/v1/watches", json=body, headers=api.key("editor")) for _ in range(2)]
        assert [one.status_code for one in given] == [201, 507]
        assert check(api, CLAIM, notify={}).status_code == 507


def test_a_revoked_key_hears_no_more(api: Api) -> None:
    with receiving() as receiver:
        watch = ask(api, kind="topic", text="rare earths", webhook={"url": receiver.url})
        other = ask(api, role="editor", kind="topic", text="rare earths")
        api.runtime.store.revoke_key("reader-key")
        put(api, GEM_ORE)
        page = api.runtime.store.watches
        wait_until(lambda: len(page.feed(watch_id=other["id"], owner=None, cursor=None, limit=9).items) == 1)
        assert page.feed(watch_id=watch["id"], owner=None, cursor=None, limit=9).items == []
        assert receiver.got == []


def test_an_import_of_many_is_told_whole_and_once(api: Api) -> None:
    watch = ask(api, kind="topic", text="rare earths")
    put(api, *(content(f"record-{number}") for number in range(150)))
    seen: list[str] = []
    wait_until(lambda: not api.runtime.store.watches.backlog().behind)
    cursor = None
    while True:
        page = feed(api, watch, cursor)
        seen += [one["data"]["rebuttal"]["id"] for one in page["items"]]
        cursor = page["next_cursor"]
        if not page["more"]:
            break
    assert seen == [f"record-{number}" for number in range(150)]
