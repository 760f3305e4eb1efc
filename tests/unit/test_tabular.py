"""Tables as records: cells as spreadsheets write them, names as people give them, and rows that are none."""

from __future__ import annotations

import asyncio
import csv
import io

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.reviews import pieces, read

from service.domain import RebuttalContent
from service.ingest.formats import Source
from service.ingest.ndjson import ParsedLine
from service.ingest.tabular import ALIASES, _texts

HEADER = "rumor,rating,statement,authority.name,citations.0.url"
ROW = "Cash is limited,false,It is not,The bank,https://bank.example/1"


def rows(text: str | bytes, longest: int = 5_000) -> list[ParsedLine]:
    data = text if isinstance(text, bytes) else text.encode()
    return asyncio.run(read(data, Source(form="csv"), longest))


def record(text: str | bytes) -> RebuttalContent:
    (row,) = rows(text)
    assert row.content, row.rejected
    return row.content


def refused(text: str | bytes) -> str:
    (row,) = rows(text)
    assert row.rejected, row.content
    return row.rejected.error


_CELLS = st.text(st.sampled_from('ab";,|\t\n é'), max_size=8)


@settings(deadline=None)  # the first example may load a library
@given(
    st.lists(st.lists(_CELLS, min_size=3, max_size=3), max_size=5),
    st.sampled_from(",;\t|"),
    st.sampled_from(["\n", "\r\n", "\r"]),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    st.lists(st.integers(1, 7), max_size=50),
)
def test_rows_are_those_that_were_written(
    table: list[list[str]], delimiter: str, end: str, encoding: str, sizes: list[int]
) -> None:
    written = io.StringIO()
    # Python's writer leaves a line feed unquoted where rows end with a carriage return.
    quoting = csv.QUOTE_ALL if end == "\r" else csv.QUOTE_MINIMAL
    writer = csv.writer(written, delimiter=delimiter, lineterminator=end, quoting=quoting)
    writer.writerows([["one", "two", "three"], *table])

    async def run() -> list[str | None]:
        return [text async for text in _texts(pieces(written.getvalue().encode(encoding), sizes), 1_000)]

    found = [next(csv.reader([text or ""], delimiter=delimiter), []) for text in asyncio.run(run())]
    assert found[: len(table) + 1] == [["one", "two", "three"], *table]


def test_columns_are_named_as_the_fields_are() -> None:
    cited = "citations.0.publisher,citations.1.url,citations.1.publisher"
    header = f"id,{HEADER},{cited},speaker.name,topics,variants.0,stated_on"
    row = f"x,{ROW},The bank,https://news.example/1,News,Ann,a|b,Another wording,2026-01-15"
    found = record(f"{header}\n{row}\n")
    assert msgspec.to_builtins(found) == {
        **msgspec.to_builtins(found),
        "id": "x",
        "rumor": "Cash is limited",
        "authority": {"name": "The bank", "kind": "other", "country": None},
        "speaker": {"name": "Ann", "role": None},
        "topics": ("a", "b"),
        "variants": ("Another wording",),
        "stated_on": "2026-01-15",
    }
    assert [(one.url, one.publisher) for one in found.citations] == [
        ("https://bank.example/1", "The bank"),
        ("https://news.example/1", "News"),
    ]


def test_the_names_of_spreadsheets_are_taken() -> None:
    text = "Claim;Verdict;Explanation;Source;Source URL;Date\nThe moon is cheese;Falsch;Rock.;Check;https://c.example/1;2025-10-14\n"
    found = record(text)
    assert (found.rumor, found.rating, found.rating_words) == ("The moon is cheese", "false", "Falsch")
    assert (found.statement, found.authority.name) == ("Rock.", "Check")
    assert found.citations[0].publisher == "Check"


def test_every_alias_names_a_field_that_exists() -> None:
    fields = {*RebuttalContent.__struct_fields__}
    assert {field.partition(".")[0] for field in ALIASES.values()} <= fields


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (ROW.replace(",false,", ",True,"), "says that the claim is true"),
        (ROW.replace(",false,", ",Zork,"), "not known"),
        (ROW.replace("https://bank.example/1", "nowhere"), "citations[0].url"),
        (f"{ROW},more", "cells"),
        ("Only a rumor", "statement"),
        (f'"{ROW}', "quotation mark"),
    ],
)
def test_a_row_that_is_no_record_says_why(row: str, reason: str) -> None:
    assert reason in refused(f"{HEADER}\n{row}\n")


def test_a_claim_without_a_verdict_is_no_denial() -> None:
    assert "rating" in refused("claim,statement,authority,url\nA,B,C,https://x.example\n")
    assert "no rating in this row" in refused("claim,verdict,statement,authority,url\nA,,B,C,https://x.example\n")
    assert record("rumor,statement,authority.name,url\nA,B,C,https://x.example\n").rating == "false"


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        ("a,b,c", "names no column `rumor`"),
        ("claim,rumor,verdict", "Two columns are `rumor`"),
        ("rumor" + ",x" * 600, "columns"),
        ("rumor,citations,citations.0.url", "contradict"),
    ],
)
def test_a_header_that_does_not_work_is_told(header: str, reason: str) -> None:
    assert reason in refused(f"{header}\n" + ("a,b,c\n" if "contradict" in reason else ""))


def test_bad_rows_leave_the_good_ones() -> None:
    found = rows(f"{HEADER}\n{ROW}\n\xff\n".encode("latin-1") + f"\n{ROW.replace('Cash', 'Gold')}\n".encode())
    assert [bool(row.content) for row in found] == [True, False, True]
    assert "UTF-8" in (found[1].rejected.error if found[1].rejected else "")


def test_an_open_quotation_mark_does_not_swallow_the_file() -> None:
    text = f'{HEADER}\n"{"x" * 90}\n' + f"{ROW}\n" * 20
    sizes = [100] * (len(text) // 100)

    async def run() -> list[str | None]:
        return [row async for row in _texts(pieces(text.encode(), sizes), 200)]

    found = asyncio.run(run())
    assert found.count(ROW) >= 15
    assert None in found


def test_lists_in_one_cell_and_gaps_in_numbers() -> None:
    found = record(f"{HEADER},variants.3,variants.1,contested_with\n{ROW},C,B,x|y\n")
    assert found.variants == ("B", "C")
    assert found.contested_with == ("x", "y")


def test_an_empty_file_has_no_rows() -> None:
    assert rows(b"") == rows(b"\n\n") == rows("\ufeff") == []
