"""Who says what in a sentence: verbs of reporting with their subjects, before what is said, behind it or within it."""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import islice
from typing import Final, Literal, NamedTuple

from service.ingest.extract.lexicon import any_of, english
from service.ingest.extract.who import Entity

Where = Literal["before", "behind", "within"]

_FILLERS: Final = frozenset(
    [
        "has",
        "have",
        "had",
        "also",
        "further",
        "later",
        "then",
        "again",
        "once",
        "more",
        "however",
        "meanwhile",
        "too",
        "therefore",
        "nevertheless",
        "both",
        "who",
        "is",
        "was",
        "been",
        "being",
        "would",
        "will",
        "not",
        "monday",
        "tuesday",
        "wednesday",
        "thursday",
        "friday",
        "saturday",
        "sunday",
        "today",
        "yesterday",
        "last",
        "this",
        "morning",
        "afternoon",
        "evening",
        "night",
        "week",
        "month",
        "early",
        "late",
        "and",
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
    ]
)
_PREPOSITIONS: Final = frozenset(
    ["on", "in", "at", "during", "via", "through", "to", "after", "from", "by", "earlier", "before"]
)
_WORD: Final = re.compile(r"[\w’'-]+|[,()]|[^\w\s]")
_LONGEST_GAP: Final = 120
_MOST_BEHIND: Final = 8
_MOST: Final = 12
"""Verbs of saying that are looked at in one sentence; a text of nothing else would take its square in time."""
_BLOCKING: Final = frozenset(
    ["about", "of", "by", "from", "with", "to", "for", "against", "into", "between", "regarding", "on", "in"]
)

_INTRODUCTION: Final = re.compile(
    r"(?:after|in|on|at|during|asked|addressing|when|while|speaking|responding|earlier|later|meanwhile|but|and|following"
    r"|commenting|answering|for|with|according|at)\b",
    re.IGNORECASE,
)
_FEWEST: Final = 12
"""Characters behind a verb of saying that can be what is said."""


_WHICH: Final = re.compile(r"\b(?:which|whom|whose|where)\s+(?:the\s+|its\s+|an?\s+)?$", re.IGNORECASE)
_OF_NOUN: Final = re.compile(
    r"(?<!told )(?<!assured )(?<!in )(?<!at )(?<!on )(?<!to )(?<!of )(?<!from )(?<!during )\bthe\s+(?:[a-z]+\s+)?"
    r"(?!(?:reports?|claims?|rumou?rs?|allegations?|suggestions?|idea|notion|fact|news|accusations?|assertions?)\b)[a-z]+\s+that\s+$"
)
"""A noun with a relative "that": "the convoy that Russia said it had destroyed"."""
_GAP: Final = re.compile(
    r"(?:\s+(?:(?:last|this|earlier\s+this)\s+\w+|yesterday|today|earlier|recently|(?:on|in)\s+[\w’-]+(?:\s+\d{1,4})?))?"
    r"\s+(?:is|are|was|were|has|have|had|will|would|do|does|did|can|could)\b"
)
_PASSIVE: Final = re.compile(r"\b(?:is|are|was|were|been|being)\s+(?:\w+ly\s+|also\s+){0,2}$", re.IGNORECASE)
_DETERMINER: Final = re.compile(r"\b(?:the|a|an|its|their|his|her)\s*$", re.IGNORECASE)
_ADDRESSEE: Final = re.compile(
    r"\s+(?:reporters|journalists|lawmakers|parliament|state\s+television|state\s+tv"
    r"|(?:the|a)\s+(?:[\w’'-]+\s+){0,4}?(?:briefing|conference|newspaper|agency|hearing|committee|programme|broadcaster)"
    r"|[A-Z][\w’'.-]*(?:\s+[A-Z][\w’'.-]*){0,3})"
    r"(?:\s+(?:on|in|at|during|by|via)\s+[^,.]{1,60}|\s+\w+day|\s+yesterday|\s+today)*(?:,\s+\w+ing\b.*)?\s*[.]?\s*$",
    re.DOTALL,
)
"""All that may stand behind "told" where what was told stands before it."""
_SAID_WHEN: Final = re.compile(
    r"(?:\s+(?:on|in|at|during|late|early)\s+[^,.]{1,80}|\s+\w+day\b|\s+yesterday|\s+today){0,2},\s+\w+ing\b"
)
_ASIDE_FRONT: Final = re.compile(r"(?:\S+\s+){0,4}\S*,$")
"""A few words and a comma: too little to be what was said."""
_TELLS: Final = frozenset({"told", "tells", "assured", "reassured"})


class Frame(NamedTuple):
    """A reporting verb with its subject: where each stands in the sentence, and where what is said begins.

    Attributes:
        subject: who says it.
        start: offset of the first character of subject and verb together.
        end: offset behind the last.
        verb: in lower case.
        verb_start: where it begins.
        denies: whether it is a verb of denial.
        where: in front of what is said ("X said that …"), behind it ("…, said X") or within it ("…, X said, …").
    """

    subject: Entity
    start: int
    end: int
    verb: str
    verb_start: int
    denies: bool
    where: Where


@lru_cache(maxsize=1)
def _verbs() -> re.Pattern[str]:
    table = english()
    return re.compile(
        rf"\b(?P<denies>{any_of(table['denies'])})\b|\b(?P<says>{any_of(table['says'])})\b", re.IGNORECASE
    )


def frames_in(text: str, entities: list[Entity]) -> list[Frame]:
    """The frames of a sentence.

    Args:
        text: the sentence, what is quoted hidden behind dots.
        entities: those of the same text.
    """
    found = [frame for match in islice(_verbs().finditer(text), _MOST) if (frame := _frame(text, match, entities))]
    found += [
        frame
        for match in re.finditer(r"\baccording to\b", text, re.IGNORECASE)
        if (frame := _according(text, match, entities))
    ]
    return sorted(found, key=lambda frame: frame.start)


def _frame(text: str, match: re.Match[str], entities: list[Entity]) -> Frame | None:
    subject = _subject_before(text, match.start(), entities)
    denies = match["denies"] is not None
    verb = " ".join(match[0].lower().split())
    if subject is not None and _is_relative(text, subject, match.end()):
        return None
    if denies and (agent := _agent_of(text, match, entities)):
        return Frame(agent, match.start(), agent.end, verb, match.start(), denies, "behind")
    if subject is not None:
        where = _where(text, subject.start, match.end(), verb)
        return Frame(subject, subject.start, match.end(), verb, match.start(), denies, where)
    if (
        denies
        or verb.endswith("ing")
        or re.match(r"\s+that\b", text[match.end() :])
        or not re.search(r"(?:[,”\"·!?]|^)\s*$", text[: match.start()])
    ):
        return None
    behind = next((entity for entity in entities if entity.start >= match.end()), None)
    if behind is None or not re.fullmatch(
        r"\s+(?:the\s+|a\s+|an\s+)?(?:[\w’-]+\s+){0,2}", text[match.end() : behind.start]
    ):
        return None
    return Frame(behind, match.start(), behind.end, verb, match.start(), denies=False, where="behind")


def _is_relative(text: str, subject: Entity, end: int) -> bool:
    """Whether subject and verb describe a noun and report nothing: "the rules (which) China announced have …".

    What was announced stands before the verb then: behind it, and behind a time, comes the verb of the whole sentence.
    """
    before = text[max(subject.start - _LONGEST_GAP, 0) : subject.start]
    if re.search(r",\s+which\s+$", before) and re.match(r"\s+(?:is|are|was|were)\s", text[end:]):
        return False  # "…, which the ministry said was untrue"
    return _WHICH.search(before) is not None or _OF_NOUN.search(before) is not None or _GAP.match(text, end) is not None


def _agent_of(text: str, match: re.Match[str], entities: list[Entity]) -> Entity | None:
    """Who rejects in the passive: "the reports were dismissed by the governor"."""
    if not _PASSIVE.search(text[: match.start()]):
        return None
    by = re.match(r"\s+by\s+(?:the\s+|a\s+|an\s+|its\s+)?", text[match.end() :])
    return next((one for one in entities if by and one.start == match.end() + by.end()), None)


def _according(text: str, match: re.Match[str], entities: list[Entity]) -> Frame | None:
    behind = next((entity for entity in entities if entity.start >= match.end()), None)
    if (
        behind is None
        or behind.sort == "pronoun"
        or not re.fullmatch(r"\s+(?:the\s+|a\s+|an\s+)?(?:[\w’-]+\s+){0,3}", text[match.end() : behind.start])
    ):
        return None
    where: Where = "before" if not text[: match.start()].strip() else "behind"
    return Frame(behind, match.start(), behind.end, "according to", match.start(), denies=False, where=where)


def _subject_before(text: str, at: int, entities: list[Entity]) -> Entity | None:
    """The entity that is the subject of a verb: nothing but fillers stands between."""
    for entity in reversed([entity for entity in entities if entity.end <= at]):
        if at - entity.end > _LONGEST_GAP:
            return None
        if _is_filler(text[entity.end : at]):
            before = re.search(r"([\w’-]+)\s+(?:the\s+|a\s+|its\s+)?$", text[: entity.start])
            return None if before and before[1].lower() in _BLOCKING else entity
    return None


def _is_filler(gap: str) -> bool:
    """Whether a stretch between subject and verb holds nothing but adverbs, days and asides."""
    if re.match(r"\s*(?:’s|'s|’)", gap):
        return False
    words = _WORD.findall(gap)
    at = 0
    while at < len(words):
        word = words[at].lower()
        if word in _FILLERS or word in ",()" or word.isdigit() or re.fullmatch(r"\w{2,}ly", word):
            at += 1
        elif word in _PREPOSITIONS:
            end = next((k for k in range(at, len(words)) if words[k] == ","), len(words))
            if end - at > _MOST_BEHIND:
                return False
            at = end
        elif word in {"who", "which", "whose"}:
            at = next((k for k in range(at, len(words)) if words[k] == ","), len(words) + 1)
        else:
            return False
    return at == len(words)


def _where(text: str, start: int, end: int, verb: str) -> Where:
    """Where a frame stands. A comma or a closing quotation before it says that something was said already."""
    before = _DETERMINER.sub("", text[:start].rstrip()).rstrip()
    if not re.search(r"[,”\"·!?—]$", before):
        return "before"
    if re.match(r"\s+(?:that\b|:|[“\"])", text[end:]):
        return "before"
    if re.match(r"\s*,", text[end:]) and text[end:].strip(" ,.") and not before.endswith(("”", '"')):
        return "within"
    if _is_told(text, before, end, verb):
        return "behind"
    # "After the talks, Lin said the …": an introduction, and what is said comes behind.
    rest = re.sub(r"^\s+(?:(?:on|in|at|during|to|late|early)\s+[^,.]{0,80}|\w+day\b|yesterday|today)", "", text[end:])
    closed = before.endswith(("”", '"'))
    introduced = _INTRODUCTION.match(text.lstrip(' “"')) is not None or not before.endswith(("·", "·,"))
    if len(rest.strip(' .,·”"')) > _FEWEST and introduced and not closed:
        return "before"
    return "behind"


def _is_told(text: str, before: str, end: int, verb: str) -> bool:
    """Whether a verb closes what was said before it: "…, X told reporters", "…, X said on Tuesday, rejecting …"."""
    if verb in _TELLS and before.endswith(",") and _ADDRESSEE.match(text[end:]):
        return True
    introduced = _INTRODUCTION.match(text.lstrip(' “"')) or _ASIDE_FRONT.match(before)
    return re.match(_SAID_WHEN, text[end:]) is not None and not introduced
