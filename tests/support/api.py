"""The API for tests: the real application on a real store, with quick models; and a real socket where it matters."""

from __future__ import annotations

import asyncio
import re
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy as np
import uvicorn
from litestar import Litestar
from litestar.testing import TestClient
from support.hashing import HashingEncoder

from embeddings.encoder import Encoder
from embeddings.stance import Probabilities, StancePair
from service.api.app import create_app
from service.api.server import configure
from service.calibration import Calibration, Nearness, Sides, Thresholds
from service.catalog import Catalog
from service.check import Checker
from service.citations.verifying import Verifier
from service.domain import RebuttalContent, Role
from service.finder import Finder
from service.outbound import Outbound
from service.runtime import Runtime, open_store
from service.settings import Settings

ROLES: tuple[Role, ...] = ("reader", "editor", "publisher", "admin")
PROBLEM = "application/problem+json"
NDJSON = {"Content-Type": "application/x-ndjson"}

CALIBRATION = Calibration(
    encoder="hashing",
    stance="word-stance",
    nearness=Nearness(bias=-5.0, similarity=10.0, evidence=0.0, size=0),
    gate=0.5,
    related=0.7,
    sides=Sides(asserts=(0.5, 0.0, 0.5, 0.0, 0.0, 0.0), denies=(0.0, 0.5, 0.0, 0.5, 0.0, 0.0)),
    profiles={"balanced": Thresholds(rebutted=0.8, consistent=0.6, budget=0.0)},
    judged=4,
)


class WordStance:
    """A stance model for tests that do not speak of meaning: a denial says "denies"."""

    name = "word-stance"
    revision = "1"
    languages = frozenset({"en"})

    def predict(self, pairs: Sequence[StancePair]) -> Probabilities:
        """See `embeddings.stance.StanceModel.predict`."""
        return np.asarray([self._judge(pair) for pair in pairs], np.float32).reshape(-1, 3)

    def _judge(self, pair: StancePair) -> tuple[float, float, float]:
        claim, rumor = ({*re.findall(r"\w+", text.lower())} for text in (pair.claim, pair.rumor))
        if len(claim & rumor) * 2 < min(len(claim), len(rumor)):
            return (0.02, 0.02, 0.96)
        return (0.02, 0.96, 0.02) if "denies" in claim else (0.96, 0.02, 0.02)


class Api(NamedTuple):
    """An application at work.

    Attributes:
        app: the application.
        client: speaks to it, without a socket.
        runtime: what stands behind it.
        keys: one key of each role.
    """

    app: Litestar
    client: TestClient[Litestar]
    runtime: Runtime
    keys: dict[Role, str]

    def key(self, role: Role = "admin") -> dict[str, str]:
        """The header that a key of this role is sent in."""
        return {"Authorization": f"Bearer {self.keys[role]}"}

    def put_in(self, *lines: RebuttalContent | dict[str, Any] | bytes) -> dict[str, Any]:
        """Import records, or lines as they are; the report."""
        answer = self.client.post("/v1/rebuttals/import", content=ndjson(*lines), headers={**NDJSON, **self.key()})
        assert answer.status_code == 200, answer.text
        report: dict[str, Any] = answer.json()
        return report


def ndjson(*lines: RebuttalContent | dict[str, Any] | bytes) -> bytes:
    """Records, or lines as they are, one a line."""
    return b"\n".join(line if isinstance(line, bytes) else msgspec.json.encode(line) for line in lines)


def open_runtime(settings: Settings, encoder: Encoder | None = None) -> Runtime:
    """As `Runtime.open`, with quick models and a calibration that belongs to them."""
    store = open_store(settings)
    index = settings.db.with_suffix(".index")
    finder = Finder(store, encoder or HashingEncoder(), CALIBRATION.nearness, index_path=index)
    catalog = Catalog(finder, max_line=settings.max_line)
    checker = Checker(finder, WordStance(), CALIBRATION, cache_size=settings.cache_size)
    asyncio.run(catalog.encode_missing())
    return Runtime(settings, store, finder, checker, catalog)


@contextmanager
def open_api(folder: Path, reading: Encoder | None = None, **settings: Any) -> Iterator[Api]:  # noqa: ANN401 - the settings' own types
    """An application on a new store in the folder; empty unless the settings ask for the starter corpus.

    ``reading`` encodes in the place of the quick encoder.
    """
    chosen = Settings(**{"db": folder / "store.db", "starter": False, **settings})
    runtime = open_runtime(chosen, reading)
    try:
        keys = {role: runtime.store.create_key(f"{role}-key", role) for role in ROLES}
        app = create_app(chosen, runtime)
        app.state["links"].verifier = Verifier(runtime.store, Outbound(hosts=()))  # a test asks no page of the world's
        # Errors that nobody handles reach the client as they would over a socket: as an answer.
        with TestClient(app, raise_server_exceptions=False) as client:
            yield Api(app, client, runtime, keys)
    finally:
        runtime.close()


@contextmanager
def listening(api: Api) -> Iterator[socket.socket]:
    """The application behind a real server; a connection to it."""
    server = uvicorn.Server(configure(create_app(api.runtime.settings, api.runtime), "127.0.0.1", 0))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        deadline = time.monotonic() + 20
        while not server.started:
            assert time.monotonic() < deadline, "the server does not start"
            time.sleep(0.01)
        address = server.servers[0].sockets[0].getsockname()
        with socket.create_connection(address, timeout=10) as connection:
            yield connection
    finally:
        server.should_exit = True
        thread.join(20)


class Answer(NamedTuple):
    """What came back over a socket."""

    status: int
    headers: dict[str, str]
    body: bytes


def receive(connection: socket.socket) -> Answer:
    """Read one answer that has a content length."""
    with connection.makefile("rb") as lines:
        status = int(lines.readline().split()[1])
        headers: dict[str, str] = {}
        while line := lines.readline().strip():
            name, _, value = line.decode().partition(": ")
            headers[name.lower()] = value
        return Answer(status, headers, lines.read(int(headers["content-length"])))


def send(connection: socket.socket, head: str, body: bytes = b"", *, length: int | None = None) -> None:
    """Send a request; ``length`` may announce more than there is."""
    announced = len(body) if length is None else length
    connection.sendall(f"{head}\r\nHost: test\r\nContent-Length: {announced}\r\n\r\n".encode() + body)
