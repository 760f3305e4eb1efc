"""The service with a trivial endpoint beside it, on a socket that listens: a program for `repeated.py` to start."""

from __future__ import annotations

import socket
import sys
from pathlib import Path

import uvicorn
from litestar import Litestar, get
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Receive, Scope, Send

from service.api.app import create_app
from service.api.server import configure
from service.settings import Settings


@get("/trivial")
async def trivial() -> dict[str, str]:
    """What an endpoint costs that does nothing."""
    return {"status": "ok"}


class Both:
    """The service, and beside it an application of the trivial endpoint alone, under `/bare`."""

    def __init__(self, app: ASGIApp, bare: ASGIApp) -> None:
        self._app = app
        self._bare = bare

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == ScopeType.HTTP and scope["path"] == "/bare":
            scope["path"] = "/trivial"
            await self._bare(scope, receive, send)
        else:
            await self._app(scope, receive, send)


def serve(db: Path, listener: socket.socket) -> None:
    """Answer on a socket that listens, until a signal ends it."""
    app = create_app(Settings(db=db))
    app.register(trivial)
    config = configure(app, "127.0.0.1", 0)
    config.app = Both(app, Litestar([trivial], openapi_config=None, logging_config=None))
    uvicorn.Server(config).run(sockets=[listener])


if __name__ == "__main__":
    serve(Path(sys.argv[1]), socket.socket(fileno=int(sys.argv[2])))
