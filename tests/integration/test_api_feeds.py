"""Feeds: read by a reader's program, in step with the log, and quiet while nothing changes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import feedparser
import pytest
from support.api import Api, open_api
from support.records import content

ATOM = "/feeds/rebuttals.atom"
JSON = "/feeds/rebuttals.json"


@pytest.fixture
def api(tmp_path: Path) -> Iterator[Api]:
    with open_api(tmp_path, public_url="https://facts.example", publisher_name="The Desk") as api:
        yield api


def atom(api: Api, query: str = "") -> Any:  # noqa: ANN401 - the library's own
    answer = api.client.get(f"{ATOM}{query}")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/atom+xml; charset=utf-8"
    found = feedparser.parse(answer.content)
    assert not found.bozo, found.bozo_exception
    return found


def items(api: Api, query: str = "") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = api.client.get(f"{JSON}{query}").json()["items"]
    return found


def retract(api: Api, name: str, reason: str) -> None:
    answer = api.client.post(f"/v1/rebuttals/{name}/retract", json={"reason": reason}, headers=api.key())
    assert answer.status_code == 200


def test_a_feed_tells_what_is_new_changed_and_withdrawn(api: Api) -> None:
    api.put_in(content("a"), content("b"), content("c"), content("d", status="draft"))
    api.put_in(content("a", rating="scam"))
    retract(api, "b", "The source <b>withdrew</b> it & apologised.")
    found = atom(api)
    assert found.feed.title == "Rebuttals"
    assert [entry.title.partition(":")[0] for entry in found.entries] == ["Retracted", "Changed", "New"]
    assert [entry.id for entry in found.entries] == [f"https://facts.example/rebuttals/{name}" for name in "bac"]
    gone = found.entries[0]
    assert "answers no claim any more" in gone.summary
    assert "The source &lt;b&gt;withdrew&lt;/b&gt; it &amp; apologised." in gone.summary
    assert found.entries[1].updated > found.entries[1].published
    assert [item["title"] for item in items(api)] == [entry.title for entry in found.entries]


def test_both_feeds_have_the_fields_that_their_rules_ask_for(api: Api) -> None:
    api.put_in(content("a"))
    found = atom(api, "?topic=rare%20earths")
    assert found.version == "atom10"
    assert found.feed.id == "https://facts.example/feeds/rebuttals.atom?topic=rare+earths"
    assert {link.rel for link in found.feed.links} == {"alternate", "self"}
    assert (found.feed.author, found.entries[0].author) == ("The Desk", "Ministry of Foreign Affairs of China")
    assert [tag.term for tag in found.entries[0].tags] == ["rare earths"]
    answer = api.client.get(JSON)
    assert answer.headers["content-type"] == "application/feed+json; charset=utf-8"
    feed = answer.json()
    assert feed["version"] == "https://jsonfeed.org/version/1.1"
    assert feed["feed_url"] == "https://facts.example/feeds/rebuttals.json"
    assert {"id", "url", "content_text", "date_published", "date_modified", "tags", "language"} <= set(feed["items"][0])


def test_a_feed_may_be_about_a_topic_an_authority_or_a_language(api: Api) -> None:
    api.put_in(
        content("a", topics=("cash",)),
        content("b", language="en-GB"),
        content("c", language="fr", authority={"name": "The bank"}),
    )
    assert [item["url"][-1] for item in items(api, "?topic=cash")] == ["a"]
    assert [item["url"][-1] for item in items(api, "?authority=The+bank")] == ["c"]
    assert [item["url"][-1] for item in items(api, "?language=en")] == ["b", "a"]
    assert items(api, "?topic=nothing") == []
    assert api.client.get(f"{ATOM}?colour=red").status_code == 422


@pytest.mark.parametrize("path", [ATOM, JSON])
def test_a_feed_is_sent_again_only_when_it_has_changed(api: Api, path: str) -> None:
    empty = api.client.get(path)
    assert api.client.get(path, headers={"If-None-Match": empty.headers["etag"]}).status_code == 304
    api.put_in(content("a"))
    first = api.client.get(path)
    tag, date = first.headers["etag"], first.headers["last-modified"]
    for known in ({"If-None-Match": tag}, {"If-None-Match": f'"x", W/{tag}'}, {"If-Modified-Since": date}):
        answer = api.client.get(path, headers=known)
        assert (answer.status_code, answer.content) == (304, b"")
        assert answer.headers["etag"] == tag
    retract(api, "a", "Entered by mistake.")
    assert api.client.get(path, headers={"If-None-Match": tag}).status_code == 200
    assert api.client.get(path, headers={"If-Modified-Since": "nonsense"}).status_code == 200


def test_a_draft_is_told_of_when_it_is_published_and_not_before(api: Api) -> None:
    api.put_in(content("a", status="draft"))
    assert items(api) == []
    api.put_in(content("a"))
    assert [item["url"][-1] for item in items(api)] == ["a"]


def test_what_xml_cannot_hold_does_not_break_the_feed(api: Api) -> None:
    api.put_in(content("a", rumor="A \x01 \x0b ￾ rumor </title><script>x</script> ]]>", topics=("a&b\x02",)))
    (entry,) = atom(api).entries
    assert "rumor" in entry.title
    assert "�" in entry.title


def test_a_feed_ends_somewhere(api: Api) -> None:
    api.put_in(*(content(f"r-{at:03}") for at in range(120)))
    api.put_in(*(content(f"r-{at:03}", rating="scam") for at in range(3)))
    found = items(api)
    assert len(found) == 50
    assert [item["url"].rpartition("/")[2] for item in found[:4]] == ["r-002", "r-001", "r-000", "r-119"]


def test_an_empty_feed_is_a_feed(api: Api) -> None:
    assert atom(api).entries == []
    assert items(api) == []


@pytest.mark.parametrize(
    "given", ["Mon, 01 Jan 99999999999999 00:00:00 GMT", "Mon, 01 Jan 2024 00:00:00 +99999999999999"]
)
def test_a_date_outside_the_calendar_is_passed_over(api: Api, given: str) -> None:
    api.put_in(content("a"))
    assert api.client.get(ATOM, headers={"If-Modified-Since": given}).status_code == 200
