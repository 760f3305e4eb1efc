"""What the handlers work with: the runtime, once it is open, and threads for the store's calls."""

from __future__ import annotations

import asyncio
import gc
import logging
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Final, ParamSpec, TypeVar

from litestar import Litestar

from service.api.hashing import Hashing
from service.api.problems import ProblemError
from service.settings import Settings

if TYPE_CHECKING:
    from service.runtime import Runtime

P = ParamSpec("P")
T = TypeVar("T")

Opener = Callable[[Settings], "Runtime"]

_STORE_THREADS: Final = 4
_STARTING: Final = ("store", "index", "model")


class Backend:
    """Opens the runtime beside the server, which listens from the first moment and says it is not ready.

    Attributes:
        settings: what the operator chose.
        opening: done when the runtime is open, or holds why it cannot be; None before the server starts.
        hashing: where passwords are hashed.
    """

    def __init__(self, settings: Settings, runtime: Runtime | None, opener: Opener | None = None) -> None:
        self.settings = settings
        self.opening: asyncio.Future[Runtime] | None = None
        self.hashing = Hashing()
        self._runtime = runtime
        self._opener = opener
        self._threads = ThreadPoolExecutor(_STORE_THREADS, thread_name_prefix="store")

    @property
    def runtime(self) -> Runtime:
        """The runtime. Raises `ProblemError` (503) while it is being opened."""
        if self._runtime is None:
            raise not_ready(self.waiting_for())
        return self._runtime

    @property
    def opened(self) -> Runtime | None:
        """The runtime, or None while it is being opened."""
        return self._runtime

    async def wait_until_open(self) -> bool:
        """For work beside requests: wait for the runtime. False where it cannot be opened."""
        if self.opening is None:
            return True
        await asyncio.wait([self.opening])
        return not self.opening.cancelled() and self.opening.exception() is None

    def waiting_for(self) -> tuple[str, ...]:
        """Names of what is not ready yet; empty when every question can be answered."""
        return _STARTING if self._runtime is None else tuple(self._runtime.ready())

    async def call(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a blocking call of the store in a thread, so that the event loop goes on."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, lambda: function(*args, **kwargs))

    @asynccontextmanager
    async def lifespan(self, _: Litestar) -> AsyncIterator[None]:
        """Open the runtime while the server is listening already; close what was opened here."""
        if self._runtime is not None:
            yield
        else:
            self.opening = asyncio.ensure_future(asyncio.to_thread(open_by, self._opener, self.settings))
            self.opening.add_done_callback(self._opened)
            yield
            await self._close(self.opening)
        self._threads.shutdown()
        self.hashing.close()

    def _opened(self, opening: asyncio.Future[Runtime]) -> None:
        if opening.cancelled():
            return
        if error := opening.exception():
            logging.getLogger("rejoinder.api").error("The service cannot start: %s", error)
        else:
            settle()
            self._runtime = opening.result()

    async def _close(self, opening: asyncio.Future[Runtime]) -> None:
        await asyncio.wait([opening])
        if not opening.cancelled() and opening.exception() is None:
            await asyncio.to_thread(opening.result().close)


def backend_of(connection: Any) -> Backend:  # noqa: ANN401  a request, or what a guard is given
    """The backend of the application that a request came to."""
    backend: Backend = connection.scope["litestar_app"].state["backend"]
    return backend


def not_ready(names: tuple[str, ...]) -> ProblemError:
    """The problem that says what is still being opened."""
    detail = f"Not ready yet: {', '.join(names)}."
    return ProblemError("not-ready", detail, headers={"Retry-After": "1"}, waiting_for=names)


def open_by(opener: Opener | None, settings: Settings) -> Runtime:
    """Open a runtime; None opens what the settings say."""
    return (opener or _open)(settings)


def settle() -> None:
    """What is there now stays: a full collection would walk all of it, ten milliseconds within some request."""
    gc.collect()
    gc.freeze()


def _open(settings: Settings) -> Runtime:
    from service.runtime import Runtime  # noqa: PLC0415  the models load while the server listens

    return Runtime.open(settings)
