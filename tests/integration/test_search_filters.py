"""A search with filters finds the nearest of what they let through, however little that is and however far away."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Iterator

import pytest
from support.api import open_runtime
from support.records import content

from service import check
from service.domain import Authority, Filters
from service.runtime import Runtime
from service.settings import Settings

NEAR = 600
QUERY = "The dam in the valley has cracked"


@pytest.fixture(scope="module")
def runtime(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runtime]:
    """Hundreds of records that say what is asked; a few that do not, each with something of its own."""
    opened = open_runtime(Settings(db=tmp_path_factory.mktemp("filters") / "store.db", starter=False))
    alike = [content(f"near-{number}", rumor=f"{QUERY} {number}", variants=()) for number in range(NEAR)]
    others = [
        content("swiss", rumor="A tram went off its rails", variants=(), language="de-CH"),
        content("old", rumor="Apples grow on pines", variants=(), stated_on=dt.date(1999, 1, 1)),
        content("nasa", rumor="The moon is hollow", variants=(), authority=Authority(name="NASA", country="US")),
        content("draft", rumor="Nobody knows", variants=(), language="de", status="draft"),
    ]
    asyncio.run(opened.catalog.write_chunk([*alike, *others], "t"))
    yield opened
    opened.close(save=False)


def found(runtime: Runtime, limit: int, **filters: object) -> list[str]:
    hits = asyncio.run(runtime.checker.search(QUERY, limit=limit, filters=Filters(**filters)))  # type: ignore[arg-type]
    return [hit.rebuttal.id for hit in hits]


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"language": "de"}, ["swiss"]),
        ({"language": "de-AT"}, ["swiss"]),
        ({"authority": "NASA"}, ["nasa"]),
        ({"country": "US"}, ["nasa"]),
        ({"stated_to": dt.date(2000, 1, 1)}, ["old"]),
        ({"language": "fr"}, []),
    ],
)
def test_the_only_record_that_passes_is_found(
    runtime: Runtime, filters: dict[str, object], expected: list[str]
) -> None:
    assert found(runtime, 5, **filters) == expected


def test_a_filter_that_nearly_everything_passes_gives_as_many_as_asked_for(runtime: Runtime) -> None:
    ids = found(runtime, 100, language="en")
    assert len(set(ids)) == 100
    assert sum(name.startswith("near-") for name in ids) >= 98


def test_what_the_store_cannot_name_is_searched_deeper(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check, "_NAMED", 0)
    assert found(runtime, 5, authority="NASA") == ["nasa"]


def test_a_search_is_not_widened_by_records_out_of_use(runtime: Runtime) -> None:
    assert "draft" not in found(runtime, NEAR + 10, topic="rare earths")


def test_the_index_is_told_which_records_pass(runtime: Runtime) -> None:
    (candidates,) = asyncio.run(runtime.finder.find([QUERY], 3, frozenset({"swiss", "old", "nobody"})))
    assert {candidate.id for candidate in candidates} == {"swiss", "old"}


def test_the_store_names_what_passes(runtime: Runtime) -> None:
    assert sorted(runtime.store.ids(Filters(language="de"), 10)) == ["draft", "swiss"]
    assert len(runtime.store.ids(Filters(), 10)) == 10
