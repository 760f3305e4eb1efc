"""Private mode cuts, cleans and searches text as the service does: the two are written in two languages."""

from __future__ import annotations

import json
import random
import re
import subprocess
import unicodedata
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.node import ENVIRONMENT, EXTENSION, NODE

from embeddings.onnx import DEFAULT as ENCODER
from embeddings.session import Weights, encodable
from embeddings.stance import DEFAULT as STANCE
from service.calibration import Readings, load_calibration
from service.domain import Rebuttal
from service.ingest import starter
from service.normalise import normalise, sought
from service.passages import passages, record_words
from service.postings import Postings
from service.store.sqlite import SqliteStore
from service.words import query_words, words

DATA = Path(__file__).resolve().parents[1] / "data"
MODELS = (ENCODER, STANCE)
CHARACTERS = [
    chr(point)
    for point in range(0x110000)
    if unicodedata.category(chr(point)) not in {"Cn", "Co"} and not 0xD800 <= point < 0xE000
]
# Their decompositions are newer than the tables of the tokenizers' library.
LATER = frozenset(
    map(chr, (0x11938, 0x105C9, 0x105E4, 0x11383, 0x11385, 0x1138E, 0x11391, 0x113C5, 0x113C7, 0x113C8, 0x16D68))
) | frozenset("\U00016d69\U00016d6a")
PAIR = re.compile("[\ud800-\udbff][\udc00-\udfff]")
MIXED = [
    *("", "#AustralianFires by @realDonaldTrump cost 1,000.50 or 1.000,50", "l'état d'Israël et Trump's dell'arte"),
    *("It is a hoax — Ann Lee (@annlee) January 6, 2020", "x — (@b) March 3, 2021 ", "https://t.co/abc www.x.org/ hi"),
    *(
        "HTTP\u017f://x y",
        "p\u0130c.tw\u0131tter.com/x yes",
        "\ud800 half a pair \udc00",
        "क्\u200dष a\u200cb\u202eevil",
    ),
    *("[SEP] [CLS] <s></s> [UNK] <mask> <unk> [PAD]", "\u1e9eTRA\u00dfE \u0131\u0130i \u13e3\u13b3\u13a9 \uab70\u13f8"),
    *("３，０００ １２ ½ Ⅷ ②", "Subscribe now", "12 30", "東京", "ab", "x" * 101, "a" * 99 + " b", "ﬁn ǅ ŉ ΐ ς Σ"),
]


class Other:
    """The other side, as a process that answers line by line."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [NODE, "test/private_parity.ts", *(model / "tokenizer.json" for model in MODELS)],
            cwd=EXTENSION,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            env=ENVIRONMENT,
        )

    def ask(self, **asked: object) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(asked) + "\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer

    def close(self) -> None:
        self._process.communicate(timeout=20)


@pytest.fixture(scope="module")
def other() -> Iterator[Other]:
    other = Other()
    try:
        yield other
    finally:
        other.close()


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> list[Rebuttal]:
    with SqliteStore.open(tmp_path_factory.mktemp("corpus") / "store.db") as store:
        starter.refresh(store)
        return list(store.scan())


class Tokens:
    """The service's tokenizers."""

    def __init__(self) -> None:
        self._tokenizers = [Weights(model).tokenizer() for model in MODELS]

    def of(self, texts: Sequence[str]) -> list[list[list[int]]]:
        """For each text what each of them makes of it."""
        made = [one.encode_batch_fast(encodable(texts), add_special_tokens=False) for one in self._tokenizers]
        return [[encoding.ids for encoding in both] for both in zip(*made, strict=True)]


@pytest.fixture(scope="module")
def tokens() -> Tokens:
    return Tokens()


def expected(text: str, tokens: list[list[int]]) -> dict[str, Any]:
    """What the service makes of a text."""
    cleaned = normalise(text)
    return {
        "words": words(text),
        "query": query_words(text),
        "normalised": {"text": cleaned.text, "junk": cleaned.junk},
        "sought": sought(text),
        "folded": text.casefold(),
        "tokens": tokens,
    }


def agree(other: Other, tokens: Tokens, texts: Sequence[str]) -> None:
    """Both sides make the same of every text."""
    for at in range(0, len(texts), 5_000):
        piece = texts[at : at + 5_000]
        got = other.ask(texts=piece)["texts"]
        for text, here, there in zip(piece, tokens.of(piece), got, strict=True):
            assert there == expected(text, here), ascii(text)


def test_on_what_people_write(other: Other, tokens: Tokens, corpus: list[Rebuttal]) -> None:
    texts = [passage.text for record in corpus for passage in passages(record)]
    texts += [record.quote for record in corpus if record.quote]
    for path in sorted(DATA.rglob("*")):
        if path.suffix in {".txt", ".tsv", ".html", ".md"}:
            texts += path.read_text("utf-8").splitlines()
    assert len(texts) > 2_000
    agree(other, tokens, texts + MIXED)


def test_on_every_character(other: Other, tokens: Tokens) -> None:
    agree(other, tokens, [f"a{one}b {one} #x{one}Y 1{one}2" for one in CHARACTERS if one not in LATER])


def test_on_characters_by_chance(other: Other, tokens: Tokens) -> None:
    chance = random.Random(5)
    pools = [
        *(CHARACTERS, [one for one in CHARACTERS if one < "\u3000"], [chr(point) for point in range(32, 127)]),
        *([chr(point) for point in range(first, first + 256)] for first in (0x600, 0x400, 0xE00)),
        *(list("#@'’.,_ 0123 1aAbBsS-—()"), list("aeio sdlnt ingedly")),
    ]
    known = frozenset(CHARACTERS) - LATER
    made = (chance.choices(chance.choice(pools), k=chance.randint(1, 40)) for _ in range(6_000))
    agree(other, tokens, ["".join(one for one in text if one in known) for text in made])


@given(st.lists(st.text(st.characters(categories=["L", "M", "N", "P", "S", "Z", "Cc", "Cf", "Cs"]), max_size=60)))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_on_any_text(other: Other, tokens: Tokens, texts: list[str]) -> None:
    # Two halves that meet are one character on the other side.
    agree(other, tokens, [text for text in texts if not LATER & set(text) and not PAIR.search(text)])


def test_on_the_search_by_words(other: Other, corpus: list[Rebuttal]) -> None:
    postings = Postings()
    for record in corpus:
        postings.add(record.id, record_words(record))
    texts = [[passage.text for passage in passages(record)] + [record.quote or ""] for record in corpus]
    queries = (DATA / "headlines.txt").read_text("utf-8").splitlines()
    found = other.ask(records=texts, queries=queries)["hits"]
    for query, there in zip(queries, found, strict=True):
        here = postings.search(query_words(query), 10)
        assert [one["bm25"] for one in there] == pytest.approx([one.bm25 for one in here], rel=1e-5)
        assert [one["evidence"] for one in there] == pytest.approx([one.evidence for one in here], rel=1e-5)
        first = {corpus[one["at"]].id for one in there[:1]}
        assert not here or here[0].key in first or here[0].bm25 == pytest.approx(here[1].bm25)


def test_on_what_two_readings_of_a_pair_make_together(other: Other) -> None:
    calibration = load_calibration()
    chance = np.random.default_rng(7)
    readings = [
        (Readings(*chance.dirichlet([0.3] * 3, 2).astype(np.float32)), float(chance.random())) for _ in range(500)
    ]
    numbers = {"sides": {"asserts": calibration.sides.asserts, "denies": calibration.sides.denies}}
    asked = [{"beside": both.beside.tolist(), "alone": both.alone.tolist(), "near": near} for both, near in readings]
    found = other.ask(calibration=numbers, readings=asked)["judged"]
    for (both, near), there in zip(readings, found, strict=True):
        assert there == pytest.approx(calibration.stance_probabilities(both, near), abs=1e-4)
