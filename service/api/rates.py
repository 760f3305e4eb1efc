"""How often a key may ask: a bucket for each that fills evenly and holds a minute's worth.

In memory: the workers of one ``rejoinder serve`` count together. Several services do so in the database of the store
that they share (`service.api.shared.Limits`), and each for itself where there is none. What is left stands in the
headers of draft-ietf-httpapi-ratelimit-headers-10, `RateLimit-Policy` and `RateLimit`.
"""

from __future__ import annotations

import math
import time
from collections.abc import Awaitable, Callable
from typing import Any, Final, NamedTuple

from litestar.enums import ScopeType
from litestar.types import Message, Scope

from service.api.problems import ProblemError
from service.domain import ApiKey

_STATE: Final = "rate"
_MOST: Final = 4_096
_WINDOW_S: Final = 60


class Left(NamedTuple):
    """What a key has left.

    Attributes:
        per_minute: how much there is in a minute.
        requests: how many are left now.
        seconds: until there is one again; 0 where there is one.
    """

    per_minute: int
    requests: int
    seconds: float

    def headers(self) -> dict[str, str]:
        """As headers. `t` is when the bucket is full again: by then the window's worth is there."""
        full = math.ceil((self.per_minute - self.requests) * _WINDOW_S / self.per_minute)
        return {
            "RateLimit-Policy": f'"key";q={self.per_minute};w={_WINDOW_S}',
            "RateLimit": f'"key";r={self.requests};t={full}',
        }


class _Bucket:
    """Tokens that come back evenly."""

    def __init__(self, most: int) -> None:
        self.most = most
        self._left = float(most)
        self._at = time.monotonic()

    def take(self) -> Left:
        now = time.monotonic()
        self._left = min(self.most, self._left + (now - self._at) * self.most / _WINDOW_S)
        self._at = now
        if self._left < 1:
            return Left(self.most, 0, (1 - self._left) * _WINDOW_S / self.most)
        self._left -= 1
        return Left(self.most, int(self._left), 0.0)


class Buckets:
    """The buckets that were used last, by name."""

    def __init__(self) -> None:
        self._buckets: dict[str, _Bucket] = {}

    def take(self, name: str, most: int) -> Left:
        """Take one from a bucket that holds ``most``, at least 1; a new one is full, and so is one of another size."""
        bucket = self._buckets.pop(name, None)
        if bucket is None or bucket.most != most:
            bucket = _Bucket(most)
        self._buckets[name] = bucket  # the one used last stands last
        if len(self._buckets) > _MOST:
            del self._buckets[next(iter(self._buckets))]
        return bucket.take()

    async def take_here(self, name: str, most: int) -> Left:
        """As `take`, for whoever would also wait for an answer from elsewhere."""
        return self.take(name, most)


Taking = Callable[[str, int], Awaitable[Left]]
"""`Buckets.take`, in this process or in the one that counts for several."""


class Rates:
    """Counts the requests of keys."""

    def __init__(self, per_minute: int, take: Taking) -> None:
        self._per_minute = per_minute
        self._take = take

    async def take(self, key: ApiKey, scope: Scope) -> None:
        """Let a key ask once more. Raises `ProblemError` (429) where it has asked too often."""
        most = self._per_minute if key.per_minute is None else key.per_minute
        if most == 0:
            return
        left = await self._take(f"key:{key.name}", most)
        scope["state"][_STATE] = left
        if left.seconds:
            raise ProblemError(
                "rate-limited",
                f"The key {key.name} may ask {most:,} times a minute.",
                headers={"Retry-After": f"{math.ceil(left.seconds)}"},
            )


async def tell_rate(message: Message, scope: Scope) -> None:
    """Add what is left to the headers of an answer: a hook of the application, called before it sends."""
    if message["type"] != "http.response.start" or scope["type"] != ScopeType.HTTP:
        return
    left: Left | None = state_of(scope).get(_STATE)
    if left is not None:
        told = [(name.lower().encode(), value.encode()) for name, value in left.headers().items()]
        message["headers"] = [*message["headers"], *told]


def state_of(scope: Scope) -> dict[str, Any]:
    """What is known of this request alone."""
    state: dict[str, Any] = scope["state"]
    return state
