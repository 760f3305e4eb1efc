"""An import of the archive, embedding included, beside encoding the same texts in the best batches.

The encoder takes the texts in batches of 64, sorted by length, half of the batches before the import and half after it,
with as many threads as the import has.

*Answers beside an import*: headlines that match nothing come at random times, 30 a second, far fewer than the service
can answer; the cache of answers is off. One import runs in a process of its own (`rejoinder import`), another through
the service that is asked (`POST /v1/rebuttals/import`), each for as long as questions come, in turns with none.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import to_builtins

from performance.archive import Imported, imported
from performance.beside import Beside, beside
from performance.chapter import Chapter, Goal, Options, Table


def measure(options: Options) -> Chapter:
    """See the module."""
    return chapter(imported(options), beside(options))


def chapter(found: Imported, asked: Sequence[Beside]) -> Chapter:
    """The chapter that says it."""
    ratio = found.import_s / found.encoding_s
    figures = to_builtins(found, enc_hook=str)
    del figures["db"]
    return Chapter(
        name="imports",
        title="Import",
        text=__doc__ or "",
        goals=(
            Goal(f"import of {found.records:,} records", 1.1, round(ratio, 3), unit="x their encoding"),
            *(
                Goal(f"99th percentile, import by {one.way}", 2, _to_alone(one, asked), unit="x without")
                for one in asked[1:]
            ),
        ),
        tables=(
            Table(
                ("records", "texts", "import, encoding = 1", "import, s", "encoding, s", "records a second"),
                (
                    (
                        found.records,
                        found.texts,
                        ratio,
                        found.import_s,
                        found.encoding_s,
                        round(found.records / found.import_s),
                    ),
                ),
            ),
            _answers(asked),
        ),
        figures=figures | {"ratio": round(ratio, 3), "beside": to_builtins(asked)},
    )


def _answers(asked: Sequence[Beside]) -> Table:
    heads = ("import by", "answers", "p50, ms", "p99, ms", "p99, without = 1", "records a second")
    rows = [(one.way, one.answers, one.p50_ms, one.p99_ms, _to_alone(one, asked), one.records) for one in asked]
    return Table(heads, rows, "Answers beside an import")


def _to_alone(one: Beside, asked: Sequence[Beside]) -> float:
    return round(one.p99_ms / asked[0].p99_ms, 2)
