"""A reader: Debian's Chromium with the extension loaded, and a service that writes down every request it gets."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from litestar import Litestar
from litestar.types import Message, Receive, Scope, Send
from playwright.sync_api import BrowserContext, Page, Playwright, Worker
from support.browser import OPTIONS, chromium
from support.node import node


def built(folder: Path) -> Path:
    """Build the copy of the extension that need not ask for permissions; its folder."""
    node("build.ts", "--granted", "--out", folder)
    return folder / "granted"


def unpacked(folder: Path) -> Path:
    """Build the extension as readers get it, and unpack Chromium's archive; the folder."""
    node("build.ts", "--out", folder)
    with zipfile.ZipFile(next(folder.glob("rejoinder-chromium-*.zip"))) as archive:
        archive.extractall(folder / "unpacked")
    return folder / "unpacked"


_AWAKE = "new Promise((done) => { const look = () => chrome.storage ? done() : setTimeout(look, 5); look(); })"


class Request(NamedTuple):
    """A request as it came to the service."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


class Recording:
    """Stands before an application and keeps what is asked of it.

    Attributes:
        requests: in the order they came.
    """

    def __init__(self, app: Litestar) -> None:
        self._app = app
        self.requests: list[Request] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See the ASGI specification."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        body = bytearray()
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        path = scope["path"] + (f"?{scope['query_string'].decode()}" if scope["query_string"] else "")
        at = len(self.requests)
        self.requests.append(Request(scope["method"], path, headers, b""))

        async def received() -> Message:
            message = await receive()
            if message["type"] == "http.request":
                body.extend(message["body"])
                self.requests[at] = self.requests[at]._replace(body=bytes(body))
            return message

        await self._app(scope, received, send)


class Reader:
    """A browser with the extension.

    Attributes:
        context: its windows.
        worker: the extension's background.
        root: address of the extension's own pages.
    """

    def __init__(self, context: BrowserContext) -> None:
        self.context = context
        self.worker: Worker = next(iter(context.service_workers), None) or context.wait_for_event("serviceworker")
        self.root = self.worker.url.removesuffix("/background.js")
        self.worker.evaluate(_AWAKE)

    def minute_passes(self) -> None:
        """Set the clock of the background forward."""
        self.worker.evaluate("() => { const real = Date.now; Date.now = () => real() + 61_000; }")

    def choose(self, **settings: object) -> None:
        """Change settings, as the options page does."""
        self.worker.evaluate(
            """async (changes) => {
              const { settings } = await chrome.storage.local.get("settings");
              await chrome.storage.local.set({ settings: { ...settings, ...changes } });
            }""",
            settings,
        )

    def findings(self, page: Page) -> list[dict[str, Any]]:
        """What the script in a page has marked; nothing where there is no such script."""
        found = self.worker.evaluate(
            """async (url) => {
              const tabs = await chrome.tabs.query({});
              const tab = tabs.find((one) => one.url === url);
              const reply = await chrome.tabs.sendMessage(tab.id, { kind: "findings", to: "page" }).catch(() => null);
              return reply === null ? [] : reply.findings;
            }""",
            page.url,
        )
        assert isinstance(found, list)
        return found

    def marked(self, page: Page) -> list[str]:
        """The texts of the marked headlines, sorted."""
        return sorted(finding["text"] for finding in self.findings(page))


@contextmanager
def reading(
    driver: Playwright,
    folder: Path,
    profile: Path,
    *,
    width: int = 1280,
    **options: Any,  # noqa: ANN401 - Playwright's own
) -> Iterator[Reader]:
    """Start a browser with the extension of a folder, on a profile that is thrown away.

    Args:
        driver: of Playwright.
        folder: what `built` gave.
        profile: an empty folder.
        width: of the window.
        options: for `launch_persistent_context`, such as `color_scheme`.
    """
    context = driver.chromium.launch_persistent_context(
        profile,
        executable_path=chromium(),
        args=[
            *OPTIONS,
            f"--disable-extensions-except={folder}",
            f"--load-extension={folder}",
            "--disable-features=DisableLoadExtensionCommandLineSwitch",
        ],
        ignore_default_args=["--disable-extensions"],
        viewport={"width": width, "height": 900},
        **options,
    )
    try:
        yield Reader(context)
    finally:
        context.close()
