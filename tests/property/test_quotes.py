"""Whatever a page says can be quoted from it, whatever its typography."""

from __future__ import annotations

import html

from hypothesis import given, settings
from hypothesis import strategies as st

from service.citations.text import PageText, letters, read_page

TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=200)


@settings(deadline=None)  # the first page loads the reader
@given(before=TEXTS, quote=TEXTS, after=TEXTS)
def test_a_part_of_a_text_is_found_in_it(before: str, quote: str, after: str) -> None:
    text = f"{before} {quote} {after}"
    assert PageText("", "", letters(text)).says(quote)


@settings(deadline=None)  # the first page loads the reader
@given(
    st.binary(max_size=2_000),
    st.sampled_from(["text/html", "text/plain", "application/pdf", "", "text/html; charset=x"]),
)
def test_no_bytes_are_too_strange_to_read(body: bytes, kind: str) -> None:
    assert len(read_page(body, kind).sha256) == 64


@settings(deadline=None)  # the first page loads the reader
@given(st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=100))
def test_what_a_page_shows_can_be_quoted(text: str) -> None:
    body = f"<html><body><p>{html.escape(text)}</p></body></html>".encode()
    assert read_page(body, "text/html; charset=utf-8").says(text)
