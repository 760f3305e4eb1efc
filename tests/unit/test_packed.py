"""The signed index: what is in its bytes, who signed it, and what a change of the store does to it."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as some
from msgspec import structs
from support.hashing import HashingEncoder
from support.packed import Read, Stand, key_of, read, verify
from support.records import content, stored

from service.domain import RebuttalContent
from service.errors import StoreError
from service.packed import BusyError, Offer, Ready, build, fingerprint, models_offered, public_key, reach, signing_key
from service.packed.format import Header, Rows, unsigned
from service.packed.ready import Prepared
from service.passages import FIELDS, passages
from service.store import Vectors, Write
from service.store.sqlite import SqliteStore

ENCODER = Stand()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    with SqliteStore.open(tmp_path / "store.db") as store:
        yield store


@pytest.fixture(scope="module")
def offer() -> Offer:
    found = models_offered(ENCODER, model="the models", profile="strict")
    assert found is not None
    return found


def put(store: SqliteStore, offer: Offer, *contents: RebuttalContent) -> None:
    store.write(
        [
            Write(
                content=one,
                action="import",
                vectors=ENCODER.encode([passage.text for passage in passages(one)]),
                model=offer.vectors,
            )
            for one in contents
        ],
        actor="test",
    )


def made(store: SqliteStore, offer: Offer, since: int = 0) -> Read:
    return read(build(store, offer, since).data)


def test_a_document_holds_each_record_with_the_vectors_of_its_texts(store: SqliteStore, offer: Offer) -> None:
    put(store, offer, content("a"), content("b", rumor="The moon is made of cheese.", variants=(), topics=()))
    found = made(store, offer)
    assert list(found.records) == ["a", "b"]
    assert (found.header["since"], found.header["position"], found.header["removed"]) == (0, store.position(), [])
    assert (found.header["store_version"], found.header["model"]) == (store.head(), "the models")
    for record in store.scan():
        texts = passages(record)
        rows = found.rows[record.id]
        assert [FIELDS[field] for field in found.fields[rows]] == [passage.field for passage in texts]
        wanted = ENCODER.encode([passage.text for passage in texts])
        # Half precision in the store and 8 bits in the document: cosines move by less than a hundredth.
        assert np.allclose((found.vectors[rows] * wanted).sum(axis=1), 1, atol=0.01)


def test_a_record_is_what_a_reader_needs_and_nothing_that_is_unknown(store: SqliteStore, offer: Offer) -> None:
    put(store, offer, content("a", rating_words=None, speaker=None, contested_with=("b",)))
    record = made(store, offer).records["a"]
    assert set(record) == {
        *("id", "rumor", "variants", "statement", "quote", "language", "authority", "rating"),
        *("stated_on", "citations", "contested_with", "revision"),
    }
    assert record["citations"] == [
        {
            "url": "https://example.org/briefing",
            "title": "Ministry rejects reports on rare earth samples",
            "publisher": "Example News",
            "published_on": "2025-10-14",
            "kind": "report",
        }
    ]
    assert (record["stated_on"], record["contested_with"], record["revision"]) == ("2025-10-13", ["b"], 1)


def test_the_header_names_models_files_and_numbers_that_are_there(store: SqliteStore, offer: Offer) -> None:
    header = made(store, offer).header
    assert header["fields"] == list(FIELDS)
    assert [file["name"] for file in header["stance"]["files"]] == ["model.onnx.1", "model.onnx.2", "tokenizer.json"]
    assert [file["name"] for file in header["encoder"]["files"]] == ["model.onnx", "tokenizer.json"]
    for file in [*header["encoder"]["files"], *header["stance"]["files"]]:
        path = offer.files[file["sha256"]]
        assert (path.name, path.stat().st_size) == (file["name"], file["bytes"])
        with path.open("rb") as opened:
            assert hashlib.file_digest(opened, "sha256").hexdigest() == file["sha256"]
    lenient = models_offered(ENCODER, model="m", profile="lenient")
    assert lenient is not None
    assert lenient.numbers.rebutted < offer.numbers.rebutted == header["calibration"]["rebutted"]
    assert len(header["calibration"]["sides"]["asserts"]) == 6


def test_no_other_encoder_than_the_one_that_ships_is_offered() -> None:
    assert models_offered(HashingEncoder(384), model="m", profile="balanced") is None


def test_a_delta_has_what_changed_and_names_what_went(store: SqliteStore, offer: Offer) -> None:
    put(store, offer, content("kept"), content("changed"), content("retracted"), content("replaced"), content("hidden"))
    since = made(store, offer).header["position"]
    put(
        store,
        offer,
        content("changed", rumor="The moon is made of cheese."),
        content("retracted", status="retracted"),
        content("replaced", status="superseded", superseded_by="kept"),
        content("hidden", status="draft"),
        content("new"),
        content("never-public", status="draft"),
    )
    found = made(store, offer, since)
    assert set(found.records) == {"changed", "new"}
    assert found.records["changed"]["rumor"] == "The moon is made of cheese."
    # A draft that never was anything else is told to nobody, not by its id either.
    assert sorted(found.header["removed"]) == ["hidden", "replaced", "retracted"]
    assert found.header["since"] == since
    again = made(store, offer, found.header["position"])
    assert (again.records, again.header["removed"]) == ({}, [])


def test_a_record_without_vectors_waits_for_them(store: SqliteStore, offer: Offer) -> None:
    put(store, offer, content("a"))
    since = made(store, offer).header["position"]
    store.write([Write(content=content("a", rumor="Another wording."), action="update")], actor="test")
    found = made(store, offer, since)
    assert (found.records, found.header["removed"]) == ({}, ["a"])
    record = store.get("a")
    vectors = ENCODER.encode([passage.text for passage in passages(record)])
    store.put_vectors(offer.vectors, [("a", record.revision, vectors)])
    assert set(made(store, offer, found.header["position"]).records) == {"a"}


class Meddling(SqliteStore):
    """A store in which somebody writes between two reads of a build."""

    meddle: Write | None = None

    def vectors_of(self, ids: Sequence[str], *, model: str) -> dict[str, Vectors]:
        found = super().vectors_of(ids, model=model)
        if self.meddle is not None:
            self.write([self.meddle], actor="somebody")
            self.meddle = None
        return found


@pytest.mark.parametrize("status", ["published", "retracted"])
def test_texts_and_vectors_of_two_revisions_never_stand_together(tmp_path: Path, offer: Offer, status: str) -> None:
    with Meddling.open(tmp_path / "store.db") as store:
        put(store, offer, content("a"), content("b"))
        changed = content("a", rumor="The moon is made of cheese.", status=status)
        vectors = ENCODER.encode([passage.text for passage in passages(changed)])
        store.meddle = Write(content=changed, action="update", vectors=vectors, model=offer.vectors)
        found = made(store, offer)
        assert set(found.records) == {"b"}
        after = made(store, offer, found.header["position"])
        assert set(after.records) == ({"a"} if status == "published" else set())
        assert after.header["removed"] == ([] if status == "published" else ["a"])


def test_a_record_whose_vectors_are_of_other_texts_is_left_out(
    store: SqliteStore, offer: Offer, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(store, offer, content("a"))
    monkeypatch.setattr("service.packed.building.passages", lambda record: passages(record)[:-1])
    assert made(store, offer).records == {}
    assert "a is left out" in caplog.text


def test_one_changed_byte_anywhere_breaks_the_signature(store: SqliteStore, offer: Offer) -> None:
    put(store, offer, content("a"))
    data = build(store, offer, 0).data
    key = key_of(read(data).header)
    for at in [*range(0, len(data), 101), len(data) - 1]:
        altered = bytearray(data)
        altered[at] ^= 1
        with pytest.raises(InvalidSignature):
            verify(bytes(altered), key)


def test_the_key_stays_with_its_store(tmp_path: Path) -> None:
    with SqliteStore.open(tmp_path / "a.db") as store:
        first = public_key(signing_key(store))
        assert public_key(signing_key(store)) == first
    with SqliteStore.open(tmp_path / "a.db") as store, SqliteStore.open(tmp_path / "b.db") as other:
        assert public_key(signing_key(store)) == first
        assert public_key(signing_key(other)) != first
    Ed25519PublicKey.from_public_bytes(first)


def test_who_makes_the_key_second_gets_the_first_one(store: SqliteStore, monkeypatch: pytest.MonkeyPatch) -> None:
    first = public_key(signing_key(store))
    monkeypatch.setattr(store, "get_meta", lambda _: None)  # as a process sees it that looked a moment too early
    assert public_key(signing_key(store)) == first


def test_a_damaged_key_is_told(store: SqliteStore) -> None:
    signing_key(store)
    for broken in ("no key", "AAAA"):
        store.set_meta("index_signing_key", broken)
        with pytest.raises(StoreError, match="damaged"):
            signing_key(store)


def test_a_fingerprint_is_read_aloud_in_groups() -> None:
    digits = hashlib.sha256(bytes(32)).hexdigest()
    shown = fingerprint(bytes(32))
    assert shown.split() == [digits[at : at + 4] for at in range(0, 32, 4)]


@given(since=some.integers(-10, 10**25), position=some.integers(0, 2**62))
def test_a_document_goes_on_from_where_that_can_be(since: int, position: int) -> None:
    reached = reach(since, position)
    assert reached in {0, since}
    assert 0 <= reached <= position
    assert not reached or position - reached <= 2_000
    assert reach(position, position) == position


@given(some.integers(0, 5), some.integers(0, 3), some.binary(max_size=40))
def test_a_header_of_other_numbers_is_refused(count: int, dim: int, records: bytes) -> None:
    rows = Rows(np.ones(count, np.float32), np.zeros(count, np.uint8), np.ones((count, dim), np.int8))
    header = structs.replace(HEADER, rows=count, dim=dim, records_bytes=len(records))
    assert unsigned(header, records, rows).startswith(b"RJNDXIX1")
    for wrong in ("rows", "dim", "records_bytes"):
        with pytest.raises(ValueError, match="header"):
            unsigned(structs.replace(header, **{wrong: getattr(header, wrong) + 1}), records, rows)


def _header() -> Header:
    found = models_offered(ENCODER, model="m", profile="balanced")
    assert found is not None
    return Header(
        key="",
        since=0,
        position=0,
        store_version=0,
        created_at=stored().created_at,
        records=0,
        rows=0,
        dim=0,
        records_bytes=0,
        removed=(),
        fields=FIELDS,
        calibration=found.numbers,
        encoder=found.encoder,
        stance=found.stance,
        model="m",
    )


HEADER = _header()


class Maker:
    """Makes documents of so many bytes when it is let; counts them."""

    def __init__(self, size: int = 1) -> None:
        self.made: list[int] = []
        self.position = 7
        self.go = asyncio.Event()
        self._size = size

    async def __call__(self, since: int) -> Prepared:
        self.made.append(since)
        await self.go.wait()
        return Prepared(since, self.position, bytes(self._size), self._size)


def test_many_who_ask_at_once_cost_one_build_and_one_who_leaves_ends_nothing() -> None:
    async def asking() -> list[int]:
        maker = Maker()
        ready = Ready(maker)
        asked = [asyncio.create_task(ready.get(0, 7)) for _ in range(50)]
        await asyncio.sleep(0)
        asked[0].cancel()
        maker.go.set()
        found = await asyncio.gather(*asked[1:])
        assert len({id(one) for one in found}) == 1
        assert await ready.get(0, 7) is found[0]
        maker.position = 8
        assert (await ready.get(0, 8)).position == 8
        return maker.made

    assert asyncio.run(asking()) == [0, 0]


def test_a_document_that_is_ahead_by_now_is_given_to_all_who_wait() -> None:
    async def asking() -> list[int]:
        maker = Maker()
        maker.go.set()
        ready = Ready(maker)
        found = await asyncio.gather(*(ready.get(0, position) for position in range(8)))
        assert {one.position for one in found} == {7}
        return maker.made

    assert asyncio.run(asking()) == [0]


def test_more_than_can_wait_is_refused_and_a_failure_is_told_to_all() -> None:
    async def asking() -> None:
        maker = Maker()
        ready = Ready(maker)
        asked = [asyncio.create_task(ready.get(since, 7)) for since in range(8)]
        await asyncio.sleep(0)
        with pytest.raises(BusyError):
            await ready.get(8, 7)
        await ready.close()
        ended = await asyncio.gather(*asked, return_exceptions=True)
        assert all(isinstance(one, asyncio.CancelledError) for one in ended)

        async def failing(_: int) -> Prepared:
            raise StoreError("no")

        broken = Ready(failing)
        ended = await asyncio.gather(broken.get(0, 1), broken.get(0, 1), return_exceptions=True)
        assert [type(one) for one in ended] == [StoreError, StoreError]

    asyncio.run(asking())


@pytest.mark.parametrize(("size", "kept"), [(1, 16), (10 * 1024 * 1024, 3)])
def test_of_deltas_the_latest_few_are_kept_and_the_whole_stays(size: int, kept: int) -> None:
    async def asking() -> int:
        maker = Maker(size)
        maker.go.set()
        ready = Ready(maker)
        for since in range(20):
            await ready.get(since, 7)
        maker.made.clear()
        for since in [0, *reversed(range(20))]:
            await ready.get(since, 7)
            if maker.made:
                return 20 - 1 - since
        return -1

    assert asyncio.run(asking()) == kept
