"""A call as a value: what to send and what comes back. Nothing here sends anything."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Generic, Protocol, TypeVar
from urllib.parse import quote

import msgspec
from msgspec import Struct

T_co = TypeVar("T_co", covariant=True)

JSON: Final = "application/json"


class Planned(Protocol[T_co]):
    """One call, or several of which each may depend on the answers before: what a client can carry out."""

    def __iter__(self) -> Generator[Call[Any], Any, T_co]:
        """The calls, each as soon as the answer to the one before is sent in; returns the outcome."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A body that is made while it is sent.

    Attributes:
        pieces: begins anew each time it is called.
        media_type: what it is.
        again: whether it can begin anew: a file can, what somebody else hands over piece by piece cannot.
    """

    pieces: Callable[[], Iterator[bytes]]
    media_type: str
    again: bool = True


class Sink(Protocol):
    """Where an answer goes that is not kept in memory."""

    def begin(self) -> None:
        """Drop what was written: the answer begins anew."""

    def write(self, piece: bytes, /) -> object:
        """Take the next piece."""


@dataclass(frozen=True, slots=True)
class Route(Generic[T_co]):
    """A route of the service.

    Attributes:
        method: of HTTP.
        path: with the names of its places in braces.
        answer: the type of what comes back; None where nothing does.
        body: the type of what is sent.
        query: the type of the parameters.
        repeatable: whether sending it twice does no more than sending it once, so that it may be tried again.
        slow_s: seconds that the service may take for it without sending anything, where that is long.
    """

    method: str
    path: str
    answer: type[T_co] | None
    body: type[Struct] | None = None
    query: type[Struct] | None = None
    repeatable: bool = False
    slow_s: float = 0.0

    def __call__(
        self,
        *places: str | int,
        body: Struct | Mapping[str, Any] | Upload | None = None,
        query: Struct | None = None,
        headers: Mapping[str, str] | None = None,
        sink: Sink | None = None,
    ) -> Call[T_co]:
        """A call of this route; ``places`` fill the braces of its path, in order."""
        return Call(self, _filled(self.path, places), body, query, dict(headers or {}), sink)


@dataclass(frozen=True, slots=True)
class Call(Generic[T_co]):
    """A call of a route. Iterating over it is asking for its answer: ``answer = yield from call``."""

    route: Route[T_co]
    path: str
    body: Struct | Mapping[str, Any] | Upload | None = None
    query: Struct | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    sink: Sink | None = None

    def __iter__(self) -> Generator[Call[Any], Any, T_co]:
        answer: T_co = yield self
        return answer

    @property
    def restartable(self) -> bool:
        """Whether its body can be sent from the beginning again."""
        return not isinstance(self.body, Upload) or self.body.again

    @property
    def repeatable(self) -> bool:
        """Whether it may be sent again when it is not known what became of it."""
        return self.route.repeatable and self.restartable

    def content(self) -> bytes | Upload | None:
        """The body as it is sent."""
        if self.body is None or isinstance(self.body, Upload):
            return self.body
        return msgspec.json.encode(self.body)

    def parameters(self) -> dict[str, str]:
        """The query string, without what is not given."""
        if self.query is None:
            return {}
        given: dict[str, Any] = msgspec.to_builtins(self.query, str_keys=True)
        return {name: value if isinstance(value, str) else _plain(value) for name, value in given.items()}

    def media_type(self) -> str:
        """What the body is."""
        return self.body.media_type if isinstance(self.body, Upload) else JSON


def _plain(value: object) -> str:
    return msgspec.json.encode(value).decode()


def _filled(path: str, places: tuple[str | int, ...]) -> str:
    """The path with its places filled. Raises `ValueError` for what cannot be one."""
    parts = path.split("/")
    left = iter(places)
    filled = [_place(next(left)) if part.startswith("{") else part for part in parts]
    return "/".join(filled)


def _place(value: str | int) -> str:
    # A dot or two would lead to another route, whatever the encoding.
    if str(value) in {"", ".", ".."}:
        raise ValueError(f"{value!r} is no id.")
    return quote(str(value), safe="")
