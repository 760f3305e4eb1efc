"""Between a worker and its supervisor: one pipe, and what goes over it."""

from __future__ import annotations

import asyncio
import itertools
import logging
import threading
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from service.api.rates import Buckets, Left

if TYPE_CHECKING:
    from prometheus_client import Metric

_PATIENCE_S: Final = 5.0
_LOGGER: Final = logging.getLogger("rejoinder.workers")


class Ready(NamedTuple):
    """A worker can answer claims."""


class Failed(NamedTuple):
    """A worker cannot begin."""

    error: BaseException


class Take(NamedTuple):
    """A worker takes from a bucket that all share."""

    ticket: int
    name: str
    most: int


class Collect(NamedTuple):
    """A worker asks for the metrics of all."""

    ticket: int


class Tell(NamedTuple):
    """The supervisor asks a worker for its metrics."""


class Told(NamedTuple):
    """They are these."""

    families: list[Metric]


class Answer(NamedTuple):
    """What a worker asked for."""

    ticket: int
    value: Any


class Stop(NamedTuple):
    """A worker shall finish what it is working on and end."""


class Link:
    """A worker's end of the pipe. Asks from the event loop; a thread of its own listens.

    Args:
        connection: to the supervisor.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._sending = threading.Lock()
        self._tickets = itertools.count()
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self._own = Buckets()

    def listen(self, *, stop: Callable[[], None], families: Callable[[], list[Metric]]) -> None:
        """Begin to listen.

        Args:
            stop: called when the worker shall end, also because the supervisor is gone.
            families: the worker's own metrics; called in the thread that listens.
        """
        threading.Thread(target=self._listen, args=(stop, families), name="link", daemon=True).start()

    def send(self, message: Ready | Failed | Take | Collect | Told) -> None:
        """Send a message. Where nobody takes it, this worker is told to stop anyway."""
        with self._sending, suppress(OSError):
            self._connection.send(message)

    async def take(self, name: str, most: int) -> Left:
        """Take one from a bucket that all workers share; from this worker's own where nobody answers."""
        ticket = next(self._tickets)
        left: Left | None = await self._ask(Take(ticket, name, most))
        return self._own.take(name, most) if left is None else left

    async def families(self) -> dict[int, list[Metric]]:
        """The metrics of every worker that answers, by its number."""
        told: dict[int, list[Metric]] | None = await self._ask(Collect(next(self._tickets)))
        return told or {}

    async def _ask(self, message: Take | Collect) -> Any:  # noqa: ANN401 - whatever that is answered with
        future = asyncio.get_running_loop().create_future()
        self._waiting[message.ticket] = future
        try:
            self.send(message)
            async with asyncio.timeout(_PATIENCE_S):
                return await future
        except TimeoutError:
            _LOGGER.warning("The supervisor does not answer.")
            return None
        finally:
            del self._waiting[message.ticket]

    def _listen(self, stop: Callable[[], None], families: Callable[[], list[Metric]]) -> None:
        while True:
            try:
                message = self._connection.recv()
            except (EOFError, OSError):
                break
            if isinstance(message, Stop):
                break
            if isinstance(message, Tell):
                self._tell_metrics(families)
            elif isinstance(message, Answer):
                self._settle(message)
        stop()

    def _tell_metrics(self, families: Callable[[], list[Metric]]) -> None:
        try:
            own = families()
        except Exception as error:  # noqa: BLE001 - the store may be out of reach; the thread must go on listening
            _LOGGER.warning("The metrics of this worker cannot be read: %s.", type(error).__name__)
            own = []
        self.send(Told(own))

    def _settle(self, answer: Answer) -> None:
        future = self._waiting.get(answer.ticket)
        if future is None:
            return

        def settle() -> None:
            if not future.done():
                future.set_result(answer.value)

        future.get_loop().call_soon_threadsafe(settle)
