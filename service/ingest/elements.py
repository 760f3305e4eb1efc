"""A JSON document cut into its elements as it arrives, so that a feed of any size needs the memory of one element.

Elements are the values of a top-level array, of a list of values one after the other, and of the arrays that feeds keep
theirs in. The cutter counts brackets outside of strings and decodes nothing: an element that is no JSON, but has its
brackets right, is cut like the others and refused alone.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from typing import Final, NamedTuple

LISTS: Final = (b"dataFeedElement", b"@graph", b"itemListElement")
"""Properties whose arrays hold elements; the object around such an array is none."""

# Up to the next bracket outside of strings, or up to a string that ends in a later piece. Every quantifier is
# possessive: no text makes it go back.
_UNTIL_MARK: Final = re.compile(rb'[^"\[\]{}]*+(?:"[^"\\]*+(?:\\.[^"\\]*+)*+"[^"\[\]{}]*+)*+', re.DOTALL)
_REST: Final = re.compile(rb'[^"\\]*+(?:\\.[^"\\]*+)*+"', re.DOTALL)
_KEY: Final = re.compile(rb'"(' + b"|".join(map(re.escape, LISTS)) + rb')"\s*:\s*$')
_KEY_REACH: Final = 80
_QUOTE: Final = ord('"')
_OPEN: Final = frozenset(b"[{")
_CLOSE: Final = frozenset(b"]}")
_MOST_LEVELS: Final = 16


class Element(NamedTuple):
    """One element: its number, from 1, and its text; None for one that is too long."""

    number: int
    text: bytes | None


async def elements(chunks: AsyncIterator[bytes], longest: int) -> AsyncIterator[Element]:
    """Cut a stream of JSON.

    Args:
        chunks: the stream in pieces of any size.
        longest: bytes that an element may have; longer ones are skipped over.
    """
    cutter = _Cutter(longest)
    async for chunk in chunks:
        for element in cutter.take(chunk):
            yield element
    for element in cutter.end():
        yield element


class _Cutter:
    """Where the stream stands: how deep, within which element, and whether within a string.

    ``_lists`` holds the depths of the arrays (and of the document itself, 0) whose values are elements.
    """

    def __init__(self, longest: int) -> None:
        self._longest = longest
        self._buffer = bytearray()  # of the element at hand, or what may be the beginning of one
        self._at = 0  # how far the buffer was read
        self._depth = 0
        self._lists = [0]
        self._number = 0
        self._in_string = False
        self._too_long = False
        self._passed = False  # the object at hand had a list of elements, and is none itself

    def take(self, chunk: bytes) -> Iterator[Element]:
        """The elements that end in this piece."""
        self._buffer += chunk
        while (mark := self._next()) is not None:
            bracket, start, end = mark
            if bracket in _OPEN:
                self._open(bracket, start, end)
            elif bracket in _CLOSE:
                yield from self._shut(end)
        self._forget()

    def end(self) -> Iterator[Element]:
        """What is left at the end: an element that was cut off, or a value that is none."""
        left = bytes(self._buffer).strip(b" \t\r\n,\xef\xbb\xbf")
        if self._depth > 0 or left:
            yield self._cut(left)

    def _next(self) -> tuple[int, int, int] | None:
        """The next bracket and where it stands; None where the buffer holds no more."""
        if self._in_string:
            rest = _REST.match(self._buffer, self._at)
            if rest is None:
                self._wait_in_string()
                return None
            self._in_string, self._at = False, rest.end()
        skipped = _UNTIL_MARK.match(self._buffer, self._at)
        self._at = skipped.end() if skipped else self._at
        if self._at == len(self._buffer):
            return None
        mark, self._at = self._buffer[self._at], self._at + 1
        if mark == _QUOTE:
            self._in_string = True
            self._wait_in_string()
            return None
        return mark, self._at - 1, self._at

    def _wait_in_string(self) -> None:
        """Go on at the end of the buffer; a backslash there stays, for what it escapes is still to come."""
        unread = self._buffer[self._at :]
        self._at = len(self._buffer) - (len(unread) - len(unread.rstrip(b"\\"))) % 2

    def _open(self, bracket: int, start: int, end: int) -> None:
        inner = self._depth == self._lists[-1] + 1
        outer = self._depth == self._lists[-1] == 0 and bracket == ord("[")
        within_list = len(self._lists) < _MOST_LEVELS
        named = inner and bracket == ord("[") and _KEY.search(self._buffer, max(0, start - _KEY_REACH), start)
        self._depth += 1
        if within_list and (outer or named):
            self._lists.append(self._depth)
            self._too_long = self._passed = False
            self._drop(end)
        elif self._depth == self._lists[-1] + 1:
            # An element begins: what stood before it, commas and white space, belongs to none.
            self._drop(start)

    def _shut(self, end: int) -> Iterator[Element]:
        self._depth = max(0, self._depth - 1)
        if self._depth < self._lists[-1]:
            self._lists.pop()
            self._passed = self._depth > self._lists[-1]
            self._drop(end)
        elif self._depth == self._lists[-1]:
            if not self._passed:
                yield self._cut(bytes(self._buffer[:end]))
            self._passed = False
            self._drop(end)

    def _cut(self, text: bytes) -> Element:
        self._number += 1
        element = Element(self._number, None if self._too_long or len(text) > self._longest else text)
        self._too_long = False
        return element

    def _drop(self, end: int) -> None:
        del self._buffer[:end]
        self._at = max(0, self._at - end)

    def _forget(self) -> None:
        """Keep no more than an element may have: of one that is too long, only that it is."""
        within = self._depth > self._lists[-1]
        if len(self._buffer) > self._longest:
            self._too_long = self._too_long or within
            self._drop(max(0, min(self._at, len(self._buffer) - _KEY_REACH)))
