"""A server between private mode and the service: it can change what passes, or be gone."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

Change = Callable[[bytes], bytes]
_PASSED_ON = ("accept-encoding", "authorization", "if-none-match")
_PASSED_BACK = ("content-type", "etag")
_START = 12
_SIGNATURE = 64


class Between:
    """What passes.

    Attributes:
        address: where it listens.
        requests: method, path and status of each, in order.
        changed: what is done to each index.
        gone: whether it takes the connection and says nothing.
    """

    def __init__(self, upstream: str) -> None:
        self.upstream = upstream
        self.address = ""
        self.requests: list[tuple[str, str, int]] = []
        self.changed: Change | None = None
        self.gone = False

    def answer(self, path: str, headers: dict[str, str]) -> tuple[int, dict[str, str], bytes]:
        """What the service says, changed if it is to be."""
        passed = {name: value for name, value in headers.items() if name.lower() in _PASSED_ON}
        got = httpx.get(self.upstream + path, headers=passed, timeout=60)
        body = got.content
        if self.changed and path.startswith("/v1/index?") and got.is_success:
            body = self.changed(body)
        return got.status_code, {name: got.headers[name] for name in _PASSED_BACK if name in got.headers}, body


@contextmanager
def between(upstream: str) -> Iterator[Between]:
    """Stand before a service."""
    here = Between(upstream)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if here.gone:
                here.requests.append(("GET", self.path, 0))
                self.close_connection = True
                return
            status, headers, body = here.answer(self.path, dict(self.headers))
            here.requests.append(("GET", self.path, status))
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    here.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield here
    finally:
        server.shutdown()
        server.server_close()
        thread.join(20)


def one_bit_off(document: bytes) -> bytes:
    """The document with one bit changed, by which nothing but the signature tells that it is another one."""
    name = b'"store_version":'
    at = document.index(name) + len(name)
    return document[:at] + bytes([document[at] ^ 1]) + document[at + 1 :]


def cut_off(document: bytes) -> bytes:
    """The first half."""
    return document[: len(document) // 2]


def signed_anew(document: bytes) -> bytes:
    """The document as somebody else would sign it, with a key of their own."""
    key = Ed25519PrivateKey.generate()
    length = int.from_bytes(document[8:_START], "little")
    header = json.loads(document[_START : _START + length])
    raw = key.public_key().public_bytes_raw()
    header["key"] = base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
    told = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode()
    whole = document[:8] + len(told).to_bytes(4, "little") + told + document[_START + length : -_SIGNATURE]
    return whole + key.sign(whole)
