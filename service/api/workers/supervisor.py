"""Starts the workers, starts them again when they die, and ends them; holds the counts that they share."""

from __future__ import annotations

import logging
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from multiprocessing import connection, get_context
from types import FrameType
from typing import Final

from service.api.backend import Opener
from service.api.rates import Buckets
from service.api.server import GRACE_S, OnReady, address_of, bind
from service.api.workers.gathering import Gathering
from service.api.workers.link import Answer, Collect, Failed, Ready, Stop, Take, Tell, Told
from service.api.workers.worker import Post, work
from service.errors import RejoinderError
from service.settings import Settings

_LOGGER: Final = logging.getLogger("rejoinder.workers")
_CONTEXT: Final = get_context("spawn")  # the same on every platform, and no thread or lock is inherited half-way
_STEADY_S: Final = 10.0
_LONGEST_PAUSE_S: Final = 30.0
_LAST_S: Final = GRACE_S + 10.0
_TURN_S: Final = 0.5


class _Worker:
    """A process, and our end of the pipe to it."""

    def __init__(self, post: Post, listener: socket.socket) -> None:
        self.number = post.number
        self.ready = False
        self.failure: BaseException | None = None
        self.began = time.monotonic()
        self.pipe, theirs = _CONTEXT.Pipe()
        self.process = _CONTEXT.Process(
            target=work, args=(post, listener, theirs), name=f"rejoinder-worker-{post.number}"
        )
        self.process.start()
        theirs.close()

    def tell(self, message: Answer | Tell | Stop) -> None:
        """Send a message; one that is dead misses it."""
        with suppress(OSError):
            self.pipe.send(message)

    def bury(self) -> None:
        """Let go of what is left of a process that has ended, or end it."""
        if self.process.is_alive():
            self.process.kill()
        self.process.join()
        self.pipe.close()


class _Supervisor:
    """All workers of a service; used from one thread."""

    def __init__(self, settings: Settings, opener: Opener | None, listener: socket.socket, on_ready: OnReady) -> None:
        self._settings = settings
        self._opener = opener
        self._listener = listener
        self._on_ready = on_ready
        self._workers: dict[int, _Worker] = {}
        self._deaths = dict.fromkeys(range(settings.workers), 0)
        self._again: dict[int, float] = {}
        self._told = False
        self._buckets = Buckets()
        self._gathering = Gathering()

    def run(self, stopping: socket.socket) -> None:
        """Work until something can be read from ``stopping``.

        Raises:
            RejoinderError: a worker cannot begin, before all of them have; or its own error.
        """
        self._start(0, early=True)
        while True:
            sentinels = {worker.process.sentinel: worker for worker in self._workers.values()}
            pipes = {worker.pipe: worker for worker in self._workers.values() if not worker.pipe.closed}
            due = connection.wait([stopping, *sentinels, *pipes], timeout=self._pause())
            if stopping in due:
                return
            for pipe, worker in pipes.items():
                if pipe in due:
                    self._hear(worker)
            for sentinel, worker in sentinels.items():
                if sentinel in due:
                    self._mourn(worker)
            self._gathering.expire(self._workers)
            self._start_due()

    def end(self) -> None:
        """Let every worker finish what it works on; kill those that take too long."""
        try:
            for worker in self._workers.values():
                worker.tell(Stop())
            until = time.monotonic() + _LAST_S
            for worker in self._workers.values():
                worker.process.join(max(0.0, until - time.monotonic()))
        finally:
            for worker in self._workers.values():
                worker.bury()

    def _start(self, number: int, *, early: bool = False) -> None:
        post = Post(self._settings, self._opener, number, early)
        self._workers[number] = _Worker(post, self._listener)

    def _start_due(self) -> None:
        now = time.monotonic()
        for number in [number for number, at in self._again.items() if at <= now]:
            del self._again[number]
            self._start(number)

    def _pause(self) -> float:
        nearest = min(self._again.values(), default=float("inf")) - time.monotonic()
        return max(0.0, min(nearest, _TURN_S))

    def _hear(self, worker: _Worker) -> None:
        try:
            message = worker.pipe.recv()
        except (EOFError, OSError):
            worker.pipe.close()
            return
        match message:
            case Ready():
                self._greet(worker)
            case Failed(error):
                worker.failure = error
            case Take(ticket, name, most):
                worker.tell(Answer(ticket, self._buckets.take(name, most)))
            case Collect(ticket):
                self._gathering.ask(worker.number, ticket, self._workers)
            case Told(families):
                self._gathering.take(worker.number, families, self._workers)

    def _greet(self, worker: _Worker) -> None:
        worker.ready = True
        if self._told:
            return
        for number in range(self._settings.workers):
            if number not in self._workers:  # the first has made the indexes' files: the others find them
                self._start(number)
        if all(one.ready for one in self._workers.values()):
            self._told = True
            self._on_ready(address_of(self._listener))

    def _mourn(self, worker: _Worker) -> None:
        """A worker has ended and nobody had asked it to."""
        while not worker.pipe.closed and worker.pipe.poll():
            self._hear(worker)
        worker.bury()
        del self._workers[worker.number]
        self._gathering.forget(worker.number, self._workers)
        code = worker.process.exitcode
        if not self._told:
            raise worker.failure or RejoinderError(f"A worker ended before it could answer (exit code {code}).")
        lived = time.monotonic() - worker.began
        self._deaths[worker.number] = 0 if worker.ready and lived > _STEADY_S else self._deaths[worker.number] + 1
        pause = min(_LONGEST_PAUSE_S, 2.0 ** self._deaths[worker.number] / 4)
        self._again[worker.number] = time.monotonic() + pause
        why = f"{worker.failure}" if worker.failure else f"exit code {code}"
        _LOGGER.warning("Worker %d has ended (%s); another takes its place.", worker.number, why)


def supervise(settings: Settings, *, on_ready: OnReady, opener: Opener | None = None) -> None:
    """Serve with ``settings.workers`` processes until a signal ends it.

    Args:
        settings: what the operator chose.
        on_ready: called once, with the service's address, when every worker can answer.
        opener: opens the runtime of a worker; anything that `pickle` can name.

    Raises:
        StoreError, WeightsError, ImportError: a worker cannot open the runtime at first.
        SystemExit: the address cannot be listened on.
    """
    with ExitStack() as kept:
        listener = kept.enter_context(bind(settings.host, settings.port))
        caught: list[int] = []
        stopping = kept.enter_context(_signals(caught))
        supervisor = _Supervisor(settings, opener, listener, on_ready)
        try:
            supervisor.run(stopping)
        finally:
            supervisor.end()
    if caught:
        signal.raise_signal(caught[0])


@contextmanager
def _signals(caught: list[int]) -> Iterator[socket.socket]:
    """A socket that can be read as soon as SIGINT or SIGTERM has come. A second one ends all at once."""
    heard, told = socket.socketpair()

    def hear(number: int, _: FrameType | None) -> None:
        caught.append(number)
        if len(caught) > 1:
            raise SystemExit(128 + number)
        told.send(b"!")

    before = {number: signal.signal(number, hear) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        with heard, told:
            yield heard
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
