"""Methods that are written once and belong to both clients.

A method describes its call and sends nothing. What reads it from a client gets the method that carries it out: of a
`SyncRunner` one that returns the answer, of an `AsyncRunner` one that returns something to await. Type checkers see
the same.
"""

from __future__ import annotations

import functools
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from typing import Any, Concatenate, Generic, ParamSpec, Self, TypeVar, overload

from rejoinder_client._calls import Planned
from rejoinder_client._pages import Pages
from rejoinder_client._runners import AsyncRunner, SyncRunner

P = ParamSpec("P")
T = TypeVar("T")
R = TypeVar("R", bound=SyncRunner | AsyncRunner)


class Group(Generic[R]):
    """Methods of one client that belong together."""

    def __init__(self, runner: R) -> None:
        self._runner: R = runner


class call(Generic[P, T]):  # noqa: N801 - a decorator, as `property` is
    """A method whose outcome is what its plan comes to."""

    def __init__(self, describe: Callable[Concatenate[Any, P], Planned[T]]) -> None:
        self._describe = describe
        self.__doc__ = describe.__doc__
        self.__wrapped__ = describe

    @overload
    def __get__(self, group: None, owner: type) -> Self: ...
    @overload
    def __get__(self, group: Group[SyncRunner], owner: type) -> Callable[P, T]: ...
    @overload
    def __get__(self, group: Group[AsyncRunner], owner: type) -> Callable[P, Coroutine[Any, Any, T]]: ...
    def __get__(self, group: Group[Any] | None, owner: type) -> Any:
        if group is None:
            return self

        @functools.wraps(self._describe)
        def carried_out(*args: P.args, **kwargs: P.kwargs) -> Any:  # noqa: ANN401 - the overloads say what
            return group._runner.run(self._describe(group, *args, **kwargs))  # noqa: SLF001 - this is its method

        return carried_out


class listing(Generic[P, T]):  # noqa: N801 - a decorator, as `property` is
    """A method that iterates over a list, which comes in pages."""

    def __init__(self, describe: Callable[Concatenate[Any, P], Pages[T]]) -> None:
        self._describe = describe
        self.__doc__ = describe.__doc__
        self.__wrapped__ = describe

    @overload
    def __get__(self, group: None, owner: type) -> Self: ...
    @overload
    def __get__(self, group: Group[SyncRunner], owner: type) -> Callable[P, Iterator[T]]: ...
    @overload
    def __get__(self, group: Group[AsyncRunner], owner: type) -> Callable[P, AsyncIterator[T]]: ...
    def __get__(self, group: Group[Any] | None, owner: type) -> Any:
        if group is None:
            return self

        @functools.wraps(self._describe)
        def carried_out(*args: P.args, **kwargs: P.kwargs) -> Any:  # noqa: ANN401 - the overloads say what
            return group._runner.items(self._describe(group, *args, **kwargs))  # noqa: SLF001 - this is its method

        return carried_out
