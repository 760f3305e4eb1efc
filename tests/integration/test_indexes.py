"""The indexes follow the store, whatever happened to their files in between."""

from __future__ import annotations

import asyncio
import json
import logging
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace

import pytest
from msgspec import structs
from support.hashing import HashingEncoder
from support.records import content

from embeddings import checked_file, index_file
from embeddings.index import VectorIndex
from service.calibration import Nearness
from service.catalog import Catalog
from service.domain import Rebuttal
from service.errors import StoreError
from service.finder import Finder
from service.passages import passages
from service.postings import Postings
from service.store import Write
from service.store.sqlite import SqliteStore

NEARNESS = Nearness(bias=0.0, similarity=1.0, evidence=1.0, size=0)


class Service:
    """A store and a finder over one folder, opened and closed as processes would."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.open()

    def open(self) -> None:
        self.store = SqliteStore.open(self.folder / "store.db")
        self.finder = Finder(self.store, HashingEncoder(), NEARNESS, index_path=self.folder / "store.index")
        self.catalog = Catalog(self.finder, max_line=10_000)

    def close(self, *, save: bool = True) -> None:
        self.finder.close()
        if save:
            self.finder.save()
        self.store.close()

    def found(self, text: str) -> list[str]:
        return [candidate.id for candidate in asyncio.run(self.finder.find([text]))[0] if candidate.words]


@pytest.fixture
def service(tmp_path: Path) -> Service:
    service = Service(tmp_path)
    for name, rumor in (("zebra", "Zebras escaped from the zoo"), ("dam", "The dam has cracked")):
        record = content(name, rumor=rumor, variants=(), statement="Nothing of the kind", quote=None)
        asyncio.run(service.catalog.create(record, actor="t"))
    return service


def test_a_saved_index_is_used_again(service: Service, caplog: pytest.LogCaptureFixture) -> None:
    service.close()
    with caplog.at_level(logging.WARNING):
        service.open()
    assert service.found("zebras") == ["zebra"]
    assert not caplog.records
    service.close()


def test_an_index_that_missed_writes_catches_up(service: Service) -> None:
    service.finder.save()
    asyncio.run(service.catalog.retract("dam", reason="x", expected_revision=None, actor="t"))
    asyncio.run(service.catalog.create(content("ore", rumor="Gem ores were sent"), actor="t"))
    service.close(save=False)  # as after kill -9
    service.open()
    assert service.found("the dam cracked") == []
    assert service.found("gem ores sent") == ["ore"]
    service.close()


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0xFF
    path.write_bytes(bytes(data))


@pytest.mark.parametrize("damage", [cut, flip, lambda path: path.write_bytes(b""), lambda path: path.unlink()])
@pytest.mark.parametrize("name", ["store.index", "store.index.words"])
def test_a_damaged_index_is_rebuilt(service: Service, name: str, damage: Callable[[Path], None]) -> None:
    service.close()
    damage(service.folder / name)
    service.open()
    assert service.found("zebras") == ["zebra"]
    assert service.found("the dam cracked") == ["dam"]
    service.close()


def test_rows_found_damaged_while_searching_are_made_again(
    service: Service, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    service.close()
    monkeypatch.setattr("embeddings.index_file.CHECKED_AT_ONCE", 0)
    path = service.folder / "store.index"
    whole = path.read_bytes()
    path.write_bytes(whole[:-6] + bytes([whole[-6] ^ 0x40]) + whole[-5:])
    service.open()
    assert service.found("zebras") == ["zebra"]
    assert "damaged" in caplog.text
    service.finder.refresh()
    caplog.clear()
    assert service.found("zebras") == ["zebra"]
    service.close()
    monkeypatch.undo()
    service.open()
    assert service.found("the dam cracked") == ["dam"]
    assert not caplog.records
    service.close()


def test_an_index_of_a_restored_store_is_not_believed(service: Service) -> None:
    service.close()
    backup = (service.folder / "store.db").read_bytes()
    service.open()
    asyncio.run(service.catalog.create(content("ore", rumor="Gem ores were sent"), actor="t"))
    service.close()
    for left in service.folder.glob("store.db*"):
        left.unlink()
    (service.folder / "store.db").write_bytes(backup)
    service.open()
    assert service.found("gem ores sent") == []
    assert service.found("zebras") == ["zebra"]
    for name in ("bridge", "tower"):  # now the store is as far as the index was
        asyncio.run(service.catalog.create(content(name, rumor=f"The {name} fell"), actor="t"))
    service.close(save=False)  # as after kill -9
    service.open()
    assert set(service.found("the bridge and the tower fell")) == {"bridge", "tower"}
    service.close()


def put_back(service: Service, backup: bytes) -> SqliteStore:
    """Lay a backup in the place of the store, and open it without an index."""
    for left in service.folder.glob("store.db*"):
        left.unlink()
    (service.folder / "store.db").write_bytes(backup)
    return SqliteStore.open(service.folder / "store.db")


def zoo(*animals: str) -> list[Write]:
    """Records with their vectors, as a process writes them that keeps no index."""
    encoder, writes = HashingEncoder(), []
    for name in animals:
        record = content(name, rumor=f"{name} escaped from the zoo", variants=(), statement="Nothing", quote=None)
        vectors = encoder.encode([passage.text for passage in passages(record)])
        model = f"{encoder.name}@{encoder.revision}"
        writes.append(Write(content=record, action="create", vectors=vectors, model=model))
    return writes


def test_an_index_of_a_store_that_was_restored_and_written_past_it_is_not_believed(
    service: Service, caplog: pytest.LogCaptureFixture
) -> None:
    service.close()
    backup = (service.folder / "store.db").read_bytes()
    service.open()
    asyncio.run(service.catalog.create(content("ore", rumor="Gem ores were sent"), actor="t"))
    service.close()
    with put_back(service, backup) as store:  # as far as the index, and further, before anybody opens that
        store.write(zoo("bears", "lions"), actor="t")
    with caplog.at_level(logging.WARNING):
        service.open()
    assert "not of what the store holds now" in caplog.text
    assert set(service.found("bears lions zebras ores sent")) == {"bears", "lions", "zebra"}
    caplog.clear()
    service.close()
    service.open()
    assert not caplog.records  # what was built anew is believed
    service.close()


def test_nor_where_the_log_is_the_same_and_only_the_feed_had_come_further(service: Service) -> None:
    service.close()
    backup = (service.folder / "store.db").read_bytes()
    with SqliteStore.open(service.folder / "store.db") as store:
        vectors = HashingEncoder().encode([passage.text for passage in passages(store.get("zebra"))])
        for _ in range(3):  # made again: no events
            store.put_vectors(service.finder.model, [("zebra", 1, vectors)])
    service.open()
    service.close()
    with put_back(service, backup) as store:
        store.write(zoo("bears", "lions", "wolves", "apes"), actor="t")
    service.open()
    assert set(service.found("bears lions wolves apes")) == {"bears", "lions", "wolves", "apes"}
    service.close()


def test_an_index_of_the_former_format_is_made_again(service: Service, caplog: pytest.LogCaptureFixture) -> None:
    service.close()
    path = service.folder / "store.index"
    data = path.read_bytes()
    _, length, _ = checked_file.PREFIX.unpack_from(data)
    header = json.loads(data[checked_file.PREFIX.size :][:length])
    del header["mark"]
    former = json.dumps(header | {"format": 2}).encode()
    start = checked_file.PREFIX.pack(index_file.MAGIC, len(former), zlib.crc32(former)) + former
    arrays = checked_file.PREFIX.size + length
    path.write_bytes(start + bytes(-len(start) % 64) + data[arrays + -arrays % 64 :])
    with caplog.at_level(logging.WARNING):
        service.open()
    assert "has format 2, this program writes 3" in caplog.text
    assert service.found("zebras") == ["zebra"]
    service.close()


def test_an_index_that_was_saved_while_vectors_were_put_quietly_is_not_believed(service: Service) -> None:
    model = service.finder.model
    [bears] = zoo("bears")
    service.store.write([structs.replace(bears, vectors=None, model=None)], actor="t")
    service.close()  # the index has come past the record, and it had no vectors of this encoder then
    with SqliteStore.open(service.folder / "store.db") as store:
        assert bears.vectors is not None
        assert store.encodings.put(model, [("bears", 1, bears.vectors)], quiet=True) == 1
    service.open()
    assert service.found("bears") == ["bears"]
    service.close()


@pytest.mark.parametrize("mark", ["", ":", "2", "2:", ":abc", "-1:x", "\u0662:x", f"{'9' * 30}:x", "0:x"])
def test_a_mark_that_says_nothing_is_not_believed(
    service: Service, mark: str, caplog: pytest.LogCaptureFixture
) -> None:
    service.close()
    path, words_path = service.folder / "store.index", service.folder / "store.index.words"
    index = VectorIndex.open(path, model=service.finder.model)
    words = Postings.open(words_path, f"{index.store}:{index.position}:{index.mark}")
    index.save(path, index.position, mark)
    words.save(words_path, f"{index.store}:{index.position}:{mark}")
    service.open()
    assert "not of what the store holds now" in caplog.text
    assert set(service.found("zebras and the dam")) == {"zebra", "dam"}
    service.close()


def test_an_index_goes_on_without_its_vectors_and_is_not_made_again_of_nothing(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    service.store.encodings.drop(service.finder.model, 100)
    asyncio.run(service.catalog.create(content("ore", rumor="Gem ores were sent"), actor="t"))
    assert service.found("zebras") == ["zebra"]
    assert service.found("gem ores sent") == ["ore"]
    monkeypatch.setattr(VectorIndex, "damaged", True)
    with pytest.raises(StoreError, match="Start the process again"):
        service.finder.refresh()
    assert service.found("zebras") == ["zebra"]
    monkeypatch.undo()
    service.close()


def test_a_store_that_fails_in_the_middle_leaves_one_version(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.indexes._CHUNK", 1)
    other = Service(service.folder)
    monkeypatch.setattr(Finder, "refresh", lambda _: None)
    before = service.finder.version
    for name in ("first", "second"):
        asyncio.run(other.catalog.create(content(name, rumor=f"Zebras {name}"), actor="t"))
    monkeypatch.undo()
    monkeypatch.setattr("service.indexes._CHUNK", 1)
    read = service.store.get_many

    def fail_late(ids: Sequence[str]) -> dict[str, Rebuttal]:
        if "second" in ids:
            raise StoreError("the disk is gone")
        return read(ids)

    monkeypatch.setattr(service.store, "get_many", fail_late)
    with pytest.raises(StoreError):
        service.finder.refresh()
    assert service.finder.version == before
    assert service.found("zebras") == ["zebra"]
    monkeypatch.setattr(service.store, "get_many", read)
    service.finder.refresh()
    assert set(service.found("zebras")) == {"zebra", "first", "second"}
    other.close(save=False)
    service.close()


LATE = {f"late-{number}" for number in range(7)}


@pytest.mark.parametrize("held", [1, len(LATE)])
def test_a_long_feed_is_read_in_parts(service: Service, monkeypatch: pytest.MonkeyPatch, held: int) -> None:
    asyncio.run(service.catalog.write_chunk([content(f"old-{number}", rumor="Old") for number in range(held)], "t"))
    other = Service(service.folder)
    asyncio.run(other.catalog.write_chunk([content(name, rumor=f"Zebras {name}") for name in LATE], "t"))
    other.close(save=False)
    steady, read = service.finder._indexes.steady, service.store.get_many  # noqa: SLF001 - who waits shows nowhere else
    held_up: dict[str, list[bool]] = {"reading": [], "turns": []}

    def noting(ids: Sequence[str]) -> dict[str, Rebuttal]:
        held_up["reading"].append(steady.locked())
        return read(ids)

    monkeypatch.setattr(service.store, "get_many", noting)
    clock = SimpleNamespace(sleep=lambda _: held_up["turns"].append(steady.locked()))
    monkeypatch.setattr("service.indexes.time", clock)
    for name, value in {"_CHUNK": 2, "_MOST_READ": 3, "_TURN": 1}.items():
        monkeypatch.setattr(f"service.indexes.{name}", value)
    service.finder.refresh()
    assert set(held_up["turns"]) == {False}  # who waits is not made to wait for longer
    assert set(held_up["reading"]) == ({False} if held == 1 else {False, True})
    monkeypatch.undo()
    assert service.finder.version == service.store.head()
    assert LATE | {"zebra"} <= set(service.found("zebras"))
    service.close()
    service.open()
    assert LATE | {"zebra"} <= set(service.found("zebras"))
    service.close()


def test_much_change_rebuilds_the_statistics_of_words(service: Service) -> None:
    for at in range(5):
        changed = content("zebra", rumor=f"Zebras escaped from the zoo {at}")
        asyncio.run(service.catalog.update("zebra", changed, expected_revision=None, actor="t"))
    assert service.found("zebras escaped") == ["zebra"]
    assert service.finder._indexes.words.stale <= 0.5  # noqa: SLF001 - what the test is about shows nowhere else
    service.close()
