"""A web server for tests: real sockets on the loopback interface, answers written byte by byte where that matters."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

Send = Callable[[bytes], None]
MOST_HEAD = 65_536


class Asking(NamedTuple):
    """A request as it came."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


Answering = Callable[[Asking, Send], None]


class Site:
    """Answers each request with what is set for its path; remembers what was asked.

    Attributes:
        port: that it listens on.
        pages: from a path to what answers it; bytes are a whole HTTP answer.
        asked: every request so far.
    """

    def __init__(self, listener: socket.socket, tls: ssl.SSLContext | None = None) -> None:
        self._listener = listener
        self._tls = tls
        self.port: int = listener.getsockname()[1]
        self.pages: dict[str, bytes | Answering] = {}
        self.asked: list[Asking] = []

    def url(self, path: str, host: str = "127.0.0.1") -> str:
        """The address of a page."""
        return f"http://{host}:{self.port}{path}"

    def paths(self) -> list[str]:
        """What was asked for, in order."""
        return [asking.path for asking in self.asked]

    def serve(self) -> None:
        """Answer until the listener is closed."""
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _sealed(self, connection: socket.socket) -> socket.socket:
        return self._tls.wrap_socket(connection, server_side=True) if self._tls else connection

    def _answer(self, raw: socket.socket) -> None:
        with contextlib.suppress(OSError), raw, self._sealed(raw) as connection:
            asking = _read(connection)
            if asking is None:
                return
            self.asked.append(asking)
            answering = self.pages.get(asking.path, page(404, b"nothing here"))
            if isinstance(answering, bytes):
                connection.sendall(answering)
            else:
                answering(asking, connection.sendall)


@contextmanager
def site(host: str = "127.0.0.1", tls: ssl.SSLContext | None = None) -> Iterator[Site]:
    """A server that listens while the block runs."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.create_server((host, 0), family=family) as listener:
        served = Site(listener, tls)
        thread = threading.Thread(target=served.serve, daemon=True)
        thread.start()
        try:
            yield served
        finally:
            listener.shutdown(socket.SHUT_RDWR)


def page(status: int, body: bytes, *headers: str, kind: str = "text/html; charset=utf-8") -> bytes:
    """A whole HTTP answer."""
    lines = [f"HTTP/1.1 {status} -", f"Content-Type: {kind}", f"Content-Length: {len(body)}", "Connection: close"]
    return "\r\n".join([*lines, *headers, "", ""]).encode() + body


def redirect(to: str, status: int = 302) -> bytes:
    """An answer that leads elsewhere."""
    return page(status, b"", f"Location: {to}")


def _read(connection: socket.socket) -> Asking | None:
    data = b""
    while b"\r\n\r\n" not in data:
        piece = connection.recv(MOST_HEAD)
        if not piece or not (data + piece)[:1].isalpha():  # gone, or TLS
            return None
        data += piece
    head, _, body = data.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    method, path, _ = first.split(" ")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    while len(body) < int(headers.get("content-length", "0")):
        body += connection.recv(MOST_HEAD)
    return Asking(method, path, headers, body)
