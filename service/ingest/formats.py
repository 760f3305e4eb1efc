"""The forms that records come in, each as a stream of parsed lines for the one import."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import PurePath
from typing import Final, Literal, NamedTuple

import msgspec

from service.domain import RejectedLine
from service.errors import UnreadableFileError
from service.ingest import tabular
from service.ingest.claimreview.reading import Reading, ReviewError, digest, from_jsonld
from service.ingest.elements import elements
from service.ingest.faults import explained
from service.ingest.ndjson import Origin, ParsedLine, parse_line, split_lines, to_content
from service.ingest.pages import MOST_BYTES, markup

Format = Literal["ndjson", "claimreview", "html", "csv"]
FORMATS: Final[tuple[Format, ...]] = ("ndjson", "claimreview", "html", "csv")

_ENDINGS: Final[dict[str, Format]] = {
    ".json": "claimreview",
    ".jsonld": "claimreview",
    ".html": "html",
    ".htm": "html",
    ".xhtml": "html",
    ".csv": "csv",
    ".tsv": "csv",
}
_MEDIA_TYPES: Final[dict[str, Format]] = {
    "application/x-ndjson": "ndjson",
    "application/ndjson": "ndjson",
    "application/jsonl": "ndjson",
    "application/ld+json": "claimreview",
    "application/json": "claimreview",
    "text/html": "html",
    "application/xhtml+xml": "html",
    "text/csv": "csv",
    "text/tab-separated-values": "csv",
}
MEDIA_TYPES: Final = tuple(_MEDIA_TYPES)
# A graph's objects refer to one another, so it is read whole; a feed's do not.
_WHOLE: Final = 4_000_000
_PACKED: Final = {b"\x1f\x8b": "gzip", b"PK\x03\x04": "zip", b"BZh": "bzip2", b"\xfd7zXZ": "xz", b"(\xb5/\xfd": "zstd"}


class Source(NamedTuple):
    """Where an import comes from.

    Attributes:
        form: of the bytes.
        name: a file's name or an address, as whoever imports gives it; kept with each record.
        content_type: of a page, with its character set.
    """

    form: Format = "ndjson"
    name: str = ""
    content_type: str | None = None

    @property
    def address(self) -> str | None:
        """The address that relative ones are read against, where the source has one."""
        return self.name if self.name.startswith(("http://", "https://")) else None


def format_of_file(name: str) -> Format:
    """The form that a file's name tells; NDJSON where it tells none."""
    return _ENDINGS.get(PurePath(name).suffix.lower(), "ndjson")


def format_of_type(media_type: str) -> Format | None:
    """The form that a media type names."""
    return _MEDIA_TYPES.get(media_type)


async def parsed(chunks: AsyncIterator[bytes], source: Source, longest: int) -> AsyncIterator[ParsedLine | None]:
    """Everything that an import brings: records, and what is none with the reason. None stands for an empty line.

    Args:
        chunks: the bytes in pieces of any size.
        source: where they come from.
        longest: bytes of one line, row or element.

    Raises:
        UnreadableFileError: it is an archive, which is not opened: nobody knows how much is inside.
    """
    async for line in _READERS[source.form](_unpacked(chunks), source, longest):
        yield line


async def _unpacked(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    head: bytes | None = b""
    async for chunk in chunks:
        if head is None:
            yield chunk
            continue
        head += chunk
        if len(head) >= max(map(len, _PACKED)):
            _refuse_packed(head)
            yield head
            head = None
    if head:
        _refuse_packed(head)
        yield head


def _refuse_packed(head: bytes) -> None:
    for mark, name in _PACKED.items():
        if head.startswith(mark):
            raise UnreadableFileError(f"This is a {name} archive; unpack it and import what is inside.")


async def _lines(chunks: AsyncIterator[bytes], _source: Source, longest: int) -> AsyncIterator[ParsedLine | None]:
    async for number, line in split_lines(chunks, longest):
        yield parse_line(number, line, longest)


async def _rows(chunks: AsyncIterator[bytes], _source: Source, longest: int) -> AsyncIterator[ParsedLine | None]:
    async for row in tabular.rows(chunks, longest):
        yield row


async def _json(chunks: AsyncIterator[bytes], source: Source, longest: int) -> AsyncIterator[ParsedLine | None]:
    numbers = _Numbers()
    head, rest = await _head(chunks)
    graph = _graph(head) if rest is None else None
    if graph is not None:
        for line in await asyncio.to_thread(lambda: list(_read(graph, source, numbers))):
            yield line
    else:
        async for element in elements(_joined(head, rest), longest):
            for line in _element(element.text, source, numbers, longest):
                yield line
    if not numbers.found:
        yield numbers.refused("There is no ClaimReview and no record in it.")


async def _page(chunks: AsyncIterator[bytes], source: Source, _longest: int) -> AsyncIterator[ParsedLine | None]:
    numbers = _Numbers()
    page = bytearray()
    async for chunk in chunks:
        page += chunk
        if len(page) > MOST_BYTES:
            yield numbers.refused(f"The page has more than {MOST_BYTES:,} bytes.")
            return
    # A large page takes seconds to parse, which nothing else should have to wait for.
    for piece in await asyncio.to_thread(markup, bytes(page), source.content_type):
        if piece.fault:
            yield numbers.refused(piece.fault)
        else:
            for line in _read(piece.document, source, numbers):
                yield line
    if not numbers.found:
        yield numbers.refused("There is no ClaimReview in the page.")


class _Numbers:
    """Counts what was found, and tells one from another by its number."""

    def __init__(self) -> None:
        self.found = 0

    def record(self, reading: Reading) -> ParsedLine:
        """A record that was read."""
        self.found += 1
        origin = Origin(digest(reading.original), reading.original_id, reading.notes)
        return ParsedLine(self.found, reading.content, None, origin)

    def refused(self, error: str, named: str | None = None) -> ParsedLine:
        """Something that is no record."""
        self.found += 1
        name = None if named is None else named[:200]
        return ParsedLine(self.found, None, RejectedLine(line=self.found, id=name, error=error))


def _element(text: bytes | None, source: Source, numbers: _Numbers, longest: int) -> Iterator[ParsedLine]:
    if text is None:
        yield numbers.refused(f"The element is longer than {longest:,} bytes. Cut its texts.")
        return
    try:
        document = msgspec.json.decode(text.removeprefix(b"\xef\xbb\xbf"))
    except UnicodeDecodeError:
        yield numbers.refused("The element is not valid UTF-8.")
    except (msgspec.DecodeError, RecursionError) as error:
        reason = "nested too deeply" if isinstance(error, RecursionError) else f"{error}"
        yield numbers.refused(f"The element is not valid JSON: {reason}")
    else:
        yield from _read(document, source, numbers)


def _read(document: object, source: Source, numbers: _Numbers) -> Iterator[ParsedLine]:
    """The records of a JSON value: a record of ours as it is, or every ClaimReview within."""
    if isinstance(document, dict) and "rumor" in document:
        yield _own(document, numbers)
        return
    before = numbers.found
    for one in from_jsonld(document, address=source.address):
        yield numbers.refused(one.reason, one.original_id) if isinstance(one, ReviewError) else numbers.record(one)
    if numbers.found == before and not _is_other(document):
        yield numbers.refused("There is no ClaimReview in this element.")


def _own(document: dict[str, object], numbers: _Numbers) -> ParsedLine:
    named = document.get("id")
    name = named if isinstance(named, str) else None
    try:
        content = to_content(document)
    except msgspec.ValidationError as error:
        return numbers.refused(explained(error), name)
    return numbers.record(Reading(content, name, document))


def _is_other(document: object) -> bool:
    """Whether it is something of its own right, such as the WebPage in a page's graph: no record, and no fault."""
    kind = document.get("@type") if isinstance(document, dict) else None
    return isinstance(document, list) or (isinstance(kind, str) and kind not in {"DataFeedItem", "ListItem"})


async def _head(chunks: AsyncIterator[bytes]) -> tuple[bytes, AsyncIterator[bytes] | None]:
    """The first megabytes, and what follows them; None where nothing does."""
    head = bytearray()
    async for chunk in chunks:
        head += chunk
        if len(head) > _WHOLE:
            return bytes(head), chunks
    return bytes(head), None


def _graph(document: bytes) -> object | None:
    """The document as a whole where it is a graph, which must be read so; None where it is none, or no JSON."""
    if b'"@graph"' not in document:
        return None
    try:
        whole: object = msgspec.json.decode(document.removeprefix(b"\xef\xbb\xbf"))
    except (ValueError, RecursionError):
        return None
    return whole


async def _joined(head: bytes, rest: AsyncIterator[bytes] | None) -> AsyncIterator[bytes]:
    yield head
    if rest is not None:
        async for chunk in rest:
            yield chunk


_Reader = Callable[[AsyncIterator[bytes], Source, int], AsyncIterator[ParsedLine | None]]
_READERS: Final[dict[Format, _Reader]] = {"ndjson": _lines, "claimreview": _json, "html": _page, "csv": _rows}
