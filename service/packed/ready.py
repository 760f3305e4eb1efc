"""Documents ready-made: a thousand clients cost one build."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, NamedTuple

_MOST_KEPT: Final = 16
_MOST_KEPT_BYTES: Final = 32 * 1024 * 1024
_MOST_WAITING: Final = 8


class BusyError(Exception):
    """More documents are being made than there is room for."""


class Prepared(NamedTuple):
    """A document as it goes over the wire.

    Attributes:
        since: the position that it goes on from; 0: it is whole.
        position: the position that it leads to.
        packed: its bytes in the form of gzip.
        size: how many bytes it has unpacked.
    """

    since: int
    position: int
    packed: bytes
    size: int


class Ready:
    """Makes documents one at a time, and keeps those of the latest position: the whole, and a few deltas.

    Args:
        make: makes the document that goes on from a position.
    """

    def __init__(self, make: Callable[[int], Awaitable[Prepared]]) -> None:
        self._make = make
        self._kept: dict[int, Prepared] = {}
        self._position = -1
        self._making: dict[tuple[int, int], asyncio.Task[Prepared]] = {}
        self._one = asyncio.Lock()

    async def get(self, since: int, position: int) -> Prepared:
        """The document that goes on from ``since`` and leads to ``position`` or, by now, beyond.

        Raises:
            BusyError: too many others are being made.
        """
        if found := self._find(since, position):
            return found
        task = self._making.get((since, position))
        if task is None:
            if len(self._making) >= _MOST_WAITING:
                raise BusyError
            task = self._making[since, position] = asyncio.create_task(self._made(since, position))
            task.add_done_callback(lambda done: self._ended((since, position), done))
        # Whoever hangs up must not end it for those who still wait.
        return await asyncio.shield(task)

    async def close(self) -> None:
        """Let go of what is being made."""
        tasks = list(self._making.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _made(self, since: int, position: int) -> Prepared:
        async with self._one:
            if found := self._find(since, position):  # made for somebody who asked a little later
                return found
            made = await self._make(since)
            self._keep(since, made)
            return made

    def _ended(self, key: tuple[int, int], task: asyncio.Task[Prepared]) -> None:
        del self._making[key]
        if not task.cancelled():
            task.exception()  # looked at, so that asyncio does not complain where nobody waits any more

    def _find(self, since: int, position: int) -> Prepared | None:
        return self._kept.get(since) if self._position >= position else None

    def _keep(self, since: int, made: Prepared) -> None:
        if made.position != self._position:
            self._kept.clear()
            self._position = made.position
        self._kept[since] = made
        deltas = [key for key, one in self._kept.items() if one.since]
        while deltas and (len(deltas) > _MOST_KEPT or self._bytes(deltas) > _MOST_KEPT_BYTES):
            del self._kept[deltas.pop(0)]

    def _bytes(self, keys: list[int]) -> int:
        return sum(len(self._kept[key].packed) for key in keys)
