"""An article read sentence by sentence: who is named, who speaks, what is quoted, which days."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from service.ingest.extract.dates import Day, days_in
from service.ingest.extract.entities import entities_in
from service.ingest.extract.frames import Frame, frames_in
from service.ingest.extract.furniture import headline_end
from service.ingest.extract.model import Source
from service.ingest.extract.quotes import Quote, flat, masked, quotes_in
from service.ingest.extract.who import Entity
from service.sentences import split

MOST_SENTENCES: Final = 2_000
_TURN: Final = re.compile(
    r"^\s*(?P<who>(?:Q|A)(?:uestion|nswer)?\s*\d{0,3}|Reporter|Journalist|Moderator|(?:[A-Z][\w.’'-]*\s+){0,4}[A-Z][\w.’'-]*|问|答|记者|Pregunta|Respuesta|P|R)\s*[:：]\s*",
    re.MULTILINE,
)
_ASKS: Final = re.compile(
    r"(?:q(?:uestion)?\s*\d*|reporter|journalist|问|记者|pregunta|p|.*\b(?:news|times|daily|post|agency|tv|reuters|afp|bloomberg|ap|press|radio|herald|tribune|bbc|cnn))",
    re.IGNORECASE,
)
_ANSWERS: Final = re.compile(r"(?:a(?:nswer)?\s*\d*|答|respuesta|r)", re.IGNORECASE)


class Line(NamedTuple):
    """A sentence as it was read.

    Attributes:
        text: the sentence.
        start: its place in the source's text.
        end: behind it.
        flat: as ``text``, a space for each quotation mark.
        masked: as ``text``, dots for what is quoted.
        quotes: those within it, with places in the source.
        entities: outside the quotations.
        frames: who says what.
        days: outside the quotations.
        turn: in a transcript: ``asks`` or ``answers``.
        heading: whether it is part of headline and standfirst.
        paragraph: number of its paragraph.
    """

    text: str
    start: int
    end: int
    flat: str
    masked: str
    quotes: list[Quote]
    entities: list[Entity]
    frames: list[Frame]
    days: list[Day]
    turn: str | None
    heading: bool
    paragraph: int


class Turn(NamedTuple):
    """A stretch of a transcript: who has the word from here on, and where the words begin."""

    start: int
    body: int
    sort: str
    who: str


def turns_in(text: str) -> list[Turn]:
    """The turns of a transcript; empty where the text is none (no line that asks, or none that answers)."""
    found: list[Turn] = []
    for match in _TURN.finditer(text):
        who = match["who"]
        sort = "asks" if _ASKS.fullmatch(who) else "answers" if _ANSWERS.fullmatch(who) else ""
        found.append(Turn(match.start(), match.end(), sort, who))
    ends = [*(turn.start for turn in found[1:]), len(text)][: len(found)]
    # Whoever is not known to ask or to answer asks if the turn ends with a question mark.
    found = [
        turn._replace(sort="asks") if not turn.sort and text[turn.body : end].rstrip().endswith(("?", "？")) else turn
        for turn, end in zip(found, ends, strict=True)
    ]
    if not any(turn.sort == "asks" for turn in found):
        return []
    # A name with a colon answers what was asked before it.
    answered = [turn if turn.sort else turn._replace(sort="answers") for turn in found]
    return answered if any(turn.sort == "answers" for turn in answered) else []


def lines_of(source: Source) -> tuple[list[Line], list[Turn], bool]:
    """The sentences of a source, the turns of its transcript, and whether some were left out for their number."""
    text = source.text
    quotes = quotes_in(text)
    turns = turns_in(text)
    heading = 0 if turns else headline_end(text)
    hidden = masked(text, quotes)
    every = split(text, source.language)
    lines, at, turn_at, paragraph, last = [], 0, -1, 0, 0
    for sentence in every[:MOST_SENTENCES]:
        start, end = sentence.start, sentence.end
        while turn_at + 1 < len(turns) and turns[turn_at + 1].start <= start:
            turn_at += 1
        turn = turns[turn_at] if turn_at >= 0 else None
        if turn and start < turn.body < end:
            start = turn.body
        while at < len(quotes) and quotes[at].end <= start:
            at += 1
        inside = []
        for quote in quotes[at:]:
            if quote.start >= end:
                break
            inside.append(quote)
        paragraph += "\n" in text[last:start]
        last = end
        at_text, shown = text[start:end].replace("\n", " "), hidden[start:end].replace("\n", " ")
        entities = entities_in(shown)
        lines.append(
            Line(
                text=at_text,
                start=start,
                end=end,
                flat=flat(at_text),
                masked=shown,
                quotes=inside,
                entities=entities,
                frames=frames_in(shown, entities),
                days=days_in(shown),
                turn=turn.sort if turn else None,
                heading=start < heading,
                paragraph=paragraph,
            )
        )
    return lines, turns, len(every) > MOST_SENTENCES
