"""What editors do at the desk, without a browser: every form, and what it leaves in the store."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from urllib.parse import urlencode

import pytest
from httpx import Response
from support.api import Api, open_api
from support.records import GEM_ORE, content

from service import passwords
from service.store.links import Link, Mark
from service.web.record_form import Values, values_of

ARTICLE = (
    "No owls, ministry says\n\n"
    "OSLO, Oct 13 - The Ministry of Health on Monday denied reports that owls carry the flu.\n\n"
    '"No owl has the flu," spokesperson Ann Lee told reporters in Oslo.\n'
)
KNOWN = {"address": "https://news.example.org/owls", "publisher": "News", "published_on": "2025-10-13"}


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    with open_api(tmp_path_factory.mktemp("desk")) as api:
        api.put_in(GEM_ORE)
        yield api


def send(api: Api, path: str, fields: dict[str, str], role: str = "admin") -> Response:
    return api.client.post(path, data={"sent": "1", **fields}, headers=api.key(role), follow_redirects=False)  # type: ignore[arg-type]


def form_of(values: Values, **more: str) -> bytes:
    """The record's form as a browser sends it."""
    plain = [(name, text) for name, text in values.items() if isinstance(text, str)]
    cited = [
        (f"citations.{at}.{name}", text) for at, one in enumerate(values["citations"]) for name, text in one.items()
    ]
    return urlencode([*plain, *cited, *(("variants", text) for text in values["variants"]), *more.items()]).encode()


def save(api: Api, path: str, values: Values, role: str = "admin", **more: str) -> Response:
    headers = {**api.key(role), "Content-Type": "application/x-www-form-urlencoded"}  # type: ignore[arg-type]
    return api.client.post(path, content=form_of(values, **more), headers=headers, follow_redirects=False)


def test_a_record_is_written_changed_and_published(api: Api) -> None:
    values = {**values_of(content("owls")), "rumor": "Owls carry the flu."}
    assert save(api, "/desk/new", values).headers["location"] == "/desk/records/owls?done=saved"
    taken = save(api, "/desk/new", values)
    assert taken.status_code == 409
    assert "There is a record" in taken.text or "already" in taken.text
    more = save(api, "/desk/records/owls", values, revision="1", action="more-sources")
    assert more.status_code == 200
    assert "citations.1.url" in more.text
    values["quote"] = "No owl has the flu."
    done = save(api, "/desk/records/owls", values, revision="1", action="publish", reason="The quote.")
    assert done.headers["location"] == "/desk/records/owls?done=published"
    record = api.runtime.store.get("owls")
    assert (record.status, record.quote, record.revision) == ("published", "No owl has the flu.", 3)
    assert [one.actor for one in api.runtime.store.revisions("owls")] == ["key:admin-key"] * 3


def test_an_editor_saves_and_does_not_publish(api: Api) -> None:
    refused = save(api, "/desk/new", values_of(content("bats")), "editor", action="publish")
    assert refused.status_code == 403
    assert "Saved as a draft." in refused.text
    assert api.runtime.store.get("bats").status == "draft"
    wrong = save(api, "/desk/records/bats", {**values_of(content("bats")), "rumor": ""}, "editor", revision="1")
    assert wrong.status_code == 422
    assert 'href="#rumor"' in wrong.text


def test_a_lost_update_keeps_both_versions(api: Api) -> None:
    api.put_in(content("moles", status="draft"))
    values = values_of(content("moles"))
    assert save(api, "/desk/records/moles", {**values, "quote": "Theirs."}, revision="1").status_code == 303
    mine = save(api, "/desk/records/moles", {**values, "quote": "Mine."}, revision="1")
    assert mine.status_code == 409
    assert "Theirs" in mine.text
    assert "Mine" in mine.text
    assert 'name="revision" value="2"' in mine.text
    assert api.runtime.store.get("moles").quote == "Theirs."


@pytest.mark.parametrize("query", ["gem-ore", "rare earth samples"])
def test_records_are_found_by_id_and_by_words(api: Api, query: str) -> None:
    shown = api.client.get("/desk/records", params={"q": query, "status": "published"}, headers=api.key())
    assert "/desk/records/gem-ore" in shown.text


def test_an_article_becomes_a_draft_beside_its_text(api: Api) -> None:
    shown = send(api, "/desk/extract", {"article": ARTICLE, **KNOWN, "action": "read"}, "editor")
    assert shown.status_code == 200
    assert "1 draft found" in shown.text
    kept = send(
        api, "/desk/extract", {"article": ARTICLE, **KNOWN, "action": "keep", "seen": "1", "keep": "0"}, "editor"
    )
    assert kept.status_code == 303, kept.text
    name = kept.headers["location"].partition("?")[0].rpartition("/")[2]
    draft = api.runtime.store.get(name)
    assert (draft.status, draft.quote) == ("draft", "No owl has the flu")
    page = api.client.get(f"/desk/records/{name}", headers=api.key("editor")).text
    assert '<mark class="quote"' in page
    again = send(api, "/desk/extract", {"article": ARTICLE, **KNOWN, "action": "keep"}, "editor")
    assert again.status_code == 422
    none = send(api, "/desk/extract", {"article": ARTICLE, **KNOWN, "action": "keep", "seen": "1"}, "editor")
    assert "Choose at least one draft" in none.text
    fetched = send(api, "/desk/extract", {"address": "https://news.example.org/owls"}, "editor")
    assert "fetches no pages" in fetched.text


def test_what_a_record_needs_is_asked_for_beside_the_draft(api: Api) -> None:
    bare = send(api, "/desk/extract", {"article": ARTICLE}, "editor")
    assert "Give the article’s publisher above." in bare.text
    kept = send(api, "/desk/extract", {"article": ARTICLE, "action": "keep"}, "editor")
    assert kept.status_code == 422
    assert 'href="#publisher"' in kept.text
    day = send(api, "/desk/extract", {"article": ARTICLE, "published_on": "0000-13-01"}, "editor")
    assert day.status_code == 422
    assert 'href="#published_on"' in day.text


def test_watches_are_asked_for_tested_and_deleted(api: Api) -> None:
    wrong = send(api, "/desk/watches", {"kind": "query", "text": "owls", "authority": "Anybody"})
    assert wrong.status_code == 422
    assert 'href="#authority"' in wrong.text
    closed = send(api, "/desk/watches", {"kind": "query", "text": "owls", "webhook": "http://127.0.0.1/hook"})
    assert closed.status_code == 422
    assert send(api, "/desk/watches", {"kind": "music", "text": "owls"}).status_code == 422
    made = send(api, "/desk/watches", {"kind": "topic", "text": "owls"})
    assert "It is watched now." in made.text
    watches = api.runtime.store.watches
    watch = watches.page(owner="key:admin-key", cursor=None, limit=1).items[0]
    assert send(api, f"/desk/watches/{watch.id}/test", {}).headers["location"] == "/desk/watches?done=tested"
    assert "watch test" in api.client.get("/desk/watches", headers=api.key()).text.lower()
    assert send(api, f"/desk/watches/{watch.id}/enable", {}).status_code == 303
    assert send(api, f"/desk/watches/{watch.id}/retry", {"event": "none"}).status_code == 404
    assert send(api, f"/desk/watches/{watch.id}/dance", {}).status_code == 404
    assert send(api, f"/desk/watches/{watch.id}/delete", {}, "editor").status_code == 404  # another's
    assert send(api, f"/desk/watches/{watch.id}/delete", {}).status_code == 303
    assert watches.page(owner="key:admin-key", cursor=None, limit=1).items == []


def test_the_state_of_links_is_shown_at_the_desk_and_to_readers(api: Api) -> None:
    links, url = api.runtime.store.links, GEM_ORE.citations[0].url
    marks = [Mark(mark.cited, "dead", "not-there") for mark in links.citing(url)]
    asked_at = dt.datetime(2025, 11, 1, tzinfo=dt.UTC)
    links.save(Link(url=url, state="dead", why="not-there", status=404, checked_at=asked_at), marks)
    shown = api.client.get("/desk/links", headers=api.key()).text
    assert "page is gone" in shown
    assert "page is gone (" in shown
    assert "page is gone: its site has it no more, 1 Nov 2025" in api.client.get("/rebuttals/gem-ore").text
    assert api.client.get("/desk/links?state=none-such", headers=api.key()).status_code == 400
    assert "None is in this state." in api.client.get("/desk/links?state=moved", headers=api.key()).text


def test_feedback_is_listed_with_what_it_is_about(api: Api) -> None:
    answer = api.client.post("/v1/check", json={"claim": GEM_ORE.rumor}).json()
    thanks = api.client.post(
        "/feedback",
        data={"verdict_id": answer["verdict_id"], "rating": "wrong", "expected": "related", "comment": "Hm <b>"},
    )
    assert "Thank you." in thanks.text
    shown = api.client.get("/desk/feedback", headers=api.key()).text
    assert "Hm &lt;b&gt;" in shown
    assert "Expected: Background only" in shown
    for fields in ({"verdict_id": "v1~x", "rating": "wrong"}, {"verdict_id": "x", "rating": "maybe"}):
        assert api.client.post("/feedback", data=fields).status_code == 422


def test_an_administrator_closes_doors(api: Api) -> None:
    api.runtime.store.people.create("tom", "editor", actor="cli", password=passwords.hash_("seven green bottles"))
    api.runtime.store.create_key("old key", "reader")
    assert send(api, "/desk/access/people/tom/disable", {}).status_code == 303
    assert api.runtime.store.people.get("tom").disabled_at is not None
    assert "Let in again" in api.client.get("/desk/access?done=disabled", headers=api.key()).text
    assert send(api, "/desk/access/people/tom/enable", {}).status_code == 303
    assert send(api, "/desk/access/keys/old%20key/revoke", {}).status_code == 303
    keys = api.runtime.store.keys()
    assert [key.name for key in keys if key.revoked_at] == ["old key"]
    assert send(api, "/desk/access/people/tom/disable", {}, "publisher").status_code == 403


def test_the_dashboard_counts(api: Api) -> None:
    shown = api.client.get("/desk/dashboard?days=7", headers=api.key("editor"))
    assert "claims checked" in shown.text
    drawn = api.client.get("/desk/charts/claims.svg?days=7&width=360", headers=api.key("editor"))
    assert drawn.headers["content-type"] == "image/svg+xml"
    assert "script-src" not in drawn.headers["content-security-policy"]
    for query in ("days=0", "days=x", "days=7&width=9999"):
        assert api.client.get(f"/desk/dashboard?{query}", headers=api.key("editor")).status_code == 400
