"""The vector index past the size from which rows are grouped: recall, filters, changes while it groups, its file."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from embeddings import index as index_module
from embeddings import index_file, stack, views
from embeddings.encoder import Vectors
from embeddings.index import DamagedRows, IndexCorrupt, VectorIndex
from embeddings.segment import Segment

DIM = 32
MODEL = "hashing@1"
ROWS = 6000
GROUPED_FROM = 2000


def unit(rows: int, *, seed: int) -> Vectors:
    """Directions around many centres, as texts are about many things."""
    random = np.random.default_rng(seed)
    centres = np.random.default_rng(99).standard_normal((150, DIM))
    vectors = random.standard_normal((rows, DIM)) + centres[random.integers(0, len(centres), rows)]
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def filled(folder: Path | None = None, *, rows: int = ROWS) -> VectorIndex:
    """Each row is a key of its own, named by its number."""
    index = VectorIndex(DIM, model=MODEL, store="store", folder=folder, grouped_from=GROUPED_FROM)
    index.add([str(row) for row in range(rows)], [row % 3 for row in range(rows)], unit(rows, seed=1))
    index.settle()
    return index


def nearest(queries: Vectors, allowed: np.ndarray, limit: int = 10) -> list[set[str]]:
    """By float32, of all rows: the numbers of the best that are allowed."""
    scores = np.where(allowed, queries @ unit(ROWS, seed=1).T, -2)
    return [set(map(str, row)) for row in np.argsort(-scores, axis=1)[:, :limit].tolist()]


def recall(index: VectorIndex, queries: Vectors, allow: list[str] | None = None) -> float:
    allowed = np.ones(ROWS, bool) if allow is None else np.isin(np.arange(ROWS), [int(key) for key in allow])
    found = [{hit.key for hit in hits} for hits in index.search(queries, 10, allow=allow)]
    shares = [len(have & want) / 10 for have, want in zip(found, nearest(queries, allowed), strict=True)]
    return float(np.mean(shares))


@pytest.fixture
def few_probes(monkeypatch: pytest.MonkeyPatch) -> None:
    """A fifth of the groups: as they are there, so few rows have more groups than a search looks at."""
    monkeypatch.setattr(views, "PROBED", 60)
    monkeypatch.setattr(index_module, "COMPARED", 100)
    monkeypatch.setattr(views, "_SAMPLED_FROM", 400)


@pytest.mark.usefixtures("few_probes")
def test_the_nearest_are_found_in_the_nearest_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    index, queries = filled(), unit(60, seed=2)
    assert index.grouped == ROWS
    found = recall(index, queries)
    assert found >= 0.97
    monkeypatch.setattr(views, "PROBED", 1)
    assert recall(index, queries) < found


@pytest.mark.usefixtures("few_probes")
@pytest.mark.parametrize("share", [0.001, 0.01, 0.1, 0.5])
def test_a_filter_costs_no_recall(share: float) -> None:
    index, queries = filled(), unit(60, seed=2)
    random = np.random.default_rng(7)
    allow = [str(row) for row in np.flatnonzero(random.random(ROWS) < share)]
    hits = index.search(queries, 10, allow=allow)
    assert all(len(found) == min(10, len(allow)) for found in hits)
    assert {hit.key for found in hits for hit in found} <= set(allow)
    assert len(allow) < 10 or recall(index, queries, allow) >= 0.97


@pytest.mark.usefixtures("few_probes")
def test_a_filter_that_leaves_only_what_is_far_away_finds_it() -> None:
    index, queries = filled(), unit(1, seed=2)
    farthest = np.argsort(queries[0] @ unit(ROWS, seed=1).T)[:400]
    assert recall(index, queries, [str(row) for row in farthest]) == 1


@pytest.mark.usefixtures("few_probes")
def test_what_is_excluded_or_removed_is_not_found() -> None:
    index, queries = filled(), unit(20, seed=2)
    best = {hit.key for hits in index.search(queries, 5) for hit in hits}
    assert best.isdisjoint(hit.key for hits in index.search(queries, 5, exclude=best) for hit in hits)
    assert best.isdisjoint(
        hit.key
        for hits in index.search(queries, 5, exclude=best, allow=[str(row) for row in range(ROWS)])
        for hit in hits
    )
    index.remove(best)
    assert best.isdisjoint(hit.key for hits in index.search(queries, 5) for hit in hits)
    assert len(index) == ROWS - len(best)


def test_every_key_can_be_asked_for() -> None:
    index, queries = filled(), unit(1, seed=2)
    hits = index.search(queries, ROWS)[0]
    assert len(hits) == ROWS
    cosines = unit(ROWS, seed=1) @ queries[0]
    assert [hit.cosine for hit in hits] == pytest.approx(sorted(cosines.tolist(), reverse=True), abs=1e-5)
    assert all(hit.field == int(hit.key) % 3 for hit in hits)


def test_fewer_rows_are_scanned_as_they_came() -> None:
    index = filled(rows=GROUPED_FROM - 1)
    assert index.grouped == 0
    index.add(["one more"], [0], unit(1, seed=3))
    index.settle()
    assert index.grouped == GROUPED_FROM
    index.add([f"later {row}" for row in range(GROUPED_FROM // 2 - 1)], [0] * 999, unit(999, seed=4))
    index.settle()
    assert index.grouped == GROUPED_FROM
    index.add(["last"], [0], unit(1, seed=5))
    index.settle()
    assert index.grouped == len(index) == GROUPED_FROM + GROUPED_FROM // 2


def test_grouping_happens_aside_and_leaves_no_file_behind(tmp_path: Path) -> None:
    index = VectorIndex(DIM, model=MODEL, folder=tmp_path, grouped_from=GROUPED_FROM)
    for start in range(0, ROWS, 500):
        index.add([str(row) for row in range(start, start + 500)], [0] * 500, unit(ROWS, seed=1)[start : start + 500])
    index.settle()  # waits for what is being done aside, and does the rest
    assert index.grouped >= ROWS - GROUPED_FROM
    assert list(tmp_path.iterdir()) == []
    assert recall(index, unit(20, seed=2)) >= 0.97


def test_the_same_rows_make_the_same_groups() -> None:
    queries = unit(30, seed=2)
    assert filled().search(queries, 10) == filled().search(queries, 10)


def during_grouping(monkeypatch: pytest.MonkeyPatch, change: Callable[[], None]) -> None:
    """Have a change made when a large segment has been built, just before it is taken."""
    group = stack.group

    def interrupted(*args: object, **kwargs: object) -> Segment:
        built: Segment = group(*args, **kwargs)  # type: ignore[arg-type] - handed on as they came
        change()
        return built

    monkeypatch.setattr(stack, "group", interrupted)


def test_changes_made_while_rows_are_grouped_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    index = VectorIndex(DIM, model=MODEL, grouped_from=GROUPED_FROM)
    index.add([str(row) for row in range(1900)], [0] * 1900, unit(1900, seed=1))
    changed = unit(1, seed=5)

    def change() -> None:
        monkeypatch.undo()
        index.remove(["7", "8"])
        index.add(["9"], [6], changed)
        index.add(["new"], [0], unit(1, seed=6))

    during_grouping(monkeypatch, change)
    monkeypatch.setattr(stack.Stack, "_settle_aside", lambda _: None)
    index.add([str(row) for row in range(1900, 2100)], [0] * 200, unit(200, seed=3))
    index.settle()
    assert index.grouped >= GROUPED_FROM
    assert set(index.keys()) == {str(row) for row in range(2100)} - {"7", "8"} | {"new"}
    (hit,) = index.search(changed, 1)[0]
    assert (hit.key, hit.field) == ("9", 6)
    assert [hit.field for hit in index.score(changed[0], ["9"])] == [6]


def test_searches_see_whole_changes_while_segments_are_switched(tmp_path: Path) -> None:
    index = filled(tmp_path, rows=GROUPED_FROM)
    vector = unit(1, seed=11)
    index.add(["changing"] * 2, [0, 0], np.repeat(vector, 2, axis=0))
    stop, failures = threading.Event(), []

    def search() -> None:
        while not stop.is_set():
            hits = index.search(vector, 3)[0]
            if hits[0].key != "changing" or abs(hits[0].cosine - 1) > 1e-5:
                failures.append(hits)
            if len({hit.key for hit in hits}) < 3:
                failures.append(hits)

    threads = [threading.Thread(target=search) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        for turn in range(12):
            index.add([f"{turn}-{row}" for row in range(600)], [0] * 600, unit(600, seed=100 + turn))
            index.add(["changing"] * 2, [turn] * 2, np.repeat(vector, 2, axis=0))
            index.remove([f"{turn}-{row}" for row in range(0, 600, 7)])
        index.settle()
    finally:
        stop.set()
        for thread in threads:
            thread.join(30)
    assert failures == []
    assert index.grouped > GROUPED_FROM
    assert len(index) == GROUPED_FROM + 1 + 12 * (600 - 86)


def test_closing_ends_what_is_done_aside(monkeypatch: pytest.MonkeyPatch) -> None:
    begun = threading.Event()

    def endless(_: object, __: object, *, pause: Callable[[], None]) -> None:
        begun.set()
        while not threading.Event().wait(0.001):
            pause()

    monkeypatch.setattr(stack, "group", endless)
    index = VectorIndex(DIM, model=MODEL, grouped_from=GROUPED_FROM)
    index.add([str(row) for row in range(ROWS)], [0] * ROWS, unit(ROWS, seed=1))
    assert begun.wait(30)
    index.close()
    assert index.grouped == 0
    assert recall(index, unit(5, seed=2)) == 1


def test_a_saved_index_answers_like_the_original(tmp_path: Path) -> None:
    index, queries = filled(tmp_path), unit(40, seed=2)
    index.remove([str(row) for row in range(0, ROWS, 11)])
    index.add(["late"], [1], unit(1, seed=8))
    index.save(tmp_path / "index", 3)
    opened = VectorIndex.open(tmp_path / "index", model=MODEL, store="store")
    assert (len(opened), opened.rows, opened.grouped) == (len(index), index.rows, index.grouped)
    assert opened.search(queries, 10) == index.search(queries, 10)
    assert set(opened.keys()) == set(index.keys())
    opened.save(tmp_path / "again", 3)
    assert (tmp_path / "again").read_bytes() == (tmp_path / "index").read_bytes()


def damage_a_float(path: Path) -> None:
    """Flip a bit in the last float32 row of the file; that is the last of its last group."""
    data = bytearray(path.read_bytes())
    data[-10] ^= 0x40
    path.write_bytes(data)


def test_a_damaged_row_of_a_large_file_is_noticed_when_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "index"
    filled().save(path, 1)
    damage_a_float(path)
    with pytest.raises(IndexCorrupt, match="checksum"):
        VectorIndex.open(path, model=MODEL)
    monkeypatch.setattr(index_file, "CHECKED_AT_ONCE", 0)
    index = VectorIndex.open(path, model=MODEL)
    assert not index.damaged
    every = index.search(unit(1, seed=2), ROWS)[0]
    cosines = unit(ROWS, seed=1) @ unit(1, seed=2)[0]
    assert {hit.key: hit.cosine for hit in every} == pytest.approx(
        {str(row): cosine for row, cosine in enumerate(cosines.tolist())}, abs=0.02
    )
    assert index.damaged
    assert "damaged" in caplog.text
    before = path.read_bytes()
    with pytest.raises(DamagedRows):
        index.save(path, 2)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_an_index_with_a_damaged_row_can_still_be_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "index"
    filled(rows=100).save(path, 1)
    damage_a_float(path)
    monkeypatch.setattr(index_file, "CHECKED_AT_ONCE", 0)
    index = VectorIndex.open(path, model=MODEL)
    index.add(["new"], [0], unit(1, seed=3))
    index.remove([str(row) for row in range(60)])
    assert index.search(unit(1, seed=3), 1)[0][0].key == "new"
    assert set(index.keys()) == {str(row) for row in range(60, 100)} | {"new"}
    assert index.damaged


def test_damage_outside_the_rows_is_noticed_at_the_opening(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index_file, "CHECKED_AT_ONCE", 0)
    path = tmp_path / "index"
    filled().save(path, 1)
    whole = path.read_bytes()
    rows = len(whole) - ROWS * DIM * 4
    for place in range(40, rows, rows // 60):
        if not whole[place : place + 64 - place % 64].strip(b"\0"):
            continue  # between two arrays lies nothing
        damaged = bytearray(whole)
        damaged[place] ^= 0x10
        path.write_bytes(damaged)
        with pytest.raises(IndexCorrupt):
            VectorIndex.open(path, model=MODEL)


SAVE_FOREVER = """
import itertools, pathlib, sys
from embeddings.index import VectorIndex
path, model = pathlib.Path(sys.argv[1]), sys.argv[2]
index = VectorIndex.open(path, model=model)
for position in itertools.count(100):
    index.save(path, position)
    print(position, flush=True)
"""


def test_killed_while_saving_leaves_a_whole_file(tmp_path: Path) -> None:
    path, queries = tmp_path / "index", unit(10, seed=2)
    original = filled()
    original.save(path, 1)
    saver = subprocess.Popen([sys.executable, "-c", SAVE_FOREVER, path, MODEL], stdout=subprocess.PIPE)
    assert saver.stdout is not None
    for _ in range(3):
        assert saver.stdout.readline()
    saver.kill()
    saver.communicate(timeout=10)
    opened = VectorIndex.open(path, model=MODEL)
    assert opened.position >= 102
    assert opened.search(queries, 10) == original.search(queries, 10)
