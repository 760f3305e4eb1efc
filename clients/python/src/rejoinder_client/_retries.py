"""When a call is sent again, and after how long."""

from __future__ import annotations

import datetime as dt
import random
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any, Final

import httpx

from rejoinder_client._calls import Call

_LATER: Final = (429, 503)


@dataclass(frozen=True, slots=True, kw_only=True)
class Retries:
    """How often and how patiently a call is sent again.

    It is sent again when no connection came about; and, where that does no more than sending it once, when the
    connection broke or the service asked for it (429, 503). Between attempts lies the time that `Retry-After` names,
    or a random part of a time that doubles with each attempt: AWS calls it full jitter.

    Attributes:
        most: how often it is sent again; 0 for never.
        first_s: the longest pause after the first attempt, in seconds.
        longest_s: the longest pause. Where the service asks for a longer one, its answer is raised at once.
    """

    most: int = 3
    first_s: float = 0.5
    longest_s: float = 30.0

    def pause(self, call: Call[Any], reply: httpx.Response | httpx.TransportError, attempt: int) -> float | None:
        """Seconds to wait before the next attempt; None where there is none.

        Args:
            call: what was sent.
            reply: what came of it.
            attempt: how often it has been sent, from 1.
        """
        if attempt > self.most or not _worth(call, reply):
            return None
        asked = None if isinstance(reply, httpx.TransportError) else retry_after(reply)
        if asked is not None:
            # A little later than asked, and not all at once.
            return None if asked > self.longest_s else asked + random.uniform(0, self.first_s)
        return random.uniform(0, min(self.longest_s, self.first_s * 2 ** (attempt - 1)))


def _worth(call: Call[Any], reply: httpx.Response | httpx.TransportError) -> bool:
    if isinstance(reply, httpx.ConnectError | httpx.ConnectTimeout):
        return call.restartable  # nothing was sent
    if isinstance(reply, httpx.TransportError):
        return call.repeatable and not isinstance(reply, httpx.UnsupportedProtocol)
    return call.repeatable and reply.status_code in _LATER


def retry_after(response: httpx.Response) -> float | None:
    """Seconds that an answer asks to wait, from now; None where it names none (RFC 9110, section 10.2.3)."""
    given = response.headers.get("retry-after", "").strip()
    if given.isascii() and given.isdigit():
        return float(given)
    try:
        at = parsedate_to_datetime(given)
    except ValueError:
        return None
    at = at if at.tzinfo else at.replace(tzinfo=dt.UTC)
    return max(0.0, (at - dt.datetime.now(dt.UTC)).total_seconds())
