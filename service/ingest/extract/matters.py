"""Which denials are about one matter: by the words they share, the rare ones of the articles counting most."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Final

from service.ingest.extract.lexicon import geography
from service.ingest.extract.who import Token, tokens_of
from service.words import query_words

_NAME_WEIGHT: Final = 0.4
_FEWEST_SHARED: Final = 2
_COUNTRY: Final = "zz"
_SAME: Final = 0.3
"""Likeness from which two denials are of one matter; in articles of several matters, pairs of one had .35 and more,
others .23 and less."""


class Weights:
    """How much each word tells in these articles."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._total = max(len(texts), 1)
        self._found = Counter(term for text in texts for term in terms(text))
        named = (token.text for text in texts for token in tokens_of(text)[1:] if token.capital)
        self._names = frozenset(query_words(" ".join(dict.fromkeys(named)), limit=10_000))

    def of(self, term: str) -> float:
        """Rare words weigh more; names, which every sentence of such articles holds, weigh less."""
        weight = math.log1p(self._total / (self._found[term] or 1))
        return weight * _NAME_WEIGHT if self._is_name(term) else weight

    def total(self, found: Iterable[str]) -> float:
        """The weight of several words."""
        return sum(map(self.of, found))

    def likeness(self, one: frozenset[str], other: frozenset[str]) -> float:
        """From 0 to 1, the cosine of two texts' words; 0 where they share no two words of substance."""
        shared = one & other
        substance = sum(not self._is_name(term) for term in shared)
        if substance < _FEWEST_SHARED and len(shared) < min(len(one), len(other)):
            return 0.0
        size = math.sqrt(self.total(one) * self.total(other))
        return self.total(shared) / size if size else 0.0

    def share(self, part: frozenset[str], whole: frozenset[str]) -> float:
        """From 0 to 1: how much of a text's words stands in another, longer one too."""
        size = self.total(part)
        return self.total(part & whole) / size if size else 0.0

    def _is_name(self, term: str) -> bool:
        return term.startswith(_COUNTRY) or term in self._names


def group(texts: Sequence[frozenset[str]], weights: Weights) -> list[list[int]]:
    """Positions of texts, those on one matter together, in the order in which each matter comes up."""
    groups: list[list[int]] = []
    for at, own in enumerate(texts):
        near = [(nearness(own, [texts[k] for k in members], weights), members) for members in groups]
        best, members = max(near, key=lambda pair: pair[0], default=(0.0, []))
        if best >= _SAME:
            members.append(at)
        else:
            groups.append([at])
    return groups


def nearness(own: frozenset[str], members: Iterable[frozenset[str]], weights: Weights) -> float:
    """How like a text is to the nearest of several."""
    return max((weights.likeness(own, other) for other in members), default=0.0)


@lru_cache(maxsize=8_192)
def terms(text: str) -> frozenset[str]:
    """The words of a text, stemmed, without those that only bind; a country, its people and capital are one."""
    tokens = tokens_of(text)
    rest: list[str] = []
    found: set[str] = set()
    at = 0
    while at < len(tokens):
        code, length = _country_at(tokens, at)
        if code is not None:
            found.add(f"{_COUNTRY}{code}")
        else:
            rest.append(tokens[at].text)
        at += length
    return frozenset(found | set(query_words(" ".join(rest), limit=200)))


def _country_at(tokens: list[Token], at: int) -> tuple[str | None, int]:
    for length in (3, 2, 1) if tokens[at].capital else ():
        if country := geography().find(" ".join(token.text for token in tokens[at : at + length])):
            return country.code, length
    return None, 1
