"""Search by words past the first records: segments, the file they are mapped from, and queries of frequent words."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.postings import Postings, WordHit

VOCABULARY = [f"w{at}" for at in range(400)]
WEIGHTS = [1 / (at + 1) for at in range(400)]
Records = dict[str, list[str]]


def made(count: int, seed: int = 0) -> Records:
    """Records of Zipfian words, and one word of its own in each."""
    chance = random.Random(seed)
    return {
        f"r{at}": [*chance.choices(VOCABULARY, WEIGHTS, k=chance.randint(3, 20)), f"own{at}"] for at in range(count)
    }


def asked(count: int, length: int, seed: int = 1) -> list[list[str]]:
    chance = random.Random(seed)
    return [list(dict.fromkeys(chance.choices(VOCABULARY, WEIGHTS, k=length))) for _ in range(count)]


def filled(records: Records) -> Postings:
    postings = Postings()
    postings.change((), records)
    return postings


def answers(postings: Postings, limit: int = 30) -> list[list[WordHit]]:
    return [postings.search(words, limit) for words in [*asked(20, 3), *asked(20, 30), ["own7"], ["nowhere"]]]


def test_it_makes_no_difference_how_records_came_and_where_they_lie(tmp_path: Path) -> None:
    records = made(5_000)
    at_once, singly = filled(records), Postings()
    for key, words in records.items():
        singly.add(key, words)
    halves = filled(dict(list(records.items())[:2_500]))
    halves.save(tmp_path / "half", "1")
    opened = Postings.open(tmp_path / "half", "1")
    opened.change((), dict(list(records.items())[2_500:]))
    opened.save(tmp_path / "whole", "2")
    expected = answers(at_once)
    assert any(expected)
    assert answers(singly) == expected
    assert answers(opened) == expected
    assert answers(Postings.open(tmp_path / "whole", "2")) == expected


def test_a_record_in_a_segment_is_replaced_and_removed(tmp_path: Path) -> None:
    postings = filled(made(3_000))
    postings.save(tmp_path / "words", "1")
    for index in (postings, Postings.open(tmp_path / "words", "1")):
        index.change(["r1", "nobody"], {"r2": ["zebra"], "r2999": ["zebra", "zebra"]})
        assert index.search(["own1"], 5) == index.search(["own2"], 5) == index.search(["own2999"], 5) == []
        assert {hit.key for hit in index.search(["zebra"], 5)} == {"r2", "r2999"}
        assert len(index) == 2_999
        index.add("r2", ["gem"])
        assert [hit.key for hit in index.search(["zebra"], 5)] == ["r2999"]
        index.save(tmp_path / "again", "2")
        assert answers(Postings.open(tmp_path / "again", "2")) == answers(index)


def test_of_equal_records_the_oldest_come_first() -> None:
    postings = filled({f"r{at}": ["gem", "ore"] for at in range(3_000)})
    assert [hit.key for hit in postings.search(["gem"], 40)] == [f"r{at}" for at in range(40)]
    postings.remove("r3")
    assert [hit.key for hit in postings.search(["gem"], 4)] == ["r0", "r1", "r2", "r4"]


@pytest.mark.parametrize("removed", [0, 400])
def test_frequent_words_that_were_not_added_up_count_all_the_same(removed: int) -> None:
    records = made(4_000)
    exact, quick = filled(records), filled(records)
    quick.affordable = 2_000
    gone = list(records)[:removed]
    exact.change(gone, {})
    quick.change(gone, {})
    shared, best = [], 0
    queries = asked(60, 30)
    for words in queries:
        truth = {hit.key: hit.bm25 for hit in exact.search(words, 4_000)}
        found = quick.search(words, 10)
        assert [hit.bm25 for hit in found] == pytest.approx([truth[hit.key] for hit in found], rel=1e-5)
        assert [hit.bm25 for hit in found] == sorted((hit.bm25 for hit in found), reverse=True)
        wanted = sorted(truth.values(), reverse=True)
        shared.append(sum(hit.bm25 >= wanted[9] * (1 - 1e-5) for hit in found) / 10)
        best += found[0].bm25 == pytest.approx(wanted[0], rel=1e-5)
    assert sum(shared) / len(shared) > 0.8
    assert best > 0.9 * len(queries)


def test_a_query_of_nothing_but_frequent_words_is_answered() -> None:
    postings = filled({f"r{at}": ["the", "of"] if at % 2 else ["the"] for at in range(2_500)})
    postings.affordable = 10
    assert [hit.key for hit in postings.search(["the", "of"], 3)] == ["r1", "r3", "r5"]
    assert len(postings.search(["the"], 2_000)) == 2_000
    assert postings.search(["the"], 0) == []


def test_what_was_removed_is_purged_without_a_trace(tmp_path: Path) -> None:
    records = made(3_000)
    worn = filled(records)
    gone = [key for at, key in enumerate(records) if at % 3 == 0]
    worn.change(gone, {})
    worn.save(tmp_path / "worn", "1")
    kept = {key: words for key, words in records.items() if key not in set(gone)}
    for index in (worn, Postings.open(tmp_path / "worn", "1")):
        assert index.stale > 0.3
        fresh = index.purged()
        assert fresh.stale == 0
        assert answers(fresh) == answers(filled(kept))
        assert answers(index) != answers(fresh)
    worn.change(list(kept), {})
    assert len(worn.purged()) == 0
    assert worn.purged().search(["w1"], 5) == []


@settings(max_examples=30)
@given(st.dictionaries(st.text(), st.lists(st.text(min_size=1), max_size=5), max_size=6))
def test_any_key_and_any_word_survive_the_file(tmp_path_factory: pytest.TempPathFactory, records: Records) -> None:
    path = tmp_path_factory.mktemp("postings") / "words"
    filled(records).save(path, "any\nstamp")
    opened = Postings.open(path, "any\nstamp")
    assert len(opened) == len(records)
    for key, words in records.items():
        assert all(key in {hit.key for hit in opened.search([word], 10)} for word in words)


def test_very_long_records_and_very_frequent_words_are_bounded() -> None:
    postings = filled({"long": ["gem"] * 70_000 + ["ore"], "short": ["gem", "ore"]})
    assert [hit.key for hit in postings.search(["ore"], 5)] == ["short", "long"]
    assert {hit.key for hit in postings.search(["gem"], 5)} == {"long", "short"}


def test_what_comes_while_the_file_is_written_stays(tmp_path: Path) -> None:
    postings = filled(made(4_000))
    going = threading.Event()

    def write() -> None:
        while not going.is_set():
            postings.save(tmp_path / "words", "1")

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for at in range(2_000):
            postings.add(f"late{at}", ["late", f"late{at}"])
            assert [hit.key for hit in postings.search([f"late{at}"], 2)] == [f"late{at}"]
    finally:
        going.set()
        writer.join()
    assert len(postings) == 6_000
    assert len(postings.search(["late"], 3_000)) == 2_000


SAVE_FOREVER = """
import sys
from pathlib import Path
from service.postings import Postings
postings = Postings()
for turn in range(100_000):
    postings.change((), {f"{turn} {at}": ["gem", f"own{at}"] for at in range(300)})
    postings.save(Path(sys.argv[1]), "stamp")
    print(turn, flush=True)
"""


def test_a_process_that_is_killed_while_writing_leaves_a_whole_file(tmp_path: Path) -> None:
    path = tmp_path / "words"
    for wait in (0.0, 0.003, 0.01):
        with subprocess.Popen(
            [sys.executable, "-c", SAVE_FOREVER, str(path)], stdout=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout
            turns = [process.stdout.readline() for _ in range(4)]
            time.sleep(wait)  # into the middle of the next writing, here and there
            process.send_signal(signal.SIGKILL)
            process.wait()
        assert turns[-1] == "3\n"
        opened = Postings.open(path, "stamp")
        assert len(opened) >= 1_200
        assert len(opened) % 300 == 0
        assert len(opened.search(["own5"], 10_000)) == len(opened) // 300


def test_what_a_killed_process_left_is_cleared_away(tmp_path: Path) -> None:
    old, young = (tmp_path / f"words.{number}.tmp" for number in (1, 2))
    for left in (old, young):
        left.write_bytes(b"half")
    os.utime(old, (0, 0))
    filled({"a": ["gem"]}).save(tmp_path / "words", "1")
    assert not old.exists()
    assert young.exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["words", "words.2.tmp"]


def test_a_file_that_cannot_be_written_leaves_the_old_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    postings = filled({"a": ["gem"]})
    postings.save(tmp_path / "words", "1")
    monkeypatch.setattr(os, "fsync", lambda _: (_ for _ in ()).throw(OSError("no space left")))
    with pytest.raises(OSError, match="no space"):
        postings.save(tmp_path / "words", "2")
    assert [path.name for path in tmp_path.iterdir()] == ["words"]
    assert len(Postings.open(tmp_path / "words", "1")) == 1
