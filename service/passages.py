"""Which texts of a record are searched: the rumor in every wording, what is said instead, how it was reported."""

from __future__ import annotations

from typing import NamedTuple

from service.domain import Field, Rebuttal, RebuttalContent
from service.words import words

FIELDS: tuple[Field, ...] = ("rumor", "variant", "statement", "title")


class Passage(NamedTuple):
    """A text of a record, and the field that it stands in."""

    field: Field
    text: str


def passages(content: RebuttalContent) -> list[Passage]:
    """The texts that are encoded and searched, in a fixed order and each once.

    Returns:
        The rumor, then its variants, the statement, and the titles of the citations.
    """
    found = [Passage("rumor", content.rumor)]
    found += [Passage("variant", variant) for variant in content.variants]
    found.append(Passage("statement", content.statement))
    found += [Passage("title", citation.title) for citation in content.citations if citation.title]
    each: dict[str, Passage] = {}
    for passage in found:
        each.setdefault(passage.text, passage)
    return list(each.values())


def record_words(record: Rebuttal) -> list[str]:
    """What a record is found by: the words of its passages and of its quote."""
    texts = [passage.text for passage in passages(record)] + [record.quote or ""]
    return [word for text in texts for word in words(text)]
