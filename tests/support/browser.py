"""A real browser on a real server: Debian's Chromium, driven by Playwright, with every complaint of a page kept."""

from __future__ import annotations

import os
import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

import pytest
import uvicorn
from axe_playwright_python.sync_playwright import Axe
from litestar import Litestar
from litestar.types import ASGIApp
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Response, sync_playwright

from service.api.server import configure

Scheme = Literal["light", "dark"]

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
OPTIONS = [
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]
_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def chromium() -> str:
    """The browser's program: what `REJOINDER_CHROMIUM` names, else one that is on the path. Fails the test without."""
    named = os.environ.get("REJOINDER_CHROMIUM")
    found = named if named and os.access(named, os.X_OK) else None
    found = found or next(filter(None, map(shutil.which, _NAMES)), None)
    if found is None:
        pytest.fail(
            "There is no Chromium: `apt-get install chromium`, or name one in REJOINDER_CHROMIUM; "
            "`pytest -m 'not browser'` leaves the tests out that need it."
        )
    return found


@contextmanager
def browsing() -> Iterator[Browser]:
    """A browser for several tests."""
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium(), args=OPTIONS)
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def serving(app: Litestar, *, through: ASGIApp | None = None) -> Iterator[str]:
    """The application behind a real server; its address. ``through`` stands between the two and passes on to it."""
    config = configure(app, "127.0.0.1", 0)
    config.app = through or app
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        deadline = time.monotonic() + 20
        while not server.started:
            assert time.monotonic() < deadline, "the server does not start"
            time.sleep(0.01)
        host, port = server.servers[0].sockets[0].getsockname()[:2]
        yield f"http://{host}:{port}"
    finally:
        server.should_exit = True
        thread.join(20)


class Tab:
    """A page of a browser, and everything that went wrong on it.

    Args:
        context: with the window's size, its colours, and its cookies.
        address: the server's root.
    """

    def __init__(self, context: BrowserContext, address: str) -> None:
        self.address = address
        self.page: Page = context.new_page()
        self.page.set_default_timeout(15_000)
        self.complaints: list[str] = []
        self._expected: set[int] = set()
        self.page.on("pageerror", lambda error: self.complaints.append(f"error: {error}"))
        self.page.on("console", self._said)
        self.page.on("response", self._answered)

    def go(self, path: str, *, status: int = 200) -> Page:
        """Open a page; its status must be the one expected."""
        self._expected = {status}
        answer = self.page.goto(self.address + path)
        assert answer is not None
        assert answer.status == status, f"{path}: {answer.status}"
        return self.page

    @contextmanager
    def expecting(self, status: int) -> Iterator[None]:
        """Answers of this status are no complaint meanwhile."""
        self._expected = {status}
        yield
        self._expected = set()

    def check(self) -> None:
        """No script error, no violation of the policy, nothing that failed to load, nothing wider than the window."""
        assert self.complaints == []
        wide = self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, f"{self.page.url} is {wide} px too wide"

    def check_access(self) -> None:
        """What axe-core finds against WCAG 2.2 AA and good practice: nothing. Folded parts are opened first."""
        self.check()
        self.page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
        found = Axe().run(self.page, options={"runOnly": {"type": "tag", "values": _RULES}})
        told = [
            (one["id"], one["help"], [node["html"] for node in one["nodes"]]) for one in found.response["violations"]
        ]
        assert told == [], f"{self.page.url}: {told}"

    def _said(self, message: ConsoleMessage) -> None:
        # A status that a test expects is told on the console too; `go` and `_answered` have looked at it.
        if message.type in {"error", "warning"} and not message.text.startswith("Failed to load resource"):
            self.complaints.append(f"{message.type}: {message.text}")

    def _answered(self, response: Response) -> None:
        if response.status >= 400 and response.status not in self._expected:
            self.complaints.append(f"{response.status}: {response.url}")


@contextmanager
def tab(
    browser: Browser, address: str, *, width: int = 1280, scheme: Scheme = "light", script: bool = True
) -> Iterator[Tab]:
    """A tab of its own, with cookies of its own; whatever it complained of fails the test."""
    context = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme=scheme, java_script_enabled=script
    )
    # The page itself runs nothing that is not ours; axe comes from the test, past the page's policy.
    try:
        opened = Tab(context, address)
        yield opened
        assert opened.complaints == []
    finally:
        context.close()
