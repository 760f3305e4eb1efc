"""Claims in many languages with known answers, and the stores to ask: for the calibration and the benchmark."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from service.domain import Authority, Citation, RebuttalContent

TUNING, REPORTING = "multilingual_a", "multilingual_b"
ENGLISH = ("business", "disasters", "government", "health", "science_culture")


class Case(NamedTuple):
    """A claim, its language, and the record whose matter it is (None: a claim about something else)."""

    text: str
    language: str
    gold: str | None
    kind: str


def rows(path: Path) -> Iterator[dict]:
    """The objects of a JSON lines file."""
    with path.open(encoding="utf-8") as lines:
        yield from (json.loads(line) for line in lines if line.strip())


def record(name: str, rumor: str, statement: str, language: str) -> RebuttalContent:
    """A record with made-up circumstances around real texts."""
    citation = Citation(url=f"https://example.org/{name}", publisher="Example")
    return RebuttalContent(
        id=name,
        rumor=rumor,
        statement=statement,
        language=language,
        authority=Authority(name="Example authority"),
        citations=(citation,),
    )


def authored(data: Path, *names: str) -> Iterator[RebuttalContent]:
    """One record for each rumor of the authored files."""
    for name in names:
        for at, row in enumerate(rows(data / "authored" / f"{name}.jsonl")):
            yield record(f"{name.replace('_', '-')}-{at}", row["rumor"], row["statement"], row["lang"])


def others(data: Path, most: int) -> Iterator[RebuttalContent]:
    """Claims of CheckThat! 2022 task 2A as records of one text: English neighbours that nothing here is about."""
    for at, row in enumerate(rows(data / "clef2022_2a_en" / "rebuttals.jsonl")):
        if at == most:
            return
        text = (row["claim"] or row["title"])[:500]
        yield record(f"other-{row['id']}".lower(), text, text, "en")


def claims(data: Path, name: str) -> Iterator[Case]:
    """The claims of an authored file that assert or deny its rumors, in whatever language."""
    for at, row in enumerate(rows(data / "authored" / f"{name}.jsonl")):
        for stance, kind, text, *language in row["claims"]:
            if stance != "other":
                spoken = language[0] if language else row["lang"]
                yield Case(text, spoken, f"{name.replace('_', '-')}-{at}", kind)


def headlines(data: Path, most: int) -> Iterator[Case]:
    """Real Russian headlines and Arabic posts, about matters that no record here speaks of."""
    for language, name in (("ru", "paraphraser_ru_train"), ("ar", "austr_ar")):
        texts = sorted({row["a"] for row in rows(data / "stance" / f"{name}.jsonl")})
        usable = [text for text in texts if 20 < len(text) < 400]  # noqa: PLR2004 - a headline, not an article
        step = max(len(usable) // most, 1)
        yield from (Case(text, language, None, "headline") for text in usable[::step][:most])
