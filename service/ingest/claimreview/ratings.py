"""From a rating of somebody else's to one of ours. The words decide before the number; what is no denial is refused.

The one thing that must not happen is that a review which says *true* becomes a record that denies the claim. So words
that say both, or half, or nothing yet are refused; and a number alone counts only with both ends of its scale, because
bare numbers are written in either direction.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from service.domain import Rating
from service.ingest.claimreview.words import NEGATIONS, PHRASES, Outcome

# Worst first: the word that says most decides among several that deny.
_DENIALS: Final[tuple[Rating, ...]] = ("scam", "false", "misleading", "missing_context", "unproven")
# Latin, Greek and Cyrillic put spaces between words; elsewhere a phrase is found wherever it stands.
_SPACED: Final = re.compile(r"[A-Za-z\u00c0-\u024f\u0370-\u052f\u1e00-\u1fff]")
_LONGEST: Final = 2_000
_NEAR: Final = 2
_FALSE_UP_TO: Final = 0.25
_DENIED_BELOW: Final = 0.5


class Scale(NamedTuple):
    """A number and the ends of its scale. ``worst`` may be the greater one: inverted scales exist."""

    value: float
    worst: float
    best: float


class Ruling(NamedTuple):
    """A rating of ours, or why there is none."""

    rating: Rating | None
    refused: str | None = None


def judge(words: Sequence[str], scale: Scale | None) -> Ruling:
    """What a review's rating is in our words.

    Args:
        words: the rating's names, the most telling first; the first one that holds a known phrase decides.
        scale: its number, where number and both ends are given.
    """
    for text in words:
        if found := outcomes(text):
            return _by_words(found, text)
    if scale is not None:
        return _by_number(scale)
    if words:
        return Ruling(None, f"The rating {_shown(words[0])} is not known, and no number with both ends explains it.")
    return Ruling(None, "There is no rating.")


def outcomes(text: str) -> set[Outcome]:
    """Everything that the words say; empty where none is known."""
    return set(_outcomes(_folded(text)))


def _by_words(found: set[Outcome], text: str) -> Ruling:
    denials = [rating for rating in _DENIALS if rating in found]
    if denials and found <= {*_DENIALS, "open"}:
        return Ruling(denials[0])
    if found == {"open"}:
        return Ruling(None, f"The rating {_shown(text)} gives no verdict.")
    if denials or "mixed" in found:
        return Ruling(None, f"The rating {_shown(text)} says that part of the claim is true: it is no denial.")
    return Ruling(None, f"The rating {_shown(text)} says that the claim is true: it is no denial.")


def _by_number(scale: Scale) -> Ruling:
    low, high = sorted((scale.worst, scale.best))
    if low == high or not low <= scale.value <= high:
        return Ruling(None, f"The rating {scale.value:g} lies on no scale from {scale.worst:g} to {scale.best:g}.")
    truth = (scale.value - scale.worst) / (scale.best - scale.worst)
    if truth >= _DENIED_BELOW:
        said = f"{scale.value:g} on a scale from {scale.worst:g} (worst) to {scale.best:g} (best)"
        return Ruling(None, f"The rating {said} says that the claim is true, or half so: it is no denial.")
    return Ruling("false" if truth <= _FALSE_UP_TO else "misleading")


def _outcomes(text: str) -> Iterator[Outcome]:
    pattern, meaning = _table()
    end = 0
    while found := pattern.search(text, end):
        before, end = text[: found.start()], found.end()
        outcome = meaning[found[0]]
        if not _negated(before):
            yield outcome
        elif outcome in ("true", "mixed"):
            yield "false" if outcome == "true" else "misleading"
        else:
            # "Not misleading" is praise; "not open" and its like say nothing.
            yield "true"


def _negated(before: str) -> bool:
    """Whether a negation stands right before, in the same clause: "not a lie", but not "no, a lie"."""
    clause = re.split(r"[.,;:!?()–—|/-]", before)[-1]
    return any(word in NEGATIONS for word in re.findall(r"[\w']+", clause)[-_NEAR:])


@lru_cache(maxsize=1)
def _table() -> tuple[re.Pattern[str], dict[str, Outcome]]:
    meaning: dict[str, Outcome] = {}
    for outcome, lines in PHRASES.items():
        for phrase in "|".join(lines).split("|"):
            # A word of two languages that means two things (none so far) would be read as what is no denial.
            meaning[_folded(phrase)] = outcome
    longest = sorted(meaning, key=len, reverse=True)
    return re.compile("|".join(_bounded(phrase) for phrase in longest)), meaning


def _bounded(phrase: str) -> str:
    pattern = re.escape(phrase)
    if _SPACED.match(phrase):
        pattern = rf"(?<!\w){pattern}"
    return rf"{pattern}(?!\w)" if _SPACED.match(phrase[-1]) else pattern


def _folded(text: str) -> str:
    text = unicodedata.normalize("NFKC", text[:_LONGEST]).casefold().replace("’", "'").replace("_", " ")
    return " ".join(text.split())


def _shown(text: str) -> str:
    return f"“{text[:80]}”"
