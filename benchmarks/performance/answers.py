"""One answer over HTTP, beside one encoder pass of the same text: `unmatched`, and a full verdict.

One connection, one question at a time, in turns with the encoder in this process; the server runs without its cache of
answers. Measured on the starter corpus and on an archive of 14,231 records; also what the process holds in memory after
the questions, and how long it takes from its start to ready with the index on disk.
"""

from __future__ import annotations

from msgspec import Struct, to_builtins

from embeddings.encoder import load_encoder
from performance.archive import imported
from performance.chapter import Chapter, Goal, Options, Table
from performance.server import UNCACHED, Paired, paired, serving
from performance.texts import NEWS, probes

_ROUNDS, _QUICK = 400, 60


class Found(Struct, frozen=True):
    """What was measured."""

    starter_unmatched: Paired
    starter_verdict: Paired
    starter_mb: float
    starter_ready_s: float
    archive_records: int
    archive_unmatched: Paired
    archive_mb: float
    archive_ready_s: float


def measure(options: Options) -> Chapter:
    """See the module."""
    rounds = _QUICK if options.quick else _ROUNDS
    encoder = load_encoder()
    starter = options.folder / "starter.db"
    with serving(starter, UNCACHED) as server:
        unmatched = paired(server, NEWS, rounds, encoder)
        verdict = paired(server, probes(), rounds // 2, encoder)
        starter_mb = server.resident_mb()
    with serving(starter, UNCACHED) as server:
        starter_ready_s = round(server.ready_s, 2)
    archive = imported(options)
    with serving(archive.db, UNCACHED | {"REJOINDER_STARTER": "false"}) as server:
        large = paired(server, NEWS, rounds, encoder)
        found = Found(
            starter_unmatched=unmatched,
            starter_verdict=verdict,
            starter_mb=starter_mb,
            starter_ready_s=starter_ready_s,
            archive_records=archive.records,
            archive_unmatched=large,
            archive_mb=server.resident_mb(),
            archive_ready_s=round(server.ready_s, 2),
        )
    return chapter(found)


def chapter(found: Found) -> Chapter:
    """The chapter that says it."""
    records = f"{found.archive_records:,} records"
    return Chapter(
        name="answers",
        title="One answer",
        text=__doc__ or "",
        goals=(
            Goal("`unmatched` over HTTP, p50", 1.3, found.starter_unmatched.ratio, unit="encoder passes"),
            Goal("a full verdict over HTTP, p50", 20, found.starter_verdict.ratio, unit="encoder passes"),
        ),
        tables=(
            Table(
                ("what", "p50, one encoder pass = 1", "p50, ms", "p95, ms", "encoder pass p50, ms", "questions"),
                (
                    _row("`unmatched`, starter corpus", found.starter_unmatched),
                    _row("a full verdict, starter corpus", found.starter_verdict),
                    _row(f"`unmatched`, {records}", found.archive_unmatched),
                ),
            ),
            Table(
                ("store", "resident memory, MB", "from start to ready, s"),
                (
                    ("starter corpus", found.starter_mb, found.starter_ready_s),
                    (records, found.archive_mb, found.archive_ready_s),
                ),
            ),
        ),
        figures=to_builtins(found),
    )


def _row(name: str, part: Paired) -> tuple[str, float, float, float, float, int]:
    return name, part.ratio, part.p50_ms, part.p95_ms, part.pass_ms, part.questions
