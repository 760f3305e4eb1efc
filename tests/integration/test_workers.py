"""``rejoinder serve --workers``: real processes at one address, killed and replaced, and what they share."""

from __future__ import annotations

import asyncio
import datetime as dt
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
from prometheus_client import Metric
from support.api import NDJSON, ndjson
from support.records import content

from service.api.rates import Left
from service.api.workers.gathering import Gathering
from service.api.workers.link import Answer, Stop, Tell
from service.store.sqlite import SqliteStore

pytestmark = pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="finds the workers in /proc")

ENVIRONMENT = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
_SERVES = """
import sys
from pathlib import Path
from support.api import open_runtime
from service.api.server import log_as_told
from service.api.workers import supervise
from service.settings import Settings

settings = Settings(
    db=Path(sys.argv[1]), port=0, starter=False, workers=2, feedback_per_minute=4, tallies=True, cache_size=0
)
log_as_told(settings)
supervise(settings, on_ready=lambda address: print(address, flush=True), opener=open_runtime)
"""
CLAIM = "The dam above the valley has cracked"


class Crew:
    """A supervisor with its workers, and how to ask them."""

    def __init__(self, process: subprocess.Popen[str], address: str, key: str) -> None:
        self.process = process
        self.address = address
        self.headers = {"Authorization": f"Bearer {key}"}

    def ask(self, method: str, path: str, **request: Any) -> httpx.Response:  # noqa: ANN401 - httpx's own types
        """One request over a connection of its own: whichever worker takes it."""
        headers = self.headers | request.pop("headers", {})
        return httpx.request(method, self.address + path, headers=headers, timeout=30, **request)

    def publish(self, *names: str, **changes: object) -> None:
        """Import published records."""
        body = ndjson(*(content(name, **changes) for name in names))
        answer = self.ask("POST", "/v1/rebuttals/import", content=body, headers=NDJSON)
        assert answer.json()["created"] == len(names), answer.text

    def label(self) -> str:
        """What the claim is told to be."""
        return str(self.ask("POST", "/v1/check", json={"claim": CLAIM}).json()["verdict"]["label"])

    def metric(self, name: str) -> dict[str, float]:
        """A metric of each worker, summed over its other labels."""
        found: dict[str, float] = {}
        for line in self.ask("GET", "/metrics").text.splitlines():
            if matched := re.fullmatch(rf'{name}\{{(?:.*,)?worker="(\d+)".*\}} (\S+)', line):
                found[matched[1]] = found.get(matched[1], 0.0) + float(matched[2])
        return found

    def workers(self) -> set[int]:
        """The processes of the workers that run."""
        return {child for child in children(self.process.pid) if b"spawn_main" in command(child)}

    def settled(self) -> bool:
        """Whether both workers answer."""
        return self.metric("rejoinder_ready") == {"0": 1.0, "1": 1.0}


def children(process: int) -> list[int]:
    return [int(one) for one in Path(f"/proc/{process}/task/{process}/children").read_text().split()]


def command(process: int) -> bytes:
    try:
        return Path(f"/proc/{process}/cmdline").read_bytes()
    except OSError:
        return b""


@contextmanager
def serving(db: Path) -> Iterator[Crew]:
    with SqliteStore.open(db) as store:
        key = store.create_key("desk", "admin")
    with (
        (db.parent / "stderr").open("w") as said,
        subprocess.Popen(
            [sys.executable, "-c", _SERVES, str(db)],
            env=ENVIRONMENT,
            stdout=subprocess.PIPE,
            stderr=said,
            text=True,
            start_new_session=True,
        ) as process,
    ):
        try:
            assert process.stdout is not None
            address = process.stdout.readline().strip()
            assert address, "the workers did not start"
            yield Crew(process, address, key)
        finally:
            process.kill()


@pytest.fixture(scope="module")
def crew(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crew]:
    with serving(tmp_path_factory.mktemp("crew") / "store.db") as crew:
        yield crew


def wait_until(condition: Callable[[], bool], seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "it does not come"
        time.sleep(0.05)


def at_once(work: Callable[[], object], times: int) -> list[Any]:
    """Run the work several times side by side: over as many connections, so that no worker gets them all."""
    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(lambda _: work(), range(times)))


def test_when_it_says_so_every_worker_answers(crew: Crew) -> None:
    assert crew.settled()
    assert len(crew.workers()) == 2


def test_a_record_published_through_one_is_used_by_every_worker_within_a_second(crew: Crew) -> None:
    assert crew.label() == "unmatched"
    before = crew.metric("rejoinder_verdicts_total")
    crew.publish("dam", rumor=CLAIM, variants=())
    time.sleep(1)  # the promise
    asked = 0
    while asked < 400:
        assert set(at_once(crew.label, 16)) == {"rebutted"}
        asked += 16
        now = crew.metric("rejoinder_verdicts_total")
        if all(now.get(one, 0) > before.get(one, 0) for one in ("0", "1")):
            return
    pytest.fail("one worker got every request")


def test_the_metrics_are_those_of_all_whichever_is_asked(crew: Crew) -> None:
    done = sum(crew.metric("rejoinder_verdicts_total").values())
    at_once(crew.label, 20)
    for _ in range(6):
        assert sum(crew.metric("rejoinder_verdicts_total").values()) == done + 20
    text = crew.ask("GET", "/metrics").text
    assert text.count("# TYPE rejoinder_verdicts_total counter") == 1
    assert text.count("# TYPE process_resident_memory_bytes gauge") == 1


def test_what_a_key_may_ask_is_counted_for_all_workers_together(crew: Crew) -> None:
    made = crew.ask("POST", "/v1/keys", json={"name": "slow", "role": "reader", "per_minute": 5})
    headers = {"Authorization": f"Bearer {made.json()['key']}"}

    def ask() -> int:
        return httpx.get(f"{crew.address}/v1/version", headers=headers, timeout=30).status_code

    answers = at_once(ask, 24)
    # One comes back every twelve seconds; two workers that counted for themselves would let ten pass at once.
    assert 5 <= answers.count(200) <= 8
    assert set(answers) == {200, 429}


def test_feedback_without_a_key_is_counted_for_all_workers_together(crew: Crew) -> None:
    verdict = crew.ask("POST", "/v1/check", json={"claim": CLAIM}).json()["verdict_id"]

    def give() -> int:
        body = {"verdict_id": verdict, "rating": "right"}
        return httpx.post(f"{crew.address}/v1/feedback", json=body, timeout=30).status_code

    answers = at_once(give, 24)
    assert 4 <= answers.count(201) <= 6
    assert set(answers) == {201, 429}


def test_verdicts_of_all_workers_are_tallied_together(crew: Crew) -> None:
    def counted() -> int:
        return int(crew.ask("GET", "/v1/tallies").json()["claims"])

    given = sum(crew.metric("rejoinder_verdicts_total").values())
    wait_until(lambda: counted() == given)


def more_than(names: set[str], count: int) -> bool:
    return len(names) > count


def replaced(crew: Crew, victim: int) -> bool:
    return victim not in crew.workers() and len(crew.workers()) == 2


def test_a_worker_killed_under_load_costs_no_write_and_is_replaced(tmp_path: Path) -> None:
    with serving(tmp_path / "store.db") as crew:
        acknowledged: set[str] = set()
        done = threading.Event()

        def write(who: int) -> None:
            number = 0
            while not done.is_set():
                name, number = f"record-{who}-{number}", number + 1
                try:
                    crew.publish(name)
                except httpx.TransportError:
                    continue  # its worker died: nobody said that it was kept
                acknowledged.add(name)

        threads = [threading.Thread(target=write, args=(who,)) for who in range(4)]
        for thread in threads:
            thread.start()
        for count, sent in ((10, signal.SIGKILL), (20, signal.SIGTERM)):
            wait_until(partial(more_than, acknowledged, count))
            victim = min(crew.workers())
            os.kill(victim, sent)
            wait_until(partial(replaced, crew, victim))
            wait_until(crew.settled)
        done.set()
        for thread in threads:
            thread.join()
        crew.publish("after")
        crew.process.send_signal(signal.SIGTERM)
        crew.process.wait(60)
    with SqliteStore.open(tmp_path / "store.db") as store:
        assert acknowledged <= {record.id for record in store.scan()}
        assert store.verify_events() == store.count()


@pytest.mark.parametrize(
    ("number", "send"),
    [
        (signal.SIGTERM, os.kill),
        (signal.SIGTERM, os.killpg),  # as systemd does
        (signal.SIGINT, os.killpg),  # as a terminal does
    ],
    ids=["SIGTERM", "SIGTERM to all", "SIGINT to all"],
)
def test_a_signal_ends_all_in_peace(tmp_path: Path, number: int, send: Callable[[int, int], None]) -> None:
    with serving(tmp_path / "store.db") as crew:
        crew.publish("dam", rumor=CLAIM, variants=())
        labels = at_once(crew.label, 8)
        workers = crew.workers()
        send(crew.process.pid, number)
        code = crew.process.wait(60)
        assert code in (-number, 1)  # as if the signal had ended it; Python tells SIGINT as an exception
        assert not [one for one in workers if b"spawn_main" in command(one)]
        with pytest.raises(httpx.ConnectError):
            crew.ask("GET", "/health/live")
    said = (tmp_path / "stderr").read_text()
    assert [line for line in said.splitlines() if "Error" in line or "WARNING" in line] == []
    assert (tmp_path / "store.index").exists()  # the first worker has kept it
    with SqliteStore.open(tmp_path / "store.db") as store:
        counted = sum(sum(day.labels.values()) for day in store.tallies.by_day(dt.date(2000, 1, 1)))
    assert counted == len(labels)  # each has written what it had counted


def test_workers_end_when_their_supervisor_is_gone(tmp_path: Path) -> None:
    with serving(tmp_path / "store.db") as crew:
        workers = crew.workers()
        crew.process.send_signal(signal.SIGKILL)
        wait_until(lambda: not [one for one in workers if b"spawn_main" in command(one)])


@pytest.mark.parametrize(
    ("prepare", "words"),
    [
        (lambda db: db.write_bytes(b"this is no database" * 1000), "store.db"),
        (lambda _: None, "Cannot listen on"),
    ],
    ids=["damaged store", "address taken"],
)
def test_what_keeps_it_from_starting_is_said_and_nothing_stays(
    tmp_path: Path, crew: Crew, prepare: Callable[[Path], object], words: str
) -> None:
    db = tmp_path / "store.db"
    prepare(db)
    port = crew.address.rpartition(":")[2] if words.startswith("Cannot") else "0"
    program = f"{Path(sys.executable).parent / 'rejoinder'}"
    arguments = ["serve", "--db", f"{db}", "--port", port, "--workers", "2"]
    done = subprocess.run([program, *arguments], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 2
    assert words in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr


class Quiet:
    """A worker that is told things and may never answer."""

    def __init__(self) -> None:
        self.ready = True
        self.told: list[Answer | Tell | Stop] = []

    def tell(self, message: Answer | Tell | Stop) -> None:
        """Keep it."""
        self.told.append(message)


def test_a_worker_that_hangs_does_not_keep_the_metrics_of_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr("service.api.workers.gathering.time.monotonic", lambda: now)
    workers = {0: Quiet(), 1: Quiet()}
    gathering = Gathering()
    mine = [Metric("mine", "Mine.", "gauge")]
    gathering.ask(0, 7, workers)
    gathering.take(0, mine, workers)
    gathering.expire(workers)
    assert workers[0].told == [Tell()]  # there is still time for the other
    now += 3
    gathering.expire(workers)
    assert workers[0].told == [Tell(), Answer(7, {0: mine})]
    gathering.ask(0, 8, workers)
    gathering.take(0, mine, workers)
    assert workers[0].told[-1] == Answer(8, {0: mine})
    assert workers[1].told == [Tell()]  # what it owes is not asked for again
    gathering.take(1, mine, workers)
    gathering.ask(1, 9, workers)
    assert len(workers[1].told) == 2


def test_a_worker_whose_supervisor_is_silent_counts_for_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    from multiprocessing import Pipe  # noqa: PLC0415 - for this test alone

    from service.api.workers import link  # noqa: PLC0415 - as above

    monkeypatch.setattr(link, "_PATIENCE_S", 0.01)
    ours, theirs = Pipe()
    with ours, theirs:
        taking = link.Link(theirs)
        left: list[Left] = [asyncio.run(taking.take("key:x", 2)) for _ in range(3)]
    assert [one.requests for one in left] == [1, 0, 0]
    assert left[2].seconds > 0
