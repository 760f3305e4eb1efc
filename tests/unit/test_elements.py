"""JSON cut into elements: however the stream is cut, whatever stands in strings, whatever is broken."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.reviews import pieces

from service.ingest.elements import Element, elements


def cut(data: bytes, sizes: list[int] | None = None, longest: int = 10_000) -> list[Element]:
    async def run() -> list[Element]:
        return [element async for element in elements(pieces(data, sizes or []), longest)]

    return asyncio.run(run())


_TEXTS = st.text(st.sampled_from('ab"\\[]{}:,\né@graph'), max_size=12)
_OBJECTS = st.dictionaries(
    _TEXTS, st.recursive(_TEXTS | st.integers(), lambda inner: st.lists(inner, max_size=3), max_leaves=5), max_size=4
)
_SHAPES = st.sampled_from(["array", "lines", "feed", "feeds"])


def written(shape: str, objects: list[dict[str, Any]]) -> bytes:
    feed = {"@context": ["x", {"y": 1}], "@type": "DataFeed", "dataFeedElement": objects, "name": "z"}
    if shape == "lines":
        return "\n".join(json.dumps(one) for one in objects).encode()
    return json.dumps({"array": objects, "feed": feed, "feeds": [feed, {"@graph": []}, feed]}[shape]).encode()


@settings(deadline=None)  # the first example may load a library
@given(st.lists(_OBJECTS, min_size=1, max_size=5), _SHAPES, st.lists(st.integers(1, 9), max_size=60))
def test_elements_do_not_depend_on_how_the_stream_is_cut(
    objects: list[dict[str, Any]], shape: str, sizes: list[int]
) -> None:
    found = cut(written(shape, objects), sizes)
    assert [json.loads(one.text or b"") for one in found] == objects * (2 if shape == "feeds" else 1)
    assert [one.number for one in found] == list(range(1, len(found) + 1))


def test_one_document_is_one_element() -> None:
    document = {"@type": "ClaimReview", "citation": [{"a": [1]}], "x": {"dataFeedElement": 1}}
    assert [json.loads(one.text or b"") for one in cut(json.dumps(document).encode())] == [document]


def test_a_broken_element_leaves_the_others_whole() -> None:
    found = cut(b'[{"a": 1}, {bad}, {"b": 2}, ]')
    assert [one.text for one in found] == [b'{"a": 1}', b"{bad}", b'{"b": 2}']


@pytest.mark.parametrize("size", [1, 7, 10_000])
def test_an_element_that_is_too_long_is_passed_over(size: int) -> None:
    long = json.dumps({"a": 'x"[{' * 200, "b": [1, {"c": 2}]})
    data = f'[{{"a": 1}}, {long}, {{"b": 2}}]'.encode()
    found = cut(data, [size] * (len(data) // size), longest=100)
    assert [one.text for one in found] == [b'{"a": 1}', None, b'{"b": 2}']


def test_memory_does_not_grow_with_what_is_passed_over() -> None:
    from service.ingest.elements import _Cutter  # noqa: PLC0415 - what it holds is what this is about

    cutter = _Cutter(1_000)
    list(cutter.take(b'[{"a": "'))
    for _ in range(200):
        list(cutter.take(b"x" * 10_000))
        assert len(cutter._buffer) <= 11_000  # noqa: SLF001
    assert [one.text for one in cutter.take(b'"}, {"b": 2}]')] == [None, b'{"b": 2}']


@pytest.mark.parametrize("data", [b"", b"[]", b'{"dataFeedElement": []}', b" \n "])
def test_nothing_has_no_elements(data: bytes) -> None:
    assert cut(data) == []


@pytest.mark.parametrize("data", [b"nonsense", b'[{"a": 1', b'{"a": "', b'[{"a": 1}, {"b": ['])
def test_what_ends_too_early_is_told(data: bytes) -> None:
    assert cut(data)[-1].text not in (b'{"a": 1}', None)


@settings(deadline=None)  # the first example may load a library
@given(st.binary(max_size=200), st.lists(st.integers(1, 9), max_size=20))
def test_any_bytes_are_cut(data: bytes, sizes: list[int]) -> None:
    assert [one.text for one in cut(data, sizes, 50)] == [one.text for one in cut(data, [1] * len(data), 50)]
