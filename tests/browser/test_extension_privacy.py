"""What leaves a reader's browser: every request is looked at, those of the extension and those of the page."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from support.extension import Reader, reading, unpacked
from support.fronts import front
from support.world import DENIALS, RUMORS, SITES, World, stories, wait, wait_for_marks

pytestmark = pytest.mark.browser

# Everything that may go out with a request; each says nothing that another reader's browser does not say too.
ALLOWED = {
    *("accept", "accept-encoding", "accept-language", "connection", "content-length", "content-type", "host"),
    *("sec-fetch-dest", "sec-fetch-mode", "sec-fetch-site", "sec-fetch-storage-access", "user-agent"),
    *("pragma", "cache-control", "priority"),
}
HEADLINES = [*RUMORS, *DENIALS, *stories("ordinary")[:40]]


def test_only_the_words_of_headlines_leave(world: World, reader: Reader) -> None:
    reader.context.add_cookies([{"name": "who", "value": "reader-7", "url": world.service}])
    page = world.visit(reader, front(HEADLINES), "secret-page-of-a-reader")
    wait_for_marks(reader, page, RUMORS)
    requests = world.requests()
    assert {(one.method, one.path) for one in requests} <= {("GET", "/v1/version"), ("POST", "/v1/check/batch")}
    for one in requests:
        assert set(one.headers) <= ALLOWED, one.headers
        assert one.headers["accept-language"] == "*"
        assert one.headers["user-agent"] == "Mozilla/5.0 (compatible; Rejoinder)"
        whole = f"{one.path} {one.headers} {one.body.decode()}"
        for secret in ("secret-page", world.address, "reader-7", reader.root.rpartition("/")[2]):
            assert secret not in whole
    for body in (json.loads(one.body) for one in requests if one.body):
        assert set(body) == {"claims", "limit"}
        assert [set(item) for item in body["claims"]] == [{"id", "text"}] * len(body["claims"])
        assert [item["id"] for item in body["claims"]] == [f"{at}" for at in range(len(body["claims"]))]
        assert {item["text"] for item in body["claims"]} <= set(HEADLINES)


def test_a_site_that_is_not_turned_on_is_not_read(world: World, reader: Reader) -> None:
    reader.choose(sites=[])
    page = world.visit(reader, front(HEADLINES))
    page.wait_for_timeout(2_000)
    assert world.recording.requests == []
    # Nothing of ours is in the page either.
    assert page.evaluate("document.documentElement.children.length") == 2


def test_nobody_else_is_asked_for_anything(world: World, reader: Reader) -> None:
    seen: list[str] = []
    reader.context.on("request", lambda request: seen.append(request.url))
    page = world.visit(reader, front(HEADLINES))
    wait_for_marks(reader, page, RUMORS)
    page.wait_for_timeout(500)
    elsewhere = [url for url in seen if not url.startswith((world.address, world.service, reader.root))]
    assert elsewhere == []


def test_nothing_of_what_was_read_is_written_to_disk(world: World, reader: Reader) -> None:
    page = world.visit(reader, front(HEADLINES))
    wait_for_marks(reader, page, RUMORS)
    kept = json.dumps(reader.worker.evaluate("chrome.storage.local.get()"))
    assert not [text for text in HEADLINES if text in kept]
    # What lies in memory for the session is kept by hash, without the words.
    session = reader.worker.evaluate("chrome.storage.session.get()")
    words = json.dumps(session)
    assert len(words) > 200
    ordinary = stories("ordinary")[:40]
    wait(lambda: not [text for text in ordinary if text in json.dumps(session)], page)


def test_the_page_learns_nothing(world: World, reader: Reader) -> None:
    page = world.visit(reader, front(HEADLINES))
    before = page.evaluate("document.body.outerHTML")
    wait_for_marks(reader, page, RUMORS)
    assert page.evaluate("document.body.outerHTML") == before
    host = page.evaluate("[...document.documentElement.children].at(-1).shadowRoot")
    assert host is None


def test_the_script_in_a_page_cannot_read_the_key(world: World, reader: Reader) -> None:
    reader.choose(key="a-secret-key")
    page = world.visit(reader, front(HEADLINES))
    wait_for_marks(reader, page, [])
    contexts = page.context.new_cdp_session(page)
    found: list[dict[str, Any]] = []
    contexts.on("Runtime.executionContextCreated", lambda event: found.append(event["context"]))
    contexts.send("Runtime.enable")
    wait(lambda: any(context["origin"] == reader.root for context in found), page)
    ours = next(context["id"] for context in found if context["origin"] == reader.root)
    question = {"expression": "chrome.storage.local.get()", "contextId": ours, "awaitPromise": True}
    told = contexts.send("Runtime.evaluate", {**question, "returnByValue": True})
    assert "a-secret-key" not in json.dumps(told)
    assert "exceptionDetails" in told


def test_as_it_is_packed_it_does_nothing_before_the_browser_has_asked_the_reader(world: World, tmp_path: Path) -> None:
    with reading(world.driver, unpacked(tmp_path), tmp_path / "profile") as reader:
        # The list of sites alone, without the permission that the browser asks for, opens nothing.
        reader.choose(server=world.service, sites=SITES)
        world.recording.requests.clear()
        page = world.visit(reader, front(HEADLINES))
        page.wait_for_timeout(2_000)
        assert reader.worker.evaluate("chrome.permissions.getAll()")["origins"] == []
        assert reader.worker.evaluate("chrome.scripting.getRegisteredContentScripts()") == []
        assert page.evaluate("document.documentElement.children.length") == 2
        assert world.recording.requests == []
        options = reader.context.new_page()
        options.goto(f"{reader.root}/options.html")
        assert options.get_by_role("heading", level=1).inner_text() == "Options"
