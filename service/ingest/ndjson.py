"""NDJSON: one record a line, in the form of DESIGN's record. Reading never fails as a whole: a bad line is named."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import AsyncIterator, Iterator
from typing import NamedTuple

import msgspec

from service.domain import Filters, RebuttalContent, RejectedLine
from service.ingest.faults import explained
from service.store import Store

# What the store says of a record: accepted, so that an export can be imported, and not believed.
_SET_BY_STORE = ("revision", "created_at", "updated_at")
_BOM = b"\xef\xbb\xbf"


class Origin(NamedTuple):
    """What an imported record was made from.

    Attributes:
        sha256: of the line, row or object, as it was read.
        original_id: how the source names it.
        notes: what of it was left out, and why.
    """

    sha256: str
    original_id: str | None = None
    notes: tuple[str, ...] = ()


class ParsedLine(NamedTuple):
    """One line of an import (or row, or element): a record, or the reason why it is none."""

    number: int
    content: RebuttalContent | None
    rejected: RejectedLine | None
    origin: Origin | None = None


async def split_lines(chunks: AsyncIterator[bytes], longest: int) -> AsyncIterator[tuple[int, bytes | None]]:
    """Cut a byte stream at line feeds; memory holds one chunk and one line.

    Args:
        chunks: the stream in pieces of any size.
        longest: bytes that a line may have.

    Yields:
        The line's number, from 1, and the line; None for a line over ``longest``, which is skipped over.
    """
    rest, number, too_long = b"", 0, False
    async for chunk in chunks:
        *lines, tail = (rest + chunk).split(b"\n") if not too_long else chunk.split(b"\n")
        for line in lines:
            number += 1
            yield number, None if too_long or len(line) > longest else line
            too_long = False
        rest = tail
        if len(rest) > longest:
            rest, too_long = b"", True
    if rest or too_long:
        yield number + 1, None if too_long else rest


def parse_line(number: int, line: bytes | None, longest: int) -> ParsedLine | None:
    """Turn one line into a record; None for a blank line."""
    if line is None:
        return _reject(number, None, f"The line is longer than {longest:,} bytes. Cut the record's texts.")
    line = line.removeprefix(_BOM).strip()
    if not line:
        return None
    try:
        raw = msgspec.json.decode(line)
    except UnicodeDecodeError:
        return _reject(number, None, "The line is not valid UTF-8.")
    except RecursionError:
        return _reject(number, None, "The line is nested too deeply to be a record.")
    except msgspec.DecodeError as error:
        return _reject(number, None, f"The line is not valid JSON: {error}")
    named = raw.get("id") if isinstance(raw, dict) else None
    origin = Origin(hashlib.sha256(line).hexdigest(), named if isinstance(named, str) else None)
    return _record(number, raw, origin)


def _record(number: int, raw: object, origin: Origin) -> ParsedLine:
    try:
        return ParsedLine(number, to_content(raw), None, origin)
    except msgspec.ValidationError as error:
        return _reject(number, raw, explained(error))


def to_content(raw: object) -> RebuttalContent:
    """A decoded JSON value as a record with an id.

    Takes ``contested_with`` as one id, a list or null, and nulls where a default stands, as collections write them.

    Raises:
        msgspec.ValidationError: names the field at fault.
    """
    if isinstance(raw, dict):
        raw = {k: v for k, v in raw.items() if k not in _SET_BY_STORE and v is not None}
        if isinstance(raw.get("contested_with"), str):
            raw["contested_with"] = [raw["contested_with"]]
    return with_id(msgspec.convert(raw, RebuttalContent))


def with_id(content: RebuttalContent) -> RebuttalContent:
    """Give a record without an id the one that its authority and rumor make: the same each time it is imported."""
    if content.id is not None:
        return content
    names = (content.authority.name, content.rumor)
    return msgspec.structs.replace(content, id=slug(" ".join(names), "\n".join(names)))


def slug(words: str, mark: str) -> str:
    """An id that begins with these words, as far as they are Latin, and ends with ten digits of the mark's hash."""
    plain = unicodedata.normalize("NFKD", words).lower().encode("ascii", "ignore").decode()
    readable = "-".join(re.findall(r"[a-z0-9]+", plain))[:60].strip("-")
    digits = hashlib.sha256(mark.encode()).hexdigest()[:10]
    return f"{readable}-{digits}" if readable else f"r-{digits}"


def export_lines(store: Store, filters: Filters | None = None) -> Iterator[bytes]:
    """Every record as a line, ready to be imported elsewhere."""
    encoder = msgspec.json.Encoder()
    for rebuttal in store.scan(filters):
        yield encoder.encode(rebuttal) + b"\n"


def _reject(number: int, raw: object, error: str) -> ParsedLine:
    named = raw.get("id") if isinstance(raw, dict) else None
    name = named[:200] if isinstance(named, str) else None
    return ParsedLine(number, None, RejectedLine(line=number, id=name, error=error))
