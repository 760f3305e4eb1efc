"""Refusing work, answering what is not HTTP, headers that protect, pages of other origins."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.api import NDJSON, PROBLEM, Answer, Api, listening, open_api, receive, send

from embeddings.batcher import Closed, Overloaded
from service.api.app import create_app
from service.api.problems import KINDS, describe
from service.errors import (
    AlreadyExistsError,
    InvalidRecordError,
    InvalidTransitionError,
    NotFoundError,
    RejoinderError,
    RevisionMismatchError,
    StoreCorruptError,
    StoreError,
    StoreFullError,
    StoreLockedError,
)


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    with open_api(tmp_path_factory.mktemp("limits"), max_in_flight=2) as api:
        yield api


@pytest.mark.parametrize(
    ("error", "status", "kind"),
    [
        (NotFoundError("d"), 404, "not-found"),
        (AlreadyExistsError("d"), 409, "conflict"),
        (InvalidTransitionError("d"), 409, "conflict"),
        (RevisionMismatchError("d", current=4), 412, "revision-mismatch"),
        (InvalidRecordError("d", field="$.by"), 422, "invalid-body"),
        (StoreLockedError("d"), 503, "store-locked"),
        (StoreFullError("d"), 507, "store-full"),
        (StoreCorruptError("d"), 500, "store-corrupt"),
        (StoreError("d"), 500, "internal-error"),
        (RejoinderError("d"), 400, "bad-request"),
        (Overloaded("d", retry_after=7.4), 503, "overloaded"),
        (Closed("d"), 503, "not-ready"),
        (ZeroDivisionError("a claim"), 500, "internal-error"),
    ],
)
def test_every_error_has_its_problem(error: Exception, status: int, kind: str) -> None:
    problem, headers = describe(error, "/v1/x")
    assert (problem.status, problem.type) == (status, f"/docs#{kind}")
    assert ("Retry-After" in headers) == (status == 503)
    assert "a claim" not in problem.detail


def test_what_is_waited_for_and_what_is_current_is_told() -> None:
    assert describe(Overloaded("d", retry_after=7.4)).headers["Retry-After"] == "7"
    assert describe(RevisionMismatchError("d", current=4)).problem.current_revision == 4
    assert describe(InvalidRecordError("d", field="$.by")).problem.errors[0].field == "$.by"
    assert {kind.status for kind in KINDS.values()} >= {400, 401, 403, 404, 405, 409, 412, 413, 415, 422, 428, 500, 503}


def test_what_nobody_foresaw_is_a_problem_too(
    api: Api, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.delattr(type(api.runtime.checker), "check_encoded")
    answer = api.client.post("/v1/check", json={"claim": "a private claim"})
    assert (answer.status_code, answer.headers["content-type"]) == (500, PROBLEM)
    assert "AttributeError" in caplog.text
    assert "private" not in caplog.text


def test_too_much_at_once_is_refused_and_health_is_still_told(api: Api) -> None:
    head = f"POST /v1/rebuttals/import HTTP/1.1\r\nAuthorization: {api.key()['Authorization']}"
    head += f"\r\nContent-Type: {NDJSON['Content-Type']}"
    with listening(api) as first:
        address = first.getpeername()
        with socket.create_connection(address, 10) as second, socket.create_connection(address, 10) as third:
            for busy in (first, second):
                send(busy, head, b"\n", length=2)
            refused = refusal(third)
            assert (refused.status, refused.headers["content-type"]) == (503, PROBLEM)
            assert refused.headers["retry-after"] == "1"
            send(third, "GET /health/ready HTTP/1.1")
            assert receive(third).status == 200
            for busy in (first, second):
                busy.sendall(b"\n")
                assert receive(busy).status == 200
            send(third, "POST /v1/check HTTP/1.1\r\nContent-Type: application/json", b'{"claim": "x"}')
            assert receive(third).status == 200


def refusal(connection: socket.socket) -> Answer:
    """Ask until both imports are being worked on."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        send(connection, "POST /v1/check HTTP/1.1\r\nContent-Type: application/json", b'{"claim": "x"}')
        answer = receive(connection)
        if answer.status != 200:
            return answer
    raise AssertionError("never refused")


def test_a_body_that_does_not_come_is_not_waited_for(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.api.bodies._PATIENCE_S", 0.05)
    with listening(api) as connection:
        send(connection, "POST /v1/check HTTP/1.1\r\nContent-Type: application/json", b"{", length=100)
        answer = receive(connection)
    assert (answer.status, answer.headers["content-type"]) == (408, PROBLEM)
    assert answer.headers["connection"] == "close"


@pytest.mark.parametrize(
    "request_",
    [
        b"NONSENSE\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: test\r\nX-Long: " + b"x" * 70_000 + b"\r\n\r\n",
        b"GET /" + b"x" * 70_000 + b" HTTP/1.1\r\nHost: test\r\n\r\n",
        b"GET /v1/rebuttals/\xff HTTP/1.1\r\nHost: test\r\n\r\n",
    ],
    ids=["nonsense", "long header", "long address", "bytes in the address"],
)
def test_what_is_not_http_gets_a_problem(api: Api, request_: bytes) -> None:
    with listening(api) as connection:
        connection.sendall(request_)
        answer = receive(connection)
    assert (answer.status, answer.headers["content-type"]) == (400, PROBLEM)
    assert json.loads(answer.body)["status"] == 400


def test_a_request_for_a_web_socket_is_answered_as_http(api: Api) -> None:
    with listening(api) as connection:
        connection.sendall(
            b"GET /health/live HTTP/1.1\r\nHost: test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
        )
        assert receive(connection).status == 200


def test_every_answer_carries_the_headers_that_protect(api: Api) -> None:
    for path in ("/v1/rebuttals", "/nothing", "/health/live"):
        headers = api.client.get(path).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "server" not in headers


def test_other_origins_are_let_in_only_where_the_operator_says_so(api: Api, tmp_path: Path) -> None:
    origin = {"Origin": "https://newsroom.example"}
    assert "access-control-allow-origin" not in api.client.get("/v1/rebuttals", headers=origin).headers
    with open_api(tmp_path, cors_origins=("https://newsroom.example",)) as open_:
        answer = open_.client.get("/v1/nothing", headers=origin)
        assert answer.headers["access-control-allow-origin"] == "https://newsroom.example"
        asked = {**origin, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type"}
        assert open_.client.options("/v1/check", headers=asked).status_code in {200, 204}
        other = open_.client.get("/v1/rebuttals", headers={"Origin": "https://other.example"})
        assert "access-control-allow-origin" not in other.headers


def test_a_service_that_cannot_open_its_store_says_it_is_not_ready(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    from litestar.testing import TestClient  # noqa: PLC0415

    from service.settings import Settings  # noqa: PLC0415

    path = tmp_path / "store.db"
    path.write_bytes(b"this is no database" * 1000)
    with TestClient(create_app(Settings(db=path)), raise_server_exceptions=False) as client:
        assert client.get("/health/live").status_code == 200
        ready = client.get("/health/ready")
        assert ready.status_code == 503
        assert ready.json()["waiting_for"] == ["store", "index", "model"]
        assert client.post("/v1/check", json={"claim": "x"}).json()["type"] == "/docs#not-ready"
        assert "rejoinder_ready 0.0" in client.get("/metrics").text
    assert "cannot start" in caplog.text
    assert path.read_bytes() == b"this is no database" * 1000
