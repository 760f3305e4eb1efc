"""An answer is of one version of the store, whatever is written while it is being given."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from support.api import CALIBRATION, open_runtime
from support.hashing import HashingEncoder
from support.records import content
from support.stores import put

from embeddings.encoder import Vectors
from service.catalog import Catalog
from service.domain import CheckResult, Claim, Rebuttal
from service.finder import Finder
from service.indexes import Sought
from service.passages import passages
from service.runtime import Runtime
from service.settings import Settings
from service.store.sqlite import SqliteStore
from service.versions import records_at

RUMOR = "The dam above the valley has cracked"
SAID = "Inspectors found the dam sound"


class Interrupted(HashingEncoder):
    """An encoder before whose answer something else happens: once, and where it is asked for a claim."""

    def __init__(self) -> None:
        super().__init__()
        self.meanwhile: Callable[[], object] | None = None

    def encode(self, texts: Sequence[str]) -> Vectors:
        """See `embeddings.encoder.Encoder`."""
        vectors = super().encode(texts)
        happens, self.meanwhile = self.meanwhile, None
        if happens:
            happens()
        return vectors


class Desk:
    """A service, and another process that writes to its store."""

    def __init__(self, folder: Path) -> None:
        self.encoder = Interrupted()
        self.runtime: Runtime = open_runtime(Settings(db=folder / "store.db", starter=False), self.encoder)
        self.store = SqliteStore.open(folder / "store.db")
        self.other = Finder(self.store, HashingEncoder(), CALIBRATION.nearness, index_path=folder / "other.index")
        self.catalog = Catalog(self.other, max_line=10_000)
        self.write(0)

    def write(self, number: int) -> None:
        """Make the record, or word its statement anew."""
        record = content("dam", rumor=RUMOR, variants=(), statement=f"{SAID}, says report {number}.", quote=None)
        asyncio.run(self.catalog.write_chunk([record], "t"))

    def check(self) -> CheckResult:
        """Check the rumor."""
        return asyncio.run(self.runtime.checker.check(Claim(claim=RUMOR)))

    def close(self) -> None:
        """Close both."""
        self.other.close()
        self.store.close()
        self.runtime.close()


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path)
    desk.runtime.finder.refresh()
    yield desk
    desk.close()


def revision_at(desk: Desk, version: int) -> int:
    """The revision that the record had at a version, from the log itself."""
    return max(event.revision for event in desk.store.events(0, 10_000, "dam") if event.number <= version)


def test_an_answer_is_not_kept_for_longer_than_the_vectors_were_missing(desk: Desk) -> None:
    record = content("zebra", rumor="Zebras escaped from the zoo", variants=())
    desk.store.write(put(record), actor="another process, with another encoder")
    desk.runtime.finder.refresh()
    claim = Claim(claim="Zebras escaped from the zoo")
    before = asyncio.run(desk.runtime.checker.check(claim))
    assert before.verdict.label == "unmatched"
    [passed] = desk.store.without_vectors(desk.other.model, 10)
    vectors = desk.encoder.encode([passage.text for passage in passages(passed)])
    desk.store.put_vectors(desk.other.model, [(passed.id, passed.revision, vectors)])
    desk.runtime.finder.refresh()
    after = asyncio.run(desk.runtime.checker.check(claim))
    assert [match.rebuttal.id for match in after.matches] == ["zebra"]
    assert after.store_version == before.store_version


def test_a_write_between_search_and_reading_is_not_in_the_answer(desk: Desk) -> None:
    desk.encoder.meanwhile = lambda: desk.write(1)
    answer = desk.check()
    assert (answer.store_version, answer.matches[0].rebuttal.revision) == (1, 1)
    assert "report 0" in answer.matches[0].rebuttal.statement
    desk.runtime.finder.refresh()
    answer = desk.check()
    assert (answer.store_version, answer.matches[0].rebuttal.revision) == (2, 2)


def test_an_answer_names_the_version_that_was_searched(desk: Desk) -> None:
    def write_and_see() -> None:
        desk.write(1)
        desk.runtime.finder.refresh()

    desk.encoder.meanwhile = write_and_see
    answer = desk.check()
    assert (answer.store_version, answer.matches[0].rebuttal.revision) == (2, 2)
    assert desk.runtime.checker.ids.read(str(answer.verdict_id)).store_version == 2


def test_a_batch_is_of_one_version_though_it_is_searched_in_several(desk: Desk) -> None:
    def write_and_see() -> None:
        desk.write(1)
        desk.runtime.finder.refresh()

    def write_between() -> None:
        # Before the first texts: their search is of the version that is there. Before the next: of a later one.
        desk.encoder.meanwhile = write_and_see

    claims = [Claim(claim=f"{RUMOR}, says caller {number}") for number in range(40)]
    desk.encoder.meanwhile = write_between
    answers = asyncio.run(desk.runtime.checker.check_many(claims))
    assert {one.store_version for one in answers} == {2}
    assert {one.matches[0].rebuttal.revision for one in answers} == {2}


def test_what_was_kept_is_not_put_beside_what_is_of_a_later_version(desk: Desk) -> None:
    def write_and_see() -> None:
        desk.write(1)
        desk.runtime.finder.refresh()

    kept = desk.check()
    assert kept.store_version == 1
    desk.encoder.meanwhile = write_and_see
    claims = [Claim(claim=RUMOR), Claim(claim=f"{RUMOR}, they say"), Claim(claim="#")]
    answers = asyncio.run(desk.runtime.checker.check_many(claims))
    assert [one.store_version for one in answers] == [2, 2, 2]
    assert answers[0].matches[0].rebuttal.revision == 2


def test_a_batch_finds_for_each_text_what_it_would_find_alone(desk: Desk) -> None:
    for number in range(6):
        record = content(f"dam-{number}", rumor=f"{RUMOR} in place {number}", variants=(), quote=None)
        asyncio.run(desk.catalog.write_chunk([record], "t"))
    indexes = desk.runtime.finder._indexes  # noqa: SLF001 - depths are mixed by requests that come at once
    desk.runtime.finder.refresh()
    vector = desk.encoder.encode([RUMOR])[0]
    few, many = Sought(vector, [], 2), Sought(vector, [], 5)
    together = indexes.search([few, many])
    assert [len(near.hits) for near in together] == [2, 5]
    assert together == [indexes.search([few])[0], indexes.search([many])[0]]


def test_what_was_published_meanwhile_answers_no_earlier_version(desk: Desk) -> None:
    version = desk.store.head()
    asyncio.run(desk.catalog.create(content("new", rumor="Zebras escaped"), actor="t"))
    assert set(records_at(desk.store, ["dam", "new", "none"], version)) == {"dam"}
    assert set(records_at(desk.store, ["dam", "new", "none"], version + 1)) == {"dam", "new"}


def test_the_indexes_know_their_version_where_only_drafts_are(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    try:
        asyncio.run(desk.catalog.retract("dam", reason="x", expected_revision=None, actor="t"))
        late = Finder(desk.store, HashingEncoder(), CALIBRATION.nearness, index_path=tmp_path / "i")
        assert late.version == desk.store.head()
        assert late._indexes.position == desk.store.position()  # noqa: SLF001 - else it reads the feed at every look
        late.close()
    finally:
        desk.close()


class Race:
    """Another process that writes all the time, and a finder that follows all the time."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.done = threading.Event()
        self.failed: list[BaseException] = []
        self._read = desk.runtime.store.get_many
        self._threads = [threading.Thread(target=self._write), threading.Thread(target=self._follow)]

    def run(self) -> list[CheckResult]:
        """Check until the writer is done, the indexes and the store changing within each check."""
        for thread in self._threads:
            thread.start()
        answers = []
        while not self.done.is_set():
            self.desk.encoder.meanwhile = lambda: self._change(lambda: self.desk.runtime.finder.version)
            answers.append(self.desk.check())
        for thread in self._threads:
            thread.join()
        return answers

    def read_late(self, ids: Sequence[str]) -> dict[str, Rebuttal]:
        """As `get_many`, after one more write where a check reads; the indexes do so in a thread of theirs."""
        if threading.current_thread() is threading.main_thread():
            self._change(self.desk.store.head)
        return self._read(ids)

    def _change(self, look: Callable[[], int]) -> None:
        before = look()
        while look() == before and not self.done.is_set():
            time.sleep(0.001)

    def _write(self) -> None:
        try:
            for number in range(1, 80):
                self.desk.write(number)
        except BaseException as error:  # noqa: BLE001 - told by the test
            self.failed.append(error)
        finally:
            self.done.set()

    def _follow(self) -> None:
        while not self.done.is_set():
            self.desk.runtime.finder.refresh()


def test_no_answer_mixes_versions_while_another_process_writes(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    race = Race(desk)
    monkeypatch.setattr(desk.runtime.store, "get_many", race.read_late)
    answers = race.run()
    assert not race.failed
    told = [(one.store_version, one.matches[0].rebuttal.revision) for one in answers]
    assert [revision for _, revision in told] == [revision_at(desk, version) for version, _ in told]
    assert len(set(told)) > 5
