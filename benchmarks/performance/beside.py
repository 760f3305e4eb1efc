"""Questions to a service while records are imported into its store, and while none are.

Headlines that match nothing, at random times with a mean rate far below what the service can answer, the cache of
answers off. One import runs in a process of its own (`rejoinder import`), another through the service that is asked
(`POST /v1/rebuttals/import`); each goes on for as long as questions are asked. In turns: neither, the one, neither, the
other.
"""

from __future__ import annotations

import http.client
import itertools
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from performance.chapter import Options
from performance.concurrency import Client, asking
from performance.server import UNCACHED, Server, serving
from performance.texts import archive, headlines
from service.domain import RebuttalContent
from service.runtime import open_store
from service.settings import Settings
from service.store import Store

WAYS: Final = ("neither", "another process", "the service itself")
_RATE: Final = 30.0
_CONNECTIONS: Final = 32
_SPELL_S: Final = 4.0
"""Shorter than a service leaves a connection open that nothing comes over."""
_SENT: Final = 64
"""Records in a piece of the upload."""
_PATIENCE_S: Final = 120
_AHEAD: Final = 1_024
"""Records that are sent and not written yet: an import ends soon after it is told to."""
_LOOK_EVERY_S: Final = 0.05


class Beside(Struct, frozen=True):
    """How long answers took.

    Attributes:
        way: one of `WAYS`.
        answers: how many there were.
        p50_ms: the median.
        p99_ms: the 99th percentile.
        records: that were imported meanwhile, a second.
    """

    way: str
    answers: int
    p50_ms: float
    p99_ms: float
    records: float


class _Stream:
    """Lines of records without end, until it is told to end; each round of the archive under ids of its own."""

    def __init__(self, records: Sequence[RebuttalContent], store: Store) -> None:
        self._lines = self._all(records)
        self._store = store
        self.under_way = threading.Event()
        self.end = threading.Event()

    def pieces(self) -> Iterator[bytes]:
        """What is sent next, until the end."""
        sent, before = 0, self._store.head()
        while not self.end.is_set():
            written = self._store.head() - before
            if written:
                self.under_way.set()
            if sent - written >= _AHEAD:
                self.end.wait(_LOOK_EVERY_S)
                continue
            yield b"".join(itertools.islice(self._lines, _SENT))
            sent += _SENT

    def again(self) -> None:
        """For the next import, which goes on where this one ended."""
        self.under_way.clear()
        self.end.clear()

    @staticmethod
    def _all(records: Sequence[RebuttalContent]) -> Iterator[bytes]:
        for turn in itertools.count():
            for one in records:
                yield msgspec.json.encode(msgspec.structs.replace(one, id=f"{one.id}-{turn}")) + b"\n"


class _Bench:
    """A service, who asks it, and what is imported."""

    def __init__(self, server: Server, client: Client, store: Store, db: Path, stream: _Stream) -> None:
        self._server = server
        self._client = client
        self._store = store
        self._db = db
        self._stream = stream
        self._key = store.create_key("benchmark", "admin")

    def asked(self, way: str, seconds: float) -> tuple[list[float], float]:
        """Milliseconds of each answer, and records imported a second."""
        imports = {WAYS[1]: self._by_process, WAYS[2]: self._by_service}
        if way not in imports:
            return self._answers(seconds), 0.0
        with self._importing(imports[way]):
            before = self._store.head()
            answers = self._answers(seconds)
            return answers, (self._store.head() - before) / seconds

    def _answers(self, seconds: float) -> list[float]:
        spells = max(1, round(seconds / _SPELL_S))
        told = [self._client.ask(_CONNECTIONS, seconds / spells, _RATE) for _ in range(spells)]
        return [took for one in told for took in one.answered_ms]

    @contextmanager
    def _importing(self, work: Callable[[], None]) -> Iterator[None]:
        self._stream.again()
        failed: list[BaseException] = []

        def run() -> None:
            try:
                work()
            except BaseException as error:  # noqa: BLE001 - raised where it is waited for
                failed.append(error)
                self._stream.under_way.set()

        thread = threading.Thread(target=run)
        thread.start()
        try:
            self._stream.under_way.wait(_PATIENCE_S)
            yield
        finally:
            self._stream.end.set()
            thread.join(_PATIENCE_S)
        if failed:
            raise failed[0]

    def _by_process(self) -> None:
        command: list[str | Path] = [Path(sys.executable).with_name("rejoinder"), "import", "--db", self._db, "-"]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as process:
            assert process.stdin is not None  # noqa: S101 - it is a pipe
            for piece in self._stream.pieces():
                process.stdin.write(piece)
            process.stdin.close()
        if process.returncode:
            raise RuntimeError(f"the import ended with {process.returncode}")

    def _by_service(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self._server.port, timeout=_PATIENCE_S)
        headers = {"Authorization": f"Bearer {self._key}", "Content-Type": "application/x-ndjson"}
        path = "/v1/rebuttals/import"
        connection.request("POST", path, self._stream.pieces(), headers, encode_chunked=True)
        answer = connection.getresponse()
        if answer.status != http.HTTPStatus.OK:
            raise RuntimeError(f"{path}: {answer.read(300)!r}")
        answer.read()
        connection.close()


def beside(options: Options) -> list[Beside]:
    """Measure it, each of `WAYS` once in their order, over all rounds."""
    seconds, rounds = (3.0, 1) if options.quick else (12.0, 2)
    db = options.folder / "beside.db"
    found: dict[str, tuple[list[float], list[float]]] = {way: ([], []) for way in WAYS}
    with (
        serving(db, UNCACHED) as server,
        asking(server.port, headlines(256)) as client,
        open_store(Settings(db=db)) as store,
    ):
        client.ask(8, 1.0)
        bench = _Bench(server, client, store, db, _Stream(list(archive(options.data)), store))
        for way in (WAYS[0], WAYS[1], WAYS[0], WAYS[2]) * rounds:
            answered, records = bench.asked(way, seconds)
            found[way][0].extend(answered)
            found[way][1].append(records)
    return [_beside(way, sorted(answered), records) for way, (answered, records) in found.items()]


def _beside(way: str, answered: Sequence[float], records: Sequence[float]) -> Beside:
    p50, p99 = (answered[int(share * (len(answered) - 1))] for share in (0.5, 0.99))
    return Beside(way, len(answered), round(p50, 2), round(p99, 2), round(sum(records) / len(records)))
