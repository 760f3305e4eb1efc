"""The tables beside this file, read once: words of reporting and denial, bodies, countries, furniture."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from functools import lru_cache
from importlib.resources import files
from typing import Any, Final, NamedTuple, cast

from service.domain import AuthorityKind

_TABLES: Final = files(__package__) / "tables"


class Country(NamedTuple):
    """A country: ISO 3166-1 alpha-2 and the name that English uses."""

    code: str
    name: str


class Geography(NamedTuple):
    """Countries by what a text calls them; keys are in lower case.

    Attributes:
        names: names and short forms.
        peoples: adjectives, as in "Chinese".
        capitals: cities that stand for a government.
    """

    names: dict[str, Country]
    peoples: dict[str, Country]
    capitals: dict[str, Country]

    def find(self, words: str) -> Country | None:
        """The country that a word or two stand for, by name, adjective or capital."""
        key = words.lower().removeprefix("the ").removesuffix("’s").removesuffix("'s")
        return self.names.get(key) or self.peoples.get(key) or self.capitals.get(key)


class Body(NamedTuple):
    """A body that is known by its name alone."""

    name: str
    kind: AuthorityKind
    country: str | None


@lru_cache(maxsize=1)
def english() -> dict[str, Any]:
    """The table of English words."""
    return _toml("english.toml")


@lru_cache(maxsize=1)
def furniture() -> dict[str, list[str]]:
    """The table of page furniture: lists of regular expressions."""
    return _toml("furniture.toml")


@lru_cache(maxsize=1)
def geography() -> Geography:
    """Every country."""
    found = Geography({}, {}, {})
    for code, names, peoples, capitals in _rows("countries.tsv"):
        country = Country(code, names.split("|")[0])
        for cell, into in ((names, found.names), (peoples, found.peoples), (capitals, found.capitals)):
            into.update(dict.fromkeys(filter(None, cell.lower().split("|")), country))
    return found


@lru_cache(maxsize=1)
def bodies() -> dict[str, Body]:
    """Bodies known by name, in lower case."""
    rows = _rows("bodies.tsv")
    return {name.lower(): Body(name, cast("AuthorityKind", kind), country or None) for name, kind, country in rows}


def any_of(words: Iterable[str]) -> str:
    """A regular expression for one of the words, the longest first; a space stands for any space."""
    ordered = sorted(words, key=len, reverse=True)
    return "(?:" + "|".join(re.escape(word).replace(r"\ ", r"\s+") for word in ordered) + ")"


def _rows(name: str) -> list[list[str]]:
    text = (_TABLES / name).read_text("utf-8")
    return [line.split("\t") for line in text.split("\n") if line]


def _toml(name: str) -> dict[str, Any]:
    return tomllib.loads((_TABLES / name).read_text("utf-8"))


@lru_cache(maxsize=1)
def past_forms() -> dict[str, str]:
    """The past of verbs that do not take a plain -ed."""
    return dict(_rows("verbs.tsv"))
