"""Search inside the database finds what the indexes in memory find, in one state of the store."""

from __future__ import annotations

import asyncio
import random
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import psycopg
import pytest
from msgspec import structs
from psycopg import sql
from support.hashing import HashingEncoder
from support.postgres import Server, running
from support.records import content
from support.searching import finding_in, remote
from support.stores import put

from service.calibration import Nearness
from service.catalog import Catalog
from service.domain import RebuttalContent
from service.errors import StoreError, StoreUnreachableError
from service.indexes import Indexes, Near, Sought
from service.passages import passages
from service.remote import SCALE, Remote
from service.store import Write
from service.store.postgres import PostgresStore, search, words
from service.store.postgres.beside import Beside
from service.store.postgres.patience import Db
from service.store.searching import Asked
from service.store.sql import beside
from service.words import query_words

pytestmark = pytest.mark.postgres
ENCODER = HashingEncoder()
MODEL = f"{ENCODER.name}@{ENCODER.revision}"
NEAR = Nearness(bias=0.0, similarity=1.0, evidence=1.0, size=0)
# Words as texts have them: a few are everywhere, most are rare.
VOCABULARY = [f"{sound}{number}" for number in range(120) for sound in ("dam", "vote", "virus", "quake", "mint")]
TABLES = "SELECT word, held FROM word WHERE held <> 0 ORDER BY word"


class Both(NamedTuple):
    """A store, and both ways to search it."""

    store: PostgresStore
    memory: Indexes
    database: Remote

    def search(self, text: str, limit: int) -> tuple[Near, Near]:
        """What either finds."""
        self.memory.catch_up()
        sought = Sought(ENCODER.encode([text])[0], query_words(text), limit)
        return self.memory.search([sought])[0], self.database.search([sought])[0]


@pytest.fixture
def store(postgres: Server) -> Iterator[PostgresStore]:
    with postgres.database() as address, PostgresStore.open(address) as opened:
        yield opened


@pytest.fixture
def both(store: PostgresStore, tmp_path: Path) -> Iterator[Both]:
    write(store, [sample(number) for number in range(300)])
    found = Both(store, Indexes(store, model=MODEL, dim=ENCODER.dim, path=tmp_path / "i"), remote(store, ENCODER))
    yield found
    found.database.close()


def sample(number: int, *, seed: int = 0) -> RebuttalContent:
    chance = random.Random(f"{number}-{seed}")
    texts = [" ".join(chance.choices(VOCABULARY, weights=WEIGHTS, k=chance.randint(3, 14))) for _ in range(3)]
    variants = tuple(texts[2:]) if number % 3 else ()
    return content(f"r{number:03}", rumor=texts[0], statement=texts[1], variants=variants, quote=None)


WEIGHTS = [1 / rank for rank in range(1, len(VOCABULARY) + 1)]


def write(store: PostgresStore, contents: list[RebuttalContent]) -> None:
    writes = []
    for one in contents:
        vectors = ENCODER.encode([passage.text for passage in passages(one)])
        writes.append(Write(content=one, action="import", vectors=vectors, model=MODEL))
    store.write(writes, actor="ed")


def told(near: Near) -> dict[str, object]:
    """All that is said of each record; what is worked out in either way may differ by less than is ever shown."""
    found = {}
    for hit, worded in near.hits:
        numbers = (hit.cosine, worded.coverage if worded else 0.0, worded.evidence if worded else 0.0)
        found[hit.key] = (hit.field, hit.ordinal, *(pytest.approx(number, abs=2e-5) for number in numbers))
    return found


def plain(near: Near) -> dict[str, object]:
    """The same as it is."""
    return {
        hit.key: (hit.field, hit.ordinal, hit.cosine, *((words.coverage, words.evidence) if words else (0.0, 0.0)))
        for hit, words in near.hits
    }


def questions(count: int) -> list[str]:
    chance = random.Random(7)
    return [" ".join(chance.choices(VOCABULARY, weights=WEIGHTS, k=chance.randint(1, 30))) for _ in range(count)]


@pytest.mark.parametrize("limit", [1, 10, 50, 299])
def test_both_ways_find_the_same_with_the_same_numbers(both: Both, limit: int) -> None:
    for text in questions(20):
        memory, database = both.search(text, limit)
        assert told(memory) == plain(database)
        assert (memory.version, memory.records) == (database.version, database.records) == (300, 300)


def test_reading_the_rarest_words_first_finds_the_same(both: Both, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[int] = []
    rounds = search.Searcher._postings  # noqa: SLF001 - how often it is asked is what this is about
    monkeypatch.setattr(search, "_POSTINGS", 40)
    monkeypatch.setattr(
        search.Searcher,
        "_postings",
        lambda self, db, asked, budget: read.append(budget) or rounds(self, db, asked, budget),
    )
    for text in questions(40):
        memory, database = both.search(text, 5)
        assert told(memory) == plain(database)
    assert {40, 160} < set(read)
    assert max(read) > 600


def test_a_search_goes_no_deeper_than_is_bearable_and_is_exact_that_far(
    both: Both, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "_DEEPEST", 20)
    for text in questions(10):
        memory, database = both.search(text, 300)
        nearest = sorted((hit for hit, _ in memory.hits), key=lambda hit: -hit.cosine)[:20]
        cosines, every = ({hit.key: hit.cosine for hit, _ in one.hits} for one in (database, memory))
        assert {hit.key for hit in nearest} <= cosines.keys()
        assert len(cosines) <= 2 * search._SPARE * 20  # noqa: SLF001 - as many as are scored, by either way
        assert cosines == pytest.approx({key: every[key] for key in cosines}, abs=2e-5)


def test_words_that_are_everywhere_do_not_make_it_score_every_record(
    both: Both, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "_POSTINGS", 50)
    scored: list[int] = []
    take = search._Words.take  # noqa: SLF001 - how many are scored shows nowhere else

    def taking(self: search._Words, found: list[tuple[int, float]], budget: int) -> set[int]:
        scored.append(len(found))
        return take(self, found, budget)

    monkeypatch.setattr(search._Words, "take", taking)  # noqa: SLF001 - as above
    for most, seen in ((10_000, 300), (30, 30)):
        monkeypatch.setattr(search, "_MOST_CANDIDATES", most)
        scored.clear()
        for text in questions(10):
            memory, database = both.search(text, 10)
            assert {hit.key for hit, _ in memory.hits if hit.cosine > 0} & told(database).keys()
        assert 30 <= max(scored) <= seen
        assert (max(scored) > 30) == (most > 30)


def test_they_agree_after_any_change(both: Both) -> None:
    store = both.store
    write(store, [sample(number, seed=1) for number in range(0, 60, 2)])
    for number in range(0, 90, 3):
        stands = store.get(f"r{number:03}")
        changed = content(stands.id, rumor=stands.rumor, statement=stands.statement, status="retracted", variants=())
        store.write(put(changed), actor="ed")
    quoted = store.get("r001")
    store.write(
        put(
            content(
                "r001", rumor=quoted.rumor, statement=quoted.statement, variants=quoted.variants, quote="mint99 said so"
            )
        ),
        actor="ed",
    )
    # In memory removed records go on counting for how rare a word is, until it is built anew.
    fresh = both._replace(memory=Indexes(store, model=MODEL, dim=ENCODER.dim, path=Path("/nonexistent/i")))
    for text in [*questions(20), "mint99"]:
        memory, database = fresh.search(text, 10)
        assert told(memory) == plain(database)
    assert "r001" in told(fresh.search("who has mint99 said", 5)[1])
    assert counted(store) == remade(store)


def counted(store: PostgresStore) -> list[object]:
    with store.inside()[0].lend() as db:
        corpus = db.execute("SELECT records, length FROM corpus").fetchall()
        postings = db.execute(
            "SELECT w.word, p.key, p.often, p.length FROM posting p JOIN word w ON w.id = p.word ORDER BY 1, 2"
        )
        return [corpus, db.execute(TABLES).fetchall(), postings.fetchall(), words.missing(db)]


def remade(store: PostgresStore) -> list[object]:
    """The same tables, made again from the records."""
    writer = store.inside()[1]
    writer.run(words.end)
    store.searching.prepare(MODEL, ENCODER.dim, lambda *_: None)
    return counted(store)


def test_an_answer_is_of_one_version_while_others_write(store: PostgresStore) -> None:
    reports = [structs.replace(sample(0, seed=at), id="dam", variants=()) for at in range(8)]
    write(store, reports[:1])
    text = " ".join(VOCABULARY[:40])
    sought = Sought(ENCODER.encode([text])[0], query_words(text), 5)
    enough = threading.Event()

    def change() -> None:
        at = 0
        while not enough.is_set():
            at += 1
            write(store, [reports[at % len(reports)]])

    searching = remote(store, ENCODER)
    writing = threading.Thread(target=change)
    writing.start()
    seen: dict[int, tuple[float, float]] = {}
    try:
        while len(seen) < 12:
            [near] = searching.search([sought])
            [(hit, worded)] = near.hits
            seen[near.version] = (round(hit.cosine, 4), round(worded.bm25 if worded else 0.0, 4))
    finally:
        enough.set()
        writing.join(30)
    stood = {}
    for at, one in enumerate(reports):
        write(store, [one])
        [(hit, worded)] = searching.search([sought])[0].hits
        stood[at] = (round(hit.cosine, 4), round(worded.bm25 if worded else 0.0, 4))
    searching.close()
    assert len(set(stood.values())) == len(reports)
    assert seen == {version: stood[(version - 1) % len(reports)] for version in seen}


def test_words_that_no_index_takes_are_found_too(store: PostgresStore) -> None:
    long = "a" * 9_000
    with finding_in(store, ENCODER, NEAR) as finder:
        asyncio.run(
            Catalog(finder, max_line=100_000).create(content("long", rumor=f"the {'a' * 1_900} virus"), actor="ed")
        )
        store.write(
            [Write(content=content("quoted", quote=f"he said {long}"), action="create", vectors=None)], actor="ed"
        )
        [found] = asyncio.run(finder.find(["a" * 1_900]))
        assert found[0].id == "long"
        assert found[0].evidence > 0
        assert asyncio.run(finder.find(["a" * 1_899 + "b"]))[0][0].evidence == 0


def test_a_store_that_nobody_searches_keeps_no_words(store: PostgresStore) -> None:
    write(store, [sample(1)])
    assert store.searching.prepared(MODEL)[1:3] == (None, 0)
    with store.inside()[0].lend() as db:
        assert db.execute("SELECT count(*) FROM posting").fetchone() == (0,)
    unprepared = Remote(store.searcher(model=MODEL, dim=ENCODER.dim, scale=SCALE))
    with pytest.raises(StoreError, match="rejoinder store index"):
        unprepared.search([Sought(ENCODER.encode(["dam0"])[0], ["dam0"], 5)])
    unprepared.close()


def test_what_is_missing_is_made_and_what_is_there_is_left(
    store: PostgresStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(store, [sample(number) for number in range(20)])
    steps: list[tuple[str, int, int]] = []
    store.searching.prepare(MODEL, ENCODER.dim, lambda *step: steps.append(step))
    assert steps == [("Words", 20, 20), ("Graph", 0, 1), ("Graph", 1, 1)]
    assert store.searching.prepared(MODEL).whole
    # Written by a program that knows nothing of words: they are of an earlier state then.
    with monkeypatch.context() as old:
        old.setattr(Beside, "records", beside.Beside.records)
        write(store, [sample(3, seed=1)])
    with store.inside()[0].lend() as db:
        name = db.execute("SELECT c.relname FROM pg_class c WHERE c.relname LIKE 'passage\\_near\\_%'").fetchone()[0]
    store.inside()[1].run(
        lambda db: db.execute("UPDATE pg_index SET indisvalid = false WHERE indexrelid = CAST(? AS regclass)", (name,))
    )
    assert store.searching.prepared(MODEL)[1:4] == (1, 0, 1)
    steps.clear()
    store.searching.prepare(MODEL, ENCODER.dim, lambda *step: steps.append(step))
    assert steps == [("Words", 1, 1), ("Graph", 0, 1), ("Graph", 1, 1)]
    assert store.searching.prepared(MODEL).whole
    store.searching.drop()
    assert store.searching.prepared(MODEL)[1:3] == (None, 0)


def test_two_that_prepare_at_once_do_it_once(store: PostgresStore) -> None:
    write(store, [sample(number) for number in range(40)])
    with PostgresStore.open(store.searching._address) as other, ThreadPoolExecutor(2) as threads:  # noqa: SLF001
        both = [one.searching for one in (store, other)]
        list(threads.map(lambda one: one.prepare(MODEL, ENCODER.dim, lambda *_: None), both))
    assert store.searching.prepared(MODEL).whole
    assert counted(store) == remade(store)


def test_an_old_pgvector_is_told_of(store: PostgresStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.store.postgres.searching._OLDEST", (99, 0))
    with pytest.raises(StoreError, match=r"pgvector must be 99\.0 or later; this is 0\."):
        store.searching.prepare(MODEL, ENCODER.dim, lambda *_: None)


def test_words_cut_in_another_way_are_made_again(store: PostgresStore, monkeypatch: pytest.MonkeyPatch) -> None:
    write(store, [sample(number) for number in range(5)])
    remote(store, ENCODER).close()
    before = counted(store)
    monkeypatch.setattr(words, "CUT", words.CUT + 1)
    assert store.searching.prepared(MODEL).unworded is None
    write(store, [sample(6)])
    store.searching.prepare(MODEL, ENCODER.dim, lambda *_: None)
    assert store.searching.prepared(MODEL).whole
    assert counted(store) != before


def test_the_graph_fits_the_search(both: Both, monkeypatch: pytest.MonkeyPatch) -> None:
    plans: list[str] = []

    class Explaining(search.Searcher):
        """Asks for the plan of what it would have asked."""

        def _passages(self, db: Db, asked: Asked, most: int) -> psycopg.Cursor[Any]:
            run = db.execute

            def explained(query: Any, values: Any = None, **options: Any) -> psycopg.Cursor[Any]:  # noqa: ANN401
                if isinstance(query, sql.Composed):
                    run("SET LOCAL enable_sort = off")  # among so few, looking at all of them is quicker
                    plans.append(str(run(sql.SQL("EXPLAIN ") + query, values).fetchall()))
                return run(query, values, **options)

            with monkeypatch.context() as patched:
                patched.setattr(db, "execute", explained)
                return super()._passages(db, asked, most)

    searching = Explaining(both.store.inside()[0], model=MODEL, dim=ENCODER.dim, scale=SCALE)
    searching.find(Asked(ENCODER.encode(["dam"])[0], ["dam0"], 10))
    searching.find(Asked(ENCODER.encode(["dam"])[0], ["dam0"], 10, only=["r001"]))
    assert "passage_near_" in plans[0]
    assert not any("passage_near_" in plan for plan in plans[1:])


@pytest.mark.parametrize("size", [1, 7, 150])
def test_among_few_records_both_ways_find_the_same(both: Both, size: int) -> None:
    both.memory.catch_up()
    only = frozenset(random.Random(size).sample([f"r{number:03}" for number in range(300)], size)) | {"none"}
    for text in questions(10):
        sought = Sought(ENCODER.encode([text])[0], query_words(text), 10, only)
        [memory], [database] = both.memory.search([sought]), both.database.search([sought])
        assert told(memory) == plain(database)
        assert set(plain(database)) <= only


def test_a_search_that_finds_the_server_gone_says_so_and_the_next_goes_on(server: Server) -> None:
    with server.database() as address, PostgresStore.open(address) as store:
        write(store, [sample(1)])
        with finding_in(store, ENCODER, NEAR) as finder:
            text = store.get("r001").rumor
            server.stop()
            with pytest.raises(StoreUnreachableError):
                asyncio.run(finder.find([text]))
            server.start()
            assert asyncio.run(finder.find([text]))[0][0].id == "r001"


@pytest.fixture
def server() -> Iterator[Server]:
    """One that a test may stop."""
    with running() as own:
        yield own


def test_a_batch_is_searched_as_single_questions_are(both: Both) -> None:
    texts = questions(30)
    sought = [Sought(vector, query_words(text), 10) for text, vector in zip(texts, ENCODER.encode(texts), strict=True)]
    together = both.database.search(sought)
    assert [plain(near) for near in together] == [plain(both.database.search([one])[0]) for one in sought]
