"""Cited pages that die, move, change and hang: a real site, a real store."""

from __future__ import annotations

import asyncio
import datetime as dt
import hashlib
import itertools
import time
from collections.abc import Iterator
from typing import Any

import pytest
from support.engines import Engine
from support.records import content
from support.web import Asking, Send, Site, page, redirect, site

from service.citations.text import PageText, read_page
from service.citations.verifying import Report, Verifier
from service.domain import Citation, LinkState
from service.errors import StoreFullError
from service.outbound import Outbound
from service.store import Store, Write
from service.store.links import Link, Why

NOW = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
QUOTE = "The samples are gem ores, not rare earths"
STORY = (
    "Lin Jian told a regular briefing on Monday that the reports are either misinformed or made up. "
    f"“{QUOTE},” he said, and added that the two governments have stayed in contact about their cooperation in mining. "
    "The measures on exports that were announced last week have nothing to do with any third country, he said."
)


def article(text: str = STORY, chrome: str = "") -> bytes:
    paragraphs = "".join(f"<p>{part}</p>" for part in text.split("\n"))
    return (
        f"<html><head><title>t</title></head><body><header><nav><a href='/'>Home</a> {chrome}</nav></header>"
        f"<article><h1>Ministry on the samples</h1>{paragraphs}</article>"
        f"<footer>{chrome} Subscribe</footer></body></html>"
    ).encode()


@pytest.fixture
def web() -> Iterator[Site]:
    with site() as served:
        served.pages["/story"] = page(200, article())
        yield served


@pytest.fixture
def store(engine: Engine) -> Iterator[Store]:
    with engine.open() as opened:
        yield opened


def cite(store: Store, name: str, *citations: Citation, **more: Any) -> None:  # noqa: ANN401 - a record's own fields
    record = content(name, citations=citations, **more)
    store.write([Write(content=record, action="create")], actor="test")


def cited(url: str, **more: Any) -> Citation:  # noqa: ANN401 - a citation's own fields
    return Citation(url=url, publisher="The Paper", **more)


def verify(store: Store, at: dt.datetime = NOW, **bounds: Any) -> Report:  # noqa: ANN401 - those of `run`
    verifier = Verifier(store, Outbound(private=True), pause=0, clock=lambda: at)
    return asyncio.run(verifier.run(**{"limit": 100, **bounds}))


def state(store: Store, name: str = "a", place: int = 0) -> tuple[LinkState, Why | None]:
    found = store.links.of(name)[place]
    return found.state, found.why


def link(store: Store, name: str = "a") -> Link:
    return store.links.of(name)[0].link


def test_a_page_that_still_says_it_is_fine(store: Store, web: Site) -> None:
    cite(
        store,
        "a",
        cited(web.url("/story"), quote=QUOTE.upper() + "!"),
        cited(web.url("/story"), quote="stayed … mining"),
    )
    report = verify(store)
    assert (report.addresses, report.states) == (1, {"fine": 2})
    assert [one.state for one in store.links.of("a")] == ["fine", "fine"]
    assert (link(store).status, link(store).checked_at) == (200, NOW)
    assert web.paths() == ["/robots.txt", "/story"]


def test_what_surrounds_the_article_does_not_change_it(store: Store, web: Site) -> None:
    cite(store, "a", cited(web.url("/story"), quote=QUOTE))
    web.pages["/story"] = page(200, article(chrome="Sunday, 1 March 2026. Buy shoes! 3 comments"))
    verify(store, keep_hashes=True)
    web.pages["/story"] = page(200, article(chrome="Monday, 9 March 2026. Buy hats! 14 comments"))
    verify(store, NOW + dt.timedelta(days=8))
    assert state(store) == ("fine", None)
    web.pages["/story"] = page(200, article(STORY.replace("nothing", "everything")))
    verify(store, NOW + dt.timedelta(days=16))
    assert state(store) == ("changed", "text-changed")


def test_a_quote_that_is_gone_is_told(store: Store, web: Site) -> None:
    cite(store, "a", cited(web.url("/story"), quote=QUOTE), cited(web.url("/story")))
    web.pages["/story"] = page(200, article(STORY.replace("gem ores", "rare earths")))
    assert verify(store).states == {"changed": 1, "fine": 1}
    assert state(store, place=0) == ("changed", "quote-gone")
    assert state(store, place=1) == ("fine", None)


def test_a_hash_kept_in_the_record_is_compared(store: Store, web: Site) -> None:
    pdf = b"%PDF-1.7 \x00\xff not a text"
    web.pages["/a.pdf"] = page(200, pdf, kind="application/pdf")
    right, wrong = hashlib.sha256(pdf).hexdigest(), hashlib.sha256(b"other").hexdigest()
    cite(store, "a", cited(web.url("/a.pdf"), content_sha256=right, quote="cannot be looked for in a PDF"))
    cite(store, "b", cited(web.url("/a.pdf"), content_sha256=wrong))
    verify(store)
    assert state(store, "a") == ("fine", None)
    assert state(store, "b") == ("changed", "text-changed")
    assert link(store).content_sha256 == right


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        (page(404, b"gone"), ("dead", "not-there")),
        (page(410, b"gone"), ("dead", "not-there")),
        (page(403, b"no robots here"), ("blocked", "refused")),
        (page(451, b"not in your country"), ("blocked", "refused")),
        (page(500, b"oops"), ("unreachable", "server-error")),
        (redirect("/new", 301), ("moved", "moved-for-good")),
        (redirect("/new", 302), ("fine", None)),
        (redirect("/odd/", 301), ("fine", None)),
        (redirect("http://169.254.169.254/", 301), ("blocked", "address-closed")),
        (redirect("/odd", 302), ("unreachable", "redirects")),
        (page(200, b"<html><body><script>render()</script></body></html>"), ("blocked", "no-text")),
        (b"not http at all\r\n\r\n", ("unreachable", "no-answer")),
    ],
)
def test_each_end_of_a_page_has_its_name(
    store: Store, web: Site, answer: bytes, found: tuple[LinkState, Why | None]
) -> None:
    web.pages |= {"/odd": answer, "/odd/": page(200, article()), "/new": page(200, article())}
    cite(store, "a", cited(web.url("/odd"), quote=QUOTE))
    verify(store)
    assert state(store) == found


def test_a_page_that_moved_says_where(store: Store, web: Site) -> None:
    web.pages |= {"/old": redirect("/new?id=1", 308), "/new?id=1": page(200, article())}
    cite(store, "a", cited(web.url("/old"), quote=QUOTE))
    verify(store)
    assert (link(store).state, link(store).final_url) == ("moved", web.url("/new?id=1"))


def test_one_failure_is_no_death_and_three_over_two_days_are(store: Store) -> None:
    with site() as web:
        url = web.url("/story")
    cite(store, "a", cited(url))
    for days, expected in ((0, "unreachable"), (0.1, "unreachable"), (1, "unreachable"), (3, "dead")):
        verify(store, NOW + dt.timedelta(days=days), older_than=dt.timedelta(0))
        assert state(store)[0] == expected
    assert link(store).why == "host-gone"


def test_an_answer_ends_the_count_of_failures(store: Store, web: Site) -> None:
    cite(store, "a", cited(web.url("/story")))
    for days, answer in ((0, b""), (1, b""), (2, page(200, article())), (5, b"")):
        web.pages["/story"] = answer
        verify(store, NOW + dt.timedelta(days=days), older_than=dt.timedelta(0))
    assert state(store) == ("unreachable", "no-answer")


def test_a_page_that_hangs_does_not_hold_the_run(store: Store, web: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    def hang(_: Asking, _send: Send) -> None:
        time.sleep(3)

    monkeypatch.setattr("service.citations.verifying._PAGE_S", 0.3)
    web.pages["/hang"] = hang
    cite(store, "a", cited(web.url("/hang")), cited(web.url("/story")))
    began = time.monotonic()
    assert verify(store).states == {"unreachable": 1, "fine": 1}
    assert time.monotonic() - began < 3
    assert state(store) == ("unreachable", "too-slow")


def test_a_run_has_an_end_and_the_next_goes_on(store: Store, web: Site) -> None:
    def slow(_: Asking, send: Send) -> None:
        time.sleep(0.3)
        send(page(200, article()))

    web.pages |= {f"/{n}": slow for n in range(6)}
    cite(store, "a", *(cited(web.url(f"/{n}")) for n in range(6)))
    first = verify(store, seconds=0.8)
    assert 0 < first.addresses < 6
    assert first.postponed == 6 - first.addresses
    second = verify(store)
    assert second.addresses == first.postponed
    asked = [path for path in web.paths() if path != "/robots.txt"]
    assert len(set(asked)) == 6
    assert verify(store).addresses == 0


def test_the_limit_and_the_age_are_kept(store: Store, web: Site) -> None:
    web.pages |= {f"/{n}": page(200, article()) for n in range(3)}
    cite(store, "a", *(cited(web.url(f"/{n}")) for n in range(3)))
    assert verify(store, limit=2).addresses == 2
    assert verify(store).addresses == 1
    assert verify(store, NOW + dt.timedelta(days=6)).addresses == 0
    assert verify(store, NOW + dt.timedelta(days=6), older_than=dt.timedelta(days=5)).addresses == 3


def test_robots_txt_is_honoured(store: Store, web: Site) -> None:
    rules = b"User-agent: *\nDisallow: /\n\nUser-agent: Rejoinder\nDisallow: /private\n"
    web.pages |= {"/robots.txt": page(200, rules, kind="text/plain"), "/private/a": page(200, article())}
    cite(store, "a", cited(web.url("/private/a")), cited(web.url("/story")))
    verify(store)
    assert state(store, place=0) == ("blocked", "robots")
    assert state(store, place=1) == ("fine", None)
    assert web.paths() == ["/robots.txt", "/story"]


def test_rules_that_lead_in_circles_forbid_nothing(store: Store, web: Site) -> None:
    web.pages["/robots.txt"] = redirect("/robots.txt")
    cite(store, "a", cited(web.url("/story")))
    verify(store)
    assert state(store) == ("fine", None)


def test_a_pause_that_a_site_asks_for_is_kept(store: Store, web: Site) -> None:
    web.pages["/robots.txt"] = page(200, b"User-agent: *\nCrawl-delay: 1\n", kind="text/plain")
    cite(store, "a", cited(web.url("/story")))
    began = time.monotonic()
    verify(store)
    assert time.monotonic() - began >= 1


def test_a_page_that_takes_too_long_to_read_is_left(store: Store, web: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    def slowly(body: bytes, kind: str) -> PageText:
        time.sleep(0.5)
        return read_page(body, kind)

    monkeypatch.setattr("service.citations.verifying._READ_S", 0.1)
    monkeypatch.setattr("service.citations.verifying.read_page", slowly)
    cite(store, "a", cited(web.url("/story")))
    verify(store)
    assert state(store) == ("unreachable", "too-slow")


def test_a_store_that_cannot_keep_a_result_ends_the_run(
    store: Store, web: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise StoreFullError("The disk is full.")

    monkeypatch.setattr(store.links, "save", full)
    cite(store, "a", cited(web.url("/story")))
    with pytest.raises(StoreFullError):
        verify(store)


def test_a_site_that_cannot_tell_its_rules_is_left_alone(store: Store, web: Site) -> None:
    web.pages["/robots.txt"] = page(503, b"")
    cite(store, "a", cited(web.url("/story")))
    verify(store)
    assert state(store)[0] == "unreachable"
    assert web.paths() == ["/robots.txt"]


def test_a_host_is_asked_one_page_at_a_time_with_a_pause(store: Store, web: Site) -> None:
    moments: list[tuple[float, float]] = []

    def noting(_: Asking, send: Send) -> None:
        began = time.monotonic()
        time.sleep(0.05)
        moments.append((began, time.monotonic()))
        send(page(200, article()))

    web.pages |= {f"/{n}": noting for n in range(3)}
    cite(store, "a", *(cited(web.url(f"/{n}")) for n in range(3)))
    verifier = Verifier(store, Outbound(private=True), pause=0.2, clock=lambda: NOW)
    asyncio.run(verifier.run(limit=10))
    gaps = [after[0] - before[1] for before, after in itertools.pairwise(moments)]
    assert len(gaps) == 2
    assert min(gaps) > 0.15


def test_a_host_that_asks_for_a_moment_gets_it(store: Store, web: Site) -> None:
    def busy(asking: Asking, send: Send) -> None:
        again = web.paths().count(asking.path) > 1
        send(page(200, article()) if again else page(429, b"", "Retry-After: 0"))

    web.pages["/busy"] = busy
    cite(store, "a", cited(web.url("/busy"), quote=QUOTE))
    verify(store)
    assert state(store) == ("fine", None)


def test_a_host_that_asks_for_an_hour_is_left_alone_for_it(store: Store, web: Site) -> None:
    web.pages |= {f"/{n}": page(503, b"", "Retry-After: 3600") for n in range(3)}
    cite(store, "a", *(cited(web.url(f"/{n}")) for n in range(3)))
    report = verify(store)
    assert (report.addresses, report.postponed) == (1, 2)
    assert verify(store, NOW + dt.timedelta(minutes=59), older_than=dt.timedelta(0)).addresses == 0
    web.pages |= {f"/{n}": page(200, article()) for n in range(3)}
    assert verify(store, NOW + dt.timedelta(minutes=61), older_than=dt.timedelta(0)).addresses == 3


def test_a_page_that_has_not_changed_is_not_sent_again(store: Store, web: Site) -> None:
    def tagged(asking: Asking, send: Send) -> None:
        same = asking.headers.get("if-none-match") == '"v1"'
        send(page(304, b"", 'ETag: "v1"') if same else page(200, article(), 'ETag: "v1"'))

    web.pages["/tagged"] = tagged
    cite(store, "a", cited(web.url("/tagged"), quote="not there at all"))
    verify(store)
    verify(store, NOW + dt.timedelta(days=8))
    assert web.asked[-1].headers["if-none-match"] == '"v1"'
    assert state(store) == ("changed", "quote-gone")
    assert link(store).checked_at == NOW + dt.timedelta(days=8)
    cite(store, "b", cited(web.url("/tagged"), quote=QUOTE))
    verify(store, NOW + dt.timedelta(days=9))
    assert "if-none-match" not in web.asked[-1].headers
    assert state(store, "b") == ("fine", None)


def test_an_edited_citation_is_unchecked_and_the_others_keep_their_state(store: Store, web: Site) -> None:
    kept, other = cited(web.url("/story"), quote=QUOTE), cited(web.url("/other"))
    cite(store, "a", kept, other)
    verify(store)
    edited = content("a", citations=(cited(web.url("/story"), quote="another"), kept))
    store.write([Write(content=edited, action="update")], actor="test")
    assert [one.state for one in store.links.of("a")] == ["unchecked", "fine"]
    assert verify(store).states == {"changed": 1, "fine": 1}


def test_records_that_answer_nothing_are_asked_only_by_name(store: Store, web: Site) -> None:
    cite(store, "a", cited(web.url("/story")), status="draft")
    assert verify(store).addresses == 0
    assert verify(store, record="a").addresses == 1
    assert verify(store, record="nobody").addresses == 0


def test_the_list_can_be_walked_by_state(store: Store, web: Site) -> None:
    for n in range(5):
        cite(store, f"r{n}", cited(web.url("/story")), cited(web.url(f"/gone/{n}")))
    verify(store)
    assert store.links.counts() == {"fine": 5, "dead": 5}
    seen, cursor = [], None
    while True:
        found = store.links.page("dead", cursor=cursor, limit=2)
        seen += [(one.rebuttal_id, one.place) for one in found.items]
        cursor = found.next_cursor
        if cursor is None:
            break
    assert seen == [(f"r{n}", 1) for n in range(5)]
    assert len(store.links.page(None, cursor=None, limit=100).items) == 10


def test_a_store_that_was_filled_before_is_taken_in(engine: Engine) -> None:
    with engine.open() as store:
        store.write(
            [
                Write(content=content(f"r{n}", citations=(cited("https://example.org/"),)), action="create")
                for n in range(1_200)
            ],
            actor="test",
        )
        assert store.links.counts() == {"unchecked": 1_200}
