"""The denials of one source, each with who speaks, on which day, and with its pronouns resolved."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from service.domain import MAX_RUMOR
from service.ingest.extract.cast import Cast, Voice
from service.ingest.extract.clauses import Denial
from service.ingest.extract.dates import Day
from service.ingest.extract.denials import denials_in
from service.ingest.extract.grammar import as_sentence
from service.ingest.extract.lexicon import english, geography
from service.ingest.extract.model import Source
from service.ingest.extract.reading import Line, lines_of

_LEADING: Final = re.compile(r"^(it|its|they|their|he|his|she|her|we|our|i|my)\b", re.IGNORECASE)
_OWNS: Final = frozenset({"its", "their", "his", "her", "our", "my"})
_SINGULAR: Final = {"have": "has", "are": "is", "were": "was", "do": "does"}
_CLOSE: Final = 2
_MOST_IN_A_SENTENCE: Final = 8
MOST_FINDINGS: Final = 200
"""In one source: each is compared with every other one."""


_MEDIA: Final = (
    r"(?:some|local|foreign|international|us|american)?\s*"
    r"(?:media|outlets?|newspapers?|websites?|users?|people|it is|it was|it has been)"
)
_SAY: Final = (
    r"(?:also\s+)?(?:say|said|says|claim|claims|claimed|report|reports|reported|allege|alleged|suggest|suggested"
    r"|have reported|have claimed|rumou?red|are saying)"
)
_ASKED: Final = re.compile(
    rf"\b(?:is it true|can you confirm|could you confirm|do you confirm|{_MEDIA}\s+{_SAY}"
    r"|according to (?:\w+\s+){0,4}(?:reports?|media|posts?),?)\s+(?:that\s+)?",
    re.IGNORECASE,
)
_BESIDE: Final = 60
"""Characters between a verb of saying and its day."""
_BEFORE: Final = 40
"""Characters between a day at the front of a sentence and who says something on it."""


class Finding(NamedTuple):
    """A denial in its source. Places are in the source's text.

    Attributes:
        source: number of the source.
        at: number of the sentence.
        line: the sentence.
        denial: what was found in it.
        voice: who denies it; None where it is only named.
        rumor: as a sentence, pronouns resolved; empty where the denial is of the whole.
        statement: likewise; empty where nothing but the rumor is given.
        open_pronoun: whether a pronoun stayed that leads nowhere.
    """

    source: int
    at: int
    line: Line
    denial: Denial
    voice: Voice | None
    rumor: str
    statement: str
    open_pronoun: bool

    @property
    def start(self) -> int:
        """Where the clause begins."""
        return self.line.start + self.denial.start

    @property
    def end(self) -> int:
        """Where it ends."""
        return self.line.start + self.denial.end


class Told(NamedTuple):
    """A source as far as it was understood.

    Attributes:
        text: the source's text.
        lines: its sentences.
        voices: who has the word in each; None for the narrator.
        findings: denials and rumors, in order.
        days: the day that each sentence gives for what is said in it, where it gives one.
        is_denial: whether it speaks of rumors at all; a negation elsewhere answers nobody.
        cut: whether it was too long to be read to its end.
    """

    text: str
    lines: list[Line]
    voices: list[Voice | None]
    findings: list[Finding]
    days: list[Day | None]
    is_denial: bool
    cut: bool


def tell(number: int, source: Source) -> Told:
    """Read a source and collect what is denied in it."""
    lines, turns, left_out = lines_of(source)
    cast = Cast(lines, turns)
    voices: list[Voice | None] = []
    findings: list[Finding] = []
    for at, line in enumerate(lines):
        voice = cast.voice_of(line)
        voice = cast.complete(voice) if voice else None
        voices.append(voice)
        if line.turn == "asks":
            findings += [_finding(number, at, line, denial, None) for denial in _asked(line)]
            continue
        found = denials_in(line, speaks=voice is not None)[:_MOST_IN_A_SENTENCE]
        findings += [_finding(number, at, line, denial, voice) for denial in found]
    days = [_day(line) for line in lines]
    is_denial = bool(turns) or any(
        finding.denial.sort in {"report", "mention", "whole", "contrast"} for finding in findings
    ) or any(frame.verb in english()["corrects"] for line in lines for frame in line.frames)  # fmt: skip
    return Told(
        source.text, lines, voices, findings[:MOST_FINDINGS], days, is_denial, left_out or len(findings) > MOST_FINDINGS
    )


def _asked(line: Line) -> list[Denial]:
    """What a question puts forward: reports that it names, or what it asks about itself."""
    found = denials_in(line, speaks=False)
    if found:
        return found
    asked = _ASKED.search(line.flat)
    if asked is None:
        return []
    rest = re.split(r"[?.](?:\s|$)", line.flat[asked.end() :])[0].strip(" ,")
    start = line.flat.find(rest, asked.end())
    return [Denial("mention", rest, "", start, start + len(rest))] if len(rest.split()) > _CLOSE + 1 else []


def _finding(number: int, at: int, line: Line, denial: Denial, voice: Voice | None) -> Finding:
    rumor, open_rumor = _resolved(denial.rumor, denial, line, voice)
    statement, open_statement = _resolved(denial.statement, denial, line, voice)
    rumor = as_sentence(rumor)[:MAX_RUMOR]
    return Finding(number, at, line, denial, voice, rumor, as_sentence(statement), open_rumor or open_statement)


def _resolved(clause: str, denial: Denial, line: Line, voice: Voice | None) -> tuple[str, bool]:
    """A clause with its first pronoun replaced by whom it means; and whether one is left that leads nowhere."""
    found = _LEADING.match(clause)
    if found is None:
        return clause, False
    pronoun = found[1].lower()
    if pronoun == "it" and re.match(
        r"it\s+(?:is|was|has been|would be|will be)\s+(?:\w+\s+){0,2}(?:that|to)\b", clause, re.IGNORECASE
    ):
        return clause, False
    name = _antecedent(pronoun, denial, line, voice)
    if name is None:
        return clause, True
    rest = clause[found.end() :]
    if pronoun in _OWNS:
        return f"{name}{'’' if name.endswith('s') and not name.endswith('ss') else '’s'}{rest}", False
    rest = re.sub(r"^(\s+)(have|are|were|do)\b", lambda m: m[1] + _SINGULAR[m[2]], rest)
    return f"{name}{rest}", False


def _antecedent(pronoun: str, denial: Denial, line: Line, voice: Voice | None) -> str | None:
    """Whom a pronoun at the front of a clause means: the last one named before it, else whoever speaks."""
    if pronoun in {"we", "our", "i", "my"}:
        return _spoken_of(voice, person=pronoun in {"i", "my"})
    person = pronoun in {"he", "his", "she", "her"}
    sorts = {"person", "name"} if person else {"country", "body", "name"}
    within = [frame for frame in line.frames if frame.where != "before"]
    named = [
        entity
        for entity in line.entities
        if entity.end <= denial.start
        and entity.sort in sorts
        and not any(f.start <= entity.start < f.end for f in within)
    ]
    subjects = [frame.subject for frame in line.frames if frame.where == "before" and frame.subject in named]
    if subjects or named:
        entity = subjects[-1] if subjects else named[-1]
        return _with_article(entity.name) if entity.sort == "body" and entity.kind != "company" else entity.name
    return _spoken_of(voice, person=person)


def _spoken_of(voice: Voice | None, *, person: bool) -> str | None:
    if voice is None:
        return None
    if person:
        return voice.name
    if voice.body:
        return _with_article(voice.body) if voice.kind not in {"company", "other", None} else voice.body
    country = next((c.name for c in geography().names.values() if c.code == voice.country), None)
    return country if voice.country else None


def _with_article(name: str) -> str:
    """A body's name as it stands in a sentence."""
    owned = re.match(r"\S+(?:’s|'s)\s", name) or name.lower().startswith("the ")
    return name if owned or name.isupper() or len(name.split()) == 1 else f"the {name}"


def _day(line: Line) -> Day | None:
    """The day of what is said in a sentence: it stands beside the verb, not in what is said."""
    for day in line.days:
        for frame in line.frames:
            between = line.text[frame.end : day.start]
            behind = frame.end <= day.start <= frame.end + _BESIDE and not re.search(r"\bthat\b|[“\"]|:", between)
            front = re.match(r"\W*(?:on\s+)?$", line.text[: day.start], re.IGNORECASE)
            before = front is not None and day.end <= frame.start <= day.end + _BEFORE
            if frame.start <= day.start < frame.end or behind or before:
                return day
    return None
