"""People who sign in: the cookie, the token that goes with it, what ends a session, how guesses are slowed down."""

from __future__ import annotations

import asyncio
import datetime as dt
import threading
from collections.abc import Iterator
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any

import pytest
from support.api import PROBLEM, Api, open_api

from service import passwords
from service.api.auth import digest
from service.api.hashing import Hashing
from service.api.problems import ProblemError

PASSWORD = "the gem ore was bought in a shop"  # noqa: S105 - of a test
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.fixture(scope="module")
def hashed() -> str:
    return passwords.hash_(PASSWORD)


@pytest.fixture
def api(tmp_path: Path, hashed: str) -> Iterator[Api]:
    with open_api(tmp_path) as api:
        for name, role in (("ann", "editor"), ("zoe", "admin")):
            api.runtime.store.people.create(name, role, actor="cli", password=hashed)
        yield api


def sign_in(api: Api, name: str = "ann", password: str = PASSWORD) -> dict[str, str]:
    """The header that the session's writes need."""
    answer = api.client.post("/v1/session", json={"name": name, "password": password})
    assert answer.status_code == 200, answer.text
    return {"X-CSRF-Token": answer.json()["csrf_token"]}


def token(api: Api) -> str:
    """The secret in the cookie."""
    return next(cookie.value or "" for cookie in api.client.cookies.jar if cookie.name.endswith("rejoinder"))


def test_a_person_signs_in_works_and_signs_out(api: Api) -> None:
    header = sign_in(api, " ANN ")
    me = api.client.get("/v1/session").json()
    assert (me["person"]["name"], me["person"]["role"], me["csrf_token"]) == ("ann", "editor", header["X-CSRF-Token"])
    assert "password" not in str(me)
    assert api.client.get("/v1/feedback").status_code == 200
    line = b'{"rumor": "r", "statement": "s", "authority": {"name": "a"}, "citations": [%s]}'
    line %= b'{"url": "https://example.org/1", "publisher": "p"}'
    headers = {"Content-Type": "application/x-ndjson", **header}
    assert api.client.post("/v1/rebuttals/import", content=line, headers=headers).json()["created"] == 1
    assert api.runtime.store.events(0, 10)[-1].actor == "person:ann"
    kept = token(api)
    assert api.client.delete("/v1/session", headers=header).status_code == 204
    assert api.client.get("/v1/session").status_code == 401
    api.client.cookies.set("rejoinder", kept)
    assert api.client.get("/v1/session").status_code == 401, "the session has ended, not only the cookie"


def test_a_role_is_the_person_s_and_changes_at_once(api: Api) -> None:
    header = sign_in(api)
    refused = api.client.get("/v1/keys")
    assert (refused.status_code, "the person has the role editor" in refused.json()["detail"]) == (403, True)
    api.runtime.store.people.set_role("ann", "admin", actor="cli")
    assert api.client.get("/v1/keys").status_code == 200
    made = api.client.post("/v1/keys", json={"name": "made", "role": "reader"}, headers=header)
    assert made.status_code == 201
    assert api.runtime.store.people.log(0, 100)[-1].actor == "person:ann"


def test_a_cookie_alone_changes_nothing(api: Api) -> None:
    header = sign_in(api, "zoe")
    body = {"name": "forged", "role": "admin"}
    for headers in (
        {},
        {"X-CSRF-Token": "x" * 43},
        {"X-CSRF-Token": "é".encode()},
        {**header, "Sec-Fetch-Site": "cross-site"},
        {**header, "Sec-Fetch-Site": "same-site"},
        {**header, "Origin": "https://evil.example"},
        {**header, "Origin": "null"},
    ):
        answer = api.client.post("/v1/keys", json=body, headers=headers)
        assert (answer.status_code, answer.headers["content-type"]) == (403, PROBLEM), headers
        assert answer.json()["type"] == "/docs#forged"
    ours = {**header, "Origin": "http://testserver.local", "Sec-Fetch-Site": "same-origin"}
    assert api.client.post("/v1/keys", json=body, headers=ours).status_code == 201


def test_the_token_of_one_session_is_not_that_of_another(api: Api) -> None:
    before = sign_in(api, "zoe")
    old = token(api)
    now = sign_in(api, "zoe")
    assert before != now
    assert token(api) != old
    assert api.runtime.store.people.find_session(digest(old), now=moment(), idle=dt.timedelta(hours=1)) is None
    assert api.client.post("/v1/keys", json={"name": "k", "role": "reader"}, headers=before).status_code == 403


def test_a_form_carries_the_token_in_a_field(api: Api) -> None:
    header = sign_in(api, "zoe")
    value = header["X-CSRF-Token"]
    for form, status in ((f"csrf_token={value}", 415), ("csrf_token=wrong", 403), ("", 403), ("csrf_token=%FF&%", 403)):
        # Past the guard, this route's complaint is that it takes no forms.
        assert api.client.post("/v1/keys", content=form, headers=FORM).status_code == status, form


def test_a_key_needs_no_token_and_goes_before_the_cookie(api: Api) -> None:
    sign_in(api)
    assert (
        api.client.post("/v1/keys", json={"name": "k", "role": "reader"}, headers=api.key("admin")).status_code == 201
    )
    assert api.client.get("/v1/feedback", headers={"Authorization": "Bearer rj_nothing"}).status_code == 401


def test_what_is_open_to_all_takes_a_cookie_without_a_token_for_none(api: Api) -> None:
    draft = {"rumor": "r", "statement": "s", "authority": {"name": "a"}, "status": "draft"}
    draft["citations"] = [{"url": "https://example.org/1", "publisher": "p"}]
    api.put_in({**draft, "id": "hidden"})
    assert api.client.get("/v1/rebuttals/hidden").status_code == 404
    sign_in(api)
    assert api.client.get("/v1/rebuttals/hidden").status_code == 200
    assert api.client.post("/v1/check", json={"claim": "x"}).status_code == 200
    api.client.cookies.set("rejoinder", "A" * 43)
    assert api.client.get("/v1/rebuttals").status_code == 200


@pytest.mark.parametrize("reads_need_key", [True, False])
def test_a_session_is_as_good_as_a_key_for_reading(tmp_path: Path, hashed: str, *, reads_need_key: bool) -> None:
    with open_api(tmp_path, reads_need_key=reads_need_key) as api:
        api.runtime.store.people.create("ann", "reader", actor="cli", password=hashed)
        header = sign_in(api)
        assert api.client.get("/v1/rebuttals").status_code == 200
        assert api.client.post("/v1/check", json={"claim": "x"}, headers=header).status_code == 200
        bare = api.client.post("/v1/check", json={"claim": "x"}).status_code
        assert bare == (403 if reads_need_key else 200)


def test_a_person_who_is_disabled_is_out_at_once(api: Api) -> None:
    sign_in(api)
    assert api.client.post("/v1/people/ann/disable", headers=api.key()).status_code == 200
    assert api.client.get("/v1/session").status_code == 401
    refused = api.client.post("/v1/session", json={"name": "ann", "password": PASSWORD})
    assert refused.status_code == 401
    wrong = api.client.post("/v1/session", json={"name": "ann", "password": "x" * 20})
    assert wrong.json() == refused.json(), "whether the password was right is not told"
    assert api.client.post("/v1/people/ann/enable", headers=api.key()).status_code == 200
    assert api.client.get("/v1/session").status_code == 401
    sign_in(api)


def test_a_new_password_ends_every_session(api: Api) -> None:
    sign_in(api)
    body = {"password": "quite another password"}
    assert api.client.put("/v1/people/ann/password", json=body, headers=api.key()).status_code == 200
    assert api.client.get("/v1/session").status_code == 401
    assert api.client.post("/v1/session", json={"name": "ann", "password": PASSWORD}).status_code == 401
    sign_in(api, password=body["password"])


def test_people_change_their_own_password(api: Api) -> None:
    header = sign_in(api)
    old, url = token(api), "/v1/session/password"
    body = {"password": PASSWORD, "new_password": "nothing but raw gem ores"}
    assert api.client.put(url, json=body).status_code == 403
    assert api.client.put(url, json=body, headers=api.key("admin")).status_code == 403
    assert api.client.put(url, json={**body, "password": "a guess of it"}, headers=header).status_code == 401
    assert api.client.put(url, json={**body, "new_password": "short"}, headers=header).status_code == 422
    assert token(api) == old
    changed = api.client.put(url, json=body, headers=header)
    assert (changed.status_code, token(api) != old) == (200, True)
    assert api.client.get("/v1/session").json()["csrf_token"] == changed.json()["csrf_token"]
    api.client.cookies.clear()
    api.client.cookies.set("rejoinder", old)
    assert api.client.get("/v1/session").status_code == 401
    api.client.cookies.clear()
    assert api.client.post("/v1/session", json={"name": "ann", "password": PASSWORD}).status_code == 401
    sign_in(api, password=body["new_password"])
    assert api.runtime.store.people.log(0, 100)[-1].actor == "person:ann"


def test_a_session_ends_when_nobody_uses_it_and_after_its_life(api: Api) -> None:
    people, now, idle = api.runtime.store.people, moment(), dt.timedelta(minutes=10)
    people.open_session("d", "ann", now=now, ends_at=now + dt.timedelta(minutes=25), most=3)

    def lives(minutes: int) -> bool:
        found = people.find_session("d", now=now + dt.timedelta(minutes=minutes), idle=idle)
        api.runtime.store.set_meta("barrier", "the note is written before this")
        return found is not None

    assert [lives(minutes) for minutes in (0, 9, 18, 24)] == [True] * 4, "each use is a new beginning"
    assert not lives(25)
    people.open_session("e", "ann", now=now, ends_at=now + dt.timedelta(minutes=25), most=3)
    assert people.find_session("e", now=now + idle, idle=idle) is None


def test_one_person_has_so_many_sessions_and_no_more(api: Api) -> None:
    people, now = api.runtime.store.people, moment()
    for number in range(5):
        opened = now + dt.timedelta(seconds=number)
        people.open_session(f"{number}", "ann", now=opened, ends_at=now + dt.timedelta(hours=1), most=3)
    found = [people.find_session(f"{number}", now=now, idle=dt.timedelta(hours=1)) for number in range(5)]
    assert [one is not None for one in found] == [False, False, True, True, True]


@pytest.mark.parametrize(
    ("settings", "name", "secure"),
    [
        ({}, "rejoinder", False),
        ({"public_url": "http://desk.example.org"}, "rejoinder", False),
        ({"public_url": "https://desk.example.org"}, "__Host-rejoinder", True),
    ],
)
def test_the_cookie_is_as_safe_as_the_connection_allows(
    tmp_path: Path, hashed: str, settings: dict[str, Any], name: str, *, secure: bool
) -> None:
    with open_api(tmp_path, session_life=3_600, **settings) as api:
        api.runtime.store.people.create("ann", "reader", actor="cli", password=hashed)
        answer = api.client.post("/v1/session", json={"name": "ann", "password": PASSWORD})
        [(own, morsel)] = SimpleCookie(answer.headers["set-cookie"]).items()
        assert own == name
        assert (morsel["path"], morsel["samesite"].lower(), morsel["max-age"]) == ("/", "lax", "3600")
        assert (bool(morsel["httponly"]), bool(morsel["secure"]), morsel["domain"]) == (True, secure, "")
        assert answer.headers["cache-control"] == "no-store"
        files = [file.read_bytes() for file in tmp_path.glob("store.db*")]
        assert all(morsel.value.encode() not in file for file in files), "a copy of the store opens no session"
        assert any(digest(morsel.value).encode() in file for file in files)


def test_nobody_is_signed_in_for_another_site(api: Api) -> None:
    body = {"name": "ann", "password": PASSWORD}
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}):
        answer = api.client.post("/v1/session", json=body, headers=headers)
        assert (answer.status_code, "set-cookie" in answer.headers) == (403, False)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Compares passwords at once: on a busy machine a real comparison can outlast the first wait."""
    monkeypatch.setattr(passwords, "verify", lambda kept, password: kept is not None and password == PASSWORD)


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("name", ["ann", "nobody", "Robert'); DROP TABLE person;--", "\U0001f600", "x" * 100])
def test_guessing_is_slowed_down_the_same_for_every_name(api: Api, name: str) -> None:
    answers = [api.client.post("/v1/session", json={"name": name, "password": f"guess {n} of many"}) for n in range(6)]
    assert [answer.status_code for answer in answers] == [401] * 5 + [429]
    assert answers[-1].headers["retry-after"] == "1"
    assert len({answer.text for answer in answers[:5]}) == 1


@pytest.mark.usefixtures("quick")
def test_the_right_password_has_to_wait_too_and_forgives_what_was_typed_before(api: Api) -> None:
    body = {"name": "ann", "password": PASSWORD}
    for _ in range(4):
        assert api.client.post("/v1/session", json={**body, "password": "a typing mistake"}).status_code == 401
    sign_in(api)
    for _ in range(5):
        assert api.client.post("/v1/session", json={**body, "password": "a typing mistake"}).status_code == 401
    assert api.client.post("/v1/session", json=body).status_code == 429


def test_more_people_than_can_be_let_in_at_once_are_asked_to_come_again() -> None:
    gate = threading.Event()

    async def crowd() -> list[object]:
        hashing = Hashing()
        waiting = [asyncio.ensure_future(hashing.run(gate.wait)) for _ in range(32)]
        await asyncio.sleep(0)
        try:
            with pytest.raises(ProblemError) as refused:
                await hashing.run(gate.wait)
        finally:
            gate.set()
        await asyncio.gather(*waiting)
        again = await hashing.run(gate.is_set)
        hashing.close()
        return [refused.value.kind, again]

    assert asyncio.run(crowd()) == ["overloaded", True]


def test_a_name_that_nobody_has_costs_as_much_as_one_that_is_there(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[tuple[str | None, str]] = []
    monkeypatch.setattr(passwords, "verify", lambda kept, password: compared.append((kept, password)) is not None)
    for name in ("ann", "nobody"):
        api.client.post("/v1/session", json={"name": name, "password": "a guess of somebody"})
    assert [kept is None for kept, _ in compared] == [False, True]


def test_a_hash_of_older_parameters_is_renewed_when_its_owner_signs_in(api: Api) -> None:
    from argon2 import PasswordHasher  # noqa: PLC0415 - of this test alone

    old = PasswordHasher(time_cost=1, memory_cost=8_192).hash(PASSWORD)
    people = api.runtime.store.people
    people.set_password("ann", old, actor="cli")
    sign_in(api)
    api.runtime.store.set_meta("barrier", "the note is written before this")
    found = people.credentials("ann")
    assert found is not None
    assert found.password != old
    assert found.password is not None
    assert not passwords.is_outdated(found.password)
    sign_in(api)


def moment() -> dt.datetime:
    return dt.datetime.now(dt.UTC)
