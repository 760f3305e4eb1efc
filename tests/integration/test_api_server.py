"""The server: it says when it is ready, ends when told, and names what keeps it from starting."""

from __future__ import annotations

import http.client
import json
import os
import signal
import threading
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from support.api import open_runtime

from service.api import backend
from service.api.server import serve
from service.errors import StoreCorruptError
from service.settings import Settings


class Visitor:
    """Asks a server, once it says that it is ready, and then ends it as Ctrl-C does."""

    def __init__(self) -> None:
        self.answers: list[tuple[int, str]] = []
        self._visit = threading.Thread(target=self._ask)
        self._address = ""

    def __call__(self, address: str) -> None:
        """Begin; called in the server's own thread, which must stay free to answer."""
        self._address = address
        self._visit.start()

    def _ask(self) -> None:
        place = urlsplit(self._address)
        connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=10)
        try:
            for path in ("/health/ready", "/v1/rebuttals"):
                connection.request("GET", path)
                answer = connection.getresponse()
                self.answers.append((answer.status, str(json.loads(answer.read()))))
        finally:
            connection.close()
            os.kill(os.getpid(), signal.SIGINT)


def test_it_answers_when_it_says_so_and_ends_when_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backend, "_open", open_runtime)  # the same store, with quick models
    visitor = Visitor()
    with pytest.raises(KeyboardInterrupt):
        serve(Settings(db=tmp_path / "store.db", port=0, starter=False), on_ready=visitor)
    assert visitor.answers == [
        (200, "{'status': 'ready'}"),
        (200, "{'items': [], 'next_cursor': None}"),
    ]


def test_a_store_that_cannot_be_opened_ends_it(tmp_path: Path) -> None:
    db = tmp_path / "store.db"
    db.write_bytes(b"this is no database" * 1000)
    with pytest.raises(StoreCorruptError):
        serve(Settings(db=db, port=0), on_ready=lambda address: pytest.fail(f"{address} is not ready"))
    assert db.read_bytes() == b"this is no database" * 1000
