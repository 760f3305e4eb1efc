"""The finder on front pages with decoys that look like headlines: all right, or no worse than is said here."""

from __future__ import annotations

from typing import NamedTuple

import pytest
from playwright.sync_api import Browser
from support.finder import EXPECTED, SECOND, bundle, find, opened

pytestmark = pytest.mark.browser


class Floor(NamedTuple):
    """The most that may be missing of a page's headlines, and the most that may be told besides."""

    missing: int
    extra: int


# What is left needs to know what words mean: "Order replacement number plates" has the form of a headline.
_FLOORS = {
    "amp_article": Floor(1, 2),
    "cwiz_aggregator": Floor(0, 1),
    "drupal_ministry": Floor(0, 4),
    "friends_feed": Floor(0, 1),
    "german_tabloid": Floor(0, 2),
    "indian_daily": Floor(0, 3),
    "live_blog": Floor(0, 1),
    "timeline": Floor(0, 1),
    "us_daily": Floor(1, 2),
}
_PAGES = sorted(path.stem for path in SECOND.glob("*.html"))
_LEAST_PRECISION = 0.90
_LEAST_RECALL = 0.98


class Count(NamedTuple):
    """Headlines of a page: those it has, those told, those told right; and what is no headline."""

    expected: int
    told: int
    right: int
    decoys: int


@pytest.fixture(scope="module")
def counts(browser: Browser) -> dict[str, Count]:
    finder = bundle()
    return {name: _count(browser, finder, name) for name in _PAGES}


def _count(browser: Browser, finder: str, name: str) -> Count:
    with opened(browser, (SECOND / f"{name}.html").read_text("utf-8")) as page:
        find(page, finder)
        told = page.evaluate(EXPECTED)
        assert told["twice"] == 0, name
        right = told["expected"] - len(told["missing"]) - len(told["wrong"])
        return Count(told["expected"], right + len(told["extra"]) + len(told["wrong"]), right, told["decoys"])


@pytest.mark.parametrize("name", _PAGES)
def test_page(counts: dict[str, Count], name: str) -> None:
    expected, told, right, decoys = counts[name]
    floor = _FLOORS.get(name, Floor(0, 0))
    assert expected - right <= floor.missing
    assert told - right <= floor.extra
    assert 8 <= expected <= decoys


def test_all_pages(counts: dict[str, Count]) -> None:
    right = sum(one.right for one in counts.values())
    assert right >= _LEAST_PRECISION * sum(one.told for one in counts.values())
    assert right >= _LEAST_RECALL * sum(one.expected for one in counts.values())
