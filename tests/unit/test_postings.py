"""Search by words, held against BM25 computed in the plainest way."""

from __future__ import annotations

import math
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.postings import K1, B, Postings, PostingsFileError

WORDS = st.sampled_from(["gem", "ore", "pakistan", "rare", "earth", "vaccine", "bank", "dam"])
RECORDS = st.dictionaries(st.sampled_from("abcdefgh"), st.lists(WORDS, min_size=1, max_size=8), max_size=8)


def plain_bm25(records: dict[str, list[str]], query: list[str]) -> dict[str, float]:
    average = max(sum(map(len, records.values())) / max(len(records), 1), 1.0)
    scores: dict[str, float] = {}
    for key, words in records.items():
        counts = Counter(words)
        for word in query:
            holding = sum(word in other for other in records.values())
            weight = math.log(1 + (len(records) - holding + 0.5) / (holding + 0.5))
            norm = counts[word] + K1 * (1 - B + B * len(words) / average)
            scores[key] = scores.get(key, 0.0) + weight * counts[word] * (K1 + 1) / norm
    return {key: score for key, score in scores.items() if score > 0}


def filled(records: dict[str, list[str]]) -> Postings:
    postings = Postings()
    for key, words in records.items():
        postings.add(key, words)
    return postings


@given(RECORDS, st.lists(WORDS, unique=True, max_size=5))
def test_scores_are_bm25(records: dict[str, list[str]], query: list[str]) -> None:
    found = {hit.key: hit.bm25 for hit in filled(records).search(query, 10)}
    assert found == pytest.approx(plain_bm25(records, query), rel=1e-4)


@given(RECORDS, st.lists(st.tuples(st.sampled_from("abcdefgh"), st.lists(WORDS, max_size=4)), max_size=10))
def test_behaves_like_a_dictionary(records: dict[str, list[str]], changes: list[tuple[str, list[str]]]) -> None:
    postings, expected = filled(records), dict(records)
    for key, words in changes:
        if words:
            postings.add(key, words)
            expected[key] = words
        else:
            postings.remove(key)
            expected.pop(key, None)
    assert len(postings) == len(expected)
    for word in {word for words in expected.values() for word in words}:
        holding = {key for key, words in expected.items() if word in words}
        assert {hit.key for hit in postings.search([word], 50)} == holding


@settings(max_examples=20)
@given(RECORDS, RECORDS, st.lists(WORDS, unique=True, max_size=4))
def test_a_saved_index_answers_as_before_and_goes_on(
    tmp_path_factory: pytest.TempPathFactory,
    records: dict[str, list[str]],
    more: dict[str, list[str]],
    query: list[str],
) -> None:
    path = tmp_path_factory.mktemp("postings") / "store.words"
    postings = filled(records)
    postings.save(path, "stamp")
    again = Postings.open(path, "stamp")
    assert again.search(query, 10) == postings.search(query, 10)
    for key, words in more.items():
        postings.add(key, words)
        again.add(key, words)
    assert again.search(query, 10) == postings.search(query, 10)


@given(RECORDS, st.lists(WORDS, min_size=1, max_size=8), st.lists(WORDS, unique=True, max_size=5))
def test_a_record_that_is_not_there_is_weighed_as_if_it_were(
    records: dict[str, list[str]], words: list[str], query: list[str]
) -> None:
    there = {hit.key: hit for hit in filled({**records, "new": words}).search(query, 10)}
    weighed = filled({key: its for key, its in records.items() if key != "new"}).weigh(query, {"new": Counter(words)})
    assert [hit.key for hit in weighed] == [key for key in there if key == "new"]
    for hit in weighed:
        assert (hit.bm25, hit.coverage) == pytest.approx((there["new"].bm25, there["new"].coverage), rel=1e-4)


def test_growing_past_the_first_part_keeps_every_record() -> None:
    postings = filled({f"r{at}": ["common", f"own{at}"] for at in range(5_000)})
    assert [hit.key for hit in postings.search(["own4321"], 5)] == ["r4321"]
    assert [hit.key for hit in postings.search(["own7"], 5)] == ["r7"]
    assert len(postings.search(["common"], 10_000)) == 5_000


def test_words_that_no_record_has_lower_the_coverage() -> None:
    postings = filled({"a": ["gem", "ore"], "b": ["dam", "bank"]})
    (whole,) = postings.search(["gem", "ore"], 5)
    (part,) = postings.search(["gem", "ore", "zebra"], 5)
    assert part.bm25 == whole.bm25
    assert part.coverage < whole.coverage


def test_coverage_of_every_word_by_an_average_record_is_one() -> None:
    postings = filled({"a": ["gem", "ore"], "b": ["dam", "bank"]})
    (hit,) = postings.search(["gem", "ore"], 5)
    assert hit.coverage == pytest.approx(1.0, abs=0.01)


def test_removed_rows_are_counted_as_stale() -> None:
    postings = filled({"a": ["gem"], "b": ["gem"]})
    postings.remove("a")
    postings.remove("nobody")
    assert postings.stale == pytest.approx(0.5)


@pytest.mark.parametrize("damage", ["missing", "empty", "text", "cut", "one bit", "long header", "other stamp"])
def test_a_file_that_is_not_right_is_refused(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "store.words"
    filled({f"r{at}": ["gem", "ore", f"own{at}"] for at in range(50)}).save(path, "stamp")
    if damage == "missing":
        path.unlink()
    elif damage == "empty":
        path.write_bytes(b"")
    elif damage == "text":
        path.write_bytes(b"this is no index")
    elif damage == "cut":
        path.write_bytes(path.read_bytes()[:-200])
    elif damage == "one bit":
        data = bytearray(path.read_bytes())
        data[-100] ^= 4
        path.write_bytes(data)
    elif damage == "long header":
        data = bytearray(path.read_bytes())
        data[8:12] = b"\xff\xff\xff\xff"
        path.write_bytes(data)
    with pytest.raises(PostingsFileError):
        Postings.open(path, "another" if damage == "other stamp" else "stamp")
