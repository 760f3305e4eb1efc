"""Clauses of a sentence: where one begins and ends, and whether it says something."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final, Literal, NamedTuple

from service.ingest.extract.grammar import cut
from service.ingest.extract.lexicon import any_of, english
from service.ingest.extract.reading import Line

Sort = Literal["report", "contrast", "negation", "mention", "whole"]

_LONGEST_CLAUSE: Final = 600

TOO_FEW: Final = 2
"""Words that claim nothing."""

_LONGEST_ASIDE: Final = 70
"""Characters between a reporting verb and its "that": "told reporters on Sunday, 7 June, that"."""

_ADDRESSED: Final = frozenset({"told", "tells", "assured", "assures", "reassured"})

_ASIDE: Final = re.compile(r"(?:on|in|at|during|via|to|through|late|early|,|\w+day|yesterday|today)\b", re.IGNORECASE)


_DATELINE: Final = re.compile(
    r"\s*(?:(?:[A-Z][\w.'’-]*|\d{1,4}|\(\w[^()]{0,20}\)|/\w[^/]{0,20}/)[,.]?\s+){1,8}(?:--|[—–-])\s+(?=\S)"
    r"|\s*[A-Z]{3,}(?:\s[A-Z]{3,}){0,3}(?:,[^:]{1,40})?:\s+(?=\S)"
    r"|\s*[A-Z][a-z]+(?:\s[A-Z][a-z]+)?,\s[A-Z][a-z]+\s\d{1,2}(?:\s\([^()]{1,20}\))?:\s+(?=\S)"
)


class Denial(NamedTuple):
    """Something that a sentence denies, or a rumor that it names.

    Attributes:
        sort: ``report``: "rejected reports that …"; ``contrast``: "is A, not B"; ``negation``: "will never …";
            ``mention``: "claims that …", not denied here; ``whole``: "the reports are false", whatever they say.
        rumor: the clause, affirmative, without a full stop; empty for ``whole``.
        statement: the clause as it was said; empty where nothing but the rumor is given.
        start: place of the clause in the sentence.
        end: behind it.
    """

    sort: Sort
    rumor: str
    statement: str
    start: int
    end: int


def clause_start(line: Line, body: str, at: int) -> int:
    """Where the clause begins that a place lies in: behind the last "that", colon, full stop or reporting verb."""
    starts = [dateline_end(body)]
    starts += [
        match.end()
        for match in re.finditer(
            r"^\s*contrary\s+to\s+[^,]{3,120},\s+|(?<=[a-z0-9”’)%])[.!?]\s+|[;:]\s+|\bthat\s+(?=\S)|,\s+(?:and|but)\s+(?=(?:the|it|they|he|she|there|no|its|[A-Z])\b)|—\s*|\bwhether\s+|\bwhile\s+",
            body,
            re.IGNORECASE if body.lstrip()[:8].lower() == "contrary" else 0,
        )
        if _complements(line, body, match)
    ]
    for frame in line.frames:
        if frame.where == "before":
            behind = re.match(r"\s*(?::|,)?\s*(?:that\s+)?", body[frame.end :])
            starts.append(frame.end + (behind.end() if behind else 0))
            told = next((e for e in line.entities if frame.end <= e.start <= frame.end + 5), None)
            if told is not None and frame.verb in _ADDRESSED:
                starts.append(told.end + 1)
    return max(
        (start for start in starts if start < at and _names_something(body[start:at])), default=dateline_end(body)
    )


def dateline_end(sentence: str) -> int:
    """Where a sentence begins behind its dateline, "NAIROBI, Oct 14 (Wire) --"; 0 where it has none."""
    found = _DATELINE.match(sentence)
    return found.end() if found else 0


def _complements(line: Line, body: str, match: re.Match[str]) -> bool:
    """Whether a "that" leads into what is said, and not into a relative clause ("the samples that they showed")."""
    if not match[0].startswith("that"):
        return True
    frames = [frame for frame in line.frames if frame.where == "before" and frame.end <= match.start()]
    if frames:
        between = body[frames[-1].end : match.start()].strip()
        addressed = frames[-1].verb in _ADDRESSED or not between or _ASIDE.match(between) is not None
        if addressed and len(between) <= _LONGEST_ASIDE and " that " not in between:
            return True
    last = body[: match.start()].rstrip(" ,").rsplit(None, 1)[-1].lower() if body[: match.start()].strip() else ""
    return (
        last in _verbs_of_saying()
        or last in {"clear", "and", "added", "denial", "statement", "reporters", "evidence", "but"}
        or last[:1] == ""
    )


@lru_cache(maxsize=1)
def _verbs_of_saying() -> frozenset[str]:
    table = english()
    return frozenset(word.split()[-1] for name in ("says", "denies") for word in table[name])


def _names_something(subject: str) -> bool:
    return re.search(r"\w", subject) is not None or subject == ""


def to_end(body: str, start: int) -> tuple[str, int]:
    """The clause from a place on, and where it ends."""
    rest = body[start : start + _LONGEST_CLAUSE]
    clause = cut(rest).rstrip(" ,.")
    lead = len(rest) - len(rest.lstrip(" ,:"))
    return clause, start + lead + len(clause)


def without_attribution(line: Line) -> str:
    """The sentence with spaces where "…, he said" stands, of equal length."""
    body = line.flat
    for frame in line.frames:
        # "were dismissed by the governor" is no attribution.
        if frame.where != "before" and not (frame.denies and frame.where == "behind") and frame.verb != "according to":
            start, end = (
                len(
                    re.sub(
                        r"(?:\b(?:the|a|an|its|their)\s+(?:senior\s+)?)?$", "", body[: frame.start], flags=re.IGNORECASE
                    )
                ),
                frame.end,
            )
            # "…, he said, rejecting reports that …": the participle denies on.
            on = denying().search(body, end)
            end = end if frame.where == "within" else on.start() if on else len(body)
            keep = re.search(r"[.!?]\s*$", body)
            body = body[:start] + " " * (end - start) + body[end:]
            if frame.where == "behind" and keep:
                body = f"{body[: len(body) - 1]}."
    return body


@lru_cache(maxsize=1)
def denying() -> re.Pattern[str]:
    """A participle that denies on behind a comma: ", rejecting"."""
    verbs = any_of(verb for verb in english()["denies"] if verb.endswith("ing"))
    return re.compile(rf",\s+(?:and\s+|while\s+)?(?P<verb>{verbs})\b", re.IGNORECASE)


def is_whole(rumor: str) -> bool:
    """Whether a clause has a subject, a verb and something to say."""
    return len(rumor.split()) > TOO_FEW + 1 and not re.match(
        r"(?:i|my|and|or|but|which|who|to|if|because|by|with|for|of|what|how|why|when)\b", rumor, re.IGNORECASE
    )


def has_verb(clause: str) -> bool:
    """Whether a clause has something that can be its verb."""
    return (
        re.search(
            r"\b(?:is|are|was|were|has|have|had|will|would|can|could|may|might|must|do|does|did|be)\b|\b\w{2,}(?:ed|s)\b",
            clause,
        )
        is not None
    )


def plain(clause: str) -> str:
    """A clause with single spaces and no commas around it."""
    return " ".join(clause.split()).strip(" ,;:")
