"""Lists as they come: whole, or in pages."""

from __future__ import annotations

from typing import Generic, Protocol, TypeVar

from msgspec import Struct

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class Items(Struct, Generic[T], frozen=True, kw_only=True):
    """A list that comes whole."""

    items: tuple[T, ...]


class Paged(Protocol[T_co]):
    """Part of a list, in whatever way its pages are counted."""

    @property
    def items(self) -> tuple[T_co, ...]:
        """What is on it."""

    @property
    def following(self) -> str | int | None:
        """Where the next page that is there already begins; None where there is none."""


class Page(Struct, Generic[T], frozen=True, kw_only=True):
    """Part of a list.

    Attributes:
        items: what is on it.
        next_cursor: where to go on; None where the list ends. That of a feed is never None: keep it, and ask with it
            again later.
        more: of a feed, whether there is more by now.
    """

    items: tuple[T, ...]
    next_cursor: str | None = None
    more: bool = True

    @property
    def following(self) -> str | None:
        """The cursor of the next page that is there already."""
        return self.next_cursor if self.more else None
