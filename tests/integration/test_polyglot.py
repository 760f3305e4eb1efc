"""Claims go to the finder that knows their language, and both finders hold every record."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import pytest
from support.api import CALIBRATION, WordStance
from support.hashing import HashingEncoder
from support.records import content
from support.stores import put

from embeddings.encoder import Vectors, multilingual_installed
from service.calibration import Nearness
from service.catalog import Catalog
from service.check import Checker
from service.domain import CheckResult, Claim, Filters
from service.finder import Finder
from service.passages import passages
from service.polyglot import Foreign, PolyglotChecker, World, at_home, load_foreign
from service.runtime import Runtime, load_multilingual
from service.settings import Settings
from service.store.sqlite import SqliteStore
from service.verdict_id import VerdictIds

FOREIGN = Foreign(encoder="hashing", nearness=Nearness(bias=-5.0, similarity=10.0, evidence=0.0, size=0.0), related=0.6)
SPANISH = "El Banco de España limita la retirada de efectivo en los cajeros"
ENGLISH = "The dam in the north of the country has cracked, officials said"


class Noting(HashingEncoder):
    """Notes what it was asked to encode."""

    def __init__(self, dim: int) -> None:
        super().__init__(dim)
        self.asked: list[str] = []

    def encode(self, texts: Sequence[str]) -> Vectors:
        self.asked += texts
        return super().encode(texts)


class Service(NamedTuple):
    """A store with two finders, and who asks them."""

    store: SqliteStore
    home: Finder
    world: Finder
    catalog: Catalog
    checker: Checker
    encoders: tuple[Noting, Noting]

    def check(self, *texts: str, language: str | None = None) -> list[CheckResult]:
        for encoder in self.encoders:
            encoder.asked.clear()
        return asyncio.run(self.checker.check_many([Claim(claim=text, language=language) for text in texts]))

    def found(self, finder: Finder, text: str) -> list[str]:
        finder.refresh()
        return [one.id for one in asyncio.run(finder.find([text]))[0]]


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    with SqliteStore.open(tmp_path / "store.db") as store:
        encoders = Noting(128), Noting(64)
        home = Finder(store, encoders[0], CALIBRATION.nearness, index_path=tmp_path / "home")
        world = Finder(store, encoders[1], FOREIGN.nearness, index_path=tmp_path / "world")
        catalog = Catalog(home, max_line=10_000, also=(world,))
        checker = PolyglotChecker(home, WordStance(), CALIBRATION, world=World(world, FOREIGN), cache_size=16)
        for name, rumor, language in (("dam", ENGLISH, "en"), ("cash", SPANISH, "es")):
            record = content(name, rumor=rumor, variants=(), statement="Nothing of the kind", language=language)
            asyncio.run(catalog.create(record, actor="t"))
        yield Service(store, home, world, catalog, checker, encoders)
        checker.close()
        home.close()
        world.close()


def test_a_claim_in_english_never_reaches_the_other_encoder(service: Service) -> None:
    answer = service.check(ENGLISH)[0]
    assert answer.verdict.label == "rebutted"
    assert [encoder.asked for encoder in service.encoders] == [[ENGLISH], []]


def test_a_claim_in_another_language_is_found_and_its_stance_is_not_guessed(service: Service) -> None:
    answer = service.check(SPANISH)[0]
    assert answer.verdict.label == "related"
    assert answer.matches[0].rebuttal.id == "cash"
    assert answer.matches[0].why.probabilities is None
    assert answer.matches[0].why.reason == "The stance model does not read the language of the claim (es)."
    assert [encoder.asked for encoder in service.encoders] == [[], [SPANISH]]


def test_an_answer_is_not_kept_for_longer_than_the_second_encoder_has_to_catch_up(service: Service) -> None:
    text = "Las cebras se han escapado del zoológico de la ciudad"
    record = content("zebra", rumor=text, variants=(), statement="No", quote=None, language="es")
    service.store.write(put(record), actor="another process, with another encoder")
    service.world.refresh()
    assert service.check(text)[0].verdict.label == "unmatched"
    vectors = service.world.encoder.encode([passage.text for passage in passages(record)])
    service.store.put_vectors(service.world.model, [("zebra", 1, vectors)])
    service.world.refresh()
    assert [match.rebuttal.id for match in service.check(text)[0].matches] == ["zebra"]


def test_without_the_second_encoder_the_reason_says_what_counts(service: Service) -> None:
    service.home.encoder_languages = frozenset({"en"})  # as the encoder that ships says of itself
    checker = Checker(service.home, WordStance(), CALIBRATION, cache_size=0)
    answer = asyncio.run(checker.check(Claim(claim=SPANISH)))
    checker.close()
    assert answer.verdict.label == "related"
    assert "Nor does the encoder, so only shared words and names count" in str(answer.matches[0].why.reason)


def test_a_name_is_read_by_one_whichever_encoder_the_answer_is_from(service: Service) -> None:
    ids = service.checker.ids
    for answer in service.check(SPANISH, ENGLISH):
        assert ids.of(Claim(claim=answer.claim), answer) == answer.verdict_id
    assert VerdictIds(service.store.id, CALIBRATION).of(Claim(claim=ENGLISH), answer) != answer.verdict_id


def test_mixed_claims_are_answered_in_their_order(service: Service) -> None:
    answers = service.check(SPANISH, ENGLISH, SPANISH + " hoy", ENGLISH + " today")
    assert [answer.matches[0].rebuttal.id for answer in answers] == ["cash", "dam", "cash", "dam"]
    assert [answer.claim for answer in answers] == [SPANISH, ENGLISH, SPANISH + " hoy", ENGLISH + " today"]
    assert service.world.model in answers[0].model
    assert service.home.model in answers[0].model


def test_what_the_sender_says_of_the_language_is_believed(service: Service) -> None:
    service.check(SPANISH, language="en-GB")
    assert service.encoders[1].asked == []
    service.check(ENGLISH, language="es")
    assert service.encoders[0].asked == []


def test_a_search_goes_by_the_language_of_the_query(service: Service) -> None:
    hits = asyncio.run(service.checker.search(SPANISH, limit=1, filters=Filters()))
    assert hits[0].rebuttal.id == "cash"
    assert service.encoders[1].asked[-1] == SPANISH
    hits = asyncio.run(service.checker.search(ENGLISH, limit=1, filters=Filters()))
    assert hits[0].rebuttal.id == "dam"
    assert service.encoders[0].asked[-1] == ENGLISH


def test_both_indexes_follow_every_write(service: Service) -> None:
    changed = content("dam", rumor="The bridge has collapsed", variants=(), statement="It stands", language="en")
    asyncio.run(service.catalog.update("dam", changed, expected_revision=None, actor="t"))
    for finder in (service.home, service.world):
        nearest = asyncio.run(finder.find(["The bridge has collapsed"]))[0][0]
        assert nearest.id == "dam"
        assert nearest.similarity == pytest.approx(1, abs=1e-3)
    asyncio.run(service.catalog.retract("dam", reason="x", expected_revision=None, actor="t"))
    assert [service.found(finder, ENGLISH) for finder in (service.home, service.world)] == [["cash"], ["cash"]]
    asyncio.run(service.catalog.write_chunk([content("flood", language="en")], "t"))
    assert {tuple(sorted(service.found(finder, ENGLISH))) for finder in (service.home, service.world)} == {
        ("cash", "flood")
    }


def test_an_import_of_what_is_there_encodes_nothing(service: Service) -> None:
    asyncio.run(service.catalog.write_chunk([content("flood")], "t"))
    for encoder in service.encoders:
        encoder.asked.clear()
    asyncio.run(service.catalog.write_chunk([content("flood")], "t"))
    assert [encoder.asked for encoder in service.encoders] == [[], []]


def test_a_store_gets_its_second_vectors_at_the_next_start(tmp_path: Path) -> None:
    settings = Settings(db=tmp_path / "store.db", starter=False, multilingual="off")
    with SqliteStore.open(settings.db) as store:
        finder = Finder(store, HashingEncoder(), CALIBRATION.nearness, index_path=tmp_path / "index")
        asyncio.run(Catalog(finder, max_line=10_000).create(content("cash", rumor=SPANISH), actor="t"))
        finder.close()
    runtime = Runtime.open(settings, encoder=HashingEncoder(), multilingual=HashingEncoder(64), stance=WordStance())
    assert runtime.world is not None
    assert [one.id for one in asyncio.run(runtime.world.find([SPANISH]))[0]] == ["cash"]
    assert asyncio.run(runtime.checker.check(Claim(claim=SPANISH))).matches[0].rebuttal.id == "cash"
    runtime.close()
    assert (tmp_path / "store.db.world.index").exists()


def test_the_setting_chooses_the_encoder() -> None:
    assert load_multilingual(Settings(multilingual="off")) is None
    assert (load_multilingual(Settings()) is not None) == multilingual_installed()


def test_the_multilingual_calibration_ships() -> None:
    fitted = load_foreign()
    assert fitted.encoder == "multilingual-e5-small-q4"
    assert fitted.nearness(0.9, 5.0, 1000) > fitted.related > fitted.nearness(0.0, 0.0, 1000)


@pytest.mark.parametrize(
    ("text", "language", "home"),
    [
        ("The ministry said that the report was wrong", None, True),
        ("Trump resigns", None, True),
        ("Pakistán entregó muestras de tierras raras al presidente de EE. UU.", None, False),
        ("巴基斯坦向美国总统赠送了稀土样品", None, False),
        ("Presiden menyerahkan sampel logam kepada pemerintah", None, False),
        ("The Hague", "nl", False),
        ("巴基斯坦", "en-US", True),
    ],
)
def test_which_claims_stay_at_home(text: str, language: str | None, *, home: bool) -> None:
    assert at_home(text, language) is home
