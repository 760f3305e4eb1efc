"""The state of cited pages over HTTP, with a real site."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.api import Api, open_api
from support.records import content
from support.web import Asking, Send, Site, page, redirect, site

from service.citations.verifying import Verifier
from service.domain import Citation
from service.outbound import Outbound

TEXT = (
    b"<html><body><article><p>"
    + b"The samples are gem ores, the spokesperson said. " * 9
    + b"</p></article></body></html>"
)


@pytest.fixture
def web() -> Iterator[Site]:
    with site() as served:
        served.pages |= {"/story": page(200, TEXT), "/old": redirect("/story", 301)}
        yield served


@pytest.fixture
def api(tmp_path: Path, web: Site) -> Iterator[Api]:
    with open_api(tmp_path, outbound_private=True) as api:
        api.app.state["links"].verifier = Verifier(api.runtime.store, Outbound(private=True), pause=0)
        paths = {"a": ("/story", "/old"), "b": ("/gone",), "c": ("/story",)}
        for name, cited in paths.items():
            citations = tuple(Citation(url=web.url(path), publisher="P", quote="gem ores") for path in cited)
            status = "draft" if name == "c" else "published"
            api.put_in(content(name, citations=citations, status=status, rumor=f"rumor {name}"))
        yield api


def verify(api: Api, name: str) -> dict[str, object]:
    answer = api.client.post("/v1/citations/verify", json={"rebuttal_id": name}, headers=api.key("publisher"))
    assert answer.status_code == 200, answer.text
    found: dict[str, object] = answer.json()
    return found


def test_citations_are_unchecked_until_their_pages_are_asked(api: Api, web: Site) -> None:
    before = api.client.get("/v1/rebuttals/a/citations").json()["items"]
    assert [(item["state"], item["checked_at"]) for item in before] == [("unchecked", None)] * 2
    done = verify(api, "a")
    assert (done["checked"], done["left"]) == (2, 0)
    after = api.client.get("/v1/rebuttals/a/citations").json()["items"]
    assert [(item["state"], item["why"]) for item in after] == [("fine", None), ("moved", "moved-for-good")]
    assert after == done["items"]
    assert after[1]["final_url"] == web.url("/story")
    assert after[0]["citation"]["quote"] == "gem ores"


def test_what_was_asked_a_moment_ago_is_not_asked_again(api: Api, web: Site) -> None:
    verify(api, "a")
    asked = len(web.asked)
    assert verify(api, "a")["checked"] == 0
    assert len(web.asked) == asked


def test_the_record_stays_as_it_was(api: Api) -> None:
    before = api.client.get("/v1/rebuttals/b")
    verify(api, "b")
    after = api.client.get("/v1/rebuttals/b")
    assert (after.headers["etag"], after.json()) == (before.headers["etag"], before.json())


def test_the_list_is_by_state_and_in_pages(api: Api) -> None:
    verify(api, "a")
    verify(api, "b")
    found, cursor = [], None
    for _ in range(3):
        query = {"limit": 1} | ({"cursor": cursor} if cursor else {})
        answer = api.client.get("/v1/citations", params=query).json()
        found += [(item["rebuttal_id"], item["state"]) for item in answer["items"]]
        cursor = answer["next_cursor"]
    assert found == [("a", "fine"), ("a", "moved"), ("b", "dead")]
    assert cursor is None
    dead = api.client.get("/v1/citations?state=dead").json()["items"]
    assert [(item["rebuttal_id"], item["why"], item["status"]) for item in dead] == [("b", "not-there", 404)]


def test_drafts_are_seen_by_editors_alone(api: Api) -> None:
    assert api.client.get("/v1/rebuttals/c/citations").status_code == 404
    assert len(api.client.get("/v1/rebuttals/c/citations", headers=api.key("editor")).json()["items"]) == 1
    listed = api.client.get("/v1/citations", headers=api.key("editor")).json()["items"]
    assert {item["rebuttal_id"] for item in listed} == {"a", "b"}


@pytest.mark.parametrize(
    ("query", "status"),
    [("state=rotten", 422), ("limit=0", 422), ("cursor=x", 400), ("cursor=MTphIHg", 400), ("x=1", 422)],
)
def test_a_bad_question_is_told(api: Api, query: str, status: int) -> None:
    assert api.client.get(f"/v1/citations?{query}").status_code == status


def test_only_publishers_send_the_service_out(api: Api) -> None:
    body = {"rebuttal_id": "a"}
    assert api.client.post("/v1/citations/verify", json=body).status_code == 401
    assert api.client.post("/v1/citations/verify", json=body, headers=api.key("editor")).status_code == 403
    unknown = api.client.post("/v1/citations/verify", json={"rebuttal_id": "nobody"}, headers=api.key())
    assert unknown.status_code == 404


def test_only_a_few_checks_run_at_a_time(api: Api, web: Site) -> None:
    go, came = threading.Event(), threading.Semaphore(0)

    def wait(_: Asking, send: Send) -> None:
        came.release()
        go.wait(10)
        send(page(200, TEXT))

    web.pages |= {"/story": wait, "/gone": wait}
    threads = [threading.Thread(target=verify, args=(api, name)) for name in ("a", "b")]
    try:
        for thread in threads:
            thread.start()
        assert all(came.acquire(timeout=10) for _ in threads)
        refused = api.client.post("/v1/citations/verify", json={"rebuttal_id": "c"}, headers=api.key())
        assert (refused.status_code, refused.headers["retry-after"]) == (503, "10")
    finally:
        go.set()
        for thread in threads:
            thread.join(20)


def test_no_page_of_the_own_network_is_asked_unless_the_operator_says_so(tmp_path: Path, web: Site) -> None:
    with open_api(tmp_path) as api:
        api.app.state["links"].verifier = None  # made from the settings, as in a service
        api.put_in(content("a", citations=(Citation(url=web.url("/story"), publisher="P"),)))
        item = verify(api, "a")["items"][0]  # type: ignore[index]  # a list
        assert (item["state"], item["why"]) == ("blocked", "address-closed")
    assert web.asked == []


def test_the_way_out_is_that_of_the_settings(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener, open_api(tmp_path, outbound_private=True) as api:
        api.app.state["links"].verifier = None
        port = listener.getsockname()[1]
        listener.close()
        api.put_in(content("a", citations=(Citation(url=f"http://127.0.0.1:{port}/", publisher="P"),)))
        item = verify(api, "a")["items"][0]  # type: ignore[index]  # a list
        assert (item["state"], item["why"]) == ("unreachable", "no-answer")
