"""Speed and memory of a running server, as ratios to one forward pass of the encoder in the same run.

    python benchmarks/speed.py --data ../shared/data [--quick]

Prints one JSON object. The questions and the encoder passes take turns, so that a noisy machine slows both.
"""

from __future__ import annotations

import argparse
import asyncio
import http.client
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import repeated

from embeddings.encoder import load_encoder
from service.passages import passages
from service.runtime import Runtime
from service.settings import Settings

NEWS = """
Arsenal win the derby with a late goal from the bench
Rain expected over the weekend as cold front moves in
New museum of glass opens in a former brewery
Central bank holds interest rates for a third month
Ten recipes for a quick dinner in autumn
Star conductor to leave the opera after twelve years
Car maker recalls thousands of vans over brake fault
Local bakery wins prize for its sourdough loaf
Tennis champion withdraws from tournament with knee injury
Trains delayed after signal failure near the main station
""".strip().splitlines()


UNCACHED = {"REJOINDER_CACHE_SIZE": "0"}


def probes() -> list[str]:
    """English probes that a record is about: claims that go the whole way."""
    path = Path(__file__).parent / "probes" / "starter.tsv"
    rows = [line.split("\t") for line in path.read_text(encoding="utf-8").splitlines()[1:]]
    return [text for expect, _, kind, text in rows if expect in {"rebutted", "consistent"} and "_" not in kind]


class Server:
    """A `rejoinder serve` of its own, asked over one kept-alive connection."""

    def __init__(self, db: Path, port: int, environment: dict[str, str] | None = None) -> None:
        command = [Path(sys.executable).with_name("rejoinder"), "serve", "--db", db, "--port", str(port)]
        began = time.perf_counter()
        self.process = subprocess.Popen(command, env=os.environ | (environment or {}))
        self.port = port
        self._wait()
        self.ready_s = time.perf_counter() - began
        self.socket = socket.create_connection(("127.0.0.1", port))

    def _wait(self) -> None:
        for _ in range(6_000):
            try:
                probe = http.client.HTTPConnection("127.0.0.1", self.port)
                probe.request("GET", "/health/ready")
                if probe.getresponse().status == http.HTTPStatus.OK:
                    return
            except OSError:
                pass
            if self.process.poll() is not None:
                sys.exit("The server stopped.")
            time.sleep(0.01)
        sys.exit("The server did not become ready.")

    def post(self, path: str, body: object) -> tuple[float, dict]:
        """Send JSON over the open connection; return the seconds until the whole answer was there, and the answer.

        The request is made before the clock starts and the answer is read after it stops: the client's own work
        is not the server's.
        """
        data = json.dumps(body).encode()
        head = (
            f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {len(data)}"
        )
        request = head.encode() + b"\r\n\r\n" + data
        began = time.perf_counter()
        self.socket.sendall(request)
        answer = self.socket.recv(1 << 20)
        while (end := answer.find(b"\r\n\r\n")) < 0 or len(answer) - end - 4 < _length(answer[:end]):
            answer += self.socket.recv(1 << 20)
        took = time.perf_counter() - began
        if not answer.startswith(b"HTTP/1.1 200"):
            sys.exit(f"{path}: {answer[:300]!r}")
        return took, json.loads(answer[end + 4 :])

    def resident_mb(self) -> float:
        """What the process holds in memory now, from /proc."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return round(int(status.split("VmRSS:")[1].split()[0]) / 1024, 1)

    def close(self) -> None:
        """Stop it and wait for the end."""
        self.process.terminate()
        self.process.wait(30)


def _length(head: bytes) -> int:
    return int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])


@contextmanager
def serving(db: Path, port: int = 8765, environment: dict[str, str] | None = None) -> Iterator[Server]:
    """A server on this store, stopped afterwards."""
    server = Server(db, port, environment)
    try:
        yield server
    finally:
        server.close()


def paired(server: Server, texts: list[str], rounds: int) -> dict:
    """Each text over HTTP and through the encoder alone, taking turns. The server runs without its cache of answers."""
    encoder = load_encoder()
    asked, encoded, labels = [], [], []
    for turn in range(rounds):
        text = texts[turn % len(texts)]
        took, answer = server.post("/v1/check", {"claim": text, "limit": 1})
        began = time.perf_counter()
        encoder.encode([text])
        encoded.append(time.perf_counter() - began)
        asked.append(took)
        labels.append(answer["verdict"]["label"])
    skip = rounds // 10
    http_ms, pass_ms = (statistics.median(times[skip:]) * 1000 for times in (asked, encoded))
    return {
        "questions": rounds - skip,
        "labels": {label: labels.count(label) for label in sorted(set(labels))},
        "http_p50_ms": round(http_ms, 2),
        "http_p95_ms": round(sorted(asked[skip:])[int(0.95 * (rounds - skip))] * 1000, 2),
        "encoder_pass_p50_ms": round(pass_ms, 2),
        "ratio_p50": round(http_ms / pass_ms, 2),
    }


def import_ratio(data: Path, folder: Path) -> dict:
    """Import with embedding against encoding the same texts in batches, in one run."""
    sys.path.insert(0, str(Path(__file__).parents[1] / "training" / "cascade"))
    import cases  # noqa: PLC0415 - a script beside the package, found by the line above

    records = list(cases.tweet_records(data))
    texts = sorted((passage.text for record in records for passage in passages(record)), key=len)
    lines = b"".join(msgspec.json.encode(record) + b"\n" for record in records)
    encoder = load_encoder()
    runtime = Runtime.open(Settings(db=folder / "large.db", starter=False))

    async def chunks():  # noqa: ANN202 - an async generator of bytes
        for at in range(0, len(lines), 65_536):
            yield lines[at : at + 65_536]

    began = time.perf_counter()
    half = len(texts) // 128 * 64
    for at in range(0, half, 64):  # half of the batches before the import, half after: drift hits both
        encoder.encode(texts[at : at + 64])
    encoding = time.perf_counter() - began
    began = time.perf_counter()
    report = asyncio.run(runtime.catalog.import_lines(chunks(), actor="benchmark"))
    importing = time.perf_counter() - began
    began = time.perf_counter()
    for at in range(half, len(texts), 64):
        encoder.encode(texts[at : at + 64])
    encoding += time.perf_counter() - began
    runtime.close()
    return {
        "records": report.created,
        "texts": len(texts),
        "import_s": round(importing, 1),
        "encoding_s": round(encoding, 1),
        "ratio": round(importing / encoding, 2),
    }


def _repeated(found: dict[str, dict[str, float]]) -> list[str]:
    """The table of headlines that are asked again."""
    named = {
        "unmatched": "`unmatched`, asked again",
        "rebutted": "a full verdict, asked again",
        "trivial": "a handler of the same application that returns a dictionary",
        "bare": "the same handler in an application of its own",
    }
    return [
        "A headline asked again is answered from memory. Rates over eight open connections, in turns with a trivial",
        "Litestar endpoint of the same application in the same server. `python benchmarks/repeated.py` measures that",
        "alone.",
        "",
        "| what | trivial endpoint = 1 | one in an application of its own = 1 | answers a second |",
        "|---|---|---|---|",
        *(
            f"| {name} | {found[key]['to_trivial']} | {found[key]['to_bare']} | {found[key]['per_second']:,} |"
            for key, name in named.items()
        ),
    ]


def page(result: dict) -> str:
    """The measurement as a page of the docs."""
    starter, imported, large = result["starter"], result["import"], result["large"]
    rows = [
        ("`unmatched` over HTTP, starter store", starter["unmatched"]["ratio_p50"], starter["unmatched"]),
        ("a full verdict over HTTP, starter store", starter["verdict"]["ratio_p50"], starter["verdict"]),
        (
            f"`unmatched` over HTTP, {imported['records']:,} records",
            large["unmatched"]["ratio_p50"],
            large["unmatched"],
        ),
    ]
    lines = [
        "# Performance",
        "",
        "Written by `make bench`. A ratio compares two things measured in turns in one run; the milliseconds are",
        "of the machine that ran it (two cores) and say little by themselves.",
        "",
        "| what | p50, one encoder pass = 1 | p50 | p95 | encoder pass p50 | questions |",
        "|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {name} | {ratio} | {part['http_p50_ms']} ms | {part['http_p95_ms']} ms | {part['encoder_pass_p50_ms']} ms "
        f"| {part['questions']} |"
        for name, ratio, part in rows
    ]
    lines += [
        "",
        *_repeated(result["repeated"]),
        "",
        (
            f"- Import of {imported['records']:,} records with {imported['texts']:,} texts, embedding included: "
            f"{imported['ratio']} times the encoding of the same texts in batches ({imported['import_s']} s against "
            f"{imported['encoding_s']} s)."
        ),
        (
            f"- Resident memory of the server with that store, after the questions: {large['resident_mb']} MB; with "
            f"the starter store {starter['resident_mb']} MB."
        ),
        (
            f"- From process start to ready, index on disk: {large['ready_s']} s with that store, "
            f"{starter['ready_s_second_start']} s with the starter store."
        ),
        "",
    ]
    return "\n".join(lines)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--rounds", type=int, default=400)
    parser.add_argument("--quick", action="store_true", help="the starter store only")
    parser.add_argument("--write", type=Path, help="write a Markdown page here")
    args = parser.parse_args()
    rumors = probes()
    result = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with serving(folder / "starter.db", environment=UNCACHED) as server:
            result["starter"] = {
                "unmatched": paired(server, NEWS, args.rounds),
                "verdict": paired(server, rumors, args.rounds // 2),
                "resident_mb": server.resident_mb(),
            }
        with repeated.serving(folder / "starter.db") as port:
            result["repeated"] = repeated.measure(port, args.rounds // 2)
        with serving(folder / "starter.db") as server:
            result["starter"]["ready_s_second_start"] = round(server.ready_s, 2)
        if not args.quick:
            result["import"] = import_ratio(args.data, folder)
            with serving(folder / "large.db", environment=UNCACHED | {"REJOINDER_STARTER": "false"}) as server:
                result["large"] = {"ready_s": round(server.ready_s, 2), "unmatched": paired(server, NEWS, args.rounds)}
                result["large"]["resident_mb"] = server.resident_mb()
    print(json.dumps(result, indent=2))
    if args.write:
        args.write.write_text(page(result))


if __name__ == "__main__":
    main()
