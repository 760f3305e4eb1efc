"""What answers cost a server on one core: processor seconds, rates and times, with clients on another core."""

from __future__ import annotations

import asyncio
import math
import os
import statistics
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from msgspec import Struct
from performance.server import Server, request

_TICK_S: Final = 1 / os.sysconf("SC_CLK_TCK")
_HEAD_END: Final = b"\r\n\r\n"


class Run(Struct, frozen=True):
    """So many clients for some time: answers a second, processor seconds an answer, times, spread of their logs."""

    clients: int
    answers: float
    cpu_s: float
    p50_ms: float
    p99_ms: float
    spread: float


def pinned(process: int, core: int) -> None:
    """Keep every thread of a process on one core."""
    for thread in Path(f"/proc/{process}/task").iterdir():
        os.sched_setaffinity(int(thread.name), {core})


def cpu_s(process: int) -> float:
    """Processor seconds that a process has taken so far."""
    fields = Path(f"/proc/{process}/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * _TICK_S


def asked(server: Server, path: str, bodies: Sequence[object], clients: int, seconds: float) -> Run:
    """Let clients ask in a circle, each as soon as it has its answer; a fifth of the time warms up."""
    sent = [request("POST", path, body) for body in bodies]
    return asyncio.run(_asked(server, sent, clients, seconds))


async def _asked(server: Server, sent: Sequence[bytes], clients: int, seconds: float) -> Run:
    took: list[tuple[float, float]] = []
    for one in set(sent):  # where answers are kept, they are from now on
        await _client(server.port, [one], 0, 0.0, [])
    began = time.perf_counter()
    until, counted = began + seconds, began + seconds / 5
    ends = [
        asyncio.create_task(_client(server.port, sent, at * len(sent) // clients, until, took)) for at in range(clients)
    ]
    await asyncio.sleep(counted - time.perf_counter())
    before, since = cpu_s(server.process.pid), time.perf_counter()
    await asyncio.gather(*ends)
    used, lasted = cpu_s(server.process.pid) - before, time.perf_counter() - since
    times = sorted(span for at, span in took if at >= since)
    logs = [math.log(span) for span in times[: int(0.98 * len(times)) or 1]]
    return Run(
        clients=clients,
        answers=round(len(times) / lasted, 1),
        cpu_s=used / len(times),
        p50_ms=round(statistics.median(times) * 1000, 2),
        p99_ms=round(times[int(0.99 * len(times))] * 1000, 2),
        spread=round(statistics.pstdev(logs), 3),
    )


async def _client(port: int, sent: Sequence[bytes], at: int, until: float, took: list[tuple[float, float]]) -> None:
    """Ask once and then until it is time, from the request ``at`` on, in a circle; note ends and seconds."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        while True:
            began = time.perf_counter()
            writer.write(sent[at % len(sent)])
            head = await reader.readuntil(_HEAD_END)
            if b" 200 " not in head[:16]:
                raise RuntimeError(head.decode("latin-1"))
            await reader.readexactly(int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0]))
            ended = time.perf_counter()
            took.append((ended, ended - began))
            at += 1
            if ended >= until:
                return
    finally:
        writer.close()
