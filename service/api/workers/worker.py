"""One of several processes that answer at one address."""

from __future__ import annotations

import pickle
import signal
from contextlib import contextmanager
from functools import partial
from multiprocessing.connection import Connection
from socket import socket
from types import FrameType
from typing import TYPE_CHECKING, NamedTuple, NoReturn

from service.api.app import create_app
from service.api.backend import Opener, open_by, settle
from service.api.server import AddressedServer, configure, log_as_told
from service.api.workers.link import Failed, Link, Ready
from service.errors import RejoinderError
from service.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from litestar import Litestar

    from service.runtime import Runtime


class Post(NamedTuple):
    """Where a worker stands.

    Attributes:
        settings: of the service.
        opener: opens the runtime; None for what the settings say.
        number: from 0. The first one alone writes the indexes' files, which the others map.
        early: listen while the runtime is being opened: nobody else answers yet that it is.
    """

    settings: Settings
    opener: Opener | None
    number: int
    early: bool


class _Server(AddressedServer):
    """Takes Ctrl-C, which reaches every process of a terminal, for the supervisor's affair."""

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """See `uvicorn.Server`: there, SIGINT after the word to stop would cut off what is still being answered."""
        if sig != signal.SIGINT:
            super().handle_exit(sig, frame)


def work(post: Post, listener: socket, connection: Connection) -> None:
    """Answer until told to stop. The entry point of the process.

    Args:
        post: what it is to do.
        listener: bound to the service's address, shared with the other workers.
        connection: to the supervisor.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _leave)
    log_as_told(post.settings)
    link = Link(connection)
    try:
        with _application(post, link) as app:
            server = _Server(configure(app, "", 0), app, on_ready=lambda _: link.send(Ready()))
            link.listen(stop=server.stop, families=app.state["metrics"].families)
            server.run(sockets=[listener])
        server.check()
    except Exception as error:  # noqa: BLE001 - whatever it is, the supervisor says it
        link.send(Failed(_portable(error)))


@contextmanager
def _application(post: Post, link: Link) -> Iterator[Litestar]:
    if post.early:
        yield create_app(post.settings, opener=partial(_open_and_save, post.opener), shared=link)
        return
    runtime = open_by(post.opener, post.settings)
    settle()
    try:
        yield create_app(post.settings, runtime, shared=link)
    finally:
        runtime.close(save=post.number == 0)


def _open_and_save(opener: Opener | None, settings: Settings) -> Runtime:
    """Open the runtime and write the indexes' files at once, for the workers that begin after this one."""
    runtime = open_by(opener, settings)
    runtime.save()
    return runtime


def _leave(number: int, _: FrameType | None) -> NoReturn:
    """Uvicorn raises a signal again when it has ended in peace: the store is still to be closed then."""
    raise SystemExit(128 + number)


def _portable(error: Exception) -> Exception:
    """The error as another process can take it: some cannot be made again from what they were made with."""
    try:
        pickle.loads(pickle.dumps(error))  # noqa: S301 - our own
    except Exception:  # noqa: BLE001 - nothing is certain of it
        return RejoinderError(f"{error}")
    return error
