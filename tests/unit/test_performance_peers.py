"""What the chapter `peers` stands on: its client, its programs, its environments, and what it says of a race."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

pytest.importorskip("matplotlib")
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks"))
from peers import environments
from peers.contenders import Rejoinder, Txtai, Way
from peers.environments import NotMade, environment
from peers.programs import Broken, Program, Running
from peers.race import ALONE, MANY, Block, Client, Effort, Questions, Race, Row
from performance.chapter import Options, Unavailable
from performance.peers import chapter, questions
from performance.report import page
from performance.server import free_port, request
from performance.texts import NEWS, archive

CLIENT = Path(environments.__file__).with_name("client.py")
SERVER = """
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        body = self.path.encode()
        self.send_response(404 if self.path == "/none" else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""


class Answering(BaseHTTPRequestHandler):
    """Answers every path but `/none`, and counts which ones were asked."""

    protocol_version = "HTTP/1.1"
    asked: list[str]

    def do_GET(self) -> None:
        self.asked.append(self.path)
        body = b"x" * 100_000
        self.send_response(404 if self.path == "/none" else 200)
        self.send_header("Content-Length", f"{len(body)}")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def served() -> Iterator[tuple[int, list[str]]]:
    asked: list[str] = []
    handler = type("Counted", (Answering,), {"asked": asked})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_address[1], asked
        server.shutdown()
        thread.join()


def test_the_client_asks_round_the_list_and_counts_whole_answers(served: tuple[int, list[str]]) -> None:
    port, asked = served
    requests = [request("GET", f"/{at}") for at in range(5)]
    with Client.started() as client:
        alone = client.ask(port, requests, ALONE, 0.2)
        assert asked[:7] == ["/0", "/1", "/2", "/3", "/4", "/0", "/1"][: len(asked)]
        before = len(asked)
        many = client.ask(port, requests, 4, 0.2)
    assert len(asked) - before >= 4
    assert 0 < alone.p50_ms <= alone.p95_ms
    assert many.rate > 0


def test_answers_that_are_errors_do_not_count_as_fast_ones(served: tuple[int, list[str]]) -> None:
    with Client.started() as client, pytest.raises(Broken, match="answers are errors"):
        client.ask(served[0], [request("GET", "/none")], 2, 0.05)


def test_the_client_says_when_nobody_listens_and_goes_on(served: tuple[int, list[str]]) -> None:
    tasks = [
        {"port": port, "requests": [base64.b64encode(request("GET", "/")).decode()], "connections": 1, "seconds": 0.05}
        for port in (free_port(), served[0])
    ]
    lines = "".join(json.dumps(task) + "\n" for task in tasks)
    command = [sys.executable, CLIENT]
    done = subprocess.run(command, input=lines, capture_output=True, text=True, timeout=120, check=True)
    refused, answered = (json.loads(line) for line in done.stdout.splitlines())
    assert "refused" in refused["error"].lower()
    assert answered["took_ms"]


def running(tmp_path: Path, program: str) -> Running:
    port = free_port()
    return Running([Program([sys.executable, "-c", program, str(port)], {})], port, tmp_path / "log")


def test_a_program_is_waited_for_weighed_and_stopped(tmp_path: Path) -> None:
    server = running(tmp_path, SERVER)
    try:
        assert server.until(request("GET", "/right"), lambda answer: answer == b"/right") > 0
        assert 1 < server.resident_mb() < 500
        with pytest.raises(Broken, match="404"):
            server.ask(request("GET", "/none"))
    finally:
        server.close()
    with pytest.raises(OSError, match="refused"):
        server.ask(request("GET", "/right"))


def test_a_program_that_ends_is_told_with_its_last_words(tmp_path: Path) -> None:
    server = running(tmp_path, "raise SystemExit('no such model')")
    with pytest.raises(Broken, match="no such model"):
        server.until(request("GET", "/"), lambda _: True)
    server.close()


def test_what_a_program_started_is_stopped_with_it(tmp_path: Path) -> None:
    child = "import subprocess, sys; p = subprocess.Popen([sys.executable, '-c', sys.argv[2], sys.argv[1]]); p.wait()"
    port = free_port()
    server = Running([Program([sys.executable, "-c", child, str(port), SERVER], {})], port, tmp_path / "log")
    server.until(request("GET", "/"), lambda _: True)
    server.close()
    with pytest.raises((OSError, RuntimeError)):
        server.ask(request("GET", "/"))


def test_an_environment_that_cannot_be_made_says_why_and_is_not_taken_for_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    locked = tmp_path / "requirements"
    locked.mkdir()
    (locked / "peer.txt").write_text("no-such-package==1.0\n", encoding="ascii")
    monkeypatch.setattr(environments, "REQUIREMENTS", locked)
    monkeypatch.setattr(environments, "_TORCH", locked / "peer.txt")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    for _ in range(2):
        with pytest.raises(NotMade, match="no-such-package"):
            environment("peer")


def test_every_peer_has_locked_versions_and_none_brings_torch() -> None:
    names = {path.stem for path in environments.REQUIREMENTS.glob("*.in")}
    assert names == {"afternoon", "chroma", "infinity", "lancedb", "txtai"}
    for name in names:
        lines = (environments.REQUIREMENTS / f"{name}.txt").read_text(encoding="ascii").splitlines()
        packages = [line.split("==")[0] for line in lines if not line.startswith("#")]
        assert all("==" in line for line in lines if not line.startswith("#"))
        assert "torch" not in packages
        assert not [package for package in packages if package.startswith(("nvidia", "cuda"))]


def test_answers_are_read_as_the_servers_write_them() -> None:
    check, search = Rejoinder("Rejoinder", {}).ways
    own = Rejoinder("Rejoinder", {})
    assert own.nearest(check, b'{"matches": []}') is None
    assert own.nearest(search, b'{"results": [{"rebuttal": {"id": "gem-ore"}, "score": 1}]}') == "gem-ore"
    other = Txtai()
    assert other.nearest(other.ways[0], b'[{"id": "b", "text": "t", "score": 0.7}]') == "b"
    assert b"GET /search?query=50%25%20of%20what%3F&limit=1 " in other.question(other.ways[0], "50% of what?")


def blocks(p50: float, rate: float) -> dict[str, dict[int, list[Block]]]:
    """Two rounds of each kind of claim, the second on a machine half as fast."""
    rounds = [Block(p50, 2 * p50, rate), Block(2 * p50, 4 * p50, rate / 2)]
    return {kind: {ALONE: rounds, MANY: rounds} for kind in ("unmatched", "matched")}


def row(name: str, way: Way, p50: float, memory: float) -> Row:
    return Row(name, way.gives, way.path, 30, 2.0, 3.0, memory, 9, 10, blocks(p50, 1000 / p50))


def test_the_chapter_says_who_is_ahead_of_rejoinder_and_what_was_not_measured() -> None:
    check, search = Rejoinder("Rejoinder", {}).ways
    rows = [
        row("Rejoinder", check, 4.0, 500),
        row("Rejoinder", search, 9.0, 500),
        row("slim", Way("/", "text"), 8.0, 90),
    ]
    del rows[1].blocks["unmatched"][MANY], rows[1].blocks["matched"][MANY]
    found = Race(rows, {"txtai": "no wheel for this machine"}, 9_000)
    text = page([chapter(found, Questions([], NEWS, {"claim": frozenset({"a"})}), Effort(2, 1, 1))])
    assert "- memory, MB (500): slim (90)." in text
    assert "p50, ms (6): slim" not in text
    assert "Not measured, or not to the end: txtai: no wheel for this machine." in text
    assert "| slim | text (`/`) | 12 | 2 | 24 | 93.8 | 0.5 |" in text
    assert "| Rejoinder | nearest records, read again (`/v1/search`) | 13.5 | 2.25 | 27 | – | – |" in text


def test_the_store_holds_the_records_that_its_tweets_are_about(tmp_path: Path) -> None:
    folder = tmp_path / "clef2022_2a_en"
    folder.mkdir()
    rows = [{"id": f"r{at}", "claim": f"claim {at}", "title": "", "text": "what is so"} for at in range(400)]
    claims = [{"id": "dev:a", "text": "tweet"}, {"id": "train:b", "text": "known"}, {"id": "dev:c", "text": "other"}]
    (folder / "rebuttals.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    (folder / "claims.jsonl").write_text("\n".join(map(json.dumps, claims)), encoding="utf-8")
    (folder / "qrels.tsv").write_text("dev:a\tr399\t1\ntrain:b\tr3\t1\ndev:c\tr399\t1\n", encoding="utf-8")
    found = questions(Options(tmp_path, tmp_path, quick=True))
    assert found.matched == {"tweet": frozenset({"r399"}), "other": frozenset({"r399"})}
    assert len(found.records) == 300
    assert "r399" in {record.id for record in found.records}


def test_without_the_dev_data_a_chapter_cannot_be_measured(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="no dev data"):
        list(archive(tmp_path))
