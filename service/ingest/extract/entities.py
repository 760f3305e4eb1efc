"""Entities of a text: words in capitals cut into country, body, role and name, and put together as newspapers do."""

from __future__ import annotations

import re
from typing import Final

from service.ingest.extract.lexicon import bodies, geography
from service.ingest.extract.portfolios import KINDS, with_portfolios
from service.ingest.extract.who import (
    _OPENERS,
    _PRONOUNS,
    CALENDAR,
    Entity,
    Piece,
    Token,
    country_of,
    kind_of,
    role_at,
    run_from,
    tokens_of,
    words,
)

_FOR: Final = frozenset({"for", "of", "at", "with"})
_BETWEEN: Final = frozenset(
    [
        "a",
        "an",
        "the",
        "its",
        "their",
        "his",
        "her",
        "our",
        "chief",
        "senior",
        "acting",
        "deputy",
        "interim",
        "main",
        "national",
        "regional",
        "local",
        "official",
        "new",
        "former",
        "company",
        "city",
        "state",
        "town",
        "county",
        "country",
        "region",
        "island",
        "club",
    ]
)
_MOST_BETWEEN: Final = 5
_LONGEST_NAME: Final = 5
_GENERIC: Final = frozenset(
    [
        "ministry",
        "department",
        "agency",
        "authority",
        "commission",
        "bank",
        "company",
        "firm",
        "airline",
        "carrier",
        "lender",
        "court",
        "police",
        "regulator",
        "bureau",
        "office",
        "institute",
        "council",
        "government",
        "union",
        "party",
        "operator",
        "manufacturer",
        "maker",
        "retailer",
        "association",
        "foundation",
        "hospital",
        "university",
        "federation",
        "tribunal",
        "administration",
        "group",
        "committee",
        "embassy",
        "service",
        "supplier",
        "utility",
        "developer",
        "brewery",
        "chain",
        "publisher",
    ]
)


_JOINTS: Final = frozenset({"", ",", ":"})
_FORCES: Final = frozenset({"police", "council", "authorities", "government"})


def entities_in(text: str) -> list[Entity]:
    """Everybody and every body named in a text, in order. What is quoted should be hidden from it."""
    tokens = tokens_of(text)
    pieces = _pieces(tokens)
    found: list[Entity] = []
    at = 0
    while at < len(pieces):
        entity, at = _combine(text, tokens, pieces, at)
        found.append(entity)
    return [entity for entity in found if entity.name]


def _pieces(tokens: list[Token]) -> list[Piece]:
    found: list[Piece] = []
    at = 0
    while at < len(tokens):
        token = tokens[at]
        end = at + 1
        low = token.bare
        if low.rstrip(".") in words().titles and at + 1 < len(tokens) and tokens[at + 1].capital and token.capital:
            at += 1 + (tokens[at + 1].text == ".")
            continue
        if low in _PRONOUNS:
            found.append(Piece("pronoun", at, end))
        elif token.capital and token.text[0].isalpha() and not _opens(tokens, at):
            end = max(run_from(tokens, at), at + 1)
            found += _split(tokens, at, end)
        elif length := role_at(tokens, at):
            end = at + length
            found.append(Piece("role", at, end))
        elif low in _FORCES and found and found[-1].last == at and found[-1].sort in {"name", "country"}:
            found[-1] = Piece("body", found[-1].first, end, found[-1].country)
        elif low in _GENERIC:
            first = at - (at > 0 and tokens[at - 1].bare in KINDS and not tokens[at - 1].capital)
            found.append(Piece("generic", first, end))
        at = end
    return with_portfolios(tokens, found)


def _opens(tokens: list[Token], at: int) -> bool:
    """Whether a capital is only that of a sentence's first word, or of a day."""
    low = tokens[at].bare
    if low in CALENDAR:
        return True
    if low not in _OPENERS:
        return False
    following = tokens[at + 1] if at + 1 < len(tokens) else None
    return not (following and geography().find(f"{low} {following.text}")) and not geography().find(
        tokens[at].text.replace("’s", "")
    )


def _split(tokens: list[Token], start: int, end: int) -> list[Piece]:
    """A run of capitalised words as country, body, role and name."""
    country, taken = country_of(tokens[start:end])
    first = start + taken
    known = " ".join(token.bare for token in tokens[start:end])
    if known in bodies():
        return [Piece("body", start, end, bodies()[known].country)]
    if first == end:
        return [Piece("country", start, end, country)]
    role = next((at for at in range(first, end) if role_at(tokens, at) and not _within(tokens, first, at)), None)
    if role is None:
        return _named(tokens, start, first, end, country)
    after = role + role_at(tokens, role)
    found = _named(tokens, start, first, role, country) if role > start else []
    found.append(Piece("role", role, after))
    while after < end and tokens[after].bare in {"of", "for", "the", "and"}:
        after += 1
    if after < end:
        found += _split(tokens, after, end)
    return found


def _within(tokens: list[Token], first: int, at: int) -> bool:
    """Whether a role's word is part of a name: "Office of the Prime Minister"."""
    return (
        at > first
        and tokens[at - 1].bare in {"of", "the", "and"}
        and any(t.bare in words().heads for t in tokens[first:at])
    )


def _named(tokens: list[Token], start: int, first: int, end: int, country: str | None) -> list[Piece]:
    if first == end:
        return [Piece("country", start, end, country)]
    phrase = " ".join(token.text for token in tokens[first:end])
    if kind_of(phrase) is not None:
        if country is None:
            country = _tail_country(tokens[first:end])
        return [Piece("body", start, end, country)]
    if country is not None:
        return [Piece("country", start, first, country), Piece("name", first, end)]
    return [Piece("name", start, end)]


def _tail_country(run: list[Token]) -> str | None:
    """The country behind the last "of": "Electoral Commission of Kenya"."""
    at = max((place for place, token in enumerate(run) if token.bare == "of"), default=-1)
    return country_of(run[at + 1 :])[0] if at >= 0 else None


def _combine(text: str, tokens: list[Token], pieces: list[Piece], at: int) -> tuple[Entity, int]:
    """The entity that begins with a piece, and the piece to go on with."""
    piece = pieces[at]
    if piece.sort in {"body", "country", "name", "generic"} and _next(tokens, pieces, at, "role", 2):
        after = at + 2
        if (
            after < len(pieces)
            and pieces[after].sort == "name"
            and _gap(tokens, pieces[at + 1], pieces[after]) in _JOINTS
        ):
            return _person(text, tokens, pieces[after], pieces[at + 1], piece), after + 1
        if piece.sort != "name":
            return _unnamed(text, tokens, pieces[at + 1], piece), at + 2
    if piece.sort == "role":
        after = at + 1
        body, behind = _behind(tokens, pieces, at)
        name = behind if body else after
        if name < len(pieces) and pieces[name].sort == "name":
            gap = _gap(tokens, pieces[name - 1], pieces[name])
            if gap in _JOINTS:
                return _person(text, tokens, pieces[name], piece, body), name + 1
        return _unnamed(text, tokens, piece, body), behind if body else after
    if piece.sort == "name" and _appositive(tokens, pieces, at):
        role = next(k for k in range(at + 1, len(pieces)) if pieces[k].sort == "role")
        body, behind = _behind(tokens, pieces, role)
        before = pieces[role - 1] if role - 1 > at else None
        return _person(text, tokens, piece, pieces[role], body or before), behind if body else role + 1
    return _entity(text, tokens, piece), at + 1


def _appositive(tokens: list[Token], pieces: list[Piece], at: int) -> bool:
    """Whether a name is followed by a comma and a role: "Eva Holm, a spokeswoman for …"."""
    here = pieces[at]
    if here.last >= len(tokens) or tokens[here.last].text != "," or here.last - here.first > _LONGEST_NAME:
        return False
    for following in pieces[at + 1 : at + 4]:
        between = [token.bare for token in tokens[here.last + 1 : following.first]]
        inner = [
            k
            for k in range(here.last + 1, following.first)
            if not any(p.first <= k < p.last for p in pieces[at + 1 : at + 4])
        ]
        if any(tokens[k].bare not in _BETWEEN | {"’s", "s"} for k in inner) or len(between) > _MOST_BETWEEN + 3:
            return False
        if following.sort == "role":
            return True
        if following.sort not in {"body", "country", "generic"}:
            return False
    return False


def _behind(tokens: list[Token], pieces: list[Piece], role: int) -> tuple[Piece | None, int]:
    """The body behind a role: "spokesman for the Ministry of Health"."""
    after = role + 1
    if after >= len(pieces) or pieces[after].sort not in {"body", "country", "name", "generic"}:
        return None, after
    between = [token.bare for token in tokens[pieces[role].last : pieces[after].first]]
    if between and between[0] in _FOR and set(between[1:]) <= _BETWEEN | {"country's", "city"}:
        return pieces[after], after + 1
    return None, after


def _next(tokens: list[Token], pieces: list[Piece], at: int, sort: str, most: int) -> bool:
    if at + 1 >= len(pieces) or pieces[at + 1].sort != sort:
        return False
    between = tokens[pieces[at].last : pieces[at + 1].first]
    return len(between) <= most and all(token.bare in _BETWEEN | {"chief"} for token in between)


def _gap(tokens: list[Token], one: Piece, other: Piece) -> str:
    """What stands between two pieces; a title such as "Dr." belongs to the name behind it."""
    between = tokens[one.last : other.first]
    return " ".join(token.text for token in between if token.bare.rstrip(".") not in words().titles)


def _person(text: str, tokens: list[Token], name: Piece, role: Piece, body: Piece | None) -> Entity:
    own = _entity(text, tokens, body) if body else None
    adjacent = body is not None and body.sort == "body" and body.last == role.first
    role_start = tokens[role.first].start
    role_words = _slice(text, tokens, role).lower()
    if adjacent and body is not None:
        _, taken = country_of(tokens[body.first : body.last])
        role_start = tokens[body.first + taken].start
        role_words = f"{text[role_start : tokens[body.last - 1].end]} {role_words}"
    elif body is not None and body.sort == "country" and body.last == role.first:
        role_words = _slice(text, tokens, role).lower()
    end = max(name.last, role.last, body.last if body else 0)
    start = min(name.first, role.first, body.first if body else name.first)
    return Entity(
        sort="person",
        start=tokens[start].start,
        end=tokens[end - 1].end,
        name=_bare(_slice(text, tokens, name)),
        name_at=(tokens[name.first].start, tokens[name.first].start + len(_bare(_slice(text, tokens, name)))),
        role=" ".join(role_words.split()),
        body=own.name if own and own.sort != "generic" else None,
        kind=own.kind if own else None,
        country=own.country if own else None,
        role_at=(role_start, tokens[role.last - 1].end),
        body_at=(own.start, own.end) if own and own.sort != "generic" else None,
    )


def _unnamed(text: str, tokens: list[Token], role: Piece, body: Piece | None) -> Entity:
    """A role without a name: "a spokesman for the commission" speaks for the body."""
    if body is None:
        return _entity(text, tokens, role)
    own = _entity(text, tokens, body)
    first, last = min(role.first, body.first), max(role.last, body.last)
    place = (tokens[role.first].start, tokens[role.last - 1].end)
    return own._replace(
        start=tokens[first].start,
        end=tokens[last - 1].end,
        role=_slice(text, tokens, role).lower(),
        role_at=place,
        body_at=(own.start, own.end),
    )


def _entity(text: str, tokens: list[Token], piece: Piece) -> Entity:
    start, end = tokens[piece.first].start, tokens[piece.last - 1].end
    words_ = _bare(text[start:end])
    if piece.sort == "role":
        return Entity("role", start, end, words_.lower())
    if piece.sort == "pronoun":
        return Entity("pronoun", start, end, words_.lower())
    if piece.sort == "country":
        found = geography().find(words_)
        return Entity("country", start, end, found.name if found else words_, country=piece.country)
    if piece.sort == "body":
        known = bodies().get(words_.lower())
        return Entity("body", start, end, words_, kind=known.kind if known else kind_of(words_), country=piece.country)
    return Entity("generic" if piece.sort == "generic" else "name", start, end, words_)


def _slice(text: str, tokens: list[Token], piece: Piece) -> str:
    return text[tokens[piece.first].start : tokens[piece.last - 1].end]


def _bare(name: str) -> str:
    return " ".join(re.sub(r"(?:’s|'s|’|')$", "", name).split())
