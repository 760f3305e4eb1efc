"""When the Python client tries again and when not, against a real server that answers as it is told."""

from __future__ import annotations

import datetime as dt
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import anyio
import httpx
import pytest
from rejoinder_client import (
    AsyncClient,
    Client,
    Retries,
    ServerError,
    TooManyError,
    UnavailableError,
    UnexpectedAnswerError,
    UnreachableError,
)

QUICK = Retries(most=3, first_s=0.01, longest_s=2)
NDJSON = {"Content-Type": "application/x-ndjson"}
JSON = {"Content-Type": "application/json"}
PROBLEM = {"Content-Type": "application/problem+json"}
LIVE = b'{"status": "live", "from_the_future": {"x": 1}}'
RECORD = b'{"id": "x", "rumor": "r", "statement": "s", "authority": {"name": "a"}, "citations": [], "revision": 1,'
RECORD += b'"created_at": "2026-01-05T09:00:00Z", "updated_at": "2026-01-05T09:00:00Z", "rating": "from the future"}'


class Told(NamedTuple):
    """An answer: ``cut`` bytes of it are never sent; a status of 0 hangs up at once, -1 says nothing for a second."""

    status: int
    headers: Mapping[str, str] = MappingProxyType({})
    body: bytes = b""
    cut: int = 0


LATER = Told(503, {**PROBLEM, "Retry-After": "0"}, b'{"type": "/docs#overloaded", "title": "Busy", "status": 503}')
GOOD = Told(200, JSON, LIVE)


class Server(ThreadingHTTPServer):
    """Gives the answers it was told, one after the other, and notes what it was asked."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.told: list[Told] = []
        self.asked: list[tuple[str, str, bytes]] = []
        self.address = f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    """One request."""

    server: Server

    def handle_one_request(self) -> None:
        """As the base class, for every method alike."""
        self.raw_requestline = self.rfile.readline(65_537)
        if not self.raw_requestline or not self.parse_request():
            self.close_connection = True
            return
        self.server.asked.append((self.command, self.path, self._body()))
        told = self.server.told.pop(0)
        self.close_connection = True
        if told.status < 0:
            time.sleep(1)
        if told.status <= 0:
            return
        self.send_response(told.status)
        for name, value in told.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(told.body)))
        self.end_headers()
        self.wfile.write(told.body[: len(told.body) - told.cut])

    def _body(self) -> bytes:
        if "chunked" in self.headers.get("Transfer-Encoding", ""):
            return b"".join(iter(self._chunk, b""))
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def _chunk(self) -> bytes:
        size = int(self.rfile.readline(), 16)
        piece = self.rfile.read(size)
        self.rfile.readline()
        return piece

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def asked(server: Server, told: list[Told], call: Callable[[Client], Any], retries: Retries = QUICK) -> Any:  # noqa: ANN401
    server.told = told
    with Client(server.address, retries=retries, timeout=0.5) as client:
        return call(client)


@pytest.mark.parametrize("first", [LATER, LATER._replace(status=429), Told(0), Told(-1), GOOD._replace(cut=5)])
def test_a_read_is_sent_again(server: Server, first: Told) -> None:
    assert asked(server, [first, first, GOOD], lambda client: client.live()).status == "live"
    assert len(server.asked) == 3


@pytest.mark.parametrize("first", [LATER, Told(0), GOOD._replace(cut=5)])
def test_so_does_the_async_client(server: Server, first: Told) -> None:
    server.told = [first, first, GOOD]

    async def ask() -> str:
        async with AsyncClient(server.address, retries=QUICK, timeout=0.5) as client:
            return (await client.live()).status

    assert anyio.run(ask) == "live"
    assert len(server.asked) == 3


@pytest.mark.parametrize(
    ("first", "error"), [(LATER, UnavailableError), (Told(0), UnreachableError), (Told(429), TooManyError)]
)
@pytest.mark.parametrize(
    "write",
    [
        lambda client: client.rebuttals.retract("x", reason="y"),
        lambda client: client.watches.test("x"),
        lambda client: client.check_and_watch("x"),
        lambda client: client.rebuttals.import_records(iter([{"id": "x"}])),
        lambda client: client.drafts.extract(text="x", save=True),
    ],
)
def test_a_write_is_sent_once(
    server: Server, first: Told, error: type[Exception], write: Callable[[Client], object]
) -> None:
    with pytest.raises(error):
        asked(server, [first, GOOD], write)
    assert len(server.asked) == 1


def test_an_import_is_sent_again_from_its_beginning(server: Server, tmp_path: Path) -> None:
    file = tmp_path / "records.ndjson"
    file.write_bytes(b'{"id": "x"}\n' * 20_000)
    report = Told(200, JSON, b'{"created": 20000}')
    assert asked(server, [LATER, report], lambda client: client.rebuttals.import_file(file)).created == 20_000
    assert [body for _, _, body in server.asked] == [file.read_bytes()] * 2


def test_an_export_that_breaks_off_begins_anew_and_leaves_no_half(server: Server, tmp_path: Path) -> None:
    file = tmp_path / "all.ndjson"
    whole = Told(200, NDJSON, b'{"id": "x"}\n' * 50_000)
    size = asked(server, [whole._replace(cut=9), whole], lambda client: client.rebuttals.export_file(file))
    assert file.read_bytes() == whole.body
    assert size == len(whole.body)
    with pytest.raises(UnreachableError):
        asked(server, [whole._replace(cut=9, body=b"x" * 99)] * 4, lambda client: client.rebuttals.export_file(file))
    assert file.read_bytes() == whole.body
    assert list(tmp_path.iterdir()) == [file]


def test_it_gives_up_in_the_end_and_says_so(server: Server) -> None:
    with pytest.raises(UnavailableError, match="503 Busy") as error:
        asked(server, [LATER] * 9, lambda client: client.live())
    assert (len(server.asked), error.value.retry_after) == (4, 0.0)
    with pytest.raises(UnreachableError, match="in 4 attempts"):
        asked(server, [Told(0)] * 9, lambda client: client.live())


def test_nobody_listens(server: Server) -> None:
    address = server.address.replace(str(server.server_port), "9")
    with Client(address, retries=QUICK) as client, pytest.raises(UnreachableError, match="in 4 attempts"):
        client.rebuttals.retract("x", reason="nothing was sent, so it may be tried again")


@pytest.mark.parametrize("as_date", [False, True])
def test_it_waits_as_long_as_it_is_asked_to(server: Server, *, as_date: bool) -> None:
    given = format_datetime(dt.datetime.now(dt.UTC) + dt.timedelta(seconds=2)) if as_date else "1"
    began = time.monotonic()
    asked(server, [LATER._replace(headers={"Retry-After": given}), GOOD], lambda client: client.live())
    assert time.monotonic() - began > 0.5


@pytest.mark.parametrize("given", ["86400", "Fri, 31 Dec 2099 23:59:59 GMT"])
def test_it_does_not_wait_for_ever(server: Server, given: str) -> None:
    with pytest.raises(UnavailableError) as error:
        asked(server, [LATER._replace(headers={"Retry-After": given})], lambda client: client.live())
    assert error.value.retry_after is not None
    assert error.value.retry_after > 80_000


@pytest.mark.parametrize("given", ["soon", "-1", "", "²"])
def test_what_is_no_time_is_not_waited_for(server: Server, given: str) -> None:
    headers = {"Retry-After": given.encode().decode("latin-1")}
    assert asked(server, [LATER._replace(headers=headers), GOOD], lambda client: client.live()).status == "live"


def test_no_retries_means_none(server: Server) -> None:
    with pytest.raises(UnavailableError):
        asked(server, [LATER, GOOD], lambda client: client.live(), Retries(most=0))


def test_an_answer_of_a_newer_service_is_read(server: Server) -> None:
    record = asked(server, [Told(200, JSON, RECORD)], lambda client: client.rebuttals.get("x"))
    assert record.rating == "from the future"


@pytest.mark.parametrize("body", [b"<html>welcome</html>", b"", b'{"state": 1}', b"\xff"])
def test_what_is_not_the_service_is_said_to_be_something_else(server: Server, body: bytes) -> None:
    with pytest.raises(UnexpectedAnswerError, match="does not answer as Rejoinder does"):
        asked(server, [Told(200, JSON, body)], lambda client: client.live())


def test_a_page_of_some_other_program_becomes_an_error(server: Server) -> None:
    page = Told(502, {"Content-Type": "text/html"}, b"<h1>Bad   gateway</h1>" + b"x" * 10_000)
    with pytest.raises(ServerError, match="502 Bad Gateway: Not a problem document: <h1>Bad gateway</h1>x") as error:
        asked(server, [page], lambda client: client.live())
    assert len(str(error.value)) < 400


def test_another_address_is_told_and_not_followed(server: Server) -> None:
    with pytest.raises(UnexpectedAnswerError, match=r"leads to https://elsewhere\.example"):
        asked(server, [Told(301, {"Location": "https://elsewhere.example/"})], lambda client: client.live())


def test_a_list_that_leads_in_a_circle_ends(server: Server) -> None:
    page = Told(200, JSON, b'{"items": [' + RECORD + b'], "next_cursor": "same"}')
    with pytest.raises(UnexpectedAnswerError, match="does not go on"):
        asked(server, [page] * 9, lambda client: list(client.rebuttals.list()))
    assert [path for _, path, _ in server.asked] == ["/v1/rebuttals?limit=100", "/v1/rebuttals?cursor=same&limit=100"]


def test_results_that_are_missing_are_missed(server: Server) -> None:
    answer = Told(200, JSON, b'{"results": [], "model": "m", "store_version": 1, "took_ms": 1.0}')
    with pytest.raises(UnexpectedAnswerError, match="2 claims got 0 results"):
        asked(server, [answer], lambda client: client.check_batch(["a", "b"]))


def test_whoever_brings_connections_closes_them(server: Server) -> None:
    server.told = [GOOD, GOOD]
    with httpx.Client(headers={"X-Proxy": "yes"}) as http:
        with Client(server.address, http=http) as client:
            client.live()
        assert not http.is_closed
    own = Client(server.address)
    own.close()
    with pytest.raises(RuntimeError, match="closed"):
        own.live()


def test_a_service_below_a_path_is_found_there(server: Server) -> None:
    server.told = [GOOD]
    with Client(f"{server.address}/facts/") as client:
        client.live()
    assert server.asked[0][1] == "/facts/health/live"
