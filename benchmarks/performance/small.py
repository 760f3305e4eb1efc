"""A small machine: the whole service on one core, in 512 MB.

The server runs on one core (`taskset`). What it holds is read after each step, and the most that it held meanwhile as
the system counts it, pages of files included. It is killed when that passes 512 MB. A container's limit is milder: it
takes pages of files back first. `own` is what cannot be taken back. No claim is answered from memory. Last, a server
is killed in the middle of an import, as too small a limit would do it: what it acknowledged must still be there.
"""

from __future__ import annotations

import http.client
import itertools
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import msgspec
from msgspec import Struct, to_builtins

from performance.archive import imported
from performance.chapter import Chapter, Goal, Options, Table
from performance.held import Taken, Watched, memory, started
from performance.server import UNCACHED, free_port
from performance.texts import NEWS, archive, probes, tweets

LIMIT_MB: Final = 512
_BATCH: Final = 150
_PATIENCE_S: Final = 240


class Step(Struct, frozen=True):
    """One step: what was done, on which store, the memory, the seconds; milliseconds of one answer where that is it."""

    store: str
    what: str
    taken: Taken
    seconds: float
    answer_ms: float | None
    ended: bool


class Small:
    """A server that is watched at each step."""

    def __init__(self, store: str, db: Path, environment: dict[str, str]) -> None:
        self._store = store
        self._port = free_port()
        self._log = db.with_suffix(".log")
        self.steps: list[Step] = []
        self.process = started(db, self._port, UNCACHED | environment, self._log)
        self.step("start, until it is ready", self._ready)
        self._http = http.client.HTTPConnection("127.0.0.1", self._port, timeout=_PATIENCE_S)

    def step(self, what: str, work: Callable[[], float | None]) -> None:
        """Do it and note what it took; once the server has been killed, nothing is done any more."""
        if self.process.poll() is not None:
            return
        answer_ms = None
        with Watched(self.process.pid, LIMIT_MB) as watched:
            try:
                answer_ms = work()
            except (OSError, http.client.HTTPException):
                self.process.wait(_PATIENCE_S)
        ended = self.process.poll() is not None
        self.steps.append(Step(self._store, what, watched.taken, round(watched.seconds, 2), answer_ms, ended))

    def ask(self, texts: Sequence[str], rounds: int) -> float:
        """Single checks; the median of their milliseconds."""
        took = []
        for text in itertools.islice(itertools.cycle(texts), rounds):
            began = time.perf_counter()
            self.post("/v1/check", json.dumps({"claim": text, "limit": 1}).encode())
            took.append(time.perf_counter() - began)
        return round(statistics.median(took) * 1000, 1)

    def batch(self, texts: Sequence[str]) -> None:
        """One batch of 150 different claims."""
        claims = [{"id": f"{at}", "text": f"{texts[at % len(texts)]} ({at})"} for at in range(_BATCH)]
        self.post("/v1/check/batch", json.dumps({"claims": claims}).encode())

    def post(self, path: str, body: bytes, key: str = "", kind: str = "application/json") -> Any:  # noqa: ANN401 - JSON
        """The answer to a request. Raises `RuntimeError` where it is another one than 200."""
        headers = {"Content-Type": kind} | ({"Authorization": f"Bearer {key}"} if key else {})
        self._http.request("POST", path, body, headers)
        answer = self._http.getresponse()
        read = answer.read()
        if answer.status != http.HTTPStatus.OK:
            raise RuntimeError(f"{path}: {answer.status} {read[:300]!r}")
        return json.loads(read)

    def _ready(self) -> None:
        until = time.monotonic() + _PATIENCE_S
        while time.monotonic() < until and self.process.poll() is None:
            asked = http.client.HTTPConnection("127.0.0.1", self._port, timeout=_PATIENCE_S)
            try:
                asked.request("GET", "/health/ready")
                if asked.getresponse().status == http.HTTPStatus.OK:
                    return
            except OSError:
                pass
            finally:
                asked.close()
            time.sleep(0.02)
        if self.process.poll() is None:
            raise RuntimeError("the server did not become ready")

    def close(self) -> None:
        """Stop it."""
        self._http.close()
        self.process.terminate()
        self.process.wait(_PATIENCE_S)


@contextmanager
def small(store: str, db: Path, environment: dict[str, str]) -> Iterator[Small]:
    """A watched server for the block."""
    server = Small(store, db, environment)
    try:
        yield server
    finally:
        server.close()


def measure(options: Options) -> Chapter:
    """See the module."""
    rounds = 20 if options.quick else 100
    records = list(itertools.islice(archive(options.data), 50 if options.quick else 1_000))
    lines = b"".join(msgspec.json.encode(record) + b"\n" for record in records)
    db = options.folder / "small.db"
    steps = []
    with small("starter corpus", db, {}) as server:
        _checks(server, rounds, probes())
        key = _key(db)
        server.step(
            f"import of {len(records):,} records",
            lambda: server.post("/v1/rebuttals/import", lines, key, "application/x-ndjson") and None,
        )
        server.step("`unmatched`, afterwards", lambda: server.ask(NEWS, rounds))
        steps += server.steps
    large = imported(options)
    with small(f"{large.records:,} records", large.db, {"REJOINDER_STARTER": "false"}) as server:
        _checks(server, rounds, list(itertools.chain.from_iterable(tweets(options.data, "dev").values())))
        steps += server.steps
    return chapter(steps, _killed(options.folder / "killed.db", lines))


def _checks(server: Small, rounds: int, claims: Sequence[str]) -> None:
    """Headlines that match nothing, and claims that records are about."""
    server.step("`unmatched`", lambda: server.ask(NEWS, rounds))
    server.step("claims that records are about", lambda: server.ask(claims, rounds))
    server.step(f"a batch of {_BATCH} headlines", lambda: server.batch(NEWS))
    server.step(f"a batch of {_BATCH} of those", lambda: server.batch(claims))


def _key(db: Path) -> str:
    command = [Path(sys.executable).with_name("rejoinder"), "keys", "create", "importer", "--role", "publisher"]
    return subprocess.run([*command, "--db", db], check=True, capture_output=True, text=True).stdout.strip()


def _killed(db: Path, lines: bytes) -> tuple[int, int]:
    """Records before and after: of a server killed in an import, and of the one that then opens its store."""
    with small("killed", db, {}) as server:
        key = _key(db)
        first = lines[: lines.find(b"\n", len(lines) // 10) + 1]
        server.post("/v1/rebuttals/import", first, key, "application/x-ndjson")
        before = _exported(db)
        before_mb = memory(server.process.pid)["VmRSS"]
        with Watched(server.process.pid, before_mb + 1):
            try:
                server.post("/v1/rebuttals/import", lines, key, "application/x-ndjson")
            except (OSError, http.client.HTTPException):
                server.process.wait(_PATIENCE_S)
    with small("again", db, {}) as server:
        server.ask(NEWS, 1)
    return before, _exported(db)


def _exported(db: Path) -> int:
    command = [Path(sys.executable).with_name("rejoinder"), "export", "--db", db]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.count("\n")


def chapter(steps: Sequence[Step], kept: tuple[int, int]) -> Chapter:
    """The chapter that says it."""
    peak = max(step.taken.peak for step in steps)
    whole = not any(step.ended for step in steps)
    rows = [
        (step.store, step.what, step.taken.resident, step.taken.peak, step.taken.own, _took(step)) for step in steps
    ]
    before, after = kept
    text = f"{__doc__}\nA store of {before:,} records had {after:,} after the kill and a new start: none was lost.\n"
    if after < before:
        raise RuntimeError(f"of {before} records {after} are left after a kill")
    return Chapter(
        name="small",
        title="A small machine",
        text=text,
        goals=(
            Goal("most memory that the service held on one core, all steps", LIMIT_MB, peak, unit="MB"),
            Goal("steps that it lived through", len(steps), len(steps) if whole else len(steps) - 1, "more"),
        ),
        tables=(Table(("store", "step", "resident, MB", "peak, MB", "own, MB", "took"), rows),),
        figures={"steps": to_builtins(steps), "kept": kept},
    )


def _took(step: Step) -> str:
    if step.ended:
        return "killed"
    return f"{step.seconds} s" if step.answer_ms is None else f"{step.answer_ms} ms an answer"
