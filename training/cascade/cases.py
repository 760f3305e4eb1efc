"""Claims with known answers, and the stores to ask: what the cascade is calibrated on."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, NamedTuple

from service.domain import Authority, Citation, RebuttalContent

WRITTEN = Path(__file__).resolve().parents[1] / "data"
AUTHORED = ("business", "disasters", "government", "health", "science_culture")
HELD_OUT = "science_culture"  # neither model has seen this file


class Case(NamedTuple):
    """A claim, the id of the record whose matter it is (None: no record of the store), and the side it takes."""

    text: str
    gold: frozenset[str]
    stance: str
    kind: str


def rows(path: Path) -> Iterator[dict]:
    """The objects of a JSON lines file."""
    with path.open(encoding="utf-8") as lines:
        yield from (json.loads(line) for line in lines if line.strip())


def record(name: str, rumor: str, statement: str, title: str | None = None) -> RebuttalContent:
    """A record with made-up circumstances around real texts."""
    citation = Citation(url=f"https://example.org/{len(name)}", publisher="Example", title=title)
    authority = Authority(name="Example authority")
    return RebuttalContent(id=name, rumor=rumor, statement=statement, authority=authority, citations=(citation,))


def authored_records(data: Path) -> Iterator[RebuttalContent]:
    """One record for each authored English rumor."""
    for name in AUTHORED:
        for at, row in enumerate(rows(data / "authored" / f"{name}.jsonl")):
            yield record(f"{name}-{at}", row["rumor"], row["statement"])


def authored_cases(data: Path, name: str) -> Iterator[Case]:
    """The English claims of one authored file. Claims that are ``other`` have no gold record."""
    for at, row in enumerate(rows(data / "authored" / f"{name}.jsonl")):
        for stance, kind, text, *language in row["claims"]:
            if not language or language[0] == "en":
                gold = frozenset() if stance == "other" else frozenset({f"{name}-{at}"})
                yield Case(text, gold, stance, kind)


def other_hand_records() -> Iterator[RebuttalContent]:
    """One record for each rumor written by another hand, none of which any model was trained on."""
    for at, row in enumerate(rows(WRITTEN / "heldout.jsonl")):
        yield record(f"other-hand-{at}", row["rumor"], row["statement"])


def other_hand_cases(part: Literal["fit", "score"]) -> Iterator[Case]:
    """The claims of one half of those rumors: one half is fitted on, the other one scored.

    The kind begins with the register: `everyday` (words shared with the record) or `distant` (none but names).
    """
    for at, row in enumerate(rows(WRITTEN / "heldout.jsonl")):
        if (at % 2 == 0) == (part == "fit"):
            for stance, kind, text in row["claims"]:
                gold = frozenset() if stance == "other" else frozenset({f"other-hand-{at}"})
                yield Case(text, gold, stance, f"{row['register']}:{kind}")


def tweet_records(data: Path, *, without: frozenset[str] = frozenset()) -> Iterator[RebuttalContent]:
    """The fact-checked claims of CheckThat! 2022 task 2A, as its scoring script imports them."""
    for row in rows(data / "clef2022_2a_en" / "rebuttals.jsonl"):
        if row["id"] not in without:
            rumor = (row["claim"] or row["title"])[:2000]
            yield record(row["id"], rumor, (row["text"] or rumor)[:2000], row["title"] or rumor[:200])


def removed(data: Path) -> frozenset[str]:
    """The records that are left out for the abstention cases of the dev split."""
    return frozenset((data / "clef2022_2a_en" / "nomatch_dev_removed_rebuttals.txt").read_text().split())


def tweet_cases(data: Path, split: str, *, without: frozenset[str] = frozenset()) -> Iterator[Case]:
    """The tweets of a split; those whose records are all left out have no gold."""
    folder = data / "clef2022_2a_en"
    gold: dict[str, set[str]] = {}
    for line in (folder / "qrels.tsv").read_text().splitlines():
        claim, rebuttal = line.split("\t")[:2]
        gold.setdefault(claim, set()).add(rebuttal)
    for row in rows(folder / "claims.jsonl"):
        if row["split"] == split and row["id"] in gold:
            left = frozenset(gold[row["id"]] - without)
            yield Case(row["text"], left, "asserts" if left else "other", "tweet")


def headlines(data: Path) -> Iterator[Case]:
    """Real headlines of the day that no record of ours is about: what a browser asks."""
    for text in sorted({row["a"] for row in rows(data / "stance" / "emergent_train.jsonl")}):
        yield Case(text, frozenset(), "other", "headline")
