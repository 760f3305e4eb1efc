"""What the encoder learns from: texts that mean the same matter, one reader a data set, and what is held out.

Every reader is a pure function of the files. Sets whose terms forbid commercial use (SICK, OCNLI, XNLI, CHECKED) have
no reader here. STS-B and MRPC have none either: they are the guard against forgetting.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from service.normalise import clean

WRITTEN = Path(__file__).resolve().parents[1] / "data"
AUTHORED = ("business", "disasters", "government", "health")  # science_culture is held out
_FIRST_SENTENCES = 300  # characters of a long article: about three sentences
_SENTENCE_END = re.compile(r"[.!?][\"”’']?\s")


class Doc(NamedTuple):
    """A record: the texts by which it may be found, the rumor first."""

    key: str
    texts: tuple[str, ...]


class Example(NamedTuple):
    """A text that should be found, and the records (by key, in the pool of its source) that it is about."""

    text: str
    gold: tuple[str, ...]


class Source(NamedTuple):
    """Examples of one kind over one pool of records. Negatives come from the same pool: that makes them hard."""

    name: str
    pool: list[Doc]
    examples: list[Example]


def rows(path: Path) -> Iterator[dict[str, Any]]:
    """The objects of a JSON lines file."""
    with path.open(encoding="utf-8") as lines:
        yield from (json.loads(line) for line in lines if line.strip())


def bucket(text: str, count: int) -> int:
    """A stable bucket 0..count-1 of a text, the same as in training/stance/sources.py: both hold out the same rows."""
    return int(hashlib.sha256(text.encode()).hexdigest()[:8], 16) % count


def first_sentences(text: str) -> str:
    """The beginning of an article, cut at the end of a sentence."""
    text = " ".join(text.split())
    if len(text) <= _FIRST_SENTENCES:
        return text
    ends = [match.start() + 1 for match in _SENTENCE_END.finditer(text[: _FIRST_SENTENCES + 1])]
    return text[: ends[-1] if ends else _FIRST_SENTENCES]


def archive(folder: Path, *, cut: bool) -> list[Doc]:
    """Every fact-check of a CheckThat! folder.

    Claim, title, first sentences (``cut``) or the text where it is short.
    """
    found = []
    for row in rows(folder / "rebuttals.jsonl"):
        text = " ".join((row["text"] or "").split())
        begins = first_sentences(text) if cut or len(text) <= _FIRST_SENTENCES else ""
        found.append(Doc(row["id"], tuple(dict.fromkeys(t for t in (row["claim"], row["title"], begins) if t))))
    return found


def relevant(folder: Path) -> dict[str, tuple[str, ...]]:
    """Gold records of each claim."""
    gold: dict[str, list[str]] = {}
    for line in (folder / "qrels.tsv").read_text(encoding="utf-8").splitlines():
        claim, rebuttal = line.split("\t")[:2]
        gold.setdefault(claim, []).append(rebuttal)
    return {claim: tuple(keys) for claim, keys in gold.items()}


def held_out_records(folder: Path) -> frozenset[str]:
    """The gold records of the dev split: no text of theirs is learnt, not even title against claim."""
    gold = relevant(folder)
    return frozenset(
        k for row in rows(folder / "claims.jsonl") if row["split"] == "dev" for k in gold.get(row["id"], ())
    )


def checkthat(folder: Path, *, cut: bool) -> Iterator[Source]:
    """The train claims, raw and cleaned, against the archive; and the archive's titles against its own claims."""
    held = held_out_records(folder)
    docs = [doc for doc in archive(folder, cut=cut) if doc.key not in held]
    known = {doc.key for doc in docs}
    gold = relevant(folder)
    asked = []
    for row in rows(folder / "claims.jsonl"):
        keys = tuple(key for key in gold.get(row["id"], ()) if key in known)
        if row["split"] == "train" and keys:
            asked += [Example(text, keys) for text in dict.fromkeys((row["text"], clean(row["text"]) or row["text"]))]
    yield Source(folder.name, docs, asked)
    yield Source(f"{folder.name}/archive", docs, [Example(t, (doc.key,)) for doc in docs for t in doc.texts[1:]])


def tweets(path: Path, held: frozenset[str]) -> Source:
    """Tweets towards the titles of fact-checks (Kazemi et al. 2022), but none that a dev split holds."""
    wanted = [row for row in rows(path) if fingerprint(row["a"]) not in held]
    titles = dict.fromkeys(row["b"] for row in wanted)
    return Source("factchecktweet", [Doc(t, (t,)) for t in titles], [Example(row["a"], (row["b"],)) for row in wanted])


def fingerprint(text: str) -> str:
    """The letters a post begins with: finds the same post with another link or signature."""
    return "".join(letter for letter in clean(text).casefold() if letter.isalnum())[:60]


def headlines(data: Path, held: frozenset[str]) -> Iterator[Source]:
    """Headlines towards the rumor they report: debunks (one half) and Emergent (five sixths of its rumors)."""
    debunks = [row for row in rows(data / "stance" / "politifact_debunk_headlines.jsonl") if bucket(row["id"], 2)]
    debunks = [row for row in debunks if row["id"] not in held]
    yield Source("debunks", [Doc(r["id"], (r["b"],)) for r in debunks], [Example(r["a"], (r["id"],)) for r in debunks])
    told = [row for row in rows(data / "stance" / "emergent_train.jsonl") if bucket(row["b"], 6)]
    rumors = dict.fromkeys(row["b"] for row in told)
    yield Source("emergent", [Doc(t, (t,)) for t in rumors], [Example(row["a"], (row["b"],)) for row in told])


def authored(paths: list[Path], name: str) -> Source:
    """Claims written for this project that assert or deny a rumor, towards the rumor and its statement."""
    pool, examples = [], []
    for path in paths:
        for at, row in enumerate(rows(path)):
            key = f"{path.stem}-{at}"
            pool.append(Doc(key, (row["rumor"], row["statement"])))
            for stance, _, text, *language in row["claims"]:
                if stance != "other" and (language[0] if language else row["lang"]) == "en":
                    examples.append(Example(text, (key,)))
    return Source(name, pool, examples)


def sources(data: Path, *, cut: bool = True) -> list[Source]:
    """Everything, in a fixed order.

    Long articles by their first sentences, or without ``cut`` by claim and title only.
    """
    folders = [data / "clef2022_2a_en", data / "clef2022_2b_en"]
    found = [source for folder in folders for source in checkthat(folder, cut=cut)]
    dev = frozenset(
        fingerprint(row["text"]) for folder in folders for row in rows(folder / "claims.jsonl") if row["split"] == "dev"
    )
    found.append(tweets(data / "stance" / "factchecktweet_train_pairs.jsonl", dev))
    found += headlines(data, held_out_records(folders[1]))
    found.append(authored([data / "authored" / f"{name}.jsonl" for name in AUTHORED], "authored"))
    found.append(authored(sorted(WRITTEN.glob("pairs_*.jsonl")), "written"))
    return found
