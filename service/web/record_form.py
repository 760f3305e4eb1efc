"""A record as a form and back. Every field is there; what the form says wrongly is told field by field.

A field's name in the form is its path: ``speaker.name``, ``citations.0.url``. Lists of texts are fields of one name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, get_args

import msgspec
from msgspec import Struct, structs

from service.api.bodies import explain
from service.api.problems import FieldError
from service.domain import Authority, Citation, Rebuttal, RebuttalContent, Speaker
from service.web.forms import Form

Values = dict[str, Any]
"""What the form shows: texts by field name; lists of texts; ``citations`` as a list of such."""

_LINES: Final = ("topics", "contested_with")
_PARTS: Final[dict[str, type[Struct]]] = {"authority": Authority, "speaker": Speaker}
_KEPT: Final = ("status", "superseded_by")
"""Not for the form: the steps of a record's life decide them."""
_MOST_CITATIONS: Final = 100
LABELS: Final = {
    "id": "Id",
    "rumor": "Rumor",
    "variants": "Other wordings",
    "statement": "Statement",
    "quote": "Quote",
    "language": "Language",
    "authority.name": "Authority",
    "authority.kind": "Kind of authority",
    "authority.country": "Country",
    "speaker.name": "Speaker",
    "speaker.role": "Speaker’s role",
    "rating": "Rating",
    "rating_words": "Rating in the source’s words",
    "stated_on": "Stated on",
    "topics": "Topics",
    "contested_with": "Disputed by",
    "url": "Address",
    "publisher": "Publisher",
    "title": "Title",
    "published_on": "Published on",
    "kind": "Kind",
    "archived_url": "Archived copy",
    "content_sha256": "SHA-256 of the page",
    "last_checked": "Last checked",
}
_DAYS: Final = ("stated_on", "published_on")


class Read(Struct, frozen=True, kw_only=True):
    """What came of a form: the record's content, or what is wrong with it."""

    content: RebuttalContent | None = None
    errors: tuple[FieldError, ...] = ()


def values_of(record: RebuttalContent) -> Values:
    """A record as the form shows it."""
    plain: Values = msgspec.to_builtins(record)
    shown = {name: _text(plain.get(name)) for name in _plain_fields()}
    for part, kind in _PARTS.items():
        inner = plain.get(part) or {}
        shown |= {f"{part}.{name}": _text(inner.get(name)) for name in kind.__struct_fields__}
    shown |= {name: "\n".join(plain.get(name) or ()) for name in _LINES}
    cited = [{name: _text(one.get(name)) for name in Citation.__struct_fields__} for one in plain.get("citations", ())]
    return {**shown, "variants": list(plain.get("variants") or ()), "citations": cited}


def blank() -> Values:
    """An empty form."""
    shown = dict.fromkeys(_plain_fields(), "")
    for part, kind in _PARTS.items():
        shown |= {f"{part}.{name}": "" for name in kind.__struct_fields__}
    return {
        **shown,
        **dict.fromkeys(_LINES, ""),
        "language": "en",
        "rating": "false",
        "authority.kind": "ministry",
        "variants": [],
        "citations": [],
    }


def blank_citation() -> dict[str, str]:
    """The fields of a source, empty."""
    return {**dict.fromkeys(Citation.__struct_fields__, ""), "kind": "report"}


def values_in(form: Form) -> Values:
    """What a form says, as the form shows it again."""
    shown = {name: form.text(name) for name in blank() if name not in ("variants", "citations")}
    cited = [
        {name: form.text(f"citations.{at}.{name}") for name in Citation.__struct_fields__}
        for at in range(_MOST_CITATIONS + 1)
        if f"citations.{at}.url" in form
    ]
    filled = [one for one in cited if any(value for name, value in one.items() if name != "kind")]
    return {**shown, "variants": [text for text in form.every("variants") if text], "citations": filled}


def read(values: Values, current: Rebuttal | None) -> Read:
    """The record that a form says.

    Args:
        values: of `values_in`.
        current: the record that is edited, whose status stays; None for a new one, which is a draft.
    """
    content = _content(values, current)
    errors = tuple(_faults(content))
    if errors:
        return Read(errors=errors)
    try:
        return Read(content=msgspec.convert(content, RebuttalContent))
    except msgspec.ValidationError as error:  # what no single field can tell
        fault = explain(error)
        return Read(errors=(FieldError(fault.field.removeprefix("$."), fault.detail),))


def _content(values: Values, current: Rebuttal | None) -> dict[str, Any]:
    content: dict[str, Any] = {name: values[name] for name in _plain_fields() if values[name]}
    for part, kind in _PARTS.items():
        inner = {name: values[f"{part}.{name}"] for name in kind.__struct_fields__ if values[f"{part}.{name}"]}
        content |= {part: inner} if inner or part == "authority" else {}
    content |= {name: [line.strip() for line in values[name].splitlines() if line.strip()] for name in _LINES}
    content["variants"] = values["variants"]
    content["citations"] = [{name: value for name, value in one.items() if value} for one in values["citations"]]
    content["status"] = current.status if current else "draft"
    if current:
        content["id"] = current.id
        content |= {"superseded_by": current.superseded_by} if current.superseded_by else {}
    return content


def _faults(content: Mapping[str, Any]) -> Iterator[FieldError]:
    """Every field that breaks its own rule, in the order of the form."""
    yield from _of(RebuttalContent, content, "", skip={*_PARTS, "citations", *_KEPT})
    for part, kind in _PARTS.items():
        if part in content:
            yield from _of(kind, content[part], f"{part}.")
    if not content["citations"]:
        yield FieldError("citations.0.url", "Sources: name at least one, with its address and its publisher.")
    for at, citation in enumerate(content["citations"]):
        yield from _of(Citation, citation, f"citations.{at}.", of=f"Source {at + 1}, ")


def _of(
    kind: type[Struct], given: Mapping[str, Any], prefix: str, *, skip: set[str] | None = None, of: str = ""
) -> Iterator[FieldError]:
    for field in structs.fields(kind):
        if field.name in (skip or ()):
            continue
        name = f"{prefix}{field.name}"
        label = LABELS.get(name) or LABELS.get(field.name, field.name)
        if field.name not in given:
            if field.required:
                yield FieldError(name, f"{of}{label}: fill this in.")
            continue
        try:
            msgspec.convert(given[field.name], field.type)
        except msgspec.ValidationError as error:
            place = "" if isinstance(given[field.name], str) else _place(explain(error).field)
            yield FieldError(name, f"{of}{label}{place}: {_plain(field.name, error)}")


def _plain(name: str, error: msgspec.ValidationError) -> str:
    detail = explain(error).detail
    if name in _DAYS:
        return "give the day as year-month-day, for example 2025-10-13."
    if "`array` of length" in detail:
        return f"at most {detail.rpartition(' ')[2].rstrip('.')} of them."
    if "length <= " in detail:
        return f"at most {int(detail.partition('<= ')[2].rstrip('.')):,} characters."
    if "Invalid enum value" in detail:
        return "choose one of the list."
    return f"{detail[0].lower()}{detail[1:]}"


def _place(path: str) -> str:
    """Which of several texts is at fault, counted from one."""
    number = path.partition("[")[2].rstrip("]")
    return f", number {int(number) + 1}" if number.isdecimal() else ""


def _plain_fields() -> tuple[str, ...]:
    apart = {*_PARTS, *_LINES, *_KEPT, "variants", "citations"}
    return tuple(name for name in RebuttalContent.__struct_fields__ if name not in apart)


def _text(value: object) -> str:
    return "" if value is None else str(value)


def choices(kind: object) -> tuple[str, ...]:
    """The values that a literal type allows."""
    return tuple(get_args(kind))
