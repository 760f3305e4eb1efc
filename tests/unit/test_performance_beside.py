"""The import that the chapter `imports` asks beside: it goes on until it is told to end, and never runs far ahead."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import cast

from support.records import content

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

from performance import beside
from performance.archive import Imported
from performance.beside import WAYS, Beside
from performance.imports import chapter

from service.store import Store


class Counted:
    """A store of which only the number of writes is asked."""

    def __init__(self) -> None:
        self.written = 7

    def head(self) -> int:
        """See `service.store.Store.head`."""
        return self.written


def test_a_stream_waits_for_what_was_written_and_names_no_record_twice() -> None:
    store = Counted()
    stream = beside._Stream([content("a"), content("b")], cast("Store", store))  # noqa: SLF001 - ends a whole run
    lines: list[bytes] = []
    for piece in stream.pieces():
        lines += piece.splitlines()
        assert len(lines) <= store.written - 7 + beside._AHEAD  # noqa: SLF001 - as above
        store.written = 7 + max(0, len(lines) - 100)
        if len(lines) > 3 * beside._AHEAD:  # noqa: SLF001 - as above
            stream.end.set()
    assert stream.under_way.is_set()
    assert len({json.loads(line)["id"] for line in lines}) == len(lines)


def test_the_chapter_compares_each_import_with_none() -> None:
    asked = [Beside(way, 100, 5.0, p99, 60) for way, p99 in zip(WAYS, (10.0, 15.0, 25.0), strict=True)]
    made = chapter(Imported(Path("archive.db"), 10, 20, 1.1, 1.0), asked)
    assert [goal.value for goal in made.goals] == [1.1, 1.5, 2.5]
    assert [goal.reached for goal in made.goals] == [True, True, False]
