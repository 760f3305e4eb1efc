"""Who is named in a text: persons with their roles, bodies with kind and country, countries and their capitals."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final, Literal, NamedTuple

from service.domain import AuthorityKind
from service.ingest.extract.lexicon import bodies, english, geography

Sort = Literal["person", "body", "country", "pronoun", "generic", "role", "name"]

_TOKEN: Final = re.compile(
    r"(?:[A-Z]\.){2,}(?:’s|'s)?|(?:Dr|Mr|Mrs|Ms|Prof|Gen|Col|Lt|Sgt|Capt|Sen|Rep|Gov|St|Insp|Supt|Inc|Ltd|Corp)\.(?=\s)|[A-Z]\.(?=\s)"
    r"|[^\W_][\w’'‑-]*|[^\w\s]"
)
_LINKS: Final = frozenset({"of", "for", "and", "the", "&", "on", "in", "de", "del", "la", "das", "do"})
_PARTICLES: Final = frozenset(
    {"de", "van", "von", "bin", "al", "el", "da", "dos", "del", "la", "der", "den", "ibn", "ben", "y", "ter", "abu"}
)
_PRONOUNS: Final = frozenset({"he", "she", "they", "it", "we", "i"})
_OPENERS: Final = frozenset(
    [
        "the",
        "a",
        "an",
        "in",
        "on",
        "at",
        "by",
        "for",
        "from",
        "with",
        "after",
        "before",
        "but",
        "and",
        "as",
        "according",
        "addressing",
        "asked",
        "answering",
        "speaking",
        "when",
        "while",
        "since",
        "this",
        "that",
        "these",
        "those",
        "he",
        "she",
        "it",
        "they",
        "we",
        "i",
        "its",
        "his",
        "her",
        "their",
        "our",
        "no",
        "not",
        "yes",
        "if",
        "however",
        "meanwhile",
        "earlier",
        "later",
        "also",
        "there",
        "what",
        "why",
        "how",
        "who",
        "is",
        "are",
        "was",
        "were",
        "do",
        "does",
        "did",
        "has",
        "have",
        "had",
        "reports",
        "claims",
        "rumors",
        "rumours",
        "posts",
        "messages",
        "videos",
        "stories",
        "media",
        "social",
        "officials",
        "officers",
        "experts",
        "to",
        "into",
        "of",
        "or",
        "so",
        "both",
        "all",
        "some",
        "many",
        "most",
        "any",
        "each",
        "every",
        "another",
        "other",
        "such",
        "then",
        "now",
        "last",
        "next",
        "question",
        "answer",
        "q",
        "despite",
        "during",
        "under",
        "over",
        "about",
        "regarding",
        "contrary",
        "only",
        "neither",
        "nor",
        "just",
        "still",
        "yet",
    ]
)
_FORMS: Final = frozenset({"plc", "gmbh", "llc", "inc", "ltd"})
_POSSESSIVE: Final = re.compile(r"(?:’s|'s|’|')$")


CALENDAR: Final = frozenset(
    [
        "monday",
        "tuesday",
        "wednesday",
        "thursday",
        "friday",
        "saturday",
        "sunday",
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


class Entity(NamedTuple):
    """Somebody or some body, where the text names them.

    Attributes:
        sort: what was recognised; ``generic`` is "the ministry", ``role`` "the governor",
            ``name`` a proper name of which no more is known.
        start: offset of its first character.
        end: offset behind its last.
        name: of the person, body or country.
        role: of a person.
        body: the name of the body that a person speaks for.
        kind: of the body, or of the person's.
        country: ISO 3166-1 alpha-2.
        role_at: where the role stands.
        body_at: where the body stands.
    """

    sort: Sort
    start: int
    end: int
    name: str
    role: str | None = None
    body: str | None = None
    kind: AuthorityKind | None = None
    country: str | None = None
    role_at: tuple[int, int] | None = None
    body_at: tuple[int, int] | None = None
    name_at: tuple[int, int] | None = None


class Token(NamedTuple):
    """A word with its place."""

    text: str
    start: int
    end: int

    @property
    def bare(self) -> str:
        """In lower case and without a possessive ending."""
        return _POSSESSIVE.sub("", self.text).lower()

    @property
    def capital(self) -> bool:
        """Whether it begins with a capital letter."""
        return self.text[0].isupper()

    @property
    def owns(self) -> bool:
        """Whether it is a possessive: "China’s"."""
        return _POSSESSIVE.search(self.text) is not None


class Piece(NamedTuple):
    """A stretch of tokens of one sort: country, body, role, name, generic, pronoun."""

    sort: str
    first: int
    last: int
    country: str | None = None


class Words(NamedTuple):
    """The tables as `who` looks them up."""

    roles: frozenset[str]
    longest_role: int
    heads: dict[str, AuthorityKind]
    names: list[tuple[str, AuthorityKind]]
    titles: frozenset[str]


@lru_cache(maxsize=1)
def words() -> Words:
    """The tables, in the form that is quick to ask."""
    table = english()
    roles = frozenset(table["roles"]["words"])
    heads: dict[str, AuthorityKind] = {}
    for kind, nouns in table["heads"].items():
        for noun in nouns:
            heads.setdefault(noun, kind)
    names = [(word, kind) for kind, found in table["names"].items() for word in found]
    return Words(roles, max(len(role.split()) for role in roles), heads, names, frozenset(table["roles"]["titles"]))


def tokens_of(text: str) -> list[Token]:
    """The words and marks of a text."""
    return [Token(match[0], match.start(), match.end()) for match in _TOKEN.finditer(text)]


def role_at(tokens: list[Token], at: int) -> int:
    """How many tokens from ``at`` on make a role ("prime minister": 2); 0 for none."""
    known = words()
    for length in range(known.longest_role, 0, -1):
        phrase = " ".join(token.bare for token in tokens[at : at + length])
        if phrase in known.roles and at + length <= len(tokens):
            return length
    return 0


def run_from(tokens: list[Token], at: int) -> int:
    """The end of the run of capitalised words that begins at a token; ``at`` where there is none."""
    heads = words().heads
    end, seen_head = at, False
    place = at
    while place < len(tokens):
        token = tokens[place]
        if token.capital and token.text[0].isalpha():
            if token.bare in CALENDAR:
                break
            seen_head = seen_head or token.bare in heads or bool(role_at(tokens, place))
            place += 1
            end = place
            if token.owns and token.bare not in heads and not geography().find(token.bare):
                break
        elif end > at and token.bare in _FORMS:
            place += 1
            end = place
        elif end > at and (
            token.bare in _PARTICLES or (token.bare in _LINKS and (seen_head or _head_ahead(tokens, place)))
        ):
            following = place + 1
            while following < len(tokens) and tokens[following].bare in _LINKS | _PARTICLES and following < place + 2:
                following += 1
            if following >= len(tokens) or not tokens[following].capital or tokens[following].bare in CALENDAR:
                break
            if token.bare == "and" and not _joins(tokens, at, place):
                break
            place = following
        else:
            break
    return end


def country_of(tokens: list[Token]) -> tuple[str | None, int]:
    """The country that stands at the front of a run, and how many of its tokens that takes."""
    for length in (4, 3, 2, 1):
        phrase = " ".join(token.text for token in tokens[:length])
        if len(tokens) >= length and (found := geography().find(phrase)):
            return found.code, length
    return None, 0


def kind_of(name: str) -> AuthorityKind | None:
    """What kind of body a name speaks of; None where nothing in it tells."""
    low = name.lower()
    if known := bodies().get(low.removeprefix("the ")):
        return known.kind
    table = words()
    heads = [table.heads[word] for word in re.findall(r"[a-z.]+", low) if word in table.heads]
    for phrase, kind in table.names:
        if re.search(rf"\b{re.escape(phrase)}\b", low) and (heads or kind in {"central_bank", "international_body"}):
            if kind == "international_body" and heads and heads[0] in {"company", "court"}:
                continue
            return kind
    if re.search(r"\bbank of [a-z]", low) and geography().find(low.split(" of ")[-1]):
        return "central_bank"
    # In "Ministry of …" and "Court of …" the head stands first, in "Foreign Ministry" last.
    return (heads[0] if " of " in low or " for " in low else heads[-1]) if heads else None


def _head_ahead(tokens: list[Token], at: int) -> bool:
    """Whether the words behind an "and" end in the head of a name: "Electoral and Boundaries Commission"."""
    if tokens[at].bare not in {"and", "&"}:
        return False
    for token in tokens[at + 1 : at + 5]:
        if not token.capital:
            return False
        if token.bare in words().heads:
            return True
    return False


def _joins(tokens: list[Token], start: int, at: int) -> bool:
    """Whether an "and" stands within a name ("Health and Safety Authority"), not between two."""
    behind = tokens[at + 1 : at + 4]
    if country_of(behind)[0] or (behind and role_at(tokens, at + 1)):
        # "President Putin and Prime Minister Orban" are two; "Ministry of Foreign and European Affairs" is not reached.
        return (
            any(token.bare in words().heads for token in tokens[start:at]) and tokens[at - 1].bare not in words().heads
        )
    if _head_ahead(tokens, at):
        return not any(token.bare in words().heads for token in tokens[start:at])
    return any(token.bare in {"of", "for"} for token in tokens[start:at]) or tokens[at - 1].bare not in words().heads
