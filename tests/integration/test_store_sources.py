"""What drafts were taken from: kept once, whole or not at all, and readable by other processes."""

from __future__ import annotations

import pytest
from msgspec import structs
from support.engines import Engine
from support.records import GEM_ORE
from support.stores import put

from service.errors import AlreadyExistsError, NotFoundError
from service.store.sources import Conflict, DraftSourceContent, Place, Reading, Source

ARTICLE = Source(text="Nordbank denied it. 否认 \u200d", address="https://news.example/a", title="A denial")
CONTENT = DraftSourceContent(
    rebuttal_id="one",
    sources=(ARTICLE, Source(text="Another report.", language="es")),
    offsets={"quote": (Place(0, 9, 15),), "speaker.name": (Place(1, 0, 7),)},
    conflicts=(Conflict(field="stated_on", detail="Two days.", readings=(Reading(source=1, words="on Monday"),)),),
    notes=("The day rests on one part of the sources.",),
)


def test_what_was_kept_comes_back_after_the_store_was_closed(engine: Engine) -> None:
    with engine.open() as store:
        store.sources.keep([CONTENT, structs.replace(CONTENT, rebuttal_id="two", sources=(ARTICLE,))], actor="key:desk")
    with engine.open() as store:
        found = store.sources.of("one")
        assert {name: getattr(found, name) for name in DraftSourceContent.__struct_fields__} == structs.asdict(CONTENT)
        assert found.actor == "key:desk"
        assert store.sources.of("two").sources == (ARTICLE,)


def test_an_article_is_kept_once_for_all_its_drafts(engine: Engine) -> None:
    with engine.open() as store:
        long = Source(text="x" * 100_000)
        kept = [DraftSourceContent(rebuttal_id=f"r{number}", sources=(long,)) for number in range(20)]
        store.sources.keep(kept, actor="cli")
    with engine.shell() as shell:
        assert shell.execute("SELECT count(*) FROM article").fetchone() == (1,)
        assert shell.execute("SELECT count(*) FROM draft_article").fetchone() == (20,)


def test_a_record_that_is_there_keeps_its_source_and_nothing_is_written(engine: Engine) -> None:
    with engine.open() as store:
        store.write(put(GEM_ORE), actor="cli")
        taken = structs.replace(CONTENT, rebuttal_id=str(GEM_ORE.id))
        with pytest.raises(AlreadyExistsError):
            store.sources.keep([CONTENT, taken], actor="cli")
        for name in ("one", str(GEM_ORE.id)):
            with pytest.raises(NotFoundError):
                store.sources.of(name)


def test_what_a_crash_left_without_a_record_is_replaced(engine: Engine) -> None:
    with engine.open() as store:
        store.sources.keep([CONTENT], actor="cli")
        newer = structs.replace(CONTENT, sources=(Source(text="Read again."),), offsets={})
        store.sources.keep([newer], actor="cli")
        assert store.sources.of("one").sources == newer.sources
        assert store.sources.of("one").offsets == {}
