"""What a caller has seen already: it is not answered from before it, whichever process or replica answers."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Final

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Receive, Scope, Send

from service.api.backend import Backend
from service.errors import StoreError

HEADER: Final = b"x-store-version"
_MOST_DIGITS: Final = 18


class Seen:
    """Wraps the application: a request may name the version of the store that its sender has seen.

    Args:
        app: what answers.
        backend: knows the store, and what searches it.
    """

    def __init__(self, app: ASGIApp, backend: Backend) -> None:
        self._app = app
        self._backend = backend

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request. A version that the store never had, or that is no number, asks for nothing."""
        if self._backend.opened is not None and scope["type"] == ScopeType.HTTP:
            named = next((value for name, value in scope["headers"] if name == HEADER), b"")
            if named.isdigit() and len(named) <= _MOST_DIGITS:
                # Where the store cannot be asked, what answers the request will say so.
                with suppress(StoreError):
                    await asyncio.to_thread(self._reach, int(named))
        await self._app(scope, receive, send)

    def _reach(self, version: int) -> None:
        runtime = self._backend.runtime
        runtime.store.saw(version)
        for finder in (runtime.finder, runtime.world):
            if finder is not None and finder.version < version:
                finder.refresh()
