"""Run the API with uvicorn: uvloop and httptools where they are, no access log."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Callable
from typing import Final

import uvicorn
from litestar import Litestar
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from service.api import problems
from service.api.app import create_app
from service.api.problems import ProblemError
from service.settings import Settings

OnReady = Callable[[str], None]

_LONGEST_HEAD: Final = 65_536
GRACE_S: Final = 20


class Protocol(HttpToolsProtocol):
    """HTTP/1.1 with bounded request heads; what is not HTTP gets a problem document too."""

    _head = 0

    def on_message_begin(self) -> None:
        """A new request begins."""
        self._head = 0
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        """Part of the request's address has arrived. Raises `ValueError` when the head is too long."""
        self._grow(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header has arrived. Raises `ValueError` when the head is too long."""
        self._grow(len(name) + len(value))
        super().on_header(name, value)

    def send_400_response(self, msg: str) -> None:
        """Answer what the parser refused, and hang up."""
        described = problems.describe(ProblemError("bad-request", f"{msg} Heads may have {_LONGEST_HEAD:,} bytes."))
        body = problems.encode(described.problem)
        head = f"content-type: {problems.MEDIA_TYPE}\r\ncontent-length: {len(body)}\r\nconnection: close\r\n\r\n"
        self.transport.write(STATUS_LINE[400] + head.encode() + body)
        self.transport.close()

    def _grow(self, size: int) -> None:
        self._head += size
        if self._head > _LONGEST_HEAD:
            raise ValueError("The head of the request is too long.")


class AddressedServer(uvicorn.Server):
    """Stops when the runtime cannot be opened, and says so when it is open."""

    def __init__(self, config: uvicorn.Config, app: Litestar, on_ready: OnReady | None) -> None:
        super().__init__(config)
        self._app = app
        self._on_ready = on_ready
        self._watching: asyncio.Task[None] | None = None
        self._failure: BaseException | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen; see `uvicorn.Server`."""
        await super().startup(sockets)
        if self.started:
            self._watching = asyncio.create_task(self._watch())

    def stop(self) -> None:
        """Finish what is being answered and end. From any thread."""
        self.should_exit = True

    def check(self) -> None:
        """Raise what kept the runtime from being opened, if anything did."""
        if self._failure is not None:
            raise self._failure

    async def _watch(self) -> None:
        opening = self._app.state["backend"].opening
        try:
            if opening is not None:
                await asyncio.shield(opening)
        except Exception as error:  # noqa: BLE001  whatever it is, `serve` raises it
            self._failure = error
            self.should_exit = True
            return
        if self._on_ready:
            self._on_ready(address_of(self.servers[0].sockets[0]))


def address_of(listener: socket.socket) -> str:
    """Where a socket that listens is reached."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def bind(host: str, port: int) -> socket.socket:
    """A socket at an address, for several processes to listen on. Raises `SystemExit`, having logged why not."""
    return uvicorn.Config("", host=host, port=port, log_config=None, log_level="warning").bind_socket()


def configure(app: Litestar, host: str, port: int) -> uvicorn.Config:
    """How uvicorn runs the application: no access log, no server name, bounded heads, a graceful end."""
    return uvicorn.Config(
        app,
        host=host,
        port=port,
        http=Protocol,
        ws="none",
        lifespan="on",
        log_config=None,
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE_S,
    )


def log_as_told(settings: Settings) -> None:
    """Set up the log of a process."""
    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    if settings.log_claims:
        logging.getLogger("rejoinder.claims").setLevel(logging.INFO)


def serve(settings: Settings, *, on_ready: OnReady | None = None) -> None:
    """Serve until a signal ends it; requests that are being worked on are finished first.

    Args:
        settings: what the operator chose; port 0 takes a free one.
        on_ready: called once, with the service's address, when claims can be answered.

    Raises:
        StoreError, WeightsError, ImportError: the runtime cannot be opened.
        SystemExit: the address cannot be listened on.
    """
    log_as_told(settings)
    if settings.workers > 1:
        from service.api.workers import supervise  # noqa: PLC0415 - it stands on this module

        supervise(settings, on_ready=on_ready or (lambda _: None))
        return
    app = create_app(settings)
    server = AddressedServer(configure(app, settings.host, settings.port), app, on_ready)
    server.run()
    server.check()
