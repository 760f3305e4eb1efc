"""Search by words from the record as it is written to the candidate: any script, any text, only what is published."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.hashing import HashingEncoder
from support.records import GEM_ORE, content
from support.searching import finding_in

from service.calibration import Nearness
from service.catalog import Catalog
from service.domain import RebuttalContent
from service.finder import Candidate, Finder
from service.passages import passages
from service.store.postgres import PostgresStore
from service.store.sqlite import SqliteStore

WORDS_ALONE = Nearness(bias=0.0, similarity=0.0, evidence=1.0, size=0)


@pytest.fixture(params=["memory", pytest.param("database", marks=pytest.mark.postgres)])
def finder(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Finder]:
    """A finder over an empty store, searched in memory or by the database: all that follows holds for both."""
    if request.param == "database":
        with (
            request.getfixturevalue("postgres").database() as address,
            PostgresStore.open(address) as store,
            finding_in(store, HashingEncoder(), WORDS_ALONE) as finder,
        ):
            yield finder
        return
    with SqliteStore.open(tmp_path / "store.db") as store:
        finder = Finder(store, HashingEncoder(), WORDS_ALONE, index_path=tmp_path / "store.index")
        yield finder
        finder.close()


@pytest.fixture
def catalog(finder: Finder) -> Catalog:
    return Catalog(finder, max_line=10_000)


def create(catalog: Catalog, *records: RebuttalContent) -> None:
    asyncio.run(catalog.write_chunk(records, "ed"))


def update(catalog: Catalog, record: RebuttalContent) -> None:
    asyncio.run(catalog.update(record.id or "", record, expected_revision=None, actor="ed"))


def candidates(finder: Finder, text: str) -> list[Candidate]:
    return [candidate for candidate in asyncio.run(finder.find([text]))[0] if candidate.words > 0]


def found(finder: Finder, text: str) -> list[str]:
    return [candidate.id for candidate in candidates(finder, text)]


def test_records_are_found_by_words_of_their_own_language(catalog: Catalog, finder: Finder) -> None:
    texts = {
        "zh": "巴基斯坦向美国赠送稀土样品",
        "ar": "باكستان تهدي عينات من المعادن النادرة",
        "hi": "पाकिस्तान ने नमूने दिए",
    }
    records = [content(name, rumor=text, statement=text, variants=(), language=name) for name, text in texts.items()]
    create(catalog, *records, content("en", rumor="A hurricane hit Florida", variants=()))
    assert found(finder, "稀土样品是什么") == ["zh"]
    assert found(finder, "المعادن النادرة") == ["ar"]
    assert found(finder, "नमूने") == ["hi"]
    assert found(finder, "Hurricanes, in FLORIDA!") == ["en"]


def test_every_passage_is_searched_and_the_best_comes_first(catalog: Catalog, finder: Finder) -> None:
    create(catalog, GEM_ORE, content("b", rumor="Rare birds seen at the zoo", variants=()))
    for passage in passages(GEM_ORE):
        assert "gem-ore" in found(finder, passage.text)
    best, second = candidates(finder, "rare birds at the zoo")
    assert (best.id, second.id) == ("b", "gem-ore")
    assert best.words > second.words
    assert best.evidence > second.evidence > 0


def test_the_quote_is_searched_too_and_follows_its_changes(catalog: Catalog, finder: Finder) -> None:
    create(catalog, GEM_ORE)
    assert found(finder, "misinformed") == ["gem-ore"]
    update(catalog, content("gem-ore", quote="Utter nonsense."))
    assert (found(finder, "misinformed"), found(finder, "utter nonsense")) == ([], ["gem-ore"])


def test_coverage_of_different_queries_can_be_compared(catalog: Catalog, finder: Finder) -> None:
    create(catalog, *(content(f"r{n}", rumor=f"Rumor number{n} on topic{n}", variants=()) for n in range(30)))
    whole = candidates(finder, "rumor number7 topic7")[0]
    half = candidates(finder, "number7 topic8")[0]
    assert 0.6 < whole.words < 2
    assert 0.25 < half.words < 0.75 * whole.words


@pytest.mark.parametrize(
    "text", ["", " ", '"', "rare OR", "rare*", "(", "a\0b", "\ud800", "^rare", "'; --", "🪨", "-", "🪨" * 5_000]
)
def test_any_text_is_a_safe_query(catalog: Catalog, finder: Finder, text: str) -> None:
    create(catalog, GEM_ORE)
    assert set(found(finder, text)) <= {"gem-ore"}
    assert found(finder, f"{text} rare earth") == ["gem-ore"]


def test_only_published_records_are_found_and_as_they_stand(catalog: Catalog, finder: Finder) -> None:
    create(catalog, GEM_ORE, content("draft", status="draft"))
    assert found(finder, "rare earth samples") == ["gem-ore"]
    update(catalog, content("draft"))
    asyncio.run(catalog.retract("gem-ore", reason="withdrawn", expected_revision=None, actor="ed"))
    assert found(finder, "rare earth samples") == ["draft"]
    update(catalog, content("draft", rumor="A comet will strike", variants=()))
    assert found(finder, "comets strike") == ["draft"]
    assert found(finder, "Munir") == []
