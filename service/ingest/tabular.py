"""Tables (CSV, TSV) as records: one row a record, its fields named by the header.

A column is named as the field is, with dots: ``authority.name``, ``citations.0.url``, ``variants.1``. The names that
spreadsheets of fact checks have are taken too; `ALIASES` lists them.
"""

from __future__ import annotations

import codecs
import csv
import hashlib
import io
import re
from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Any, Final, NamedTuple, get_args

import msgspec

from service.domain import Rating, RejectedLine
from service.ingest.claimreview.ratings import judge
from service.ingest.faults import explained
from service.ingest.ndjson import Origin, ParsedLine, to_content

ALIASES: Final = {
    "claim": "rumor",
    "claimreviewed": "rumor",
    "claim reviewed": "rumor",
    "fact check": "statement",
    "explanation": "statement",
    "correction": "statement",
    "verdict": "rating",
    "conclusion": "rating",
    "textual rating": "rating",
    "textualrating": "rating",
    "authority": "authority.name",
    "organization": "authority.name",
    "organisation": "authority.name",
    "source": "authority.name",
    "fact checker": "authority.name",
    "speaker": "speaker.name",
    "date": "stated_on",
    "review date": "stated_on",
    "reviewdate": "stated_on",
    "url": "citations.0.url",
    "link": "citations.0.url",
    "source url": "citations.0.url",
    "review url": "citations.0.url",
    "title": "citations.0.title",
    "publisher": "citations.0.publisher",
    "lang": "language",
    "topic": "topics.0",
    "tags": "topics",
}
_LISTS: Final = ("topics", "variants", "contested_with")
_BETWEEN: Final = "|"
_DELIMITERS: Final = (",", ";", "\t", "|")
_MOST_COLUMNS: Final = 500
_RATINGS: Final = frozenset(get_args(Rating))
_MARK: Final = re.compile(r'["\n]')
_NO_TEXT: Final = re.compile("[\ud800-\udfff]")
_BOMS: Final = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))


class Column(NamedTuple):
    """A column: how its header names it, and which field that is."""

    header: str
    field: str


async def rows(chunks: AsyncIterator[bytes], longest: int) -> AsyncIterator[ParsedLine]:
    """The rows of a table as records; the header is row 1.

    Args:
        chunks: the file in pieces: UTF-8, or UTF-16 with its mark.
        longest: characters that a row may have.
    """
    table: _Table | None = None
    number = 0
    async for text in _texts(chunks, longest):
        number += 1
        if text is None:
            yield _refused(number, f"The row is longer than {longest:,} characters; is a quotation mark left open?")
        elif not text.strip():
            continue
        elif table is None:
            table = _Table(text)
            if table.fault:
                yield _refused(number, table.fault)
                return
        else:
            yield table.read(number, text)


class _Table:
    """What the header tells: the delimiter, and the field of each column."""

    def __init__(self, header: str) -> None:
        self.delimiter = _delimiter(header)
        names = next(csv.reader([header], delimiter=self.delimiter))
        self.columns = [Column(name, _field(name)) for name in names]
        fields = [column.field for column in self.columns if column.field]
        self.rated = "rating" in fields
        self.own = any(column.header.strip() == "rumor" for column in self.columns)
        self.fault = self._fault(fields)

    def _fault(self, fields: Sequence[str]) -> str | None:
        if len(self.columns) > _MOST_COLUMNS:
            return f"The header has {len(self.columns):,} columns; {_MOST_COLUMNS} are the most."
        if "rumor" not in fields:
            return "The header names no column `rumor` (or `claim`): the first row must be the names of the columns."
        twice = next((name for name in fields if fields.count(name) > 1), None)
        if twice:
            return f"Two columns are `{twice}`; name each field once."
        if not self.rated and not self.own:
            return "There is no column `rating` (or `verdict`): whether a claim was denied cannot be told."
        return None

    def read(self, number: int, text: str) -> ParsedLine:
        """One row as a record, or why it is none."""
        if _NO_TEXT.search(text):
            return _refused(number, "The row is not UTF-8 text; save the table as “CSV UTF-8”.")
        try:
            cells = next(csv.reader([text], delimiter=self.delimiter), [])
        except csv.Error as error:
            return _refused(number, f"The row cannot be read: {error}.")
        if len(cells) > len(self.columns):
            return _refused(number, f"The row has {len(cells)} cells, the header {len(self.columns)}: quote the text.")
        given = {column.field: cell.strip() for column, cell in zip(self.columns, cells, strict=False) if column.field}
        named = given.get("id") or None
        try:
            fields = _tree({name: cell for name, cell in given.items() if cell})
            if refused := self._rate(fields):
                return _refused(number, refused, named)
            content = to_content(_filled(fields))
        except msgspec.ValidationError as error:
            return _refused(number, explained(error), named)
        return ParsedLine(number, content, None, Origin(hashlib.sha256(text.encode()).hexdigest(), named))

    def _rate(self, fields: dict[str, Any]) -> str | None:
        """Put a rating of ours where the table has somebody's words. Returns why that cannot be."""
        if not self.rated:
            return None
        words = fields.get("rating")
        if words is None:
            return None if self.own else "There is no rating in this row."
        if words not in _RATINGS:
            ruling = judge([words], None)
            if ruling.refused:
                return ruling.refused
            fields["rating"] = ruling.rating
            fields.setdefault("rating_words", words)
        return None


def _field(header: str) -> str:
    name = header.strip().removeprefix("\ufeff")
    return ALIASES.get(" ".join(name.lower().replace("_", " ").split()), name)


def _tree(cells: dict[str, str]) -> dict[str, Any]:
    """``{"authority.name": …, "citations.0.url": …}`` as objects and lists."""
    tree: dict[str, Any] = {}
    for name, cell in cells.items():
        *way, last = name.split(".")
        place = tree
        for part in way:
            place = place.setdefault(part, {})
            if not isinstance(place, dict):
                raise msgspec.ValidationError(f"Two columns contradict each other - at `$.{name}`")
        place[last] = _split(name, cell)
    return {name: _as_list(value) for name, value in tree.items()}


def _split(name: str, cell: str) -> object:
    return [part.strip() for part in cell.split(_BETWEEN) if part.strip()] if name in _LISTS else cell


def _as_list(value: object) -> object:
    """An object whose names are all numbers is a list, in the order of the numbers; gaps close."""
    if isinstance(value, dict) and value and all(name.isdecimal() for name in value):
        return [value[name] for name in sorted(value, key=lambda name: (len(name), name))]
    return value


def _filled(fields: dict[str, Any]) -> dict[str, Any]:
    """A citation without a publisher was published by the authority itself."""
    authority = fields.get("authority")
    name = authority.get("name") if isinstance(authority, dict) else None
    citations = fields.get("citations")
    if name and isinstance(citations, list):
        whole = [{"publisher": name, **one} if isinstance(one, dict) else one for one in citations]
        return {**fields, "citations": whole}
    return fields


async def _texts(chunks: AsyncIterator[bytes], longest: int) -> AsyncIterator[str | None]:
    """The rows as text, cut at line ends outside of quotation marks."""
    decoder: io.IncrementalNewlineDecoder | None = None
    cutter = _Rows(longest)
    head = b""
    async for chunk in chunks:
        piece = chunk
        if decoder is None:
            head += chunk
            if len(head) < len(codecs.BOM_UTF8):
                continue
            decoder, piece = _decoder(head)
        for row in cutter.take(decoder.decode(piece)):
            yield row
    if decoder is None:
        decoder, head = _decoder(head)
    else:
        head = b""
    for row in cutter.take(decoder.decode(head, final=True) + "\n"):
        yield row
    if cutter.waiting:
        yield None


def _decoder(head: bytes) -> tuple[io.IncrementalNewlineDecoder, bytes]:
    """A decoder that makes every line end one line feed, and the bytes behind the mark that tells the encoding."""
    mark, name = next(((mark, name) for mark, name in _BOMS if head.startswith(mark)), (b"", "utf-8"))
    errors = "surrogateescape" if name == "utf-8" else "replace"
    decoder = codecs.getincrementaldecoder(name)(errors)
    return io.IncrementalNewlineDecoder(decoder, translate=True), head[len(mark) :]


class _Rows:
    """Cuts text into rows (RFC 4180): a line end within a field that begins with a quotation mark ends nothing."""

    def __init__(self, longest: int) -> None:
        self._longest = longest
        self._row: list[str] = []
        self._length = 0
        self._delimiters = "".join(_DELIMITERS)  # the header decides which one it is
        self._quoted = False
        self._last = "\n"  # the character before
        self._closed = False  # it was the mark that closed a field, unless another follows: then it stands for itself

    @property
    def waiting(self) -> bool:
        """Whether a row was begun and not ended."""
        return self._quoted

    def take(self, text: str) -> Iterator[str | None]:
        """The rows that end in this piece; None for one that is too long."""
        began = seen = 0
        for mark in _MARK.finditer(text):
            at = mark.start()
            if at > seen:
                self._closed = False
            before = text[at - 1] if at else self._last
            seen = at + 1
            if mark[0] == '"':
                self._quote(before)
            elif not self._quoted:
                self._add(text[began:at])
                began = seen
                self._closed = False
                yield self._cut()
        if len(text) > seen:
            self._closed = False
        self._add(text[began:])
        self._last = text[-1] if text else self._last

    def _quote(self, before: str) -> None:
        if self._quoted:
            self._quoted, self._closed = False, True
        elif self._closed or before == "\n" or before in self._delimiters:
            self._quoted, self._closed = True, False

    def _add(self, piece: str) -> None:
        self._length += len(piece)
        if self._length <= self._longest:
            self._row.append(piece)
        else:
            # A mark that was left open must not swallow the rest of the file: the next line end counts again.
            self._row.clear()
            self._quoted = False

    def _cut(self) -> str | None:
        row = "".join(self._row) if self._length <= self._longest else None
        if row and len(self._delimiters) > 1:
            self._delimiters = _delimiter(row)
        self._row, self._length = [], 0
        return row


def _delimiter(header: str) -> str:
    bare = re.sub(r'"(?:[^"]|"")*"', "", header)
    return max(_DELIMITERS, key=bare.count)


def _refused(number: int, error: str, named: str | None = None) -> ParsedLine:
    name = None if named is None else named[:200]
    return ParsedLine(number, None, RejectedLine(line=number, id=name, error=error))
