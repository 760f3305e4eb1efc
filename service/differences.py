"""What a claim says otherwise than a record: names, their order, numbers, a negation.

For people to read; no verdict rests on it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from msgspec import structs

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
# What a sentence begins with when it does not begin with a name; and a first word is a name only in a sentence.
_OPENINGS: Final = frozenset(
    """a about after again all allegedly also although an and any are as at because before both breaking but by can
    claim claims could despite did do does during each even every everyone experts fact false finally first following
    for from had has have he her here his how however i if in is it its just last leaders leaked let look many may media
    more most my never new news next no nobody none not nothing now of officials old on once one only or our over
    people perhaps photo photos please police pictures read reportedly reports researchers residents scientists
    several she should since so social some someone sources still study such than that the their there these they this
    those though three to today tonight two under until up urgent video viral was watch we were what when where whether
    which while who why will with workers would yes yesterday yet you your""".split()  # noqa: SIM905 - one vocabulary
)
# "Pakistani" and "Pakistan" are one name: words that begin alike this far are taken for the same.
_STEM: Final = 5


def differences(claim: str, record: RebuttalContent, original: str | None = None) -> tuple[Difference, ...]:
    """What the claim says otherwise: unknown names and numbers, names in another order, a negation on one side only.

    Args:
        claim: one line of text.
        record: its rumor, variants, statement and the titles of its citations are looked at.
        original: the text that `claim` was made from, for the spans; None for the claim itself.
    """
    texts = [passage.text for passage in passages(record)]
    found = []
    if names := _unknown_names(claim, texts):
        found.append(Difference(kind="name", claim=tuple(names[:_MOST])))
    elif order := _other_order(claim, record.rumor):
        found.append(Difference(kind="order", claim=order[0], record=order[1]))
    if numbers := _unknown_numbers(claim, texts):
        in_rumor = tuple(_NUMBER.findall(record.rumor))[:_MOST]
        found.append(Difference(kind="number", claim=tuple(numbers[:_MOST]), record=in_rumor))
    ours, rumors = _negations(claim), _negations(record.rumor)
    if bool(ours) != bool(rumors):
        found.append(Difference(kind="negation", claim=ours[:_MOST], record=rumors[:_MOST]))
    return respanned(found, original or claim)


def respanned(found: Iterable[Difference], text: str) -> tuple[Difference, ...]:
    """The same differences, with the places of their words in this text."""
    return tuple(structs.replace(one, spans=_spans(one.claim, text)) for one in found)


def _other_order(claim: str, rumor: str) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
    """Names that both texts have, in the order of each, where the orders are not the same."""
    ours, theirs = ({name.casefold()[:_STEM]: name for name in reversed(_names(text))} for text in (claim, rumor))
    shared = [stem for stem in reversed(ours) if stem in theirs][:_MOST]
    rumors = [stem for stem in reversed(theirs) if stem in shared]
    if shared == rumors:
        return None
    return tuple(ours[stem] for stem in shared), tuple(theirs[stem] for stem in rumors)


def _spans(words: tuple[str, ...], text: str) -> tuple[tuple[int, int], ...]:
    """Where each word stands first, whole; a word that normalising has changed has no span."""
    found = (re.search(rf"(?<!\w){re.escape(word)}(?!\w)", text, re.IGNORECASE) for word in words)
    return tuple(match.span() for match in found if match)


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
    first, *rest = words
    # A sentence begins with a capital whatever its first word is.
    opening = [first] if first[0].isupper() and (first.isupper() or first.casefold() not in _OPENINGS) else []
    return opening + [word for word in rest if word[0].isupper()]


def _negations(text: str) -> tuple[str, ...]:
    return tuple(word for word in _TOKEN.findall(text.casefold().replace("’", "'")) if word in _NEGATION)


def _value(number: str) -> str:
    return re.sub(r"[,.](?=\d{3}\b)", "", number).rstrip("%")
