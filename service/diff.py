"""What changed between two states of a record, field by field, and word by word within a text.

Lists are aligned by their longest common subsequence (Ratcliff and Obershelp, as `difflib` has it): texts by what they
say, citations by their address, so that a citation that gains a date is one that changed and not another one.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from difflib import Match, SequenceMatcher
from itertools import accumulate
from typing import Any, Final, Literal

import msgspec
from msgspec import Struct

from service.domain import RebuttalContent

_MOST_COMPARED: Final = 2_000_000
"""Pairs of words that one diff may look at, half a second; what is left then is said to have changed as a whole."""
_IDENTITY: Final = "url"
_TEXTS: Final = re.compile(r"\.(?:rumor|variants\[\d+\]|statement|quote|title)$")
# A script without spaces is compared letter by letter; a run of anything else, or of spaces, is one piece.
_WORD: Final = re.compile(r"[\u0e00-\u0fff\u1000-\u109f\u1780-\u17ff\u3005-\u30ff\u3400-\u9fff]|\w+|\s+|[^\w\s]")
_STEP: Final = re.compile(r"\.(\w+)|\[(\d+)\]")

Json = Any
"""What JSON holds: the values are of whatever type the field has."""


class WordChange(Struct, frozen=True):
    """A stretch of a text that was replaced: start and end in characters, in the text before and in the one after."""

    before: tuple[int, int]
    after: tuple[int, int]


class Change(Struct, frozen=True, kw_only=True):
    """A field that is not what it was.

    Attributes:
        path: JSON path of the field. A place in a list is counted in the state after; of an item that was removed, in
            the state before.
        kind: ``added`` where there was nothing, ``removed`` where there is nothing now.
        before: the value it had; null for ``added``.
        after: the value it has; null for ``removed``.
        words: of a text that changed, which stretches of it.
    """

    path: str
    kind: Literal["added", "removed", "changed"]
    before: Json = None
    after: Json = None
    words: tuple[WordChange, ...] = ()


def diff(before: RebuttalContent, after: RebuttalContent) -> list[Change]:
    """Every field in which two states differ, in the order of the fields; what the store itself says is left out."""
    budget = _Budget(_MOST_COMPARED)
    return list(_fields(_plain(before), _plain(after), "$", budget))


def apply(before: RebuttalContent, changes: Sequence[Change]) -> RebuttalContent:
    """The state after, made from the one before and its `diff`: what shows that a diff leaves nothing out.

    Raises:
        msgspec.ValidationError: the changes are not of this record.
    """
    state = _plain(before)
    gone = [change for change in changes if change.kind == "removed" and change.path.endswith("]")]
    for change in (*reversed(gone), *(change for change in changes if change not in gone)):
        _put(state, change)
    return msgspec.convert(state, RebuttalContent)


class _Budget:
    """How much comparing of words is left."""

    def __init__(self, pairs: int) -> None:
        self._left = pairs

    def take(self, pairs: int) -> bool:
        if pairs > self._left:
            return False
        self._left -= pairs
        return True


class _Aligned(SequenceMatcher[str]):
    """An alignment within a budget.

    `difflib` looks for the longest match again on both sides of each that it finds: in texts that share single words
    alone, as many times as they have words.
    """

    def __init__(self, old: list[str], new: list[str], budget: _Budget) -> None:
        super().__init__(None, old, new, autojunk=False)
        self._budget = budget
        there = Counter(new)
        self._pairs = list(accumulate((1 + there[word] for word in old), initial=0))

    def find_longest_match(self, alo: int = 0, ahi: int | None = None, blo: int = 0, bhi: int | None = None) -> Match:
        """See `difflib.SequenceMatcher.find_longest_match`; no match where the budget is spent."""
        if not self._budget.take(self._pairs[-1 if ahi is None else ahi] - self._pairs[alo]):
            return Match(alo, blo, 0)
        return super().find_longest_match(alo, ahi, blo, bhi)


def _plain(content: RebuttalContent) -> dict[str, Json]:
    state: dict[str, Json] = msgspec.to_builtins({name: getattr(content, name) for name in content.__struct_fields__})
    return {name: list(value) if isinstance(value, tuple) else value for name, value in state.items()}


def _fields(before: Mapping[str, Json], after: Mapping[str, Json], path: str, budget: _Budget) -> Iterator[Change]:
    for name in before:
        yield from _values(before[name], after[name], f"{path}.{name}", budget)


def _values(before: Json, after: Json, path: str, budget: _Budget) -> Iterator[Change]:
    if before == after:
        return
    if isinstance(before, list):
        yield from _lists(before, after, path, budget)
    elif isinstance(before, dict) and isinstance(after, dict):
        yield from _fields(before, after, path, budget)
    elif before is None or after is None:
        yield Change(path=path, kind="added" if before is None else "removed", before=before, after=after)
    else:
        words = _words(before, after, budget) if _TEXTS.search(path) else ()
        yield Change(path=path, kind="changed", before=before, after=after, words=words)


def _lists(before: list[Json], after: list[Json], path: str, budget: _Budget) -> Iterator[Change]:
    """Removed items with their old places, the others with their new ones, as a reader meets them."""
    steps = SequenceMatcher(None, [_key(one) for one in before], [_key(one) for one in after], autojunk=False)
    for kind, low, high, start, end in steps.get_opcodes():
        pairs = min(high - low, end - start) if kind == "equal" or _pairs_up(before[low:high]) else 0
        for at in range(pairs):
            yield from _values(before[low + at], after[start + at], f"{path}[{start + at}]", budget)
        for at in range(low + pairs, high):
            yield Change(path=f"{path}[{at}]", kind="removed", before=before[at])
        for at in range(start + pairs, end):
            yield Change(path=f"{path}[{at}]", kind="added", after=after[at])


def _key(item: Json) -> Json:
    return item[_IDENTITY] if isinstance(item, dict) else item


def _pairs_up(items: Sequence[Json]) -> bool:
    """Whether what stands in the place of these may be a new wording of them: of a text; a citation is another one."""
    return all(isinstance(item, str) for item in items)


def _words(before: str, after: str, budget: _Budget) -> tuple[WordChange, ...]:
    old, new = _WORD.findall(before), _WORD.findall(after)
    head = _shared(old, new)
    tail = _shared(old[head:][::-1], new[head:][::-1])
    old, new = old[head : len(old) - tail], new[head : len(new) - tail]
    first = sum(map(len, _WORD.findall(before)[:head]))
    steps = _Aligned(old, new, budget).get_opcodes()
    places = _places(old, first), _places(new, first)
    return tuple(
        WordChange((places[0][low], places[0][high]), (places[1][start], places[1][end]))
        for kind, low, high, start, end in steps
        if kind != "equal"
    )


def _shared(one: Sequence[str], other: Sequence[str]) -> int:
    pairs = enumerate(zip(one, other, strict=False))
    return next((at for at, (left, right) in pairs if left != right), min(len(one), len(other)))


def _places(words: Sequence[str], first: int) -> list[int]:
    places = [first]
    for word in words:
        places.append(places[-1] + len(word))
    return places


def _put(state: Json, change: Change) -> None:
    steps = [int(at) if at else name for name, at in _STEP.findall(change.path)]
    for step in steps[:-1]:
        state = state[step]
    last = steps[-1]
    if isinstance(state, dict):
        state[last] = change.after
    elif change.kind == "removed":
        del state[last]
    elif change.kind == "added":
        state.insert(last, change.after)
    else:
        state[last] = change.after
