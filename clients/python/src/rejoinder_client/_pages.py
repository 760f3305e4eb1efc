"""A list that comes in pages, as a value."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any, Generic, TypeVar

from rejoinder_client._calls import Call, Route
from rejoinder_client.errors import UnexpectedAnswerError
from rejoinder_client.models.bodies import PageQuery, RevisionsQuery
from rejoinder_client.models.page import Paged

T = TypeVar("T")


class Pages(Generic[T]):
    """Where somebody is in a list; ``left`` until the last page was read."""

    def __init__(self, route: Route[Paged[T]], query: PageQuery | RevisionsQuery, *places: str | int) -> None:
        self._route = route
        self._query = query
        self._places = places
        self.left = True

    def next(self) -> Generator[Call[Any], Any, tuple[T, ...]]:
        """The plan that reads the next page. Raises `UnexpectedAnswerError` for a list that leads in a circle."""
        page = yield from self._route(*self._places, query=self._query)
        self.left = page.following is not None
        turned = self._query.turned(page.following)
        if turned == self._query and self.left:
            raise UnexpectedAnswerError(f"The list {self._route.path} does not go on after {page.following!r}.")
        self._query = turned
        return page.items
