"""What a claim says otherwise than a record: names, numbers, a negation. For people to read; no verdict rests on it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from service.domain import Difference

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


def differences(claim: str, record: Iterable[str]) -> tuple[Difference, ...]:
    """Names and numbers of the claim that no text of the record has, and a negation that only one side has.

    Args:
        claim: one line of text.
        record: the record's rumor, variants and statement; the rumor first.
    """
    texts = list(record)
    known = {word.casefold() for text in texts for word in _TOKEN.findall(text)}
    found = []
    if names := [name for name in _names(claim) if name.casefold() not in known]:
        found.append(Difference(kind="name", claim=tuple(names[:_MOST])))
    theirs = [_value(number) for text in texts for number in _NUMBER.findall(text)]
    if numbers := [number for number in _NUMBER.findall(claim) if _value(number) not in theirs]:
        in_rumor = tuple(_NUMBER.findall(texts[0]))[:_MOST] if texts else ()
        found.append(Difference(kind="number", claim=tuple(numbers[:_MOST]), record=in_rumor))
    ours, rumors = _negations(claim), _negations(texts[0]) if texts else ()
    if bool(ours) != bool(rumors):
        found.append(Difference(kind="negation", claim=ours[:_MOST], record=rumors[:_MOST]))
    return tuple(found)


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
