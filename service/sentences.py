"""A text cut into sentences with their places in it, and which of them say something that can be checked.

The boundaries are sentencex's (docs/decisions/0006 says why), the rules around them our own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from sentencex import get_sentence_boundaries

from service.language import language_of, primary
from service.normalise import normalise

LONGEST: Final = 1_000
"""Characters of a sentence; a transcript without full stops is cut at the last space before."""
_LONGEST_BLOCK: Final = 5_000
"""Characters given to sentencex at once: its time grows with the square where quotation marks never close."""
_FEWEST_WORDS: Final = 4
_SHORT: Final = 8
_WIDEST_WRAPPED: Final = 120

_LINE: Final = re.compile(r"[^\r\n\v\f\x85\u2028\u2029]+")
_ONE_BREAK: Final = ("\n", "\r\n", "\r")
_EDGES: Final = " \t\u00a0\u3000•·‣▪*>–—-"
_ENDS: Final = re.compile(r"[.!?。！？…۔।:;][\"'”’»)\]]*\s*$")
_STOPS: Final = (". ", "! ", "? ", "。", "！", "？", "। ", "۔ ", "؟ ")
# sentencex splits `Pakistan-U.S. trade` behind the first letter, because of the hyphen before it.
_INITIAL_BEFORE: Final = re.compile(r"(?<![^\W\d_])[A-Z]\.$")
_INITIAL_AFTER: Final = re.compile(r"[A-Z]\.")

_WORD: Final = re.compile(r"[^\W_]+")
_UNSPACED: Final = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]")
_COURTESY: Final = re.compile(
    r"(?:hello|hi|hey|dear|welcome|good (?:morning|afternoon|evening|night)|greetings|thanks?|thank you|best wishes"
    r"|regards|sincerely|congratulations|please|i (?:think|feel|hope|love|hate|like|wish|guess)|we (?:hope|love|wish)"
    r"|in my (?:opinion|view)|what an?|how (?:nice|sad|awful|lovely|terrible|great)|so (?:sad|true|funny))\b",
    re.IGNORECASE,
)
_NAMES: Final = re.compile(r"\d|(?<=\s)(?!I\b)[^\W\d_a-z]")
_LEANING: Final = re.compile(
    r"[\"'“‘«(]*(?:he|she|it|they|we|this|that|these|those|his|her|its|their|such|so|but|and|yet|however|no|yes|instead"
    r"|rather|neither|nor|both|none|the (?:claims?|story|stories|reports?|rumou?rs?|allegations?|accusations?|posts?"
    r"|clips?|videos?|news|statements?))\b",
    re.IGNORECASE,
)

# Only a sentence in English is ever accused, so only English denials are looked for.
_DENIAL: Final = re.compile(
    r"\b(?:not (?:true|the case|so|correct|real)|untrue|false(?:ly|hoods?)?|baseless|unfounded|groundless|fabricat\w+"
    r"|no (?:evidence|basis|truth|foundation)|fakes?d?|hoax(?:es)?|myths?|debunk\w*|fact[- ]check\w*|deny(?:ing)?"
    r"|deni(?:es|ed|als?)|reject(?:s|ed|ing|ion)?|dismiss\w*|refut\w+|rebut\w*|rebuff\w*|rumou?rs?|misinform\w*"
    r"|disinformation|misleading|invented|made up|(?:never|did not|didn.t) happen\w*|incorrect|mistaken|clarif\w+"
    r"|contradict\w*)\b"
    r"|^\W*no\b",
    re.IGNORECASE,
)


class Sentence(NamedTuple):
    """A sentence, and where it stands: ``document[start:end] == text``, in Unicode code points."""

    text: str
    start: int
    end: int


def split(document: str, language: str | None = None) -> list[Sentence]:
    """Cut a text into its sentences, in their order.

    A quotation of several sentences stays in one piece. A line break ends a sentence, unless the text is wrapped at a
    fixed width and the break is such a wrap.

    Args:
        document: any text.
        language: its BCP 47 tag where it is known; otherwise it is detected.
    """
    tag = primary(language or language_of(document[:LONGEST]))
    return [sentence for start, end in _blocks(document) for sentence in _sentences(document, start, end, tag)]


def checkable(sentences: Sequence[Sentence]) -> list[int]:
    """Positions of the sentences that are worth checking.

    Left out are page furniture and texts without words (`service.normalise`), fewer than four words, what was said
    before in the same words, and short courtesies and opinions: at most eight words that open as those do and name
    nobody, nothing and no number. A longer "I think that …" stays: rumors are told so.
    """
    seen: set[str] = set()
    kept = []
    for at, sentence in enumerate(sentences):
        text, junk = normalise(sentence.text)
        same = " ".join(_WORD.findall(text.casefold()))
        if junk is None and _words(text) >= _FEWEST_WORDS and not _courtesy(text) and same not in seen:
            seen.add(same)
            kept.append(at)
    return kept


def leans(sentence: Sentence) -> bool:
    """Whether a sentence cannot be understood without the one before.

    It opens with an English pronoun or with "the story" and its like, or it is a piece of a quotation.
    """
    text = sentence.text
    torn = text.count("“") != text.count("”") or text.count('"') % 2 == 1
    return torn or _LEANING.match(text) is not None


def reports_denial(text: str) -> bool:
    """Whether a sentence speaks of a denial, a falsehood or a rumor, in English. Wide on purpose: it only excuses."""
    return _DENIAL.search(text) is not None


def _words(text: str) -> int:
    """How many words a text has; scripts without spaces count two letters as one."""
    unspaced = len(_UNSPACED.findall(text))
    return unspaced // 2 if unspaced > len(text) // 2 else len(_WORD.findall(text))


def _courtesy(text: str) -> bool:
    return len(text.split()) <= _SHORT and _COURTESY.match(text) is not None and _NAMES.search(text) is None


def _sentences(document: str, start: int, end: int, tag: str) -> Iterator[Sentence]:
    # Of equal length, so that places stay: a wrap is a space.
    block = document[start:end].replace("\n", " ").replace("\r", " ")
    began, last = 0, ""
    for bound in get_sentence_boundaries(tag, block):
        torn = _INITIAL_BEFORE.search(last) and _INITIAL_AFTER.match(block, bound["start_index"])
        if bound["start_index"] > began and not torn:
            yield from _bounded(document, start + began, start + bound["start_index"])
            began = bound["start_index"]
        last = bound["text"]
    yield from _bounded(document, start + began, end)


def _bounded(document: str, start: int, end: int) -> Iterator[Sentence]:
    """The stretch without spaces and bullets at its edges, cut where it is too long."""
    for begins, ends in _pieces(document, start, end, LONGEST):
        piece = document[begins:ends]
        at = begins + len(piece) - len(piece.lstrip(_EDGES))
        if text := piece.strip(_EDGES):
            yield Sentence(text, at, at + len(text))


def _pieces(document: str, start: int, end: int, longest: int) -> Iterator[tuple[int, int]]:
    """The stretch in pieces of bounded length, cut behind what may end a sentence, else at a space, else anywhere."""
    while end - start > longest:
        last = max(document.rfind(stop, start + longest // 2, start + longest) for stop in _STOPS)
        to = last + 1 if last >= 0 else document.rfind(" ", start + longest // 2, start + longest)
        to = start + longest if to < 0 else to
        yield start, to
        start = to
    yield start, end


def _blocks(document: str) -> Iterator[tuple[int, int]]:
    """Lines that belong together, as stretches of the text."""
    lines = list(_LINE.finditer(document))
    width = max((len(line[0]) for line in lines), default=0)
    start = 0
    for at, line in enumerate(lines):
        following = lines[at + 1] if at + 1 < len(lines) else None
        if following and width <= _WIDEST_WRAPPED and _wraps(document, line, following, width):
            continue
        yield from _pieces(document, lines[start].start(), line.end(), _LONGEST_BLOCK)
        start = at + 1


def _wraps(document: str, line: re.Match[str], following: re.Match[str], width: int) -> bool:
    """Whether a line was broken for its width alone: no sentence ends there, and the next word would not have fit."""
    word = following[0].split(maxsplit=1)
    fits = not word or len(line[0].rstrip()) + 1 + len(word[0]) <= width
    return document[line.end() : following.start()] in _ONE_BREAK and not _ENDS.search(line[0]) and not fits
