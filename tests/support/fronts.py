"""News fronts of our own, served as a site: pages of many headlines, and what goes wrong on the way to a service."""

from __future__ import annotations

import html
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Answer = tuple[int, dict[str, str], bytes]
Respond = Callable[[str, bytes], Answer]

_FRONT = """<!doctype html>
<html lang="{language}" dir="{direction}">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>The Morning Post Office</title>
<style>
  body {{ margin: 0; font: 16px/1.45 Georgia, serif; color: {ink}; background: {paper}; }}
  header, footer {{ padding: 14px 24px; border-bottom: 1px solid #8886; font-family: system-ui, sans-serif; }}
  nav a {{ margin-inline-end: 18px; color: inherit; }}
  main {{ display: grid; grid-template-columns: repeat(auto-fill, minmax(250px, 1fr)); gap: 22px 28px; padding: 22px; }}
  article p {{ margin: 6px 0 0; font-size: 14px; opacity: .75; }}
  h1 {{ font-size: 34px; line-height: 1.15; grid-column: 1 / -1; margin: 0; }}
  h2 {{ font-size: 19px; line-height: 1.25; margin: 0; }}
  h2 a {{ color: inherit; text-decoration: none; }}
</style></head>
<body>
<header><nav><a href="#">Home</a><a href="#">World politics</a><a href="#">Money and markets</a>
<a href="#">Sport today</a></nav></header>
<main>{stories}</main>
<footer><p>© The Morning Post Office. All rights reserved. Terms of use and privacy notice.</p></footer>
</body></html>"""


def front(headlines: Sequence[str], *, dark: bool = False, language: str = "en", direction: str = "ltr") -> str:
    """A front page: the first headline leads, the others stand in cards."""
    lead, *others = map(html.escape, headlines)
    cards = [
        f'<article class="card"><h2><a href="/story/{at}">{text}</a></h2><p>Our reporter, two hours ago</p></article>'
        for at, text in enumerate(others)
    ]
    return _FRONT.format(
        language=language,
        direction=direction,
        ink="#e8e6e1" if dark else "#1c1b19",
        paper="#16181c" if dark else "#fffdf8",
        stories="\n".join([f"<h1>{lead}</h1>", *cards]),
    )


@contextmanager
def answering(respond: Respond) -> Iterator[str]:
    """A server that answers whatever a function says; its address."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _do(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            status, headers, content = respond(self.path, body)
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(content))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = _do  # noqa: N815 - the names that the base class looks for

        def log_message(self, *args: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)


class Site:
    """A news site of our own.

    Attributes:
        pages: HTML by path; may change while it is served.
    """

    def __init__(self, **pages: str) -> None:
        self.pages = {f"/{name}": page for name, page in pages.items()}

    def respond(self, path: str, body: bytes) -> Answer:  # noqa: ARG002 - a site takes no bodies
        """A page, or 404."""
        page = self.pages.get(path.partition("?")[0])
        if page is None:
            return 404, {"Content-Type": "text/plain"}, b"no such page"
        return 200, {"Content-Type": "text/html; charset=utf-8"}, page.encode()
