"""An import of the archive, embedding included, beside encoding the same texts in the best batches.

The encoder takes the texts in batches of 64, sorted by length, half of the batches before the import and half after it,
with as many threads as the import has.
"""

from __future__ import annotations

from msgspec import to_builtins

from performance.archive import Imported, imported
from performance.chapter import Chapter, Goal, Options, Table


def measure(options: Options) -> Chapter:
    """See the module."""
    return chapter(imported(options))


def chapter(found: Imported) -> Chapter:
    """The chapter that says it."""
    ratio = found.import_s / found.encoding_s
    figures = to_builtins(found, enc_hook=str)
    del figures["db"]
    return Chapter(
        name="imports",
        title="Import",
        text=__doc__ or "",
        goals=(Goal(f"import of {found.records:,} records", 1.1, round(ratio, 3), unit="x their encoding"),),
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
        ),
        figures=figures | {"ratio": round(ratio, 3)},
    )
