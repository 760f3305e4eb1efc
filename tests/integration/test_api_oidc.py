"""Signing in through an OpenID provider that runs in a process of its own, and everything that can be wrong with it."""

from __future__ import annotations

import asyncio
import base64
import importlib.util
import logging
import re
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec
import pytest
from support.api import Api, open_api
from support.openid import CLIENT, SECRET, Provider, openid_provider

from service.api import oidc, oidc_provider
from service.api.app import create_app
from service.api.cookies import derived
from service.api.oidc_flow import Flow
from service.settings import Settings, SettingsError

PUBLIC = "http://desk.example.org"


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    with openid_provider() as provider:
        yield provider


def settings(provider: Provider, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - settings have any type
    chosen = {"oidc_issuer": provider.issuer, "oidc_client_id": CLIENT, "oidc_client_secret": SECRET}
    return {**chosen, "public_url": PUBLIC, "oidc_default_role": "editor", **more}


@pytest.fixture
def api(tmp_path: Path, provider: Provider) -> Iterator[Api]:
    with open_api(tmp_path, **settings(provider)) as api:
        yield api


def begin(api: Api, leads_to: str = "/desk/drafts") -> str:
    """Where the browser is sent."""
    answer = api.client.get("/sign-in/oidc", params={"next": leads_to}, follow_redirects=False)
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


def come_back(api: Api, back: str) -> Any:  # noqa: ANN401 - an answer
    """What the browser gets that comes back."""
    assert back.startswith(f"{PUBLIC}/sign-in/oidc/callback?")
    return api.client.get(back.removeprefix(PUBLIC), follow_redirects=False)


def sign_in(api: Api, provider: Provider, **claims: Any) -> Any:  # noqa: ANN401 - an answer
    return come_back(api, provider.sign_in(begin(api), **claims))


def test_somebody_new_signs_in_and_comes_again(api: Api, provider: Provider) -> None:
    answer = sign_in(api, provider)
    assert (answer.status_code, answer.headers["location"]) == (303, "/desk/drafts"), answer.text
    me = api.client.get("/v1/session").json()
    assert (me["person"]["name"], me["person"]["role"]) == ("jane@example.org", "editor")
    assert me["person"]["issuer"] == provider.issuer
    assert not [cookie.name for cookie in api.client.cookies.jar if "oidc" in cookie.name]
    again = sign_in(api, provider, email="changed@example.org")
    assert again.status_code == 303
    assert [person.name for person in api.runtime.store.people.every()] == ["jane@example.org"], "known by its subject"
    header = {"X-CSRF-Token": api.client.get("/v1/session").json()["csrf_token"]}
    assert api.client.delete("/v1/session", headers=header).status_code == 204
    wrong = api.client.post("/v1/session", json={"name": "jane@example.org", "password": "nobody has this password"})
    assert wrong.status_code == 401, "who has no password does not sign in with one"


def test_the_request_holds_what_the_standards_ask_for(api: Api) -> None:
    first, second = (parse_qs(urlsplit(begin(api)).query) for _ in range(2))
    assert first["redirect_uri"] == [f"{PUBLIC}/sign-in/oidc/callback"]
    assert (first["code_challenge_method"], first["response_type"]) == (["S256"], ["code"])
    for name in ("state", "nonce", "code_challenge"):
        assert len(first[name][0]) >= 43
        assert first[name] != second[name]
    assert len({first[name][0] for name in ("state", "nonce", "code_challenge")}) == 3


@pytest.mark.parametrize(
    "claims",
    [
        {"nonce": "of another flow"},
        {"nonce": None},
        {"aud": "another-client"},
        {"aud": None},
        {"iss": "https://evil.example"},
        {"iss": None},
        {"exp": int(time.time()) - 3_600},
        {"exp": None},
        {"iat": int(time.time()) + 3_600},
        {"azp": "another-client"},
        {"azp": None, "aud": [CLIENT, "another-client"]},
        {"sub": None},
    ],
    ids=str,
)
def test_an_id_token_that_is_not_for_us_and_now_is_refused(
    api: Api, provider: Provider, claims: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        answer = sign_in(api, provider, **claims)
    assert answer.status_code == 401
    why = rf"the ID token is refused: \w+_claim {next(iter(claims))}\b|expired_token"
    assert re.search(why, answer.text), answer.text
    assert api.client.get("/v1/session").status_code == 401
    assert api.runtime.store.people.every() == []
    assert "Nobody was signed in" in caplog.text
    assert "jane" not in caplog.text


@pytest.mark.parametrize("what", ["forge", "none", "hmac", "no-token"])
def test_an_id_token_that_the_provider_has_not_signed_is_refused(api: Api, provider: Provider, what: str) -> None:
    address = begin(api)
    back = provider.sign_in(address)
    provider.tell(what)
    assert come_back(api, back).status_code == 401
    assert api.runtime.store.people.every() == []


def test_keys_that_the_provider_has_changed_are_read_again(
    api: Api, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert sign_in(api, provider).status_code == 303
    provider.tell("rotate")
    assert sign_in(api, provider).status_code == 401, "not more often than every half minute"
    monkeypatch.setattr(oidc_provider, "_KEYS_AGAIN_S", 0.0)
    assert sign_in(api, provider).status_code == 303


def test_a_state_and_a_code_are_good_once(api: Api, provider: Provider) -> None:
    address = begin(api)
    kept = dict(api.client.cookies)
    back = provider.sign_in(address)
    assert come_back(api, back).status_code == 303
    assert come_back(api, back).status_code == 401, "the cookie is gone"
    api.client.cookies.update(kept)
    assert "has come back before" in come_back(api, back).text
    fresh = provider.sign_in(address)
    assert come_back(api, fresh).status_code == 401, "nor with a fresh code"
    other = provider.sign_in(begin(api))
    used = parse_qs(urlsplit(back).query)["code"][0]
    mixed = other.replace(parse_qs(urlsplit(other).query)["code"][0], used)
    assert come_back(api, mixed).status_code == 401, "nor the code in another flow"


def test_a_browser_that_was_not_sent_is_refused(api: Api, provider: Provider) -> None:
    """Somebody else's code and state in a link: nobody is signed in as the one who made it."""
    back = provider.sign_in(begin(api))
    api.client.cookies.clear()
    assert come_back(api, back).status_code == 401
    begin(api)
    assert come_back(api, back).status_code == 401, "its own cookie does not fit the state"
    for query in ("", "?state=x", "?error=access_denied", "?code=x&state=%ff"):
        assert api.client.get(f"/sign-in/oidc/callback{query}").status_code in {400, 401}


def test_a_code_from_another_issuer_is_not_sent_to_this_one(api: Api, provider: Provider) -> None:
    back = provider.sign_in(begin(api))
    mixed = back.replace(f"iss={provider.issuer.replace(':', '%3A').replace('/', '%2F')}", "iss=https://evil.example")
    assert mixed != back
    assert come_back(api, mixed).status_code == 401


def test_a_browser_that_takes_too_long_starts_anew(
    api: Api, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(oidc, "LONGEST_S", -1)
    api.client.cookies.clear()
    answer = api.client.get("/sign-in/oidc", follow_redirects=False)
    api.client.cookies.set("rejoinder-oidc", answer.headers["set-cookie"].partition("=")[2].partition(";")[0])
    assert come_back(api, provider.sign_in(str(answer.headers["location"]))).status_code == 401


@pytest.mark.parametrize(
    "leads_to", ["https://evil.example/", "//evil.example", "/\\evil.example", "evil", "/a\r\nSet-Cookie: x=y", "/é"]
)
def test_nobody_is_sent_to_another_site_after_signing_in(api: Api, provider: Provider, leads_to: str) -> None:
    answer = come_back(api, provider.sign_in(begin(api, leads_to)))
    assert (answer.status_code, answer.headers["location"]) == (303, "/desk")


def test_somebody_invited_gets_their_own_entry_and_no_one_else_s(api: Api, provider: Provider) -> None:
    people = api.runtime.store.people
    people.create("jane", "publisher", actor="cli", email="jane@example.org")
    assert sign_in(api, provider, email_verified=False).status_code == 303
    stranger = people.every()[-1]
    assert (stranger.role, stranger.email) == ("editor", None), "an address that nobody has verified is anybody's word"
    assert sign_in(api, provider, sub="jane's own").status_code == 303
    assert api.client.get("/v1/session").json()["person"]["name"] == "jane"
    assert people.get("jane").issuer == provider.issuer
    third = sign_in(api, provider, sub="a third")
    assert (third.status_code, "has that name or address already" in third.text) == (401, True)


def test_a_person_with_a_password_is_not_taken_over(api: Api, provider: Provider) -> None:
    people = api.runtime.store.people
    people.create("jane@example.org", "admin", actor="cli", email="jane@example.org", password="$argon2id$x")  # noqa: S106
    assert sign_in(api, provider).status_code == 401
    assert [person.issuer for person in people.every()] == [None]


def test_who_is_disabled_stays_out(api: Api, provider: Provider) -> None:
    assert sign_in(api, provider).status_code == 303
    api.runtime.store.people.disable("jane@example.org", actor="cli")
    assert sign_in(api, provider).status_code == 401


@pytest.mark.parametrize(
    ("chosen", "claims", "role"),
    [
        ({"oidc_default_role": None}, {}, None),
        ({"oidc_default_role": "reader"}, {}, "reader"),
        ({"oidc_role_claim": "groups"}, {"groups": ["staff", "editor", "publisher"]}, "publisher"),
        ({"oidc_role_claim": "groups"}, {"groups": "admin"}, "admin"),
        ({"oidc_role_claim": "groups"}, {"groups": ["staff"]}, "editor"),
        ({"oidc_role_claim": "groups", "oidc_default_role": None}, {"groups": [{"a": 1}, None]}, None),
        ({"oidc_allowed_domains": ("example.org",)}, {}, "editor"),
        ({"oidc_allowed_domains": ("example.org",)}, {"email": "jane@sub.example.org"}, None),
        ({"oidc_allowed_domains": ("example.org",)}, {"email_verified": False}, None),
        ({"oidc_allowed_domains": ("example.org",)}, {"email": None}, None),
    ],
    ids=str,
)
def test_who_may_do_what(
    tmp_path: Path, provider: Provider, chosen: dict[str, Any], claims: dict[str, Any], role: str | None
) -> None:
    with open_api(tmp_path, **settings(provider, **chosen)) as api:
        assert sign_in(api, provider, **claims).status_code == (401 if role is None else 303)
        assert [person.role for person in api.runtime.store.people.every()] == ([role] if role else [])


def test_a_role_that_the_provider_takes_back_is_gone(tmp_path: Path, provider: Provider) -> None:
    with open_api(tmp_path, **settings(provider, oidc_role_claim="groups", oidc_default_role=None)) as api:
        assert sign_in(api, provider, groups=["publisher"]).status_code == 303
        assert sign_in(api, provider, groups=["reader"]).status_code == 303
        assert api.runtime.store.people.get("jane@example.org").role == "reader"
        assert api.client.get("/v1/feedback").status_code == 403
        assert sign_in(api, provider, groups=[]).status_code == 401


def test_without_a_provider_there_is_nothing(tmp_path: Path) -> None:
    with open_api(tmp_path) as api:
        assert api.client.get("/sign-in/oidc").status_code == 404
        assert api.client.get("/sign-in/oidc/callback").status_code == 404


def test_a_provider_that_does_not_answer_is_said_so(tmp_path: Path, provider: Provider) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        nobody = f"http://127.0.0.1:{free.getsockname()[1]}"
        for folder, issuer in (("a", nobody), ("b", f"{provider.issuer}/")):
            with open_api(tmp_path / folder, **settings(provider, oidc_issuer=issuer)) as api:
                answer = api.client.get("/sign-in/oidc")
                assert (answer.status_code, "The OpenID provider cannot be used" in answer.text) == (502, True)
                assert SECRET not in answer.text


@pytest.mark.parametrize(
    ("chosen", "says"),
    [
        ({"oidc_issuer": "http://id.example.org"}, "https"),
        ({"public_url": None}, "REJOINDER_PUBLIC_URL"),
        ({"oidc_client_id": None}, "REJOINDER_OIDC_CLIENT_ID"),
    ],
)
def test_settings_with_which_nobody_could_sign_in_are_refused_at_once(
    provider: Provider, chosen: dict[str, Any], says: str
) -> None:
    with pytest.raises(SettingsError, match=says):
        create_app(Settings(**settings(provider, **chosen)))


def test_a_missing_extra_is_named(provider: Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    found = importlib.util.find_spec
    monkeypatch.setattr(oidc, "find_spec", lambda name: None if name == "authlib" else found(name))
    with pytest.raises(SettingsError, match=r"pip install 'rejoinder\[oidc\]'"):
        create_app(Settings(**settings(provider)))


def held(secret: str, until: object, leads_to: object = "/desk") -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode((secret, until, leads_to))).decode()


@pytest.mark.parametrize(
    "cookie",
    [
        held("s", 10**12),
        held("s", 10**40),
        held("s", int(time.time()) + 86_400),
        base64.urlsafe_b64encode(b"[" * 30_000).decode(),
        held("s", "soon"),
        "\u00e9",
    ],
    ids=["year 33658", "beyond every year", "tomorrow", "deep", "no time", "no base64"],
)
def test_a_flow_that_we_did_not_begin_is_refused(api: Api, cookie: str) -> None:
    for until in (10**12, 10**40, int(time.time()) + 86_400):
        state = derived("s", f"state {until} /desk")
        sent = {"Cookie": f"rejoinder-oidc={cookie}".encode("latin-1")}
        answer = api.client.get(f"{oidc_provider.CALLBACK}?code=c&state={state}", headers=sent)
        assert answer.status_code == 401, answer.text
        assert "this browser was not sent there" in answer.text


def test_nobody_is_sent_to_another_site_by_a_flow_of_their_own(api: Api, provider: Provider) -> None:
    flow = Flow.begin("//evil.example/", seconds=60)
    api.client.cookies.set("rejoinder-oidc", flow.cookie())
    there = asyncio.run(oidc_provider.Provider(api.runtime.settings).address(flow))
    assert come_back(api, provider.sign_in(there)).headers["location"] == "/desk"
