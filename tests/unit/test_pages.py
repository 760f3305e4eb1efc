"""Reviews in HTML pages: three kinds of markup, and pages that are broken or hostile."""

from __future__ import annotations

import asyncio
import json
import time

import pytest
from support.reviews import REVIEW, read, review

from service.ingest.formats import Source
from service.ingest.ndjson import ParsedLine
from service.ingest.pages import MOST_BYTES, markup

ADDRESS = "https://check.example/page"
MICRODATA = """<div itemscope itemtype="http://schema.org/ClaimReview">
<span itemprop="claimReviewed">The moon is made of cheese</span><a itemprop="url" href="/moon">x</a>
<div itemprop="author" itemscope itemtype="http://schema.org/Organization"><span itemprop="name">Org</span></div>
<p itemprop="reviewRating" itemscope itemtype="http://schema.org/Rating"><b itemprop="alternateName">Fake</b></p>
</div>"""
RDFA = """<div vocab="http://schema.org/" typeof="ClaimReview">
<span property="claimReviewed">The moon is made of cheese</span><a property="url" href="https://check.example/moon">x</a>
<div property="author" typeof="Organization"><span property="name">Org</span></div>
<div property="reviewRating" typeof="Rating"><b property="alternateName">虚假</b></div></div>"""


def script(text: str, kind: str = "application/ld+json") -> str:
    return f'<script type="{kind}">{text}</script>'


def page(*parts: str) -> bytes:
    return f"<!doctype html><html><head><title>x</title></head><body>{''.join(parts)}</body></html>".encode()


def lines(data: bytes, **more: str) -> list[ParsedLine]:
    return asyncio.run(read(data, Source(form="html", name=ADDRESS, **more)))  # type: ignore[arg-type]


@pytest.mark.parametrize("part", [script(json.dumps(REVIEW)), MICRODATA, RDFA])
def test_each_kind_of_markup_is_read(part: str) -> None:
    (line,) = lines(page(part))
    assert line.content, line.rejected
    assert line.content.rumor == REVIEW["claimReviewed"]
    assert line.content.citations[0].url == "https://check.example/moon"
    assert line.origin


def test_what_a_page_says_twice_is_read_once() -> None:
    assert len(lines(page(script(json.dumps(REVIEW)), MICRODATA, RDFA))) == 1


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(REVIEW) + ";",
        f"<!--\n{json.dumps(REVIEW)}\n-->",
        f"//<![CDATA[\n{json.dumps(REVIEW)}\n//]]>",
        json.dumps(REVIEW)[:-1] + ",}",
        json.dumps(REVIEW).replace("made of", "made\n of"),
        "/* by hand */" + json.dumps(REVIEW),
        json.dumps([{"@graph": [REVIEW]}]),
    ],
)
def test_json_that_is_nearly_json_is_read(text: str) -> None:
    (line,) = lines(page(script(text, "Application/LD+JSON; charset=utf-8")))
    assert line.content
    assert line.content.rumor == REVIEW["claimReviewed"]


def test_a_broken_script_is_named_and_the_others_are_read() -> None:
    found = lines(page(script("{ClaimReview"), script(json.dumps(REVIEW)), script("")))
    assert [bool(line.content) for line in found] == [False, True, False]
    assert "Script 1" in (found[0].rejected.error if found[0].rejected else "")


def test_several_reviews_are_several_records() -> None:
    found = lines(page(script(json.dumps([REVIEW, review(claimReviewed="B"), review(url="/x", claimReviewed="C")]))))
    assert [line.content.rumor for line in found if line.content] == [REVIEW["claimReviewed"], "B", "C"]
    assert [line.number for line in found] == [1, 2, 3]


@pytest.mark.parametrize("data", [b"", page("ClaimReview, but only as a word"), b"\x00\xff\xfe<<<", page(script("{}"))])
def test_a_page_without_a_review_says_so(data: bytes) -> None:
    (line,) = lines(data)
    assert "no ClaimReview" in (line.rejected.error if line.rejected else "")


def test_the_character_set_is_the_one_that_was_sent() -> None:
    data = page(script(json.dumps(review(claimReviewed="Köln café"), ensure_ascii=False))).decode().encode("latin-1")
    (line,) = lines(data, content_type="text/html; charset=iso-8859-1")
    assert line.content
    assert line.content.rumor == "Köln café"


def test_a_page_that_is_too_large_is_refused() -> None:
    (line,) = lines(b"<p>" + b"x" * MOST_BYTES)
    assert "bytes" in (line.rejected.error if line.rejected else "")


def hostile() -> dict[str, bytes]:
    laughs = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10 if n else "ha"}">' for n in range(12))
    external = '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>'
    return {
        "a billion laughs": f"<!DOCTYPE x [{laughs}]><html>ClaimReview typeof &a11;{script('{}')}</html>".encode(),
        "an external entity": f"{external}<html>ClaimReview typeof &e;</html>".encode(),
        "deep tags": b"ClaimReview typeof" + b"<div>" * 50_000,
        "deep json": page(script("[" * 100_000 + "ClaimReview")),
        "deep microdata": page('<div itemscope itemprop="a" itemtype="ClaimReview">' * 3_000),
        "many scripts": page(script("{ClaimReview") * 3_000),
        "no end": b'<script type=\'application/ld+json\'>{"@type": "ClaimReview"' + b"<!--" * 10_000,
    }


@pytest.mark.parametrize("name", hostile())
def test_a_hostile_page_costs_little_and_gives_nothing_away(name: str) -> None:
    began = time.monotonic()
    found = markup(hostile()[name])
    assert time.monotonic() - began < 20
    assert "root:" not in str(found)
    assert "hahaha" not in str(found)
