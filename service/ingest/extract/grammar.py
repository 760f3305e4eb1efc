"""A little English grammar: a denied clause made affirmative, and clauses cut out of sentences.

Every pattern here is applied to a clause of bounded length and has bounded repetitions only.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Final

from service.ingest.extract.lexicon import any_of, english, past_forms

_SPACE: Final = re.compile(r"\s+")
_MODAL: Final = r"will|would|can|could|should|shall|may|might|must"
_BE: Final = r"is|are|was|were"
_HAVE: Final = r"has|have|had"
_ADVERBS: Final = r"(?:(?:\w{2,20}ly|absolutely|at all|in any way|also|simply|just|still|currently)\s+){0,3}"
_SHORTENED: Final = {"can’t": "can not", "cannot": "can not", "won’t": "will not", "shan’t": "shall not"}
_AUXILIARIES: Final = frozenset(
    {*("is", "are", "was", "were", "has", "have", "had", "do", "does", "did"), *("would", "could", "should")}
)
_CONNECTED: Final = {"has": "is", "have": "are", "had": "was", "having": "being"}

# Where the narrator goes on behind a clause: a dash, a full stop that is no abbreviation's, or one of these words.
_NARRATES: Final = (
    r"\w{2,20}ing|which|who|after|as|while|but|yet|and\s+that|and\s+(?:said|called|described)|according|with|in what"
    r"|although|though|because|since|amid|so|nor|adding|prompted|days?|hours?|despite|following"
)
_TITLE_BEFORE: Final = r"(?<!\bMr)(?<!\bDr)(?<!\bMs)(?<!\bMrs)(?<!\bGen)(?<!\bSt)"
_CUT: Final = re.compile(
    rf"\s*(?:[;—–]|\s-\s|(?<=[a-z0-9”’)%]){_TITLE_BEFORE}[.!?](?=\s|$)|,\s+(?:{_NARRATES})\b"
    r"|\s+and\s+(?:said|says|called|described|insisted|urged|stressed|added|that)\b|\s+but\s+|\s+while\s+)"
)
_LONGEST_SUBJECT: Final = 150
_PARTICIPLE: Final = re.compile(r"(?:\w+ly\s+)?(?:been\b|\w+(?:ed|en|n|t|d|ne|de|ut|un|me|ng|nk|ld|ft)\b)")


def without_shortening(clause: str) -> str:
    """Shortened forms written out, "didn’t" as "did not", and one space for any."""
    clause = _SPACE.sub(" ", clause).strip()
    return re.sub(
        r"\b\w{2,8}[n’'][’'n]?t\b|\bcannot\b",
        lambda m: _cased(m[0], _written_out(m[0].lower().replace("'", "’"))),
        clause,
    )


def _written_out(word: str) -> str:
    """The form "did not" for "didn’t"; a word that is no such form stays."""
    known = _SHORTENED.get(word)
    return known or (f"{word[:-3]} not" if word[:-3] in _AUXILIARIES and word.endswith("n’t") else word)


def cut(clause: str) -> str:
    """A clause without what the narrator hangs behind it: ", calling them …", ", which …", "; and …"."""
    end = _CUT.search(clause)
    return (clause[: end.start()] if end else clause).strip(" ,:")


def is_modest(clause: str) -> bool:
    """Whether the negation speaks of the speaker: "did not comment", "is not aware"."""
    verbs = any_of(english()["modest"])
    return re.search(
        rf"\b(?:not|never|n’t|no)\s+(?:(?:yet|been|be|able\s+to|immediately|in\s+a\s+position\s+to|going\s+to|want\s+to)\s+){{0,2}}{verbs}\b",
        clause, re.IGNORECASE,
    ) is not None  # fmt: skip


_CONJOINED: Final = re.compile(
    rf"(?P<subject>(?:(?!(?:{_BE}|{_HAVE}|{_MODAL})\b)\S+\s+){{1,15}}?)(?:{_BE}|{_HAVE}|{_MODAL})\s+(?!not\b|never\b|no\b)[^;.]{{1,200}}?\s+(?:and|but)\s+"
    rf"(?P<denied>(?:{_BE}|{_HAVE}|{_MODAL}|did|does|do)\s+(?:not|never)\b.*)",
    re.IGNORECASE | re.DOTALL,
)
"""Two predicates of one subject, the second denied: "was used for training and was never part of the poll"."""
_SPAN_OF_TIME: Final = re.compile(
    rf"\b(?:{_HAVE})\s+{_ADVERBS}(?:not|never|no)\b.*\b(?:since|for\s+(?:\w+\s+){{0,2}}(?:years?|months?|weeks?|days?|decades?))\b"
    r"|\bnot\b.*\buntil\b",
    re.IGNORECASE,
)
"""What has not been "since 2019" has been before: without the negation this says nothing of a rumor."""


def affirm(clause: str) -> str | None:
    """What a clause denies, as an affirmative one: "did not sell" becomes "sold".

    Args:
        clause: as `cut` and `without_shortening` leave it.

    Returns:
        None where there is no negation that can be taken back, or more than one.
    """
    clause = re.sub(r"\b(?:that|,)\s*$", "", clause).strip(" ,")
    if conjoined := _CONJOINED.match(clause):
        clause = f"{conjoined['subject']} {conjoined['denied']}"
    if _SPAN_OF_TIME.search(clause):
        return None
    for pattern, made in _rules():
        changed, count = pattern.subn(made, clause, count=1)
        if count:
            changed = without_polarity(changed)
            return None if _NEGATION.search(changed) else changed
    return None


def is_negated(clause: str) -> re.Match[str] | None:
    """Where the first negation that can be taken back stands."""
    found = [match for pattern, _ in _rules() if (match := pattern.search(clause))]
    return min(found, key=lambda match: match.start()) if found else None


def as_sentence(clause: str) -> str:
    """A clause with a capital and a full stop."""
    text = _SPACE.sub(" ", clause).strip(" ,;:")
    text = re.sub(r"[\s,;:]+([.!?])", r"\1", re.sub(r"\s+([,.;:!?])", r"\1", text))
    if not text:
        return ""
    text = text[0].upper() + text[1:]
    return text if text.endswith((".", "!", "?", "…")) else f"{text}."


def present(clause: str) -> str:
    """A reported clause as it was said: "had given" becomes "has given" (newspapers shift it back)."""
    clause = re.sub(r"^((?:\S+\s+){1,12}?)would\b", r"\1will", clause)
    subject, found, rest = clause.partition(" had ")
    if not found or len(subject) > _LONGEST_SUBJECT or _PARTICIPLE.match(rest) is None:
        return clause
    return f"{subject} {have_for(subject)} {rest}"


def have_for(subject: str) -> str:
    """Either "has" or "have", as a subject asks for."""
    return "have" if is_plural(subject) else "has"


def be_for(subject: str) -> str:
    """Either "is" or "are", as a subject asks for."""
    return "are" if is_plural(subject) else "is"


def was_for(subject: str) -> str:
    """Either "was" or "were", as a subject asks for."""
    return "were" if is_plural(subject) else "was"


def is_plural(subject: str) -> bool:
    """Whether a subject is more than one, by its head: the word before the first preposition."""
    subject = re.sub(r"\s+(?:of|in|on|at|for|from|to|with|by|that|who|which)\s.*", "", subject.strip())
    words = subject.split()
    if not words:
        return False
    last = words[-1].lower()
    if (
        last in {"they", "we", "people", "these", "those", "police", "some", "children", "men", "women"}
        or " and " in f" {subject} "
    ):
        return True
    return (
        last.endswith("s")
        and not last.endswith(
            ("ss", "us", "is", "’s", "'s", "news", "states", "airlines", "airways", "holdings", "motors")
        )
        and not words[-1].isupper()
    )


def past(verb: str) -> str:
    """The past of a verb."""
    low = verb.lower()
    if low in past_forms():
        return past_forms()[low]
    if low.endswith("e"):
        return f"{verb}d"
    return f"{verb[:-1]}ied" if re.search(r"[^aeiou]y$", low) else f"{verb}ed"


def third(verb: str) -> str:
    """The form for he, she and it."""
    low = verb.lower()
    if low in {"have", "be", "do", "go"}:
        return {"have": "has", "be": "is", "do": "does", "go": "goes"}[low]
    if re.search(r"[^aeiou]y$", low):
        return f"{verb[:-1]}ies"
    return f"{verb}es" if low.endswith(("s", "x", "ch", "sh", "z")) else f"{verb}s"


_Made = Callable[[re.Match[str]], str]


_NOT: Final = rf"{_ADVERBS}(?:not|never)"
_NOT_SO: Final = r"(?!\s+(?:only|just|yet|true|false|correct|the case|accurate|real)\b)"
_NONE: Final = r"^No\s+(?!(?:one|longer|doubt|matter|comment)\b)((?:[\w’'-]+\s+){1,8}?)"
# Negations and what takes them back, the most particular first.
_RULES: Final[tuple[tuple[str, _Made], ...]] = (
    (
        rf"\b({_HAVE}|having)\s+{_ADVERBS}nothing\s+(?:whatsoever\s+|at all\s+)?to\s+do\s+with\b",
        lambda m: f"{_CONNECTED[m[1].lower()]} connected with",
    ),
    (r"\bnothing\s+to\s+do\s+with\b", lambda _: "are connected with"),
    (rf"\b({_BE})\s+{_ADVERBS}(?:unrelated|unconnected)\s+(?:to|with)\b", lambda m: f"{m[1]} connected with"),
    (rf"\b({_BE})\s+(?:in no way|by no means|under no circumstances|at no time)\b", lambda m: m[1]),
    (rf"\b({_BE}|{_HAVE})\s+neither\s+", lambda m: f"{m[1]} "),
    (r"\bneither\s+", lambda _: ""),
    (rf"\b({_MODAL})\s+{_NOT}\b", lambda m: m[1]),
    (rf"\bdid\s+{_NOT}\s+({_ADVERBS})(\w+)\b", lambda m: f"{m[1]}{past(m[2])}"),
    (rf"\bdoes\s+{_NOT}\s+({_ADVERBS})(\w+)\b", lambda m: f"{m[1]}{third(m[2])}"),
    (rf"\bdo\s+{_NOT}\s+({_ADVERBS})(\w+)\b", lambda m: f"{m[1]}{m[2]}"),
    (rf"\b({_BE}|{_HAVE})\s+{_NOT}\b{_NOT_SO}", lambda m: m[1]),
    (rf"\b({_HAVE})\s+no\s+(plan|intention)\b", lambda m: f"{m[1]} {_counted(m[2])}"),
    (rf"\b({_HAVE})\s+no\s+(plans|intentions)\b", lambda m: f"{m[1]} {m[2]}"),
    (
        rf"\bthere\s+({_BE}|will be|(?:{_HAVE})\s+been)\s+(?:absolutely\s+|currently\s+)?(?:no|not\s+any)\s+(\w+)",
        lambda m: f"there {m[1]} {_counted(m[2])}",
    ),
    (rf"\b({_HAVE})\s+(?:absolutely\s+)?no\s+(\w+)", lambda m: f"{m[1]} {_counted(m[2])}"),
    (
        r"^No\s+((?:[\w’'-]+\s+){1,5}?)(\w{2,20}(?:ed|en))\s+(?=(?:to|by|in|at|from|for|with)\b)",
        lambda m: f"{m[1].strip()} {was_for(m[1])} {m[2]} ",
    ),
    (rf"{_NONE}(has|was|is|had|will)\b", lambda m: f"{_counted(m[1].strip())} {m[2]}"),
    (rf"{_NONE}(have|were|are)\b", lambda m: f"{m[1].strip()} {m[2]}"),
    (r"^None\s+of\b", lambda _: "Some of"),
    (rf"\b({_BE})\s+no\s+(?!longer\b)(\w+)", lambda m: f"{m[1]} {_counted(m[2])}"),
    (r"\bnever\s+(?=\w+(?:ed|d|t|ave|ook|ade|ent|old)\b)", lambda _: ""),
)


@lru_cache(maxsize=1)
def _rules() -> list[tuple[re.Pattern[str], _Made]]:
    return [(re.compile(pattern, re.IGNORECASE), made) for pattern, made in _RULES]


_NEGATION: Final = re.compile(r"\b(?:not|never|no|neither|nothing|nobody|none|cannot|unrelated)\b|n’t\b", re.IGNORECASE)


def without_polarity(clause: str) -> str:
    """A clause without the words that only stand beside a negation: "any", "at all", "nor", "ever"."""
    clause = re.sub(r"\b(?:at all|whatsoever|in any way|ever|yet)\b\s*", "", clause)
    clause = re.sub(r"\bnor\b", "or", clause)
    clause = re.sub(r"\bany\s+of\b", "some of", clause)
    clause = re.sub(r"\bany(one|body|thing|where)\b", r"some\1", clause)
    clause = re.sub(
        r"\bany\s+((?:\w{2,20}(?:al|ous|ive|ic|ful|less|able|ible|ary|such|other|new)\s+)?\w+)",
        lambda m: _counted(m[1]),
        clause,
    )
    return _SPACE.sub(" ", clause).strip(" ,")


_COUNTABLE: Final = frozenset(
    {
        *("meeting", "building", "killing", "shooting", "bombing", "warning", "ruling", "hearing", "conference"),
        *("audience", "alliance", "ambulance", "entity", "facility", "university", "community", "city"),
    }
)
_UNCOUNTED: Final = frozenset(
    {
        *("truth", "evidence", "poison", "fuel", "water", "data", "money", "cash", "damage", "contact", "information"),
        *("proof", "corruption", "inflation", "contamination", "radiation", "pollution", "cooperation", "harm"),
        *("discrimination", "protection", "people", "police"),
    }
)


def _counted(noun: str) -> str:
    """A noun with the article that it needs, if it is one and not many."""
    last = noun.rsplit(maxsplit=1)[-1].lower()
    if (
        (last.endswith("s") and not last.endswith(("ss", "us")))
        or (last.endswith(("ing", "ence", "ance", "ity", "ism")) and last not in _COUNTABLE)
        or last in _UNCOUNTED
    ):
        return noun
    return f"{'an' if noun[0].lower() in 'aeiou' else 'a'} {noun}"


def _cased(like: str, text: str) -> str:
    return text[0].upper() + text[1:] if like[0].isupper() else text
