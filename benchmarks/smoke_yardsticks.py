"""What `smoke.py` measures against: work that no change of the service's code makes longer or shorter."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import Any, Final

import msgspec
import numpy as np
from litestar import Litestar, get
from smoke_asking import asking

from embeddings.onnx import DEFAULT
from embeddings.session import Weights

_TOKENS: Final = 16
_DOCUMENT: Final = msgspec.json.encode(
    [
        {"id": f"record-{at}", "texts": ["a rumor that somebody tells", "what is said instead"], "on": {"day": at}}
        for at in range(40)
    ]
)


class Yardstick:
    """A piece of work, and how long it takes now."""

    def __init__(self, work: Callable[[], Awaitable[object]]) -> None:
        self._work = work

    async def taken(self, seconds: float) -> float:
        """Processor seconds that it takes once, on average over about so many seconds."""
        times, began = 0, time.process_time()
        while (spent := time.process_time() - began) < seconds:
            await self._work()
            times += 1
        return spent / times


def yardsticks() -> dict[str, Yardstick]:
    """One for what runs a model, one for what answers requests, one for all else; `smoke.py` says what they are."""
    session = Weights(DEFAULT).session(threads=1)
    ids = np.arange(1_000, 1_000 + _TOKENS, dtype=np.int64)[None]
    fed = {"input_ids": ids, "attention_mask": np.ones_like(ids)}

    async def network() -> object:
        return session.run(None, fed)

    async def interpreter() -> int:
        return _walked(msgspec.json.decode(_DOCUMENT))

    bare = Litestar([_trivial], openapi_config=None, logging_config=None)
    works = {"network": network, "interpreter": interpreter, "endpoint": asking(bare, "GET", "/trivial")}
    return {name: Yardstick(work) for name, work in works.items()}


@get("/trivial")
async def _trivial() -> dict[str, str]:
    return {"status": "ok"}


def _walked(value: Any) -> int:  # noqa: ANN401  any JSON
    """How many letters and numbers there are: calls, branches and small objects, as handlers are made of."""
    if isinstance(value, dict):
        return sum(_walked(key) + _walked(one) for key, one in value.items())
    if isinstance(value, list):
        return sum(_walked(one) for one in value)
    return len(f"{value}")
