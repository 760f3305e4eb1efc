"""The one worker of a store: several processes may serve, and the one that holds the lease works on the watches."""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
import time
import traceback
import uuid
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

from embeddings.batcher import Closed, Overloaded
from service.check import Checker
from service.errors import RejoinderError
from service.finder import Finder
from service.outbound import Outbound
from service.store import Store
from service.watches.delivery import Deliverer, Rules
from service.watches.evaluation import Evaluator

_LOGGER: Final = logging.getLogger("rejoinder.watches")
_LOOK_EVERY_S: Final = 0.5
"""One cheap read: so late does a webhook leave, at the most, for a change that another process has made."""
_LEASE_S: Final = 10.0
_RENEW_S: Final = 3.0
_LONGEST_PAUSE_S: Final = 30.0


class Worker:
    """Evaluates and delivers while it runs, if no other process does.

    Args:
        store: holds the log, the watches and the queue.
        checker: judges claims.
        finders: those that the checker searches with.
        outbound: the way out.
        rules: for attempts at delivery.
    """

    def __init__(
        self, store: Store, checker: Checker, finders: Sequence[Finder], outbound: Outbound, rules: Rules
    ) -> None:
        self._watches = store.watches
        self._evaluator = Evaluator(store, checker, finders)
        self._wake = asyncio.Event()
        self._deliverer = Deliverer(store.watches, outbound, rules, self._wake.set)
        self._holder = uuid.uuid4().hex
        self._renewed = float("-inf")
        self._failures = 0

    def wake(self) -> None:
        """There is something to do: look now."""
        self._wake.set()

    async def run(self) -> None:
        """Work until cancelled."""
        renewing = asyncio.create_task(self._keep_lease())
        try:
            while True:
                self._wake.clear()
                pause = await self._turn_safely()
                with suppress(TimeoutError):
                    async with asyncio.timeout(pause):
                        await self._wake.wait()
        finally:
            renewing.cancel()
            await self._deliverer.close()
            with suppress(RejoinderError):
                await asyncio.to_thread(self._watches.drop_lease, self._holder)

    async def _turn_safely(self) -> float:
        """One turn; whatever goes wrong in it is tried again, later and later. Returns the pause in seconds."""
        try:
            pause = await self._turn()
        except (Overloaded, Closed):  # whoever asks now comes first
            return _LOOK_EVERY_S
        except Exception as error:  # noqa: BLE001 - a worker that dies would be silence
            self._failures += 1
            _log(error)
            return min(_LONGEST_PAUSE_S, _LOOK_EVERY_S * 2.0 ** min(self._failures, 10))
        self._failures = 0
        return pause

    async def _turn(self) -> float:
        backlog = await asyncio.to_thread(self._watches.backlog)
        wait = _LOOK_EVERY_S
        if backlog.due_at is not None:
            wait = min(wait, (backlog.due_at - dt.datetime.now(dt.UTC)).total_seconds())
        idle = not backlog.behind and (backlog.due_at is None or wait > 0)
        if idle:
            if not self._deliverer.sending:
                await self._drop()
            return max(wait, 0.01)
        if not await self._hold():
            return _LOOK_EVERY_S
        more = backlog.behind and await self._evaluator.work(self._holder)
        started = await self._deliverer.start()
        return 0.0 if more or started else _LOOK_EVERY_S

    async def _hold(self) -> bool:
        now = time.monotonic()
        if now - self._renewed < _RENEW_S:
            return True
        held = await asyncio.to_thread(self._watches.take_lease, self._holder, seconds=_LEASE_S)
        self._renewed = now if held else float("-inf")
        return held

    async def _drop(self) -> None:
        if self._renewed > float("-inf"):
            self._renewed = float("-inf")
            await asyncio.to_thread(self._watches.drop_lease, self._holder)

    async def _keep_lease(self) -> None:
        """Renew it during work that takes long."""
        while True:
            await asyncio.sleep(_RENEW_S)
            if self._renewed > float("-inf"):
                with suppress(RejoinderError):
                    await self._hold()


def _log(error: Exception) -> None:
    """Where it happened. An exception's own words may quote a claim: only our errors tell theirs."""
    said = f": {error.detail}" if isinstance(error, RejoinderError) else ""
    where = "".join(traceback.format_tb(error.__traceback__))
    _LOGGER.error("Working on the watches failed: %s%s\n%s", type(error).__name__, said, where)
