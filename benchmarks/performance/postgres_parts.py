"""Parts of the chapter on PostgreSQL: verdicts of both ways, the memory of a process, the delay of a replica."""

from __future__ import annotations

import asyncio
import importlib
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from embeddings.encoder import Encoder
from service.domain import CheckResult, Claim, Label
from service.places import Address
from service.runtime import Runtime
from service.settings import Settings
from service.store import Write

if TYPE_CHECKING:
    from support.postgres import Server

    from service.store.postgres import PostgresStore
    from service.store.postgres.replicas import Line

_PROCESS: Final = """
import json, sys, time
from pathlib import Path
import numpy as np
from service.indexes import Indexes, Sought
from service.remote import SCALE, Remote
from service.store.postgres import PostgresStore

def resident():
    return int(Path("/proc/self/status").read_text().split("VmRSS:")[1].split()[0]) / 1024

way, address, model, dim, path = sys.argv[1:]
store = PostgresStore.open(address)
before, began = resident(), time.perf_counter()
if way == "memory":
    searched = Indexes(store, model=model, dim=int(dim), path=Path(path))
else:
    assert store.searching.prepared(model).whole
    searched = Remote(store.searcher(model=model, dim=int(dim), scale=SCALE))
searched.catch_up()
took = time.perf_counter() - began
vectors = np.random.default_rng(0).standard_normal((50, int(dim)), np.float32)
for vector in vectors / np.linalg.norm(vectors, axis=1, keepdims=True):
    searched.search([Sought(vector, ["president", "vaccin", "photo"], 10)])
print(json.dumps([took, resident() - before]))
searched.close()
store.close()
"""


class Agreement(Struct, frozen=True):
    """Verdicts from the database beside those from memory."""

    claims: int
    labels: int
    nearest: int
    whole: int
    found: dict[str, int]


class Process(Struct, frozen=True):
    """What it takes one process to be able to search the archive."""

    memory_mb: float
    memory_s: float
    database_mb: float
    database_s: float


class Delay(Struct, frozen=True):
    """How late a replica shows a write, in milliseconds."""

    writes: int
    p50_ms: float
    p95_ms: float


def agreement(address: str, claims: Sequence[str]) -> Agreement:
    """What both ways say of claims, through the whole cascade."""
    ways = []
    for search in ("memory", "database"):
        settings = Settings(
            db=Address(address),
            starter=False,
            multilingual="off",
            cache_size=0,
            search=search,  # type: ignore[arg-type]
        )
        runtime = Runtime.open(settings)
        try:
            ways.append(asyncio.run(_every(runtime, claims)))
        finally:
            runtime.close(save=False)
    pairs = list(zip(*ways, strict=True))
    labels: list[Label] = [one.verdict.label for one in ways[0]]
    return Agreement(
        claims=len(pairs),
        labels=sum(one.verdict.label == other.verdict.label for one, other in pairs),
        nearest=sum(_first(one) == _first(other) for one, other in pairs),
        whole=sum((one.verdict, one.matches) == (other.verdict, other.matches) for one, other in pairs),
        found={label: labels.count(label) for label in sorted(set(labels))},
    )


async def _every(runtime: Runtime, claims: Sequence[str]) -> list[CheckResult]:
    return [await runtime.checker.check(Claim(claim=claim)) for claim in claims]


def _first(result: CheckResult) -> str | None:
    return result.matches[0].rebuttal.id if result.matches else None


def process(address: str, encoder: Encoder, folder: Path) -> Process:
    """What it takes a process to be able to search a store, in either way."""
    model = f"{encoder.name}@{encoder.revision}"
    told = {}
    for way in ("memory", "database"):
        command = [sys.executable, "-c", _PROCESS, way, address, model, str(encoder.dim), str(folder / "process.index")]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
        told[way] = json.loads(done.stdout)
    return Process(*(round(told[way][part], digits) for way in told for part, digits in ((1, 1), (0, 2))))


def delay(support: ModuleType, server: Server, engine: type[PostgresStore], writes: int) -> Delay:
    """Write to a store of its own, and ask a replica until it shows the write."""
    line = importlib.import_module("service.store.postgres.replicas").Line
    content = importlib.import_module("support.records").content
    server.execute("CREATE DATABASE watched")
    took = []
    with (
        _standby(support, server) as replica,
        engine.open(server.address("watched")) as store,
        closing(line(replica.address("watched"))) as asking,
    ):
        for number in range(1, writes + 1):
            store.write([Write(content=content(f"r{number}"), action="create")], actor="benchmark")
            began = time.perf_counter()
            while not _shown(asking, number):
                time.sleep(0.0002)
            took.append(time.perf_counter() - began)
    return Delay(len(took), ms(statistics.median(took)), ms(p95(took)))


def _shown(asking: Line, number: int) -> bool:
    try:
        return bool(asking.reach().version >= number)
    except Exception:  # noqa: BLE001 - its tables may not have come yet
        return False


@contextmanager
def _standby(support: ModuleType, server: Server) -> Iterator[Server]:
    with support.workspace() as folder:
        replica = server.standby(folder)
        server.set(synchronous_standby_names="")
        server.reload()
        try:
            yield replica
        finally:
            replica.stop()


def p95(values: Sequence[float]) -> float:
    """The value that 19 of 20 stay below."""
    return sorted(values)[int(0.95 * len(values))]


def ms(seconds: float) -> float:
    """Seconds as milliseconds."""
    return round(seconds * 1000, 2)
