"""A verdict on paper: who said what about the claim, in their words, and where that can be read."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

import msgspec
from rich.console import Console
from rich.text import Text

from service.cli.plain import article, visible
from service.domain import CheckResult, Citation, Label, Match, Rebuttal, Why
from service.wording import day, who

Show = Callable[[CheckResult], None]

_WIDEST: Final = 100
_INDENT: Final = 11
_MOST_SOURCES: Final = 5
_STYLES: Final[dict[Label, str]] = {
    "rebutted": "bold red",
    "consistent": "bold green",
    "contested": "bold yellow",
    "related": "bold cyan",
    "unmatched": "bold",
}


class Row(NamedTuple):
    """A name in the margin and a text beside it; a link is never broken across lines."""

    name: str
    text: str
    link: bool = False


def as_json() -> Show:
    """One JSON object a line, in UTF-8 whatever the locale."""
    encoder = msgspec.json.Encoder()

    def show(result: CheckResult) -> None:
        sys.stdout.buffer.write(encoder.encode(result) + b"\n")
        sys.stdout.buffer.flush()

    return show


def for_people(*, several: bool) -> Show:
    """Text for a person; colour and links only on a terminal, and never against NO_COLOR.

    Args:
        several: print each claim above its answer.
    """
    if hasattr(sys.stdout, "reconfigure"):
        # A terminal that cannot show a character gets a stand-in, not an error half-way through an answer.
        sys.stdout.reconfigure(errors="replace")
    console = Console(highlight=False, soft_wrap=False)
    # Where there is no terminal its width cannot be asked for, and the customary 80 would break most first lines.
    measured = console.is_terminal or "COLUMNS" in os.environ
    console.width = min(console.width, _WIDEST) if measured else _WIDEST

    def show(result: CheckResult) -> None:
        if several:
            console.print(Text(f"> {visible(result.claim)}", "bold"))
        console.print(Text(headline(result), _STYLES[result.verdict.label]))
        for row in rows(result):
            _print_row(console, row)
        console.print()
        sys.stdout.flush()

    return show


def headline(result: CheckResult) -> str:
    """The verdict in one line, said of whoever made the statement."""
    label = result.verdict.label
    if label == "unmatched" or not result.matches:
        return "No match - no official rebuttal in the store is about this claim"
    first = result.matches[0].rebuttal
    said_by = f"{article(first.authority)}{visible(who(first))}"
    if label == "rebutted":
        return f"Rebutted - denied by {said_by}"
    if label == "consistent":
        return f"Consistent - in line with what {said_by} said"
    if label == "contested":
        return f"Contested - denied by {said_by}, and another authority disputes the denial"
    return f"Related - on the same matter, but not settling this claim: {visible(who(first))}"


def rows(result: CheckResult) -> Iterator[Row]:
    """Everything below the headline, in the order of what a reader asks."""
    if not result.matches:
        yield Row("", "That says nothing of whether it is so: only that nobody's denial of it is in the store.")
        return
    shown = 2 if result.verdict.label == "contested" else 1
    for number, match in enumerate(result.matches[:shown]):
        if number:
            yield Row("", "")
            yield Row("Against it", visible(who(match.rebuttal)))
        yield from _record(match.rebuttal)
        yield from _reasons(result, match) if not number else ()
    for match in result.matches[shown:]:
        yield Row(
            "See also",
            f"{visible(who(match.rebuttal))}: {visible(match.rebuttal.rumor)} [{match.rebuttal.id}]",
        )


def _record(record: Rebuttal) -> Iterator[Row]:
    yield Row("Rumor", visible(record.rumor))
    yield Row("Statement", visible(record.statement))
    if record.quote:
        yield Row("Quote", f"“{visible(record.quote)}”")
    sources = sorted(record.citations, key=lambda source: source.kind != "primary")
    for number, source in enumerate(sources[:_MOST_SOURCES]):
        yield Row("" if number else "Sources", _source(source))
        yield Row("", source.url, link=True)
        if source.archived_url:
            yield Row("", source.archived_url, link=True)
    if len(sources) > _MOST_SOURCES:
        yield Row("", f"and {len(sources) - _MOST_SOURCES} more: --json lists all")


def _source(source: Citation) -> str:
    published = day(source.published_on) or "undated"
    title = f": {visible(source.title)}" if source.title else ""
    kind = " [the authority's own]" if source.kind == "primary" else ""
    return f"{visible(source.publisher)}, {published}{title}{kind}"


def _reasons(result: CheckResult, match: Match) -> Iterator[Row]:
    yield Row("How sure", _sureness(result, match))
    yield Row("Why", _why(match.why))
    yield Row(
        "Record",
        f"{match.rebuttal.id}, revision {match.rebuttal.revision}; store version {result.store_version}",
    )


def _sureness(result: CheckResult, match: Match) -> str:
    share = f"{result.verdict.confidence:.0%}"
    label = result.verdict.label
    # Why the pair was not read, or with --as-of, what became of the record since.
    reason = f"; {match.why.reason[0].lower()}{match.why.reason[1:]}" if match.why.reason else ""
    if label in ("rebutted", "contested"):
        return f"{share} that the claim says what was denied{reason}"
    if label == "consistent":
        return f"{share} that the claim reports or shares the denial{reason}"
    return f"{share} that the matter is the same; whether the denial fits the claim is open{reason}"


def _why(why: Why) -> str:
    parts = [f"nearest is its {why.field} “{visible(why.text)}”, similarity {why.similarity:.2f}"]
    if why.probabilities:
        sides = ", ".join(f"{side} {share:.0%}" for side, share in why.probabilities.items())
        parts.append(f"read against rumor and statement: {sides}")
    for difference in why.differs:
        ours = ", ".join(map(visible, difference.claim)) or "none"
        theirs = f"; the rumor has {', '.join(map(visible, difference.record))}" if difference.record else ""
        what = "names in another order" if difference.kind == "order" else f"{difference.kind} that only the claim has"
        parts.append(f"{what}: {ours}{theirs}")
    if why.would_change:
        parts.append(why.would_change.rstrip("."))
    return ". ".join(part[0].upper() + part[1:] for part in parts) + "."


def _print_row(console: Console, row: Row) -> None:
    margin = f"  {row.name:<{_INDENT}}"
    if row.link:
        address = visible(row.text)
        console.print(Text(margin).append(address, style=f"link {address}"), soft_wrap=True)
        return
    for number, line in enumerate(Text(row.text).wrap(console, max(20, console.width - len(margin)))):
        line.rstrip()
        console.print(Text.assemble((" " * len(margin) if number else margin, "dim"), line), soft_wrap=True)
