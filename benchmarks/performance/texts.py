"""Texts that the chapters ask with: headlines that match nothing, claims that go the whole way, records to import."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from performance.chapter import Unavailable
from service.domain import Authority, Citation, RebuttalContent

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
"""Headlines that no record is about."""
_PROBES = Path(__file__).parents[1] / "probes" / "starter.tsv"
_TWEETS = Path("clef2022_2a_en")


def headlines(count: int) -> list[str]:
    """So many different headlines that no record is about."""
    return [f"{NEWS[at % len(NEWS)]} ({at // len(NEWS) + 1})" for at in range(count)]


def probes() -> list[str]:
    """English claims that a record of the starter corpus is about."""
    rows = [line.split("\t") for line in _PROBES.read_text(encoding="utf-8").splitlines()[1:]]
    return [text for expect, _, kind, text in rows if expect in {"rebutted", "consistent"} and "_" not in kind]


def archive(data: Path) -> Iterator[RebuttalContent]:
    """The 14,231 fact-checked claims of CheckThat! 2022 task 2A, as records.

    Raises:
        Unavailable: the dev data is not there.
    """
    authority = Authority(name="Example authority")
    for row in _rows(data / _TWEETS / "rebuttals.jsonl"):
        rumor = (row["claim"] or row["title"])[:2000]
        citation = Citation(
            url=f"https://example.org/{row['id']}", publisher="Example", title=row["title"] or rumor[:200]
        )
        yield RebuttalContent(
            id=row["id"],
            rumor=rumor,
            statement=(row["text"] or rumor)[:2000],
            authority=authority,
            citations=(citation,),
        )


def tweets(data: Path, split: str) -> dict[str, list[str]]:
    """For each record of the archive that tweets of a split (``train`` or ``dev``) are about, by its id: those tweets.

    Raises:
        Unavailable: the dev data is not there.
    """
    texts = {row["id"]: row["text"] for row in _rows(data / _TWEETS / "claims.jsonl")}
    found: dict[str, list[str]] = {}
    for line in _lines(data / _TWEETS / "qrels.tsv"):
        claim, record, _ = line.split()
        if claim in texts and claim.startswith(f"{split}:"):
            found.setdefault(record, []).append(texts[claim])
    return found


def _rows(path: Path) -> Iterator[dict[str, str]]:
    yield from (json.loads(line) for line in _lines(path))


def _lines(path: Path) -> list[str]:
    try:
        return [line for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    except FileNotFoundError:
        raise Unavailable(f"no dev data at {path}") from None
