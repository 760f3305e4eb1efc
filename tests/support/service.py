"""A service behind a real socket, for whatever speaks to one: the clients and the examples."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import uvicorn
from support.api import ROLES, open_runtime

from embeddings.encoder import Encoder
from service.api.app import create_app
from service.api.server import configure
from service.domain import Role
from service.settings import Settings


class Service(NamedTuple):
    """Where a service answers, and one key of each role."""

    address: str
    keys: dict[Role, str]


@contextmanager
def serving(folder: Path, reading: Encoder | None = None, **settings: Any) -> Iterator[Service]:  # noqa: ANN401 - the settings' own types
    """The real application with quick models on a new store, with the starter corpus unless the settings say no.

    ``reading`` encodes in the place of the quick encoder.
    """
    chosen = Settings(**{"db": folder / "store.db", "starter": True, "outbound_private": True, **settings})
    runtime = open_runtime(chosen, reading)
    try:
        keys = {role: runtime.store.create_key(f"{role}-key", role) for role in ROLES}
        server = uvicorn.Server(configure(create_app(chosen, runtime), "127.0.0.1", 0))
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        try:
            yield Service(_address(server), keys)
        finally:
            server.should_exit = True
            thread.join(20)
    finally:
        runtime.close()


def _address(server: uvicorn.Server) -> str:
    deadline = time.monotonic() + 30
    while not server.started:
        assert time.monotonic() < deadline, "the server does not start"
        time.sleep(0.01)
    host, port = server.servers[0].sockets[0].getsockname()[:2]
    return f"http://{host}:{port}"
