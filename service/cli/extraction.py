"""The work of ``rejoinder extract``: texts and what is known of them in, drafts with their quotation in place out."""

from __future__ import annotations

import asyncio
import datetime as dt
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Final

import click
import msgspec
from msgspec import Meta, Struct

from service.cli.plain import visible
from service.domain import Language, WebAddress
from service.errors import RejoinderError
from service.ingest.extract import Draft, Extraction, ExtractionError, Given
from service.ingest.extract.drafts import MOST_SOURCES
from service.ingest.extract.model import MAX_HTML, MAX_TEXT, Place
from service.ingest.extract.page import day_of, looks_like_markup
from service.settings import PREFIX, Settings

STDIN: Final = "-"
_SIDECAR: Final = "sources.json"
_MOST_SIDECAR: Final = 10_000_000
_AROUND: Final = 160
_MARKUP: Final = frozenset({".html", ".htm", ".xhtml"})


class Known(Struct, frozen=True, kw_only=True):
    """What options say of a text."""

    address: WebAddress | None = None
    publisher: str | None = None
    published_on: dt.date | None = None
    title: str | None = None
    language: Language | None = None


class _Entry(Struct, frozen=True, kw_only=True):
    """What a list of sources says of a file; other fields are passed over."""

    file: str
    url: WebAddress | None = None
    publisher: Annotated[str, Meta(max_length=500)] | None = None
    published_on: str | None = None
    title: Annotated[str, Meta(max_length=500)] | None = None
    language: Language | None = None
    note: str | None = None


def read_all(
    texts: Sequence[str], known: Known, settings: Settings, sources: Path | None, *, as_html: bool
) -> list[Given]:
    """Read files, standard input and addresses.

    Raises:
        OSError: a file cannot be read.
        RejoinderError: it is too long or no text in UTF-8, an address may not be fetched, the list is not one.
    """
    if len(texts) > MOST_SOURCES:
        raise RejoinderError(f"{len(texts)} texts; {MOST_SOURCES} are read together.")
    try:
        known = msgspec.convert(msgspec.to_builtins(known), Known)
    except msgspec.ValidationError as error:
        raise RejoinderError(f"An option does not fit: {error}.") from None
    return [_one(text, known, settings, sources, as_html=as_html) for text in texts]


def _one(text: str, known: Known, settings: Settings, sources: Path | None, *, as_html: bool) -> Given:
    if text.startswith(("http://", "https://")):
        given = _fetched(text, settings)
    else:
        given = _with_entry(_file(text, as_html=as_html), text, sources)
    told = {name: value for name in Known.__struct_fields__ if (value := getattr(known, name)) is not None}
    return msgspec.structs.replace(given, **told)


def _file(name: str, *, as_html: bool) -> Given:
    shown = "standard input" if name == STDIN else name
    with click.open_file(name, "rb") as stream:
        data = bytes(stream.read(MAX_HTML + 1))
    if len(data) > MAX_HTML:
        raise ExtractionError(f"{shown}: more than {MAX_HTML:,} bytes. Cut the article out of it.")
    markup = as_html or Path(name).suffix.lower() in _MARKUP
    if markup:
        from service.drafting import decoded

        return Given(html=decoded(data), name=shown)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ExtractionError(f"{shown}: not valid UTF-8 (byte {error.start + 1}). HTML needs --html.") from None
    if looks_like_markup(text):
        return Given(html=text, name=shown)
    if len(text) > MAX_TEXT:
        raise ExtractionError(f"{shown}: {len(text):,} characters; {MAX_TEXT:,} are read.")
    return Given(text=text, name=shown)


def _fetched(url: str, settings: Settings) -> Given:
    if not settings.fetch_hosts:
        variable = f"{PREFIX}FETCH_HOSTS"
        raise RejoinderError(f"{url}: nothing is fetched until {variable} names the hosts that may be asked.")
    from service.drafting import fetch
    from service.outbound import Outbound

    outbound = Outbound(hosts=settings.fetch_hosts, private=settings.outbound_private)
    try:
        given = asyncio.run(fetch(outbound, url))
    except RejoinderError as error:
        raise RejoinderError(f"{url}: {error.detail}") from None
    return msgspec.structs.replace(given, name=url)


def _with_entry(given: Given, name: str, sources: Path | None) -> Given:
    """What a list of sources says of the file, from the option or from beside it."""
    path = sources or (Path(name).parent / _SIDECAR if name != STDIN else None)
    if path is None or (sources is None and not path.is_file()):
        return given
    entry = next((entry for entry in _entries(path) if Path(entry.file).name == Path(name).name), None)
    if entry is None:
        return given
    return msgspec.structs.replace(
        given,
        address=entry.url,
        publisher=entry.publisher,
        published_on=day_of(entry.published_on),
        title=entry.title,
        language=entry.language,
        remark=entry.note,
    )


def _entries(path: Path) -> list[_Entry]:
    with path.open("rb") as stream:
        data = stream.read(_MOST_SIDECAR)
    try:
        return msgspec.json.decode(data, type=list[_Entry])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise RejoinderError(f"{path}: not a list of sources: {error}.") from None


def to_json(extraction: Extraction, saved: Sequence[str]) -> None:
    """Print everything as one JSON object."""
    answer = {**msgspec.to_builtins(extraction), **({"saved": list(saved)} if saved else {})}
    sys.stdout.buffer.write(msgspec.json.encode(answer) + b"\n")
    sys.stdout.buffer.flush()


def show(extraction: Extraction) -> None:
    """Print the drafts for a person."""
    for number, draft in enumerate(extraction.drafts, start=1):
        click.echo(click.style(f"Draft {number}: {visible(draft.rumor) or '(no rumor spelled out)'}", bold=True))
        for line in _lines(draft, extraction):
            click.echo(f"  {line}")
        click.echo()
    for note in extraction.notes:
        click.echo(f"Note: {visible(note)}")
    if not extraction.drafts:
        click.echo("No draft: nobody who is named denies anything in it.")


def _lines(draft: Draft, extraction: Extraction) -> Iterator[str]:
    for variant in draft.variants:
        yield f"also       {visible(variant)}"
    yield f"statement  {visible(draft.statement)}"
    for place in draft.offsets.get("quote", ())[:1]:
        yield f"quote      {_in_place(place, extraction)}"
    who = ", ".join(filter(None, (draft.speaker.name, draft.speaker.role))) if draft.speaker else "not named"
    yield f"speaker    {visible(who)}"
    if draft.authority:
        named = filter(None, (draft.authority.kind, draft.authority.country))
        yield f"authority  {visible(draft.authority.name)} ({', '.join(named)})"
    yield f"stated on  {draft.stated_on or 'not known'}"
    for citation in draft.citations:
        yield f"source     {visible(citation.url or extraction.sources[citation.source].name or 'no address')}"
    for conflict in draft.conflicts:
        yield click.style(f"conflict   {visible(conflict.detail)}", fg="yellow")
    if draft.missing:
        yield click.style(f"missing    {', '.join(draft.missing)}", fg="yellow")
    for note in draft.notes:
        yield f"note       {visible(note)}"


def _in_place(place: Place, extraction: Extraction) -> str:
    """The quotation highlighted, with some of the text around it."""
    text = extraction.sources[place.source].text
    start, end = max(0, place.start - _AROUND // 2), min(len(text), place.end + _AROUND // 2)
    before, after = text[start : place.start].rpartition("\n")[2], text[place.end : end].partition("\n")[0]
    quoted = click.style(visible(text[place.start : place.end]), reverse=True)
    return f"{visible(before)}{' ' * before.endswith(' ')}{quoted}{' ' * after.startswith(' ')}{visible(after)}"
