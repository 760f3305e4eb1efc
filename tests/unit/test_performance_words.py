"""The million texts of the chapter on words, made small: what is real, what is crossed, and what is asked."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks"))

from performance import many_words
from performance.chapter import Options, Unavailable

from service.words import words

SENTENCES = [f"Sentence number {at} is long enough to be a text of its own about topic{at}" for at in range(20)]


@pytest.fixture
def options(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Options:
    data = tmp_path / "data"
    for name, said in (("clef2022_2a_en", SENTENCES[:10]), ("clef2022_2b_en", SENTENCES[10:])):
        (data / name).mkdir(parents=True)
        rows = [{"id": f"{name} {at}", "claim": text, "title": "", "text": text} for at, text in enumerate(said)]
        (data / name / "rebuttals.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    tweets = [{"id": f"t{at}", "text": f"{text} #tag{at}"} for at, text in enumerate(SENTENCES)]
    (data / "clef2022_2a_en/claims.jsonl").write_text("\n".join(map(json.dumps, tweets)), encoding="utf-8")
    judged = [f"t{at}\tclef2022_2a_en {at % 10}\t1" for at in range(20)]
    (data / "clef2022_2a_en/qrels.tsv").write_text("\n".join(judged), encoding="utf-8")
    monkeypatch.setattr(many_words, "_cache", lambda: tmp_path)
    monkeypatch.setattr(many_words, "_ROWS", 100)
    return Options(data=data, folder=tmp_path)


def test_real_texts_come_first_and_crossings_hold_two_halves(options: Options) -> None:
    texts = many_words.texts(options)
    assert (texts.real, len(texts.ends) - 1) == (40, 100)  # each text as a record and as a sentence
    assert texts.of(0) == words(f"{SENTENCES[0]} {SENTENCES[0]}")
    assert {tuple(texts.of(row)) for row in range(20, 40)} == {tuple(words(text)) for text in SENTENCES}
    halves = [words(text) for text in SENTENCES]
    for row in range(40, 100):
        crossed = texts.of(row)
        assert any(crossed[: len(one) // 2] == one[: len(one) // 2] for one in halves)
        assert any(crossed[-(len(one) // 2) :] == one[-(len(one) // 2) :] for one in halves)


def test_an_index_is_made_once_and_holds_the_first_texts(options: Options) -> None:
    path = many_words.index(options, 30)
    made = path.stat().st_mtime_ns
    assert many_words.index(options, 30).stat().st_mtime_ns == made
    postings = many_words.opened(path)
    assert len(postings) == 30
    asked, gold = many_words.judged(options.data)[3]
    assert postings.search(asked, 1)[0].key in gold


def test_queries_have_exactly_so_many_words_and_no_longer_text_than_that(options: Options) -> None:
    found = many_words.queries(options.data, 8, 5)
    assert len(found) == 5
    assert {len(one.words) for one in found} == {8}
    shorter = found[0].text.rsplit(" ", 1)[0]
    assert len(many_words.query_words(shorter, 8)) < 8


def test_without_the_data_there_is_no_chapter(tmp_path: Path) -> None:
    with pytest.raises(Unavailable):
        many_words.judged(tmp_path)
