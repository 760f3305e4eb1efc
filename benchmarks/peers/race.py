"""All contenders on one machine: filled one after the other, then asked in turns."""

from __future__ import annotations

import base64
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final

from msgspec import Struct, field
from performance.server import free_port, request

from peers.contenders import Contender, Infinity, Rejoinder, Way
from peers.environments import NotMade
from peers.programs import Broken, Running
from service.domain import RebuttalContent

ALONE, MANY = 1, 32
_FILLING_S: Final = 400


class Questions(Struct, frozen=True):
    """What is stored and asked.

    Attributes:
        records: what every contender is filled with.
        unmatched: headlines that no record is about.
        matched: claims, and the ids of the records that are right for each.
    """

    records: Sequence[RebuttalContent]
    unmatched: Sequence[str]
    matched: Mapping[str, frozenset[str]]

    @property
    def kinds(self) -> dict[str, list[str]]:
        """The claims of each kind."""
        return {"unmatched": list(self.unmatched), "matched": list(self.matched)}


class Effort(Struct, frozen=True):
    """How long to measure: rounds over all contenders, seconds of each block of questions, starts of each."""

    rounds: int
    seconds: float
    starts: int


class Block(Struct, frozen=True):
    """One block of questions: milliseconds of the median and of the 95th percentile, answers a second."""

    p50_ms: float
    p95_ms: float
    rate: float


class Row(Struct):
    """What was measured of one way to ask one contender; blocks by kind of claim and connections, one a round."""

    name: str
    gives: str
    path: str
    texts: int
    fill_s: float
    start_s: float
    resident_mb: float = 0.0
    right: int | None = None
    named: int | None = None
    blocks: dict[str, dict[int, list[Block]]] = field(default_factory=dict)


class Race(Struct):
    """Every row, and why there is none of a contender."""

    rows: list[Row] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)
    client_rate: float = 0.0


class _Lane(Struct):
    """A row with the server and the way it is of."""

    row: Row
    contender: Contender
    way: Way
    running: Running


class Client:
    """The client's process."""

    def __init__(self, process: subprocess.Popen[bytes], send: IO[bytes], receive: IO[bytes]) -> None:
        self._process = process
        self._send = send
        self._receive = receive

    @classmethod
    @contextmanager
    def started(cls) -> Iterator[Client]:
        """The process, until the end of the block."""
        program = [sys.executable, str(Path(__file__).with_name("client.py"))]
        with subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
            if process.stdin is None or process.stdout is None:
                raise RuntimeError("the client has no pipes")
            yield cls(process, process.stdin, process.stdout)
            process.stdin.close()

    def ask(self, port: int, requests: Sequence[bytes], connections: int, seconds: float) -> Block:
        """Ask for some seconds over so many connections.

        Raises:
            Broken: an answer is an error, or none comes.
        """
        task = {
            "port": port,
            "requests": [base64.b64encode(each).decode() for each in requests],
            "connections": connections,
            "seconds": seconds,
        }
        self._send.write(json.dumps(task).encode() + b"\n")
        self._send.flush()
        answer = json.loads(self._receive.readline())
        if "error" in answer or answer["failed"] or not answer["took_ms"]:
            raise Broken(answer.get("error") or f"{answer['failed']} of {len(answer['took_ms'])} answers are errors")
        took = sorted(answer["took_ms"])
        return Block(statistics.median(took), took[int(0.95 * len(took))], answer["rate"])


def race(contenders: Sequence[Contender], questions: Questions, effort: Effort, folder: Path) -> Race:
    """Fill each, start it on its data, then ask all of them in turns; what fails is told and left out."""
    found = Race()
    lanes: list[_Lane] = []
    try:
        for at, contender in enumerate(contenders):
            _told(f"  {contender.name}")
            data = folder / f"peer-{at}"
            data.mkdir()
            try:
                lanes += _prepared(contender, questions, effort.starts, data)
            except (NotMade, Broken, OSError, RuntimeError, subprocess.CalledProcessError) as error:
                _failed(found, contender.name, error)
        found.rows = [lane.row for lane in lanes]
        with Client.started() as client:
            _rounds(lanes, questions, effort, client, found)
        for lane in lanes:
            lane.row.resident_mb = lane.running.resident_mb()
            _score(lane, questions)
    finally:
        for running in {id(lane.running): lane.running for lane in lanes}.values():
            running.close()
    return found


def _failed(found: Race, name: str, error: Exception) -> None:
    _told(f"  {name}: {error}")
    found.failed[name] = " ".join(f"{error}".split())


def _told(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _prepared(contender: Contender, questions: Questions, starts: int, data: Path) -> list[_Lane]:
    """Filled through an empty server, then started on what that has written; the last start stays."""
    running = _started(contender, data)
    try:
        running.until(request("GET", contender.ready), lambda _: True)
        began = time.perf_counter()
        for part in contender.filling(questions.records):
            running.ask(part, _FILLING_S)
        filled = time.perf_counter() - began
    finally:
        running.close()
    first = questions.records[len(questions.records) // 2]
    way = contender.ways[0]
    asked, right = contender.question(way, first.rumor), _right(contender, way, f"{first.id}")
    took = []
    for turn in range(starts):
        running = _started(contender, data)
        try:
            took.append(running.until(asked, right))
        except BaseException:
            running.close()
            raise
        if turn < starts - 1:
            running.close()
    start, count = statistics.median(took), contender.texts(questions.records)
    return [
        _Lane(Row(contender.name, way.gives, way.path, count, filled, start), contender, way, running)
        for way in contender.ways
    ]


def _started(contender: Contender, data: Path) -> Running:
    port = free_port()
    return Running(contender.programs(data, port), port, data.with_suffix(".log"))


def _right(contender: Contender, way: Way, name: str) -> Callable[[bytes], bool]:
    if isinstance(contender, Infinity):
        return lambda answer: contender.nearest(way, answer) is None
    return lambda answer: contender.nearest(way, answer) == name


def _rounds(lanes: Sequence[_Lane], questions: Questions, effort: Effort, client: Client, found: Race) -> None:
    """Ask in turns. A server that fails while it is asked is told, and not asked again."""
    alive = list(lanes)
    for turn in range(effort.rounds + 1):  # the first one is warming up
        _told(f"  round {turn} of {effort.rounds}")
        for lane in list(alive):
            try:
                _round(lane, questions, effort, client, keep=turn > 0)
            except Broken as error:
                _failed(found, f"{lane.row.name} ({lane.row.path})", error)
                alive.remove(lane)
                found.rows.remove(lane.row)
    if own := [lane for lane in alive if isinstance(lane.contender, Rejoinder)]:
        port = own[0].running.port
        found.client_rate = client.ask(port, [request("GET", "/health/live")], MANY, effort.seconds).rate


def _round(lane: _Lane, questions: Questions, effort: Effort, client: Client, *, keep: bool) -> None:
    for kind, texts in questions.kinds.items():
        requests = [lane.contender.question(lane.way, text) for text in texts]
        for connections in (ALONE, MANY) if lane.way.most >= MANY else (ALONE,):
            block = client.ask(lane.running.port, requests, connections, effort.seconds if keep else effort.seconds / 4)
            if keep:
                lane.row.blocks.setdefault(kind, {}).setdefault(connections, []).append(block)


def _score(lane: _Lane, questions: Questions) -> None:
    """How often the right record is named first, and how often one for a headline that none is about."""
    if isinstance(lane.contender, Infinity):
        return
    first = {text: _nearest(lane, text) for text in (*questions.matched, *questions.unmatched)}
    lane.row.right = sum(first[text] in right for text, right in questions.matched.items())
    lane.row.named = sum(first[text] is not None for text in questions.unmatched)


def _nearest(lane: _Lane, text: str) -> str | None:
    return lane.contender.nearest(lane.way, lane.running.ask(lane.contender.question(lane.way, text)))
