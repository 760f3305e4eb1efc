"""What a claim says otherwise than a record: names, numbers, a negation. For people to read; no verdict rests on it."""

from __future__ import annotations

import re
from typing import Final

from service.domain import Difference, RebuttalContent
from service.passages import passages

_NUMBER: Final = re.compile(r"\d+(?:[.,]\d+)*%?")
_TOKEN: Final = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
_NEGATION: Final = frozenset(
    """no not never none nothing neither nor without denies denied deny denying rejects rejected dismisses dismissed
    refutes refuted debunks debunked false fake hoax baseless untrue unfounded myth rumour rumor didn't doesn't don't
    isn't aren't wasn't weren't hasn't haven't won't can't cannot""".split()  # noqa: SIM905 - one vocabulary
)
# More capitals than this and the text is set in title case: its capitals say nothing about names.
_TITLE_CASE: Final = 0.6
_MOST: Final = 6
# "Pakistani" and "Pakistan" are one name: words that begin alike this far are taken for the same.
_STEM: Final = 5


def differences(claim: str, record: RebuttalContent) -> tuple[Difference, ...]:
    """Names and numbers of the claim that no text of the record has, and a negation that only one side has.

    Args:
        claim: one line of text.
        record: its rumor, variants, statement and the titles of its citations are looked at.
    """
    texts = [passage.text for passage in passages(record)]
    found = []
    if names := _unknown_names(claim, texts):
        found.append(Difference(kind="name", claim=tuple(names[:_MOST])))
    if numbers := _unknown_numbers(claim, texts):
        in_rumor = tuple(_NUMBER.findall(record.rumor))[:_MOST]
        found.append(Difference(kind="number", claim=tuple(numbers[:_MOST]), record=in_rumor))
    ours, rumors = _negations(claim), _negations(record.rumor)
    if bool(ours) != bool(rumors):
        found.append(Difference(kind="negation", claim=ours[:_MOST], record=rumors[:_MOST]))
    return tuple(found)


def _unknown_names(claim: str, texts: list[str]) -> list[str]:
    known = {word.casefold()[:_STEM] for text in texts for word in _TOKEN.findall(text)}
    return [name for name in _names(claim) if name.casefold()[:_STEM] not in known]


def _unknown_numbers(claim: str, texts: list[str]) -> list[str]:
    theirs = {_value(number) for text in texts for number in _NUMBER.findall(text)}
    return [number for number in _NUMBER.findall(claim) if _value(number) not in theirs]


def _names(text: str) -> list[str]:
    words = _TOKEN.findall(text)
    capitals = [word for word in words if word[0].isupper()]
    if not words or len(capitals) > _TITLE_CASE * len(words):
        return []
    return [word for at, word in enumerate(words) if word[0].isupper() and (at > 0 or word.isupper())]


def _negations(text: str) -> tuple[str, ...]:
    return tuple(word for word in _TOKEN.findall(text.casefold().replace("’", "'")) if word in _NEGATION)


def _value(number: str) -> str:
    return re.sub(r"[,.](?=\d{3}\b)", "", number).rstrip("%")
