"""Readers of the public and authored pairs that the stance model learns from, and the split that is held out.

Every reader is a pure function of the files: the same folder gives the same pairs in the same order. A pair is a claim
towards a rumor, with the authority's statement where one is known. Sets whose terms forbid commercial use (SICK, OCNLI,
XNLI, CHECKED) have no reader here, so they cannot slip in.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

WRITTEN = Path(__file__).resolve().parents[1] / "data"
LABELS = ("asserts", "denies", "other")
ASSERTS, DENIES, OTHER = range(3)
AUTHORED_TRAIN = ("business", "disasters", "government", "health")
AUTHORED_HELD_OUT = "science_culture"
STS_SAME, STS_RELATED = 4.5, (1.0, 3.0)
DEBUNK_CUE = re.compile(
    r"\b(no,|not|n['’]t|false(?:ly)?|fake[ds]?|hoax|baseless|bogus|den(?:y|ies|ied)|reject(?:s|ed)?|dismiss(?:es|ed)?|"
    r"refut(?:e|es|ed)|debunk(?:s|ed)?|myth|rumou?rs?|untrue|misinformation|disinformation|mislead(?:s|ing)|"
    r"doctored|altered|fabricated|unfounded|incorrect|never|clarif(?:y|ies|ied)|quash(?:es|ed)?|scams?|slams?)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Pair:
    """One training or scoring example. `statement` is None where no authority's own words are known."""

    claim: str
    rumor: str
    statement: str | None
    label: int
    source: str
    kind: str = ""


def read_jsonl(path: Path) -> list[dict[str, Any]]:
    """All objects of a JSON-lines file, in file order."""
    with path.open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines if line.strip()]


def bucket(text: str, count: int) -> int:
    """A stable bucket 0..count-1 of a text: the split depends neither on file order nor on a random seed."""
    return int(hashlib.sha256(text.encode()).hexdigest()[:8], 16) % count


def headline_held_out(identifier: str) -> bool:
    """Half of the debunk headlines are kept for scoring."""
    return bucket(identifier, 2) == 0


def emergent_held_out(rumor: str) -> bool:
    """A sixth of the Emergent rumors are kept for scoring, whole: headlines of one rumor are too alike."""
    return bucket(rumor, 6) == 0


def authored(data: Path, domains: tuple[str, ...] = AUTHORED_TRAIN) -> list[Pair]:
    """English rumors written for this project, 16 claims each."""
    pairs = []
    for domain in domains:
        for row in read_jsonl(data / "authored" / f"{domain}.jsonl"):
            for stance, kind, text, *language in row["claims"]:
                if (language[0] if language else row["lang"]) == row["lang"] == "en":
                    label = LABELS.index(stance)
                    pairs.append(Pair(text, row["rumor"], row["statement"], label, "authored", kind))
    return pairs


def written(data: Path) -> list[Pair]:
    """Pairs written for this model: near swaps, restatements, free wording, denials that look like assertions.

    `pairs_*` bring their own rumors; `starter_*` are further claims about the records that ship, joined by id.
    """
    names = sorted(path.stem for path in WRITTEN.glob("pairs_*.jsonl"))
    return in_files(names) + shipped(data)


def in_files(names: Iterable[str]) -> list[Pair]:
    """Pairs of files that bring their own rumors, by name without suffix."""
    rows = [row for name in names for row in read_jsonl(WRITTEN / f"{name}.jsonl")]
    return [pair for row in rows for pair in _claims(row, "written")]


def shipped(data: Path) -> list[Pair]:
    """Claims written about the records that ship, joined by id."""
    records = {row["id"]: row for row in read_jsonl(data / "starter" / "rebuttals.jsonl")}
    rows = [row for path in sorted(WRITTEN.glob("starter_*.jsonl")) for row in read_jsonl(path)]
    return [pair for row in rows for pair in _claims({**row, **_sides(records[row["id"]])}, "written")]


def written_held_out() -> list[Pair]:
    """Rumors written by another hand, never trained on; the kind begins with the register, `everyday` or `distant`."""
    rows = read_jsonl(WRITTEN / "heldout.jsonl")
    return [
        Pair(text, row["rumor"], row["statement"], LABELS.index(stance), "heldout", f"{row['register']}:{kind}")
        for row in rows
        for stance, kind, text in row["claims"]
    ]


def _sides(record: dict[str, Any]) -> dict[str, str]:
    return {"rumor": record["rumor"], "statement": record["statement"]}


def _claims(row: dict[str, Any], source: str) -> list[Pair]:
    return [
        Pair(text, row["rumor"], row["statement"], LABELS.index(stance), source, kind)
        for stance, kind, text in row["claims"]
    ]


def debunk_headlines(data: Path, *, held_out: bool) -> list[Pair]:
    """Headlines that report a debunk, towards the claim they debunk."""
    rows = read_jsonl(data / "stance" / "politifact_debunk_headlines.jsonl")
    return [
        Pair(row["a"], row["b"], None, DENIES, "debunk_headlines")
        for row in rows
        if headline_held_out(row["id"]) == held_out
    ]


def emergent(data: Path, *, held_out: bool) -> list[Pair]:
    """News headlines towards a rumor. `observing` (reports it without taking a side) counts as asserting here."""
    label = {"for": ASSERTS, "observing": ASSERTS, "against": DENIES}
    rows = read_jsonl(data / "stance" / "emergent_train.jsonl")
    return [
        Pair(row["a"], row["b"], None, label[row["label"]], "emergent", row["label"])
        for row in rows
        if emergent_held_out(row["b"]) == held_out
    ]


def evidence(data: Path, name: str, *, refutes: bool = True) -> list[Pair]:
    """Claim-and-evidence sets, read as "the evidence takes a side towards the claim"."""
    pairs = []
    for row in read_jsonl(data / "stance" / f"{name}.jsonl"):
        supports = row["label"] == "SUPPORTS"
        if supports or refutes:
            label = ASSERTS if supports else DENIES
            pairs.append(Pair(_untokenised(row["b"]), _untokenised(row["a"]), None, label, name, row["label"]))
    return pairs


def _untokenised(text: str) -> str:
    """Undo the bracket codes and spaced punctuation of FEVER's text."""
    text = text.replace("-LRB- ", "(").replace(" -RRB-", ")").replace("`` ", '"').replace(" ''", '"')
    return re.sub(r" ([.,;:?!])", r"\1", text)


def negations(data: Path) -> list[Pair]:
    """CANNOT: sentence pairs that contradict by a negation or an antonym, or say the same."""
    label = {"contradicts": DENIES, "same": ASSERTS}
    rows = read_jsonl(data / "stance" / "cannot_pairs.jsonl")
    return [Pair(row["a"], row["b"], None, label[row["label"]], "cannot", row["label"]) for row in rows]


def paraphrases(data: Path, name: str) -> list[Pair]:
    """Sets whose rows carry a clear `stance` (MRPC, Perspectrum, counterfactual SNLI: its neutral pairs)."""
    rows = read_jsonl(data / "stance" / f"{name}.jsonl")
    return [
        Pair(row["a"], row["b"], None, LABELS.index(row["stance"]), name, row["label"])
        for row in rows
        if row.get("stance") and row["lang"] == "en"
    ]


def similarity(data: Path) -> list[Pair]:
    """STS benchmark: the top of the scale is the same claim, the middle a related one."""
    pairs = []
    for row in read_jsonl(data / "stance" / "stsb_train_dev.jsonl"):
        if row["score"] >= STS_SAME:
            pairs.append(Pair(row["a"], row["b"], None, ASSERTS, "stsb", row["genre"]))
        elif STS_RELATED[0] <= row["score"] <= STS_RELATED[1]:
            pairs.append(Pair(row["a"], row["b"], None, OTHER, "stsb", row["genre"]))
    return pairs


def debunked_tweets(data: Path) -> list[Pair]:
    """Fact-check titles with an open sign of denial, towards the tweet they check."""
    rows = read_jsonl(data / "stance" / "factchecktweet_train_pairs.jsonl")
    return [
        Pair(row["b"], row["a"], None, DENIES, "factchecktweet")
        for row in rows
        if row["lang"] == row["b_lang"] == "en" and DEBUNK_CUE.search(row["b"])
    ]


def starter(data: Path) -> list[Pair]:
    """The shipped records: English variants assert, the statement and English report titles with a cue deny."""
    pairs = []
    for row in read_jsonl(data / "starter" / "rebuttals.jsonl"):
        rumor, statement = row["rumor"], row["statement"]
        if row["language"] != "en" and not rumor.isascii():
            continue
        pairs += [
            Pair(text, rumor, statement, ASSERTS, "starter", "variant")
            for text in row["variants"] or ()
            if text.isascii()
        ]
        titles = {
            citation["title"]
            for citation in row["citations"]
            if citation["title"] and citation["language"] == "en" and citation["title"].replace("’", "'").isascii()
        }
        pairs += [
            Pair(title, rumor, statement, DENIES, "starter", "title")
            for title in sorted(titles)
            if DEBUNK_CUE.search(title)
        ]
        pairs.append(Pair(statement, rumor, statement, DENIES, "starter", "statement"))
    return pairs


def checkthat_rebuttals(data: Path, task: str) -> dict[str, dict[str, Any]]:
    """Rebuttals of a CheckThat! folder by id, without those that are gold for a development claim."""
    folder = data / task
    dev = {row["id"] for row in read_jsonl(folder / "claims.jsonl") if row["split"] != "train"}
    gold = {rebuttal for claim, rebuttal in qrels(folder) if claim in dev}
    rows = read_jsonl(folder / "rebuttals.jsonl")
    return {row["id"]: row for row in rows if row["id"] not in gold}


def checkthat_claims(data: Path, task: str) -> dict[str, str]:
    """Texts of the training claims by id."""
    return {row["id"]: row["text"] for row in read_jsonl(data / task / "claims.jsonl") if row["split"] == "train"}


def qrels(folder: Path) -> list[tuple[str, str]]:
    """(claim id, rebuttal id) of the gold matches."""
    with (folder / "qrels.tsv").open(encoding="utf-8") as lines:
        return [(fields[0], fields[1]) for fields in (line.split("\t") for line in lines) if len(fields) > 1]
