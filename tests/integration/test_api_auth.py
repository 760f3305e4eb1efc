"""Keys: who may write, what a revoked key can still do (nothing), and reads behind a key."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.api import NDJSON, PROBLEM, Api, open_api

from service.api.auth import KeyRing
from service.api.rates import Buckets
from service.domain import Role

WRITES: list[tuple[str, str, Role]] = [
    ("POST", "/v1/rebuttals", "editor"),
    ("POST", "/v1/rebuttals/import", "editor"),
    ("PUT", "/v1/rebuttals/some-id", "editor"),
    ("POST", "/v1/rebuttals/some-id/retract", "publisher"),
    ("POST", "/v1/rebuttals/some-id/supersede", "publisher"),
]
ORDER: list[Role] = ["reader", "editor", "publisher", "admin"]


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    with open_api(tmp_path_factory.mktemp("auth")) as api:
        yield api


@pytest.mark.parametrize(("method", "path", "role"), WRITES)
def test_writes_need_a_key(api: Api, method: str, path: str, role: str) -> None:
    answer = api.client.request(method, path, json={})
    assert (answer.status_code, answer.headers["content-type"]) == (401, PROBLEM)
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert role in answer.json()["detail"]


@pytest.mark.parametrize("given", ["Bearer", "Bearer nonsense", "Basic YTpi", "Bearer \xe9", "Bearer " + "x" * 600])
def test_what_is_no_key_opens_nothing(api: Api, given: str) -> None:
    headers = {b"Authorization": given.encode("latin-1")}
    assert api.client.post("/v1/rebuttals", json={}, headers=headers).status_code == 401
    assert api.client.get("/v1/rebuttals", headers=headers).status_code == 401


@pytest.mark.parametrize(("method", "path", "needed"), WRITES)
def test_a_role_reaches_what_it_should_and_no_further(api: Api, method: str, path: str, needed: Role) -> None:
    for role in ORDER:
        answer = api.client.request(method, path, json={}, headers=api.key(role))
        allowed = ORDER.index(role) >= ORDER.index(needed)
        # Past the guard, the empty body is what is wrong.
        assert (answer.status_code != 403) == allowed, f"{role}: {answer.text}"
        assert answer.status_code in {200, 403, 415, 422, 428}


def test_reads_and_checks_are_open(api: Api) -> None:
    assert api.client.get("/v1/rebuttals").status_code == 200
    assert api.client.post("/v1/check", json={"claim": "x"}).status_code == 200


def test_reads_need_a_key_when_the_operator_says_so(tmp_path: Path) -> None:
    with open_api(tmp_path, reads_need_key=True) as api:
        for path in ("/v1/rebuttals", "/v1/rebuttals/export", "/v1/rebuttals/x"):
            assert api.client.get(path).status_code == 401
        assert api.client.post("/v1/check", json={"claim": "x"}).status_code == 401
        assert api.client.post("/v1/check", json={"claim": "x"}, headers=api.key("reader")).status_code == 200
        for path in ("/health/live", "/health/ready", "/metrics", "/openapi.json", "/docs"):
            assert api.client.get(path).status_code == 200


def test_a_revoked_key_stops_working(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    key = api.runtime.store.create_key("leaver", "editor")
    headers = {**NDJSON, "Authorization": f"Bearer {key}"}
    assert api.client.post("/v1/rebuttals/import", content=b"", headers=headers).status_code == 200
    api.runtime.store.revoke_key("leaver")
    monkeypatch.setattr("service.api.auth._REMEMBERED_S", 0.0)
    ring = KeyRing(api.app.state["backend"], Buckets().take_here)  # a new one remembers nothing
    monkeypatch.setitem(api.app.state._state, "keys", ring)  # noqa: SLF001 - the application gives no other way in
    assert api.client.post("/v1/rebuttals/import", content=b"", headers=headers).status_code == 401


def test_the_log_names_the_key_and_never_tells_it(api: Api) -> None:
    line = b'{"id": "logged", "rumor": "r", "statement": "s", "authority": {"name": "a"}, "citations": [%s]}'
    api.put_in(line % b'{"url": "https://example.org/1", "publisher": "p"}')
    event = api.runtime.store.events(0, 100)[-1]
    assert event.actor == "key:admin-key"
    assert api.keys["admin"] not in str(event)
