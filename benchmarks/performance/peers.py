"""Rejoinder beside what a person would take instead: same machine, same model, same store, same claims, in turns."""

from __future__ import annotations

import itertools
import statistics
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Final

from msgspec import to_builtins
from peers.contenders import contenders
from peers.race import ALONE, MANY, Block, Effort, Questions, Race, Row, race

from performance.chapter import Cell, Chapter, Options, Table, Unavailable
from performance.report import number
from performance.texts import NEWS, archive, tweets

_RECORDS, _QUICK_RECORDS = 3_000, 300
_ABOUT, _QUICK_ABOUT = 60, 20
_USUAL, _QUICK = Effort(rounds=3, seconds=0.8, starts=1), Effort(rounds=1, seconds=0.3, starts=1)
_QUICKLY: Final = ("Rejoinder", "an afternoon's version")
_KINDS: Final = {"unmatched": "News headlines that match nothing", "matched": "Tweets that a record is about"}
_TEXT: Final = """
Rejoinder beside what a person would take instead, on one machine, with one model, one store and one set of claims:
txtai's API service; an afternoon's version of sentence-transformers, NumPy and a small web handler; Chroma's server and
LanceDB, each with a web handler that encodes with sentence-transformers; Infinity's server, for the encoding alone.
Each has an environment of its own, with the versions of `benchmarks/peers/requirements`, and runs as its documentation
starts it; the handlers are in `benchmarks/peers/handlers`.

All of them use all-MiniLM-L6-v2 as published, in 32 bits. Rejoinder is measured with the encoder that ships, which is
that model tuned for claims and held in 8 bits, and once more with theirs (`REJOINDER_ENCODER`), for which its
thresholds were not fitted. `/v1/check` gives a verdict: it reads which side a claim takes, and abstains. The others
give the nearest text, whatever it is about. `/v1/search` is no cheap way to that: it reads the nearest records again
with the stance model, to rank them better; it is asked over one connection alone. Rejoinder's cache of answers is off.

The store holds {records} fact-checked claims of CheckThat! 2022, task 2A. The others encode one text of each, the claim
itself; Rejoinder also what the record says besides. Asked are {unmatched} news headlines that match nothing, and
{matched} tweets that a record is about, by one client in a process of its own, over one connection and over {many}
(there it gets {client} answers a second from Rejoinder's `/health/live`: it is not what is measured). All servers run
all the time and are asked in turns; medians over {rounds} rounds, of ratios those to the first line in the same round.
"""
_NOTE: Final = """
Memory is that of all processes of a server after the questions, pages that they share counted once. The start is timed
until the first right answer, with the data on disk.
"""

Reading = Callable[[Block], float]


def measure(options: Options) -> Chapter:
    """See the module.

    Raises:
        Unavailable: no peer can be installed, or the dev data is not there.
    """
    found_questions = questions(options)
    chosen = [each for each in contenders() if not options.quick or each.name in _QUICKLY]
    effort = _QUICK if options.quick else _USUAL
    found = race(chosen, found_questions, effort, options.folder)
    if all(row.name.startswith("Rejoinder") for row in found.rows):
        raise Unavailable("; ".join(f"{name}: {why}" for name, why in found.failed.items()))
    return chapter(found, found_questions, effort)


def questions(options: Options) -> Questions:
    """Some records that tweets of the dev split are about, and others up to a number; those tweets; the headlines."""
    count, about = (_QUICK_RECORDS, _QUICK_ABOUT) if options.quick else (_RECORDS, _ABOUT)
    asked = tweets(options.data, "dev")
    right = list(itertools.islice(asked, about))
    every = list(archive(options.data))
    first = [record for record in every if record.id in right]
    others = [record for record in every if record.id not in asked]
    claims = {text: frozenset({name}) for name in right for text in asked[name]}
    return Questions([*first, *others[: count - len(first)]], NEWS, claims)


def chapter(found: Race, asked: Questions, effort: Effort) -> Chapter:
    """The chapter that says it."""
    text = _TEXT.format(
        records=f"{len(asked.records):,}",
        unmatched=len(asked.unmatched),
        matched=len(asked.matched),
        many=MANY,
        client=f"{found.client_rate:,.0f}",
        rounds=effort.rounds,
    )
    parts = [text.strip(), *_ahead(found.rows), *_failed(found)]
    return Chapter(
        name="peers",
        title="Beside its peers",
        text="\n\n".join(parts),
        tables=(*(_speed(found.rows, kind) for kind in _KINDS), _rest(found.rows, asked)),
        figures=to_builtins(found, str_keys=True),
    )


def _failed(found: Race) -> Iterator[str]:
    if found.failed:
        reasons = "; ".join(f"{name}: {why}" for name, why in found.failed.items())
        yield f"Not measured, or not to the end: {reasons}."


def _speed(rows: Sequence[Row], kind: str) -> Table:
    """Latency over one connection and rate over many."""
    head = (
        "server",
        "gives",
        "p50, ms",
        "Rejoinder = 1",
        "p95, ms",
        f"answers a second, {MANY} at once",
        "Rejoinder = 1",
    )
    lines: list[tuple[Cell, ...]] = []
    for row in rows:
        alone, many = row.blocks[kind][ALONE], row.blocks[kind].get(MANY, [])
        first = rows[0].blocks[kind]
        lines.append(
            (
                row.name,
                f"{row.gives} (`{row.path}`)",
                _median(alone, _p50),
                _ratio(alone, first[ALONE], _p50),
                _median(alone, lambda block: block.p95_ms),
                _median(many, _rate) if many else "–",
                _ratio(many, first[MANY], _rate) if many else "–",
            )
        )
    return Table(head, lines, title=f"{_KINDS[kind]}:")


def _rest(rows: Sequence[Row], asked: Questions) -> Table:
    """Memory, start, import, and what the answers are worth."""
    head = (
        "server",
        "gives",
        "memory, MB",
        "start, s",
        "import, records a second",
        "texts a second",
        f"right record first, of {len(asked.matched)} tweets",
        f"a record named, of {len(asked.unmatched)} headlines that none is about",
    )
    count = len(asked.records)
    lines = [
        (
            row.name,
            row.gives,
            row.resident_mb,
            row.start_s,
            count / row.fill_s,
            row.texts / row.fill_s,
            "–" if row.right is None else row.right,
            "–" if row.named is None else row.named,
        )
        for row in rows
    ]
    return Table(head, lines, title=_NOTE.strip())


def _p50(block: Block) -> float:
    return block.p50_ms


def _rate(block: Block) -> float:
    return block.rate


def _median(blocks: Sequence[Block], read: Reading) -> float:
    return statistics.median(read(block) for block in blocks)


def _figure(row: Row, *, kind: str, connections: int, read: Reading) -> float:
    return _median(row.blocks[kind][connections], read)


def _ratio(blocks: Sequence[Block], first: Sequence[Block], read: Reading) -> float:
    return statistics.median(read(own) / read(other) for own, other in zip(blocks, first, strict=True))


def _ahead(rows: Sequence[Row]) -> Iterator[str]:
    """Where others are better than the first row, Rejoinder as it ships; those that find nothing do not count."""
    own, *others = rows
    others = [row for row in others if row.right is not None and not row.name.startswith(own.name)]
    lines = [line for name, value, less in _measures() if (line := _better(name, own, others, value, less=less))]
    if lines:
        yield "Where another is ahead of Rejoinder's `/v1/check`, both as they ship:"
        yield "\n".join(lines)


def _better(name: str, own: Row, others: Sequence[Row], value: Callable[[Row], float], *, less: bool) -> str:
    mine = value(own)
    ahead = [row for row in others if (value(row) < mine if less else value(row) > mine)]
    found = ", ".join(f"{row.name} ({number(value(row))})" for row in sorted(ahead, key=value, reverse=not less))
    return f"- {name} ({number(mine)}): {found}." if ahead else ""


def _measures() -> Iterator[tuple[str, Callable[[Row], float], bool]]:
    """Of each measure its name, how it is read off a row, and whether less is better."""
    for kind, name in _KINDS.items():
        yield f"{name}: p50, ms", partial(_figure, kind=kind, connections=ALONE, read=_p50), True
        yield f"{name}: answers a second", partial(_figure, kind=kind, connections=MANY, read=_rate), False
    yield "memory, MB", lambda row: row.resident_mb, True
    yield "start, s", lambda row: row.start_s, True
    yield "import, seconds", lambda row: row.fill_s, True
    yield "right record first", lambda row: row.right or 0, False
