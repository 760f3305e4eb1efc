"""Whether a wording can stand as a rumor: an affirmative sentence that names its subject. In doubt it cannot."""

from __future__ import annotations

import re
from typing import Final

from service.ingest.extract.clauses import has_verb
from service.ingest.extract.grammar import is_plural

_BE: Final = r"(?:is|are|was|were|has|have|had|will|would|can|could|may|might|must|did|does|do)"
_TIME: Final = r"(?:week|month|year|night|morning|evening|afternoon|weekend|summer|winter|spring|autumn|\w+day)"
# What no sentence that names its subject begins with.
_HEADLESS: Final = re.compile(
    rf"(?:(?:last|next|this|every|earlier\s+this)\s+{_TIME}\b(?!['’]s)|(?:{_BE}|be|been|being|not|which|who|whom|whose|because|than|any)\b"
    r"|(?:of|to|by|from|into|onto)\s|(?:and|or|but|nor)\s|[^\w\"“‘'(€$£¥])",
    re.IGNORECASE,
)
_POINTING: Final = re.compile(
    rf"(?:he|she|it|they|we|i|you|this|that|these|those)\s+(?:\w+ly\s+|also\s+)?(?:{_BE}\b|\w+(?:ed|s)\s)",
    re.IGNORECASE,
)
_EXPLETIVE: Final = re.compile(
    r"it\s+(?:is|was|has been|would be|will be)\s+(?:\w+\s+){0,2}(?:that|to)\b", re.IGNORECASE
)
# A sentence that breaks off, or that has taken the narrator's words with it.
_BROKEN: Final = re.compile(
    rf"\b(?:the|an?|of|and|or|that|which|also|{_BE})\W*$|\ban?\s+such\b|,\s+(?:[\w’'.-]+\s+){{1,6}}?(?:said|says|told)\b"
    r"|·|\s(?:--|—)\s|https?://",
    re.IGNORECASE,
)
_THERE: Final = re.compile(r"there\s+(?P<is>is|was|has\s+been|are|were|have\s+been)\s+(?P<what>.+)", re.IGNORECASE)
_SHORT_SUBJECT: Final = re.compile(r"(?P<who>(?:[\w’'-]+\s+){1,4}?)(?P<is>is|was|has)\s", re.IGNORECASE)
_SINGULAR: Final = frozenset({"is", "was", "has been"})


def is_rumor(sentence: str) -> bool:
    """Whether a sentence names a subject and says something of it, with nothing left over.

    Args:
        sentence: with its capital and its full stop, pronouns resolved.
    """
    if _HEADLESS.match(sentence) or _BROKEN.search(sentence) or not has_verb(sentence):
        return False
    if _POINTING.match(sentence) and not _EXPLETIVE.match(sentence):
        return False
    if sentence.count("(") != sentence.count(")") or sentence.count("“") != sentence.count("”"):
        return False
    return _agrees(sentence)


def _agrees(sentence: str) -> bool:
    """Whether verb and subject are of one number, where that can be told."""
    if there := _THERE.match(sentence):
        one = " ".join(there["is"].lower().split()) in _SINGULAR
        first = re.split(r"\s(?:and|or)\s", there["what"].strip(" ."), maxsplit=1)[0]
        # "samples handed to …": the participle is not the head.
        head = re.split(r"\s(?:\w{2,}(?:ed|en|ing)|that|which|who|in|on|at|of|to|for|between|with|by)\b", first)[0]
        return not is_plural(head) if one else re.match(r"an?\s", head, re.IGNORECASE) is None
    short = _SHORT_SUBJECT.match(sentence)
    if short is None or short["who"].split()[-1][0].isupper():
        return True  # a name such as "United Foods" is one
    return not is_plural(short["who"].strip())
