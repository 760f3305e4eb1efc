"""The cheap question whether anything has changed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.api import PROBLEM, Api, open_api
from support.records import content
from support.stores import put, unit_rows

from service.store.sqlite import SqliteStore


@pytest.fixture
def api(tmp_path: Path) -> Iterator[Api]:
    with open_api(tmp_path, profile="balanced") as api:
        api.put_in(content("a"), content("b"))
        yield api


def test_it_says_what_answers_say_of_themselves(api: Api) -> None:
    version = api.client.get("/v1/version")
    assert version.status_code == 200
    assert "set-cookie" not in version.headers
    claim = api.client.post("/v1/check", json={"claim": "Pakistan handed rare earths over"}).json()
    batch = api.client.post("/v1/check/batch", json={"claims": [{"id": "1", "text": "Rare earths"}]}).json()
    for answer in (claim, batch):
        assert version.json() == {
            "store_version": answer["store_version"],
            "model": answer["model"],
            "profile": "balanced",
        }


def test_nothing_new_is_told_without_a_body(api: Api) -> None:
    tag = api.client.get("/v1/version").headers["etag"]
    for known in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        answer = api.client.get("/v1/version", headers={"If-None-Match": known})
        assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", tag)
    for other in ('"other"', tag[1:-1], ""):
        assert api.client.get("/v1/version", headers={"If-None-Match": other}).status_code == 200


def test_a_retraction_is_another_version(api: Api) -> None:
    before = api.client.get("/v1/version")
    api.client.post("/v1/rebuttals/a/retract", json={"reason": "Withdrawn."}, headers=api.key())
    after = api.client.get("/v1/version", headers={"If-None-Match": before.headers["etag"]})
    assert after.status_code == 200
    assert after.json()["store_version"] > before.json()["store_version"]
    assert after.headers["etag"] != before.headers["etag"]


def test_so_is_what_was_made_findable_without_an_event(api: Api) -> None:
    record, model = content("c"), api.runtime.finder.model
    api.runtime.store.write(put(record), actor="another process, with another encoder")
    api.runtime.finder.refresh()
    before = api.client.get("/v1/version")
    api.runtime.store.put_vectors(model, [("c", 1, unit_rows(record, dim=128))])
    api.runtime.finder.refresh()
    after = api.client.get("/v1/version", headers={"If-None-Match": before.headers["etag"]})
    assert (after.status_code, after.json()) == (200, before.json())


def test_another_profile_has_another_tag(api: Api, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    with open_api(other, profile="strict") as strict:
        strict.put_in(content("a"), content("b"))
        found = strict.client.get("/v1/version")
    ours = api.client.get("/v1/version")
    assert found.json() == {**ours.json(), "profile": "strict"}
    assert found.headers["etag"] != ours.headers["etag"]


def test_where_reads_need_a_key_this_does(tmp_path: Path) -> None:
    with open_api(tmp_path / "closed", reads_need_key=True) as api:
        refused = api.client.get("/v1/version")
        assert (refused.status_code, refused.headers["content-type"]) == (401, PROBLEM)
        assert api.client.get("/v1/version", headers=api.key("reader")).status_code == 200


def test_a_caller_is_not_answered_from_before_what_it_has_seen(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.finder._LOOK_EVERY_S", 3_600)
    before = api.client.post("/v1/check", json={"claim": "Rare earths"}).json()["store_version"]
    with SqliteStore.open(api.runtime.settings.db) as other:
        other.write(put(content("c")), actor="another process")
        seen = other.head()
    asked = {"claim": "Rare earths"}
    assert api.client.post("/v1/check", json=asked).json()["store_version"] == before
    for odd in ("", "x", "-1", "9" * 19, "\u0663"):
        answer = api.client.post("/v1/check", json=asked, headers={"X-Store-Version": odd.encode()})
        assert answer.json()["store_version"] == before
    answer = api.client.post("/v1/check", json=asked, headers={"X-Store-Version": f"{seen}"})
    assert answer.json()["store_version"] == seen
    assert api.client.get("/v1/version", headers={"X-Store-Version": "9" * 18}).json()["store_version"] == seen
