"""Webhooks on their way: signed, sent, and what becomes of each attempt."""

from __future__ import annotations

import asyncio
import datetime as dt
import email.utils
import logging
import random
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from service.errors import OutboundError, RejoinderError
from service.outbound import Outbound
from service.store.watches import Due, Outcome, Watches
from service.watches.signing import signed

_LOGGER: Final = logging.getLogger("rejoinder.watches")
_AT_ONCE: Final = 16
_EACH_HOST: Final = 2
"""Deliveries under way to one host: one that hangs leaves most of the room to others."""
_JITTER: Final = 0.2
_LONGEST_WAIT: Final = 86_400.0
_GONE: Final = 410
_ANSWER_KEPT: Final = 1_024
_AFTER_TROUBLE_S: Final = 5.0


class Rules(NamedTuple):
    """How deliveries are tried again: seconds before each further attempt, and how long one may take."""

    backoff: tuple[float, ...]
    seconds: float


class Deliverer:
    """Sends what is due, a few at a time, and as fairly as hosts take turns.

    Args:
        watches: the queue.
        outbound: the way out.
        rules: for attempts.
        on_done: called after each attempt: there may be room for another.

    Attributes:
        sending: deliveries under way, as id and host.
    """

    def __init__(self, watches: Watches, outbound: Outbound, rules: Rules, on_done: Callable[[], None]) -> None:
        self.sending: dict[str, str] = {}
        self._watches = watches
        self._outbound = outbound
        self._rules = rules
        self._on_done = on_done
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self) -> int:
        """Begin what is due and has room. Returns how many."""
        room = _AT_ONCE - len(self.sending)
        if room <= 0:
            return 0
        sending = dict(self.sending)
        due = await asyncio.to_thread(self._watches.due, sending=sending, each_host=_EACH_HOST, limit=room)
        for one in due:
            self.sending[one.event.id] = one.host
            task = asyncio.create_task(self._deliver(one))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return len(due)

    async def close(self) -> None:
        """Break off what is under way; it is sent again, under the same id, by whoever works next."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _deliver(self, due: Due) -> None:
        try:
            outcome = await self._attempt(due)
            await asyncio.to_thread(self._watches.settle, due.event.id, outcome)
        except Exception as error:  # noqa: BLE001 - it stays in the queue; its place is held a while, not to send it at once
            said = error.detail if isinstance(error, RejoinderError) else type(error).__name__
            _LOGGER.warning("The delivery %s could not be noted: %s", due.event.id, said)
            await asyncio.sleep(_AFTER_TROUBLE_S)
        finally:
            del self.sending[due.event.id]
            self._on_done()

    async def _attempt(self, due: Due) -> Outcome:
        at = dt.datetime.now(dt.UTC)
        headers = signed(due.event.id, due.event.body, at, due.secrets)
        body = due.event.body.encode()
        try:
            answer = await self._outbound.post(due.url, body, headers, most=_ANSWER_KEPT, seconds=self._rules.seconds)
        except OutboundError as error:
            if error.reason == "forbidden":  # it would be refused again
                return Outcome("dead", error=error.detail)
            return self._failed(due, error.detail, {})
        return self.answered(due, answer.status, answer.headers)

    def answered(self, due: Due, status: int, headers: Mapping[str, str]) -> Outcome:
        """What becomes of a delivery that was answered with a status and headers, names in lower case."""
        if status // 100 == 2:  # noqa: PLR2004 - the class of success
            return Outcome("delivered")
        said = f"The receiver answered {status}"
        if status == _GONE:
            return Outcome("dead", error=f"{said}.", disable=f"{said}: it wants no more.")
        note = ", and redirects are not followed." if status // 100 == 3 else "."  # noqa: PLR2004 - the class of redirects
        return self._failed(due, said + note, headers)

    def _failed(self, due: Due, said: str, headers: Mapping[str, str]) -> Outcome:
        tried = due.event.attempts
        if tried >= len(self._rules.backoff):
            return Outcome("dead", error=said)
        # Up to a fifth later, so that what failed together does not come back together.
        wait = self._rules.backoff[tried] * (1 + _JITTER * random.random())
        wait = max(wait, min(_wished(headers.get("retry-after", "")), _LONGEST_WAIT))
        return Outcome("pending", next_at=dt.datetime.now(dt.UTC) + dt.timedelta(seconds=wait), error=said)


def _wished(retry_after: str) -> float:
    """Seconds that a receiver asks to be left alone for (RFC 9110, 10.2.3); 0 where it does not say."""
    text = retry_after.strip()
    if text.isascii() and text.isdecimal():
        return float(text[:9])
    try:
        until = email.utils.parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return 0.0
    if until.tzinfo is None:
        until = until.replace(tzinfo=dt.UTC)
    return max(0.0, (until - dt.datetime.now(dt.UTC)).total_seconds())
