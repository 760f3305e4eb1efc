"""From an answer to a state, where a real site would take too long to say it."""

from __future__ import annotations

import datetime as dt

import pytest

from service.citations import judging
from service.citations.text import reader
from service.domain import Citation
from service.outbound import Fetched
from service.store.links import Link

NOW = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
URL = "https://www.example.org/news/1/"


def answered(status: int = 200, url: str = URL, *hops: tuple[int, str], **headers: str) -> Fetched:
    return Fetched(url, status, headers, b"", hops)


@pytest.mark.parametrize(
    ("given", "seconds"),
    [
        ("120", 120),
        ("0", 0),
        ("Sun, 01 Mar 2026 12:05:00 GMT", 300),
        ("Sun, 01 Mar 2026 11:00:00 GMT", 0),
        ("99999999999999999999", None),
        ("999999", 86_400),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 86_400),
        ("soon", None),
        ("-5", None),
        ("", None),
    ],
)
def test_retry_after_is_read_and_bounded(given: str, seconds: int | None) -> None:
    found = judging.retry_at(answered(503, **{"retry-after": given}), NOW)
    assert found == (None if seconds is None else NOW + dt.timedelta(seconds=seconds))


@pytest.mark.parametrize(
    ("first", "to", "state"),
    [
        (301, "https://www.example.org/news/2", "moved"),
        (308, "https://example.net/news/1/", "moved"),
        (301, "https://example.org/news/1", "fine"),
        (302, "https://www.example.org/news/2", "fine"),
        (301, "https://www.example.org/", "moved"),
    ],
)
def test_moved_is_for_good_and_to_another_page(first: int, to: str, state: str) -> None:
    link = judging.after_answer(Link(url=URL), answered(200, to, (first, to)), None, NOW)
    assert (link.state, link.final_url) == (state, to)


def test_a_hash_of_another_reader_is_replaced_and_not_compared() -> None:
    kept = Link(url=URL, state="fine", content_sha256="b", kept_sha256="a", kept_by="trafilatura 0.1")
    page = judging.PageText("b", "c", "x" * 500)
    assert judging.state_of(Citation(url=URL, publisher="P"), kept, page) == ("fine", None)
    renewed = judging.keeping(kept)
    assert (renewed.kept_sha256, renewed.kept_by) == ("b", reader())
    later = judging.PageText("d", "c", "x" * 500)
    assert judging.state_of(Citation(url=URL, publisher="P"), renewed, later) == ("changed", "text-changed")


def test_a_kept_hash_is_not_replaced_while_it_can_be_compared() -> None:
    kept = Link(url=URL, state="fine", content_sha256="b", kept_sha256="a", kept_by=reader())
    assert judging.keeping(kept) == kept
