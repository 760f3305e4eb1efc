"""The log held against watches by both finders: what is near, what is waited for, and in which pieces."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import pytest
from support.api import CALIBRATION, WordStance
from support.hashing import HashingEncoder
from support.records import GEM_ORE, content, stored
from support.stores import put

from service.calibration import Nearness
from service.catalog import Catalog
from service.domain import CheckResult, Claim, RebuttalContent
from service.finder import Finder
from service.normalise import sought
from service.polyglot import Foreign, PolyglotChecker, World
from service.store.sqlite import SqliteStore
from service.store.watches import Bounds, Kind, Watch, WatchContent, WatchEvent
from service.watches import evaluation
from service.watches.asking import Asking
from service.watches.evaluation import Evaluator
from service.watches.nearness import Asked, nearby
from service.watches.steps import name_of

FOREIGN = Foreign(encoder="hashing", nearness=Nearness(bias=-5.0, similarity=10.0, evidence=0.2, size=0.0), related=0.6)
SPANISH = "El Banco de España limita la retirada de efectivo en los cajeros"
HEADLINES = Path(__file__).resolve().parents[1] / "data" / "headlines.txt"


class Counting(PolyglotChecker):
    """Notes which claims it was asked to judge."""

    asked: list[str]

    async def check_many(self, claims: Sequence[Claim]) -> list[CheckResult]:
        self.asked += [claim.claim for claim in claims]
        return await super().check_many(claims)


class Bench(NamedTuple):
    """A store with two finders, and who works on its watches."""

    store: SqliteStore
    home: Finder
    world: Finder
    catalog: Catalog
    checker: Counting
    evaluator: Evaluator

    def ask(self, kind: Kind, text: str) -> Watch:
        asking = Asking(self.store, self.checker, bounds=Bounds(99, 99), private=False)
        kept = asyncio.run(asking.keep(WatchContent(owner="key:desk", kind=kind, text=text)))
        return kept.watch

    def publish(self, *contents: RebuttalContent) -> None:
        asyncio.run(self.catalog.write_chunk(contents, "ed"))

    def work(self) -> bool:
        return asyncio.run(self.evaluator.work("me"))

    def told(self, watch: Watch) -> list[WatchEvent]:
        return self.store.watches.feed(watch_id=watch.id, owner=None, cursor=None, limit=99).items


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    with SqliteStore.open(tmp_path / "store.db") as store:
        home = Finder(store, HashingEncoder(128), CALIBRATION.nearness, index_path=tmp_path / "home")
        world = Finder(store, HashingEncoder(64), FOREIGN.nearness, index_path=tmp_path / "world")
        catalog = Catalog(home, max_line=10_000, also=(world,))
        checker = Counting(home, WordStance(), CALIBRATION, world=World(world, FOREIGN), cache_size=16)
        checker.asked = []
        store.watches.take_lease("me", seconds=99)
        yield Bench(store, home, world, catalog, checker, Evaluator(store, checker, [home, world]))
        checker.close()
        home.close()
        world.close()


def plain(name: str, rumor: str, **more: object) -> RebuttalContent:
    return content(name, rumor=rumor, variants=(), statement="Nothing of the kind", quote=None, topics=(), **more)


def test_a_watch_in_another_language_is_held_against_the_other_encoder_s_vectors(bench: Bench) -> None:
    watch = bench.ask("query", "limita la retirada de efectivo en los cajeros de España")
    bench.publish(plain("cash", SPANISH, language="es"), plain("dam", "The dam in the north has cracked"))
    assert bench.work()
    (told,) = bench.told(watch)
    assert '"id":"cash"' in told.body
    ((_, watching),) = bench.store.watches.watching(0, 9)
    assert watching.model == bench.world.model


def test_records_that_an_encoder_has_not_read_yet_are_waited_for(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    watch = bench.ask("topic", "rare earths")
    alone = Catalog(bench.home, max_line=10_000)
    asyncio.run(alone.write_chunk([GEM_ORE], "ed"))
    assert not bench.work()
    assert bench.store.watches.backlog().behind
    asyncio.run(bench.catalog.encode_missing())
    assert bench.work()
    assert len(bench.told(watch)) == 1
    asyncio.run(alone.write_chunk([content("later")], "ed"))
    assert not bench.work()
    monkeypatch.setattr(evaluation, "_PATIENCE", evaluation.dt.timedelta())  # nobody brings them any more
    assert bench.work()
    assert len(bench.told(watch)) == 2


def test_only_claims_that_a_change_can_touch_are_judged_again(bench: Bench) -> None:
    near = bench.ask("claim", "Pakistan handed rare earth samples to the US president")
    for far in ("The dam in the north has cracked", "A comet strikes the moon tomorrow"):
        bench.ask("claim", far)
    bench.checker.asked.clear()
    bench.publish(GEM_ORE)
    assert bench.work()
    assert bench.checker.asked == [near.text]
    assert len(bench.told(near)) == 1
    bench.checker.asked.clear()
    bench.publish(plain("cash", SPANISH, language="es"))
    assert bench.work()
    assert bench.checker.asked == []


def test_watches_whose_vectors_another_model_has_made_get_new_ones(bench: Bench) -> None:
    watch = bench.ask("query", "Pakistan rare earth samples US president")
    ((_, made),) = bench.store.watches.watching(0, 9)
    assert made.vector is not None
    bench.store.watches.keep_vectors([(watch.id, "older@1", -made.vector)])
    bench.publish(GEM_ORE)
    assert bench.work()
    assert len(bench.told(watch)) == 1
    ((_, again),) = bench.store.watches.watching(0, 9)
    assert again.model == bench.home.model
    assert again.vector is not None
    assert (again.vector == made.vector).all()


def test_what_touches_too_many_is_done_in_smaller_pieces(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evaluation, "_MOST_NOTICES", 10)
    monkeypatch.setattr(evaluation, "_WATCHES", 2)  # and in several groups
    watches = [bench.ask("topic", "rare earths") for _ in range(5)]
    bench.publish(*(content(f"record-{number}") for number in range(9)))
    turns = 0
    while bench.store.watches.backlog().behind:
        assert bench.work()
        turns += 1
        assert turns < 30
    for watch in watches:
        assert [one.body.split('"id":"record-')[1][0] for one in bench.told(watch)] == list("012345678")


def test_what_concerns_nobody_is_passed_over_without_a_look_at_the_watches(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.ask("claim", "Pakistan handed rare earth samples to the US president")
    bench.store.write(put(content("draft", status="draft")), actor="ed")
    monkeypatch.setattr(type(bench.store.watches), "watching", lambda *_: pytest.fail("it looked"))
    assert bench.work()
    assert not bench.store.watches.backlog().behind


def test_nothing_near_is_missed_by_looking_only_at_what_may_be(bench: Bench) -> None:
    """The quick way finds exactly what scoring every text against every record does."""
    lines = [line for line in HEADLINES.read_text("utf-8").splitlines() if line.strip()][:40]
    records = [stored(plain(f"r{at}", line)) for at, line in enumerate(lines[:20])] + [stored(GEM_ORE)]
    texts = [*lines, GEM_ORE.rumor, "rare earth", "Pakistan handed gem ores to nobody"]
    bench.publish(*(plain(f"s{at}", line) for at, line in enumerate(lines)))
    bench.home.refresh()
    lens = bench.checker.lens("the and of with", "en")

    async def both() -> tuple[list[set[str]], list[set[str]]]:
        group = await nearby(bench.store, lens, records)
        vectors = await bench.home.encode([sought(text) for text in texts])
        asked = [Asked(text, vector) for text, vector in zip(texts, vectors, strict=True)]
        quick = group.near(asked, [0.3] * len(asked))
        every = [
            {one.id for one in bench.home.score(sought(text), vector, group.wordings) if one.nearness >= 0.3}
            for text, vector in asked
        ]
        return quick, every

    quick, every = asyncio.run(both())
    assert quick == every
    assert sum(map(len, every)) >= 20
    assert set().union(*every) <= {name_of(record) for record in records}
