"""Keys over HTTP: made, limited, rotated, revoked, by administrators alone; and the log that tells of it."""

from __future__ import annotations

import datetime as dt
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.api import PROBLEM, Api, open_api

from service.api import auth, rates

ADMIN_ONLY = [
    ("GET", "/v1/keys"),
    ("POST", "/v1/keys"),
    ("PUT", "/v1/keys/desk/limits"),
    ("POST", "/v1/keys/desk/rotate"),
    ("POST", "/v1/keys/desk/revoke"),
    ("GET", "/v1/keys/log"),
    ("GET", "/v1/people"),
    ("POST", "/v1/people"),
    ("PUT", "/v1/people/ann/role"),
    ("PUT", "/v1/people/ann/password"),
    ("POST", "/v1/people/ann/disable"),
    ("POST", "/v1/people/ann/enable"),
]


@pytest.fixture
def api(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Api]:
    monkeypatch.setattr(auth, "_REMEMBERED_S", 0.0)
    with open_api(tmp_path) as api:
        yield api


def make(api: Api, **body: Any) -> dict[str, str]:  # noqa: ANN401 - fields of the body
    """The header that a new key is sent in."""
    answer = api.client.post("/v1/keys", json={"name": "desk", "role": "reader", **body}, headers=api.key())
    assert answer.status_code == 201, answer.text
    return {"Authorization": f"Bearer {answer.json()['key']}"}


def opens(api: Api, header: dict[str, str]) -> bool:
    return api.client.get("/v1/rebuttals", headers=header).status_code == 200


@pytest.mark.parametrize(("method", "path"), ADMIN_ONLY)
def test_only_administrators_reach_keys_and_people(api: Api, method: str, path: str) -> None:
    assert api.client.request(method, path, json={}).status_code == 401
    assert api.client.request(method, path, json={}, headers=api.key("publisher")).status_code == 403
    assert api.client.request(method, path, json={}, headers=api.key("admin")).status_code in {200, 404, 422}


def test_a_key_is_made_shown_once_and_listed(api: Api) -> None:
    header = make(api, per_minute=5, expires_at="2036-01-01T00:00:00+01:00")
    key = header["Authorization"].removeprefix("Bearer ")
    listed = api.client.get("/v1/keys", headers=api.key())
    assert key not in listed.text
    found = listed.json()["items"][-1]
    assert (found["name"], found["role"], found["prefix"], found["per_minute"]) == ("desk", "reader", key[:8], 5)
    assert found["expires_at"] == "2035-12-31T23:00:00Z"
    again = api.client.post("/v1/keys", json={"name": "desk", "role": "reader"}, headers=api.key())
    assert again.status_code == 409


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"name": "a b"}, "$.name"),
        ({"name": "a/b"}, "$.name"),
        ({"name": ""}, "$.name"),
        ({"role": "owner"}, "$.role"),
        ({"per_minute": -1}, "$.per_minute"),
        ({"per_minute": 10**9}, "$.per_minute"),
        ({"expires_at": "2020-01-01T00:00:00Z"}, "$.expires_at"),
        ({"expires_at": "2036-01-01T00:00:00"}, "$.expires_at"),
        ({"expires": "2036-01-01"}, "$.expires"),
    ],
)
def test_a_key_that_does_not_fit_is_refused_with_its_field(api: Api, body: dict[str, Any], field: str) -> None:
    answer = api.client.post("/v1/keys", json={"name": "desk", "role": "reader", **body}, headers=api.key())
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, field), answer.text


def test_a_rotated_key_goes_on_for_its_grace_and_no_longer(api: Api) -> None:
    first = make(api)
    second = rotate(api, grace=3600)
    assert opens(api, first)
    assert opens(api, second)
    third = rotate(api, grace=1)
    assert (opens(api, first), opens(api, second), opens(api, third)) == (False, True, True)
    time.sleep(1.1)
    assert (opens(api, second), opens(api, third)) == (False, True)
    fourth = rotate(api, grace=0)
    assert (opens(api, third), opens(api, fourth)) == (False, True)
    assert api.client.post("/v1/keys/desk/revoke", headers=api.key()).json()["revoked_at"] is not None
    assert not opens(api, fourth)
    refused = api.client.post("/v1/keys/desk/rotate", json={}, headers=api.key())
    assert refused.status_code == 409
    assert api.client.post("/v1/keys/nobody/rotate", json={}, headers=api.key()).status_code == 404


def test_revoking_ends_the_grace_too(api: Api) -> None:
    first = make(api)
    second = rotate(api, grace=3600)
    api.client.post("/v1/keys/desk/revoke", headers=api.key())
    assert not opens(api, first)
    assert not opens(api, second)


def rotate(api: Api, *, grace: int) -> dict[str, str]:
    answer = api.client.post("/v1/keys/desk/rotate", json={"grace": grace}, headers=api.key())
    assert answer.status_code == 200, answer.text
    return {"Authorization": f"Bearer {answer.json()['key']}"}


def test_an_expired_key_opens_nothing_until_it_is_given_time(api: Api) -> None:
    soon = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=1)
    header = make(api, expires_at=soon.isoformat())
    assert opens(api, header)
    time.sleep(1.1)
    assert not opens(api, header)
    assert api.client.put("/v1/keys/desk/limits", json={}, headers=api.key()).json()["expires_at"] is None
    assert opens(api, header)


def test_a_key_that_asks_too_often_has_to_wait(api: Api) -> None:
    header = make(api, per_minute=3)
    answers = [api.client.get("/v1/rebuttals", headers=header) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert [answer.headers["ratelimit-policy"] for answer in answers] == ['"key";q=3;w=60'] * 4
    left = [re.fullmatch(r'"key";r=(\d+);t=(\d+)', answer.headers["ratelimit"]) for answer in answers]
    assert [match and match[1] for match in left] == ["2", "1", "0", "0"]
    refused = answers[-1]
    assert (refused.headers["content-type"], refused.json()["type"]) == (PROBLEM, "/docs#rate-limited")
    assert 1 <= int(refused.headers["retry-after"]) <= 20
    assert "ratelimit" not in api.client.get("/v1/rebuttals").headers
    raised = api.client.put("/v1/keys/desk/limits", json={"per_minute": 0}, headers=api.key())
    assert raised.json()["per_minute"] == 0
    answer = api.client.get("/v1/rebuttals", headers=header)
    assert (answer.status_code, "ratelimit" in answer.headers) == (200, False)


def test_the_setting_is_the_limit_of_keys_without_one(tmp_path: Path) -> None:
    with open_api(tmp_path, key_per_minute=2) as api:
        got = [api.client.get("/v1/rebuttals", headers=api.key("reader")).status_code for _ in range(3)]
        assert got == [200, 200, 429]
        assert api.client.get("/v1/rebuttals", headers=api.key("editor")).status_code == 200, "each has its own"


def test_what_was_used_up_comes_back_evenly(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1_000.0
    monkeypatch.setattr(rates.time, "monotonic", lambda: now)
    bucket = rates._Bucket(6)  # noqa: SLF001 - the clock is what this is about
    assert [bucket.take().requests for _ in range(6)] == [5, 4, 3, 2, 1, 0]
    assert bucket.take().seconds == pytest.approx(10)
    now += 10.5
    assert (bucket.take().seconds, bucket.take().seconds) == (0, pytest.approx(9.5))
    now += 3_600
    assert bucket.take().requests == 5, "a bucket holds a minute's worth"


def test_the_log_tells_who_did_what(api: Api) -> None:
    make(api, per_minute=60)
    rotate(api, grace=0)
    api.client.put("/v1/keys/desk/limits", json={"per_minute": 5}, headers=api.key())
    api.client.post("/v1/keys/desk/revoke", headers=api.key())
    api.client.post("/v1/keys/desk/revoke", headers=api.key())
    start = len(api.keys)
    got = api.client.get("/v1/keys/log", params={"since": start}, headers=api.key()).json()["items"]
    assert [(entry["number"] - start, entry["action"], entry["actor"]) for entry in got] == [
        (1, "key-created", "key:admin-key"),
        (2, "key-rotated", "key:admin-key"),
        (3, "key-limited", "key:admin-key"),
        (4, "key-revoked", "key:admin-key"),
    ]
    assert {entry["subject"] for entry in got} == {"key:desk"}
    assert "role reader, 60 requests a minute" in got[0]["detail"]
    assert [after["previous"] for after in got[1:]] == [before["hash"] for before in got[:-1]]
    one = api.client.get("/v1/keys/log", params={"since": start, "limit": 1}, headers=api.key()).json()["items"]
    assert one == got[:1]
    assert api.runtime.store.people.verify_log() == start + 4


def test_people_are_let_in_and_their_passwords_never_come_out(api: Api) -> None:
    body = {"name": "ann@example.org", "role": "editor", "email": "Ann@Example.org", "password": "a gem ore in a shop"}
    made = api.client.post("/v1/people", json=body, headers=api.key())
    assert (made.status_code, made.json()["email"]) == (201, "ann@example.org")
    assert api.client.post("/v1/people", json=body, headers=api.key()).status_code == 409
    taken = {**body, "name": "other"}
    assert api.client.post("/v1/people", json=taken, headers=api.key()).json()["errors"][0]["field"] == "email"
    role = api.client.put("/v1/people/ann@example.org/role", json={"role": "admin"}, headers=api.key())
    assert role.json()["role"] == "admin"
    listed = api.client.get("/v1/people", headers=api.key()).text
    log = api.client.get("/v1/keys/log", headers=api.key()).text
    for text in (made.text, listed, log):
        assert "argon2" not in text
        assert "gem ore" not in text
    assert '"person-role"' in log


@pytest.mark.parametrize("password", ["short", "password1234", "aaaaaaaaaaaaaaaa", "ann@example.org12", ""])
def test_a_password_that_is_easy_to_guess_is_refused(api: Api, password: str) -> None:
    body = {"name": "ann@example.org", "role": "editor", "password": password}
    answer = api.client.post("/v1/people", json=body, headers=api.key())
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"].endswith("password")
    assert password == "" or password not in answer.text


@pytest.mark.parametrize("path", ["/v1/people/nobody/disable", "/v1/people/%F0%9F%98%80/enable"])
def test_nobody_is_no_one(api: Api, path: str) -> None:
    assert api.client.post(path, headers=api.key()).status_code == 404


@pytest.mark.parametrize("ends", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_an_end_outside_the_calendar_in_utc_is_refused(api: Api, ends: str) -> None:
    limited = api.client.put("/v1/keys/reader-key/limits", json={"expires_at": ends}, headers=api.key())
    made = api.client.post("/v1/keys", json={"name": "desk", "role": "reader", "expires_at": ends}, headers=api.key())
    for answer in (limited, made):
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "$.expires_at")


def test_the_log_after_a_number_that_no_entry_can_have_is_refused(api: Api) -> None:
    answer = api.client.get(f"/v1/keys/log?since={2**63}", headers=api.key())
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "since")
