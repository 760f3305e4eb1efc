"""What a sentence negates: clauses that can be made affirmative, and one thing that it says is another."""

from __future__ import annotations

import re
from typing import Final

from service.ingest.extract.clauses import Denial, clause_start, is_whole, plain, to_end
from service.ingest.extract.grammar import affirm, cut, is_modest, without_shortening
from service.ingest.extract.lexicon import any_of, english
from service.ingest.extract.reading import Line

_COPULA: Final = (
    r"\b(?:is|are|was|were|shows?|showed|depicts?|depicted|contains?|contained|concerns?|concerned|involves?|involved"
    r"|came|dates?|dated)\b"
)


def contrasts_in(line: Line, body: str) -> list[Denial]:
    """One thing said to be another: "were gem ores, not rare earths", "not a bomb but a gas leak"."""
    found = []
    for match in re.finditer(
        rf"{_COPULA}(?P<is>[^.;]{{3,250}}?)(?:,\s+(?:and\s+)?not|—\s*not|\s+rather\s+than|\s+instead\s+of|,\s+rather\s+than)\s+(?P<not>[^.;]{{3,250}})",
        body,
    ):
        start = clause_start(line, body, match.start())
        subject = body[start : match.start()].strip()
        other = cut(match["not"])
        if (
            not subject
            or re.match(r"(?:only|just|yet|because\s+(?!of)|to|simply|as)\b", other)
            or re.search(r"\bany\b", other)
        ):
            continue
        copula = re.match(_COPULA, body[match.start() :])
        form = copula[0] if copula else "is"
        led = re.match(r"\s*(?P<led>\w+(?:ed|en|n|t|de)\s+(?P<prep>by|from|in|at|on|with|of|for|to)\b)", match["is"])
        lead = (
            ""
            if not led
            else f"{led['led'].rsplit(None, 1)[0]} "
            if re.match(r"(?:because of|due to|by|in|at|for|on|with|from)\b", other)
            else (led["led"].rsplit(None, 1)[0] if other.startswith(led["prep"] + " ") else led["led"]) + " "
        )
        rumor = f"{subject} {form} {lead}{other}"
        end = match.start("not") + match["not"].find(other[-10:]) + len(other[-10:])
        found.append(Denial("contrast", plain(rumor), plain(body[start:end]), start, end))
    return found


def negations_in(line: Line, body: str) -> list[Denial]:
    """Clauses with a negation that can be taken back."""
    found: list[Denial] = []
    at = 0
    while match := _next_negation(body, at):
        start = clause_start(line, body, match.start())
        clause, end = to_end(body, start)
        if end <= match.start():  # what `cut` takes for the narrator's stands before the negation
            clause, end = to_end(body, match.start())
            clause = f"{body[start : match.start()]}{clause}"
        if led := re.match(r"\s*(?:and|but|so|that)\s+", body[start : match.start()]):
            start, clause = start + led.end(), clause[len(led[0].lstrip()) :]
        clause = without_shortening(clause)
        denied = (
            re.split(r",\s+and\s+(?!\w+\s+(?:to|of|in|for)\b)", clause)[0]
            if match.start() - start < clause.find(",")
            else clause
        )
        rumor = None if is_modest(denied) or _calls_false(denied) or _NO_SUCH.search(denied) else affirm(denied)
        if rumor and is_whole(rumor):
            found.append(Denial("negation", plain(rumor), plain(clause), start, end))
        at = max(end, match.end())
    return found


_NO_SUCH: Final = re.compile(r"\b(?:no|not\s+any)\s+such\b", re.IGNORECASE)
"""Speaks of what was named before, and names nothing itself."""
_ANY_NEGATION: Final = re.compile(
    r"\b(?:not|never|no|nothing|neither|none|cannot|unrelated|unconnected|in no way|by no means)\b|\b\w{2,8}n[’']t\b",
    re.IGNORECASE,
)


def _calls_false(clause: str) -> bool:
    """Whether a negation says no more than that something is false: "was not genuine"."""
    words = any_of(word for word in english()["false"] if word.startswith("not "))
    return re.search(rf"\b(?:is|are|was|were)\s+(?:\w+ly\s+)?{words}\W*$", clause) is not None


def _next_negation(body: str, at: int) -> re.Match[str] | None:
    return _ANY_NEGATION.search(body, at)
