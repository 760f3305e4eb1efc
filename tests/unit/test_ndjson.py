"""Reading records line by line: nothing that a file can hold stops the rest of it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.ingest.ndjson import parse_line, split_lines, with_id

GOOD = {
    "rumor": "The bank limits cash",
    "statement": "There is no limit",
    "authority": {"name": "The bank"},
    "citations": [{"url": "https://example.org/1", "publisher": "The bank"}],
}


def split(data: bytes, sizes: list[int], longest: int = 50) -> list[tuple[int, bytes | None]]:
    async def run() -> list[tuple[int, bytes | None]]:
        return [line async for line in split_lines(pieces(data, sizes), longest)]

    return asyncio.run(run())


async def pieces(data: bytes, sizes: list[int]) -> AsyncIterator[bytes]:
    at = 0
    for size in sizes:
        yield data[at : at + size]
        at += size
    yield data[at:]


@given(st.lists(st.binary(max_size=40).map(lambda line: line.replace(b"\n", b" "))), st.lists(st.integers(0, 30)))
def test_lines_do_not_depend_on_how_the_stream_is_cut(lines: list[bytes], sizes: list[int]) -> None:
    found = split(b"".join(line + b"\n" for line in lines), sizes)
    assert found == list(enumerate(lines, 1))


@given(st.lists(st.integers(0, 60)))
def test_a_line_that_is_too_long_is_skipped_and_the_next_one_read(sizes: list[int]) -> None:
    assert split(b"a" * 200 + b"\nok\n" + b"b" * 51, sizes) == [(1, None), (2, b"ok"), (3, None)]


@pytest.mark.parametrize(
    ("line", "error"),
    [
        (b"{", "not valid JSON"),
        (b"\xff\xfe", "not valid"),
        (b'"text"', "Expected `object`"),
        (b"[" * 100_000, "Expected `object`|nested|JSON"),
        (msgspec.json.encode(GOOD | {"citations": []}), "citations"),
        (msgspec.json.encode(GOOD | {"citations": [{"url": "ftp://x.org", "publisher": "p"}]}), r"citations\[0\].url"),
        (msgspec.json.encode(GOOD | {"citations": [{"url": "javascript:alert(1)", "publisher": "p"}]}), "url"),
        (msgspec.json.encode(GOOD | {"colour": "red"}), "unknown field `colour`"),
        (msgspec.json.encode(GOOD | {"rumor": "with\x00NUL"}), "rumor"),
        (msgspec.json.encode(GOOD | {"rumor": "   "}), "rumor"),
        (msgspec.json.encode(GOOD | {"rumor": "r" * 2001}), "rumor"),
        (msgspec.json.encode(GOOD | {"id": "a b"}), "id"),
        (msgspec.json.encode(GOOD | {"id": "line-feed\n"}), "id"),
        (msgspec.json.encode(GOOD | {"stated_on": "2025-13-40"}), "stated_on"),
        (b'{"rumor": NaN}', "not valid JSON"),
        (b'{"rumor": "\\ud800"}', "not valid JSON"),
    ],
)
def test_a_bad_line_is_named_with_its_reason(line: bytes, error: str) -> None:
    parsed = parse_line(7, line, 200_000)
    assert parsed is not None
    assert parsed.content is None
    assert parsed.rejected is not None
    assert parsed.rejected.line == 7
    assert re.search(error, parsed.rejected.error), parsed.rejected.error


def test_blank_lines_and_a_byte_order_mark_are_nothing_special() -> None:
    assert parse_line(1, b"  \r", 100) is None
    parsed = parse_line(1, b"\xef\xbb\xbf" + msgspec.json.encode(GOOD) + b"\r", 10_000)
    assert parsed is not None
    assert parsed.content is not None


def test_a_record_without_an_id_gets_the_same_one_each_time() -> None:
    first, again = (parse_line(1, msgspec.json.encode(GOOD), 10_000) for _ in range(2))
    assert first is not None
    assert again is not None
    assert first.content is not None
    assert first.content == again.content
    assert first.content.id is not None
    assert first.content.id.startswith("the-bank-the-bank-limits-cash-")
    assert with_id(first.content) is first.content


def test_what_the_store_says_of_a_record_is_accepted_and_not_believed() -> None:
    exported = GOOD | {"id": "r1", "revision": 9, "created_at": "2020-01-01T00:00:00Z", "contested_with": None}
    parsed = parse_line(1, msgspec.json.encode(exported), 10_000)
    assert parsed is not None
    assert parsed.content is not None
    assert not hasattr(parsed.content, "revision")
