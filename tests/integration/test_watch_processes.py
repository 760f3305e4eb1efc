"""Real server processes that are killed without warning: no event is lost or doubled, and one of several works."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from support.api import NDJSON, ndjson
from support.receiver import HANG, receiving
from support.records import content

from service.store.sqlite import SqliteStore

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL there")

ENVIRONMENT = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
_SERVES = """
import sys
from pathlib import Path
from support.api import open_runtime
from service.api import backend
from service.api.server import serve
from service.settings import Settings

backend._open = open_runtime  # the real service on a real store, with quick models
settings = Settings(db=Path(sys.argv[1]), port=0, starter=False, outbound_private=True, webhook_backoff=(0.2, 0.5, 1.0))
serve(settings, on_ready=lambda address: print(address, flush=True))
"""


class Server:
    """A server process and a client of it."""

    def __init__(self, process: subprocess.Popen[str], client: httpx.Client) -> None:
        self.process = process
        self.client = client

    def kill(self) -> None:
        """End it as a power cut would."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(10)

    def publish(self, *names: str) -> None:
        """Import published records."""
        body = ndjson(*(content(name) for name in names))
        answer = self.client.post("/v1/rebuttals/import", content=body, headers=NDJSON)
        assert answer.json()["created"] == len(names), answer.text

    def feed(self, watch: str) -> list[dict[str, Any]]:
        """All events of a watch."""
        answer = self.client.get(f"/v1/watches/{watch}/events?limit=100")
        items: list[dict[str, Any]] = answer.json()["items"]
        return items


@contextmanager
def serving(db: Path, key: str) -> Iterator[Server]:
    command = [sys.executable, "-c", _SERVES, str(db)]
    with subprocess.Popen(command, env=ENVIRONMENT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            address = process.stdout.readline().strip()
            assert address, "the server did not start"
            with httpx.Client(base_url=address, headers={"Authorization": f"Bearer {key}"}, timeout=30) as client:
                yield Server(process, client)
        finally:
            process.kill()


@pytest.fixture
def key(tmp_path: Path) -> str:
    with SqliteStore.open(tmp_path / "store.db") as store:
        return store.create_key("desk", "admin")


def wait_until(condition: Callable[[], bool], seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "it does not come"
        time.sleep(0.05)


def watch_for(server: Server, url: str) -> dict[str, Any]:
    body = {"kind": "topic", "text": "rare earths", "webhook": {"url": url}}
    answer = server.client.post("/v1/watches", json=body)
    assert answer.status_code == 201, answer.text
    watch: dict[str, Any] = answer.json()
    return watch


def test_a_server_killed_between_publishing_and_delivery_delivers_when_it_is_back(tmp_path: Path, key: str) -> None:
    db = tmp_path / "store.db"
    with receiving(HANG, 200) as receiver:
        with serving(db, key) as server:
            watch = watch_for(server, receiver.url)
            server.publish("first")
            (cut_off,) = receiver.wait(1)  # it was sent, and nobody has said that it came
            server.publish("second")
            server.kill()
        with serving(db, key) as server:
            wait_until(lambda: {one.headers["webhook-id"] for one in receiver.got} >= ids(server, watch["id"], 2))
            arrived = {one.verified(watch["secret"])["data"]["rebuttal"]["id"]: one for one in receiver.got[1:]}
            assert set(arrived) == {"first", "second"}
            assert arrived["first"].headers["webhook-id"] == cut_off.headers["webhook-id"]
            many = [f"record-{number}" for number in range(40)]
            server.publish(*many)
            time.sleep(0.1)  # somewhere in the middle of working it through
            server.kill()
        with serving(db, key) as server:
            everything = ids(server, watch["id"], 42)
            told = [one["data"]["rebuttal"]["id"] for one in server.feed(watch["id"])]
            assert told == ["first", "second", *many]
            wait_until(lambda: {one.headers["webhook-id"] for one in receiver.got} == everything)
            assert all(one.verified(watch["secret"]) for one in receiver.got[1:])


def ids(server: Server, watch: str, count: int) -> set[str]:
    """The ids of the events of a watch, once there are so many."""
    wait_until(lambda: len(server.feed(watch)) >= count)
    return {str(one["id"]) for one in server.feed(watch)}


def test_of_two_servers_one_works_and_the_other_takes_over(tmp_path: Path, key: str) -> None:
    db = tmp_path / "store.db"
    with receiving(200) as receiver, serving(db, key) as one, serving(db, key) as other:
        watch = watch_for(one, receiver.url)
        for number in range(6):
            (one, other)[number % 2].publish(f"record-{number}")
        everything = ids(other, watch["id"], 6)
        wait_until(lambda: len(receiver.got) >= 6)
        # Each once, in whatever order: two may be under way to one host.
        assert sorted(got.headers["webhook-id"] for got in receiver.got) == sorted(everything)
        one.kill()
        other.publish("after")
        # What it had sent and not yet noted comes again, under the same id.
        wait_until(lambda: len({got.headers["webhook-id"] for got in receiver.got}) == 7)
        assert receiver.got[-1].verified(watch["secret"])["data"]["rebuttal"]["id"] == "after"
