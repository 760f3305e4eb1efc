"""The day of a statement, from every source that gives one; what does not agree is told, not decided in silence."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import NamedTuple

from service.ingest.extract.dates import Day, days_in, resolve, weekday_of
from service.ingest.extract.findings import Finding, Told
from service.ingest.extract.model import Conflict, Place, Reading, Source


class Stated(NamedTuple):
    """The day, where it stands, and what speaks against it."""

    day: dt.date | None
    place: Place | None
    conflicts: list[Conflict]
    notes: list[str]
    by_source: dict[int, dt.date]


class _Read(NamedTuple):
    source: int
    day: dt.date
    words: str
    place: Place | None


def stated_on(
    numbers: Sequence[int], told: Sequence[Told], sources: Sequence[Source], findings: Sequence[Finding]
) -> Stated:
    """The day on which something was said.

    Args:
        numbers: of the sources that report it.
        told: every source as it was understood.
        sources: every source.
        findings: those of the statement.
    """
    reads: list[_Read] = []
    notes: list[str] = []
    problems: list[Conflict] = []
    for number in numbers:
        own = [finding for finding in findings if finding.source == number]
        for line_start, day in _days(told[number], own):
            found = resolve(day, sources[number].published_on)
            place = Place(number, line_start + day.start, line_start + day.end)
            if found.day is not None:
                reads.append(_Read(number, found.day, day.words, place))
            if found.problem and found.day is not None:
                problems.append(
                    Conflict(
                        field="stated_on",
                        detail=found.problem,
                        readings=(Reading(source=number, words=day.words, value=found.day.isoformat()),),
                    )
                )
            elif found.problem:
                notes.append(found.problem)
    remarked = [read for number in numbers for read in _remarked(number, sources[number])]
    problems += _disagreements(reads, remarked, numbers, sources)
    silent = [number for number in numbers if number not in {read.source for read in reads}]
    if reads and silent and len(numbers) > 1:
        names = ", ".join(_name(number, sources) for number in silent)
        notes.append(f"The day rests on one part of the sources: {names} gives none.")
    if not reads and not notes:
        notes.append("No source says on which day it was stated.")
    chosen = reads[0] if reads else None
    by_source = {read.source: read.day for read in reversed(reads)}
    known, at = (chosen.day, chosen.place) if chosen else (None, None)
    return Stated(known, at, problems, list(dict.fromkeys(notes)), by_source)


def _days(told: Told, own: Sequence[Finding]) -> list[tuple[int, Day]]:
    """The days beside the verbs of the statement, else the first one beside any verb of saying before or behind it."""
    at = {finding.at for finding in own}
    given = [(told.lines[k].start, day) for k in sorted(at) if (day := told.days[k])]
    every = [(told.lines[k].start, day) for k, day in enumerate(told.days) if day and told.voices[k] is not None]
    if given:
        return [*given, *(pair for pair in every if pair not in given)]
    if every:
        return every
    # A transcript or a release has its day in its head.
    return [(line.start, line.days[0]) for line in told.lines[:3] if line.days and line.days[0].day is not None][:1]


def _remarked(number: int, source: Source) -> list[_Read]:
    """Days that a remark on a source names in full."""
    found = []
    for day in days_in(source.remark or ""):
        known = resolve(day, source.published_on).day if day.day is not None else None
        if known is not None:
            found.append(_Read(number, known, day.words, None))
    return found


def _disagreements(
    reads: Sequence[_Read], remarked: Sequence[_Read], numbers: Sequence[int], sources: Sequence[Source]
) -> list[Conflict]:
    found = []
    days = {read.day for read in (*reads, *remarked)}
    if len(days) > 1:
        readings = tuple(
            dict.fromkeys(Reading(source=r.source, words=r.words, value=r.day.isoformat()) for r in (*reads, *remarked))
        )
        listed = " or ".join(f"{day.isoformat()} ({weekday_of(day)})" for day in sorted(days))
        found.append(
            Conflict(
                field="stated_on",
                detail=f"The day is {listed}: the texts, or what was noted on them, do not agree.",
                readings=readings,
            )
        )
    for number in numbers:
        published = sources[number].published_on
        late = next(
            (read for read in reads if published is not None and read.source != number and read.day > published), None
        )
        if late is not None and published is not None:
            order = f"on {published.isoformat()}, before {late.day.isoformat()} (“{late.words}”)"
            detail = f"{_name(number, sources)} reported it {order}."
            readings = (
                Reading(source=late.source, words=late.words, value=late.day.isoformat()),
                Reading(source=number, words="published_on", value=published.isoformat()),
            )
            found.append(Conflict(field="stated_on", detail=detail, readings=readings))
    return found


def _name(number: int, sources: Sequence[Source]) -> str:
    source = sources[number]
    return source.name or source.publisher or source.title or f"source {number + 1}"
