"""Another encoder without a pause: made ready beside the one that answers, and put in its place in one step."""

from __future__ import annotations

import asyncio
import logging
import os
import platform
import time
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING, Final

from litestar import Litestar
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Receive, Scope, Send
from msgspec import structs

from service.api.backend import Backend, settle
from service.encoders import Encoded, Ledger, Report, State, Turn
from service.errors import RejoinderError

if TYPE_CHECKING:
    from service.parts import Parts

_LOGGER: Final = logging.getLogger("rejoinder.encoder")
_LOOK_EVERY_S: Final = 0.25
_SAY_EVERY_S: Final = 1.0
_AFTER_FAULT_S: Final = 1.0
"""Shorter than anybody waits for what this process says of its encoder: who says nothing is taken to be gone."""
_SILENCE_S: Final = 30.0
"""A turn that has stood still for so long was left by a process that died; it is waited for no longer."""
_AGAIN_S: Final = 30.0
_LAST_S: Final = 10.0
_PINNED: Final = "REJOINDER_ENCODER names the encoder of this process."


class Held:
    """Wraps the application: a request holds the parts that answered when it came, so that nobody closes them.

    Args:
        app: what answers.
        backend: knows the parts.
    """

    def __init__(self, app: ASGIApp, backend: Backend) -> None:
        self._app = app
        self._backend = backend

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        runtime = self._backend.opened
        if runtime is None or scope["type"] != ScopeType.HTTP:
            await self._app(scope, receive, send)
            return
        parts = runtime.parts
        parts.users += 1
        try:
            await self._app(scope, receive, send)
        finally:
            parts.users -= 1


class Following:
    """Keeps a process on the encoder that its store says.

    Args:
        backend: opens the runtime.
        turned: called in the event loop when other parts answer.
    """

    def __init__(self, backend: Backend, turned: Callable[[], None]) -> None:
        self._backend = backend
        self._turned = turned
        self._ledger: Ledger | None = None
        self._next = _Candidate()
        self._voice = _Voice()
        self._mended = -1
        self._mending: asyncio.Task[None] | None = None
        self._retiring: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def lifespan(self, _: Litestar) -> AsyncIterator[None]:
        """Follow while the server runs."""
        working = [asyncio.create_task(self._work()), asyncio.create_task(self._keep_up())]
        try:
            yield
        finally:
            for task in working:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task
            await self._stop_mending()
            await self._next.drop()
            if self._retiring:
                await asyncio.wait(self._retiring, timeout=_LAST_S)
            if self._ledger is not None:
                with suppress(RejoinderError):
                    await self._voice.fall_silent(self._backend, self._ledger)

    async def _work(self) -> None:
        if not await self._backend.wait_until_open():
            return
        self._ledger = Ledger(self._backend.runtime.store)
        while True:
            try:
                await self._look(self._ledger)
            except Exception as error:  # a process that follows no more would answer with another encoder for good
                _LOGGER.exception("Following the store's encoder failed: %s", type(error).__name__)
                await asyncio.sleep(_AFTER_FAULT_S)
            await asyncio.sleep(_LOOK_EVERY_S)

    async def _keep_up(self) -> None:
        """Take in what others write, whether somebody asks or not: who asks seldom does not wait for it either."""
        if not await self._backend.wait_until_open():
            return
        while True:
            runtime = self._backend.runtime
            try:
                for finder in filter(None, (runtime.finder, runtime.world)):
                    finder.look_aside()
            except RuntimeError as error:  # no thread is to be had, for now or because the runtime was closed
                _LOGGER.exception("Looking at the store failed: %s", type(error).__name__)
                await asyncio.sleep(_AFTER_FAULT_S)
            await asyncio.sleep(_LOOK_EVERY_S / 2)

    async def _look(self, ledger: Ledger) -> None:
        runtime = self._backend.runtime
        state = await self._backend.call(ledger.state)
        turn = self._voice.listen(state.turn)
        must = None if runtime.pinned else _must(state, runtime.parts)
        wanted = must or (
            turn.to if turn and not runtime.pinned and not _same(turn.to, runtime.parts.encoded) else None
        )
        await self._next.want(wanted, self._backend)
        parts = self._next.parts
        if parts is not None:
            await asyncio.to_thread(parts.finder.refresh)
            if must is not None:
                await self._swap(parts)
        await self._voice.say(self._backend, ledger, self._next)
        # Beside looking: while somebody imports with another encoder, it takes as long as that.
        if self._mending is None or self._mending.done():
            self._mending = asyncio.create_task(self._mend())

    async def _swap(self, parts: Parts) -> None:
        """Let these parts answer from now on. What has been asked of the former ones, they still answer."""
        await self._stop_mending()
        # A process that knew nothing of the turn may have written what they have not read.
        await parts.catalog.encode_missing()
        # Nobody is answered from before what the former ones have answered from.
        if parts.finder.version < self._backend.runtime.finder.version:
            await asyncio.to_thread(parts.finder.refresh)
        former = self._backend.runtime.turn(self._next.release())
        self._turned()
        _LOGGER.warning("Answers now come from %s.", parts.finder.model)
        if parts.uncalibrated:
            _LOGGER.warning("%s", parts.uncalibrated)
        retiring = asyncio.create_task(_retire(former))
        self._retiring.add(retiring)
        retiring.add_done_callback(self._retiring.discard)

    async def _mend(self) -> None:
        """Make the vectors of what a process with another encoder has written: soon it can be found here too."""
        runtime = self._backend.runtime
        parts = runtime.parts
        parts.users += 1
        try:
            position = await self._backend.call(runtime.store.position)
            if position == self._mended:
                return
            if await self._backend.call(runtime.store.without_vectors, parts.finder.model, 1):
                await parts.catalog.encode_missing()
            self._mended = position
        except Exception as error:
            _LOGGER.exception("Making what vectors are missing failed: %s", type(error).__name__)
            await asyncio.sleep(_LOOK_EVERY_S * 20)
        finally:
            parts.users -= 1

    async def _stop_mending(self) -> None:
        mending, self._mending = self._mending, None
        if mending is not None:
            mending.cancel()
            await asyncio.wait([mending])


class _Candidate:
    """Parts that are made ready in a thread, beside those that answer."""

    def __init__(self) -> None:
        self.parts: Parts | None = None
        self.trouble: str | None = None
        self._wanted: Encoded | None = None
        self._making: asyncio.Task[Parts] | None = None
        self._joined: Callable[[], None] | None = None
        self._again = 0.0

    async def want(self, encoded: Encoded | None, backend: Backend) -> None:
        """Say what shall be ready, or None for nothing; takes in what has become ready."""
        if not _same(encoded, self._wanted):
            await self.drop()
            self._wanted = encoded
        if encoded is None or self.parts is not None:
            return
        if self._making is None and time.monotonic() >= self._again:
            self._making = asyncio.create_task(asyncio.to_thread(_prepared, backend, encoded))
        if self._making is not None and self._making.done():
            self._take(self._making, backend)

    def release(self) -> Parts:
        """Hand the parts over: they are nobody's candidate any longer."""
        parts, self.parts, self._wanted, self._joined = self.parts, None, None, None
        if parts is None:
            raise AssertionError("nothing is ready")
        return parts

    async def drop(self) -> None:
        """Let go of what is ready or being made."""
        making, self._making = self._making, None
        if making is not None:
            await asyncio.wait([making])
            if not making.cancelled() and making.exception() is None:
                self.parts = making.result()
        parts, self.parts, self._wanted, self.trouble, self._again = self.parts, None, None, None, 0.0
        left, self._joined = self._joined, None
        if left is not None:
            left()
        if parts is not None:
            await asyncio.to_thread(parts.close)

    def _take(self, making: asyncio.Task[Parts], backend: Backend) -> None:
        self._making = None
        error = making.exception()
        if error is None:
            self.parts, self.trouble = making.result(), None
            catalog, finder = backend.runtime.catalog, self.parts.finder
            catalog.join(finder)
            self._joined = partial(catalog.leave, finder)
            return
        self.trouble = error.detail if isinstance(error, RejoinderError) else type(error).__name__
        self._again = time.monotonic() + _AGAIN_S
        _LOGGER.error("The encoder that this store is to be answered by cannot be used: %s", self.trouble)


class _Voice:
    """What this process hears and says of turns."""

    def __init__(self) -> None:
        self._process = uuid.uuid4().hex
        self._turn: Turn | None = None
        self._heard = 0.0
        self._beats = 0
        self._last: Report | None = None
        self._said = 0.0

    def listen(self, turn: Turn | None) -> Turn | None:
        """The turn that is under way; None where there is none or it has stood still for long."""
        if turn != self._turn:
            self._turn, self._heard = turn, time.monotonic()
        return turn if time.monotonic() - self._heard < _SILENCE_S else None

    async def say(self, backend: Backend, ledger: Ledger, candidate: _Candidate) -> None:
        """Report on the turn, or that it is over here too; fall silent some seconds after it."""
        now = time.monotonic()
        if self._turn is None and self._last is None:
            return
        if now - self._heard > (_LAST_S if self._turn is None else _SILENCE_S):
            await self.fall_silent(backend, ledger)
            return
        report = self._report(backend, candidate)
        if report == self._last and now - self._said < _SAY_EVERY_S:
            return
        self._beats += 1
        self._last, self._said = structs.replace(report, beat=self._beats), now
        await backend.call(ledger.report, self._process, self._last)

    def _report(self, backend: Backend, candidate: _Candidate) -> Report:
        runtime = backend.runtime
        there = self._turn is not None and self._turn.to.model == runtime.finder.model
        return Report(
            id=self._turn.id if self._turn else self._last.id if self._last else "",
            host=platform.node(),
            pid=os.getpid(),
            beat=self._beats,
            model=runtime.finder.model,
            ready=there or candidate.parts is not None,
            trouble=_PINNED if runtime.pinned and not there else candidate.trouble,
        )

    async def fall_silent(self, backend: Backend, ledger: Ledger) -> None:
        """Take back what was said."""
        if self._last is not None:
            self._last = None
            await backend.call(ledger.report, self._process, None)


def _must(state: State, parts: Parts) -> Encoded | None:
    """The encoder that is to answer, where another one does."""
    if state.active is None or _same(state.active, parts.encoded):
        return None
    return state.active


def _same(one: Encoded | None, other: Encoded | None) -> bool:
    if one is None or other is None:
        return one is other
    # The one that ships is the same whatever revision the store has last seen of it.
    return one.encoder == other.encoder and (one.encoder is None or one.model == other.model)


def _prepared(backend: Backend, encoded: Encoded) -> Parts:
    parts = backend.runtime.prepare(encoded)
    settle()
    return parts


async def _retire(parts: Parts) -> None:
    """Close parts once nobody holds them."""
    while parts.users:  # noqa: ASYNC110 - an event for every request that ends would cost more than this look
        await asyncio.sleep(_LOOK_EVERY_S)
    await asyncio.to_thread(parts.close)
