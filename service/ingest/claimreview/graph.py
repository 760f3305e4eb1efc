"""JSON-LD as it is found in pages: nested, listed, linked by ``@id``, compact or expanded. Nothing in it is trusted."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from service.ingest.claimreview.texts import clean

_PREFIXES: Final = ("http://schema.org/", "https://schema.org/", "http://www.schema.org/", "schema:")
_TYPE: Final = "claimreview"
_MOST_NODES: Final = 200_000
_LONGEST_TEXT: Final = 50_000


class Node:
    """One object. Asking it for a property never fails: what is not there, or is of a wrong kind, is empty.

    Attributes:
        raw: the object as it was found.
        above: the object that it lies in.
    """

    def __init__(self, raw: dict[str, Any], index: dict[str, dict[str, Any]], above: Node | None = None) -> None:
        self.raw = raw
        self.above = above
        self._index = index
        self._by_name = {_bare(name): value for name, value in reversed(raw.items())}

    @property
    def types(self) -> set[str]:
        """Its types without their vocabulary, in lower case."""
        return {_bare(kind).lower() for kind in _listed(self._by_name.get("@type")) if isinstance(kind, str)}

    def values(self, name: str) -> Iterator[Any]:
        """Every value of a property: lists are opened, ``@id`` is followed, ``@value`` is unwrapped."""
        for value in _listed(self._by_name.get(name)):
            if not isinstance(value, dict):
                yield value
            elif "@value" in value:
                yield value["@value"]
            elif "@list" in value:
                yield from _listed(value["@list"])
            elif len(value) == 1 and isinstance(value.get("@id"), str):
                yield self._index.get(value["@id"], value)
            else:
                yield value

    def nodes(self, name: str) -> Iterator[Node]:
        """The values that are objects."""
        return (Node(value, self._index, self) for value in self.values(name) if isinstance(value, dict))

    def parts(self, name: str) -> Iterator[Node | str]:
        """The values that are objects or texts, the texts cleaned."""
        for value in self.values(name):
            if isinstance(value, dict):
                yield Node(value, self._index, self)
            elif isinstance(value, str) and (text := clean(value[:_LONGEST_TEXT])):
                yield text

    def texts(self, *names: str) -> list[str]:
        """Every text of these properties, cleaned, each once; of an object its text or name."""
        found = (text for name in names for value in self.values(name) for text in _texts(value, self._index))
        return list(dict.fromkeys(filter(None, found)))

    def text(self, *names: str) -> str | None:
        """The first of those texts."""
        return next(iter(self.texts(*names)), None)


def reviews(document: object) -> Iterator[Node]:
    """Every ClaimReview within a JSON value, in the order of the text, wherever it is nested."""
    index: dict[str, dict[str, Any]] = {}
    _collect(document, index)
    waiting: list[tuple[object, Node | None]] = [(document, None)]
    while waiting:
        value, above = waiting.pop()
        if isinstance(value, list):
            waiting += [(part, above) for part in reversed(value)]
        elif isinstance(value, dict):
            node = Node(value, index, above)
            if _TYPE in node.types:
                yield node
            waiting += [(part, node) for part in reversed(value.values()) if isinstance(part, dict | list)]


def _collect(document: object, index: dict[str, dict[str, Any]]) -> None:
    """Note the objects that others may refer to; of several with one id, the one that says most."""
    waiting, seen = [document], 0
    while waiting and seen < _MOST_NODES:
        value, seen = waiting.pop(), seen + 1
        if isinstance(value, list):
            waiting += value
        elif isinstance(value, dict):
            name = value.get("@id")
            if isinstance(name, str) and len(value) > max(1, len(index.get(name, {}))):
                index[name] = value
            waiting += value.values()


def _texts(value: object, index: dict[str, dict[str, Any]]) -> list[str]:
    if isinstance(value, str):
        return [clean(value[:_LONGEST_TEXT])]
    if isinstance(value, bool) or value is None:
        return []
    if isinstance(value, int | float):
        return [f"{value:g}"]
    if isinstance(value, dict):
        inner = Node(value, index)
        # Only plain texts: an object within an object within an object could lead in a circle.
        plain = (one for name in ("text", "name", "headline", "url", "@id") for one in inner.values(name))
        return next(([clean(one[:_LONGEST_TEXT])] for one in plain if isinstance(one, str) and one.strip()), [])
    return []


def _listed(value: object) -> list[Any]:
    """A value as a flat list, whatever lists were nested in it."""
    if not isinstance(value, list):
        return [] if value is None else [value]
    flat: list[Any] = []
    waiting = [value]
    while waiting:
        part = waiting.pop()
        if isinstance(part, list):
            waiting += reversed(part)
        elif part is not None:
            flat.append(part)
    return flat


def _bare(name: str) -> str:
    return next((name.removeprefix(prefix) for prefix in _PREFIXES if name.startswith(prefix)), name)
