"""What a page says, and whether a quote is in it."""

from __future__ import annotations

import gzip
import hashlib
import time

import pytest

from service.citations.text import PageText, letters, read_page

STORY = "The samples are gem ores, not rare earths, the spokesperson said on Monday. " * 4


def page(text: str = STORY, head: str = "") -> bytes:
    return f"<html><head>{head}</head><body><article><p>{text}</p></article></body></html>".encode()


def read(body: bytes, kind: str = "text/html; charset=utf-8") -> PageText:
    return read_page(body, kind)


@pytest.mark.parametrize(
    ("said", "quote"),
    [
        ("“The samples are gem ores, not rare earths”", '"The samples are gem ores, not rare earths."'),
        ("The samples<br>are <b>gem</b>\n ores", "the samples are gem ores"),
        ("The samples that were shown there are gem ores", "The samples … are gem ores"),
        ("The samples that were shown there are gem ores", "The samples [...] are gem ores"),
        ("The samples that were shown there are gem ores", "The [Pakistani] samples that ... are gem ores"),
        ("样品是<b>宝石</b>矿石，不是稀土。", "样品是宝石矿石,不是稀土"),
        ("It isn’t so: caf\u00e9", "It isn't so: cafe\u0301"),
        ("soft\u00adhyphen", "softhyphen"),
    ],
)
def test_typography_does_not_hide_a_quote(said: str, quote: str) -> None:
    assert read(page(said)).says(quote)


@pytest.mark.parametrize(
    "quote", ["The samples are rare earths", "are gem ores … The samples", "gem ores … gem ores … gem ores"]
)
def test_other_words_and_another_order_are_no_quote(quote: str) -> None:
    assert not read(page("The samples are gem ores.")).says(quote)


def test_a_quote_outside_the_article_counts() -> None:
    body = page().replace(b"</article>", b"</article><aside>Correction: it was not so.</aside>")
    assert read(body).says("Correction: it was not so")


def test_scripts_and_hidden_parts_say_nothing() -> None:
    body = page().replace(b"<article>", b"<script>var a='whispered'</script><noscript>whispered</noscript><article>")
    assert not read(body).says("whispered")


def test_the_hash_is_of_the_letters_of_the_article() -> None:
    plain = read(page()).sha256
    assert read(page(STORY.upper().replace(" ", "\n"), head="<title>8 March</title>")).sha256 == plain
    assert read(page(STORY.replace("not", "and"))).sha256 != plain


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (page("Ложь — не правда").decode().encode("cp1251"), "text/html; charset=windows-1251"),
        (page("Ложь — не правда", '<meta charset="windows-1251">').decode().encode("cp1251"), "text/html"),
        (page("Ложь — не правда"), "text/html; charset=nonsense"),
        (page("Ложь — не правда"), ""),
        ("Ложь — не правда".encode(), "text/plain; charset=utf-8"),
        ("<p>Ложь — не правда</p>".encode(), "text/html"),
    ],
)
def test_every_way_to_name_an_encoding_is_read(body: bytes, kind: str) -> None:
    assert read(body, kind).says("ложь не правда")


@pytest.mark.parametrize("kind", ["application/pdf", "image/png", "application/octet-stream", ""])
def test_what_is_no_text_has_the_hash_of_its_bytes(kind: str) -> None:
    body = b"%PDF-1.7\x00\xff"
    assert read(body, kind) == PageText(hashlib.sha256(body).hexdigest(), hashlib.sha256(body).hexdigest(), None)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<",
        b"\xff\xfe\x00",
        gzip.compress(bytes(50_000_000)),
        b"<html><body>" + b"<div>" * 500_000,
        b"<html><body><article><p>" + b"<b>x</b>" * 300_000,
        b"<html><body><table>" + b"<tr><td>x" * 300_000,
        b"<html><body><!--" * 100_000,
        b"<html><body><p>" + b"<" * 2_000_000,
    ],
    ids=["empty", "sign", "bom", "gzip", "deep", "inline", "rows", "comments", "signs"],
)
def test_no_page_takes_long(body: bytes) -> None:
    began = time.process_time()
    read(body)
    assert time.process_time() - began < 10


def test_letters_are_what_is_left() -> None:
    assert letters("  “A_b-c”\n１２ Ⅳ ") == "abc12iv"


@pytest.mark.parametrize("charset", ["punycode", "idna", "PUNYCODE"])
def test_a_charset_that_no_page_is_in_takes_no_long_time(charset: str) -> None:
    # Codecs of host names: Python reads them in a time that grows with the square of the text.
    body = page() + b"-" + b"a" * 200_000
    started = time.process_time()
    assert read(body, f"text/html; charset={charset}").says("gem ores")
    assert read_page(body, f"text/plain; charset={charset}").says("gem ores")
    assert time.process_time() - started < 2
